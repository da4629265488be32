#include "tbs_certificate.h"

static const uint8_t context_1 = DER_PRIMITIVE_0 + 1, context_2 = DER_PRIMITIVE_0 + 2;

/* Validity (4.1.2.5): two times. */
static void read_validity(struct reader r, struct tbs_certificate *t)
{
	t->not_before = der_take(&r);
	t->not_after = der_take(&r);
	t->validity_is_read = reader_end(&r) == FAULT_NONE;
}

static struct tbs_rdn read_rdn(struct reader *name)
{
	struct reader set = der_enter(name, DER_SET);
	struct reader attribute = der_enter(&set, DER_SEQUENCE);
	struct tbs_rdn rdn = { .type = der_content(&attribute, DER_OBJECT_IDENTIFIER) };

	rdn.value = der_take(&attribute);
	rdn.is_multi_valued = set.rest.len > 0;
	reader_fail(name, reader_end(&attribute));
	return rdn;
}

/* RDNSequence (4.1.2.4). */
static void read_subject(struct bytes subject, struct tbs_certificate *t)
{
	struct reader outer = reader_of(subject);
	struct reader name = der_enter(&outer, DER_SEQUENCE);

	while (name.fault == FAULT_NONE && name.rest.len > 0 && t->rdn_count < RDN_COUNT_MAX)
		t->rdns[t->rdn_count++] = read_rdn(&name);
	t->subject_is_read = reader_end(&name) == FAULT_NONE;
}

/* SubjectPublicKeyInfo (4.1.2.7). */
static void read_spki(struct bytes spki, struct tbs_certificate *t)
{
	struct reader outer = reader_of(spki);
	struct reader info = der_enter(&outer, DER_SEQUENCE);

	t->spki_algorithm = der_whole(&info, DER_SEQUENCE);
	t->spki_key = der_octets_of_bit_string(&info);
	t->spki_is_read = reader_end(&info) == FAULT_NONE;
}

static struct tbs_extension read_extension(struct reader *list)
{
	struct reader r = der_enter(list, DER_SEQUENCE);
	struct tbs_extension extension = { .type = der_content(&r, DER_OBJECT_IDENTIFIER) };

	extension.has_critical = der_is_next(&r, DER_BOOLEAN);
	if (extension.has_critical)
		extension.critical = der_content(&r, DER_BOOLEAN);
	extension.value = der_content(&r, DER_OCTET_STRING);
	reader_fail(list, reader_end(&r));
	return extension;
}

/* [3] EXPLICIT Extensions (4.1.2.9): the last thing in the TBSCertificate. */
static void read_extensions(struct reader *tbs, struct tbs_certificate *t)
{
	struct reader tagged = der_enter(tbs, DER_CONTEXT_0 + 3);
	struct reader list = der_enter(&tagged, DER_SEQUENCE);

	while (list.fault == FAULT_NONE && list.rest.len > 0 &&
		t->extension_count < EXTENSION_COUNT_MAX)
		t->extensions[t->extension_count++] = read_extension(&list);
	t->extensions_are_read = reader_end(&list) == FAULT_NONE &&
		reader_end(&tagged) == FAULT_NONE;
}

struct tbs_certificate tbs_certificate_read(struct bytes tbs)
{
	struct tbs_certificate t = { .whole = tbs };
	struct reader outer = reader_of(tbs);
	struct reader r = der_enter(&outer, DER_SEQUENCE);

	if (der_is_next(&r, DER_CONTEXT_0))
		t.version = der_content(&r, DER_CONTEXT_0);
	t.serial_number = der_content(&r, DER_INTEGER);
	t.signature = der_whole(&r, DER_SEQUENCE);
	t.issuer = der_whole(&r, DER_SEQUENCE);
	read_validity(der_enter(&r, DER_SEQUENCE), &t);
	t.subject = der_whole(&r, DER_SEQUENCE);
	t.spki = der_whole(&r, DER_SEQUENCE);
	if (der_is_next(&r, context_1))
		t.issuer_unique_id = der_whole(&r, context_1);
	if (der_is_next(&r, context_2))
		t.subject_unique_id = der_whole(&r, context_2);
	read_subject(t.subject, &t);
	read_spki(t.spki, &t);
	read_extensions(&r, &t);
	t.is_read = reader_end(&r) == FAULT_NONE && reader_end(&outer) == FAULT_NONE;
	return t;
}

const struct tbs_extension *tbs_extension_find(const struct tbs_certificate *t, struct bytes type)
{
	for (size_t i = 0; i < t->extension_count; i++) {
		if (bytes_equal(t->extensions[i].type, type))
			return &t->extensions[i];
	}
	return NULL;
}

struct der_value tbs_attribute_find(const struct tbs_certificate *t, struct bytes type)
{
	for (size_t i = 0; i < t->rdn_count; i++) {
		if (bytes_equal(t->rdns[i].type, type))
			return t->rdns[i].value;
	}
	return (struct der_value){ 0 };
}
