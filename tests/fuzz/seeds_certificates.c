#include "kit.h"
#include "message.h"
#include "seeds.h"
#include "trust.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

/* A vendor: its root (an anchor, marked hints), an intermediate (another one), and one below. */
struct vendor {
	struct kit kit;
	struct kit_certificate root, intermediate, below;
	struct kit_buffer root_der, intermediate_der, below_der;
};

static struct bytes view(const struct kit_buffer *buffer)
{
	return bytes_of(buffer->data, buffer->len);
}

static void vendor_make(struct vendor *v)
{
	struct kit_buffer crl;

	v->kit = kit_of(TEMPLATE_IK_P256, TEMPLATE_EK_L2);
	v->root = v->kit.vendor;
	v->root.subject = v->root.issuer = "Root";
	v->root.basic_constraints = "critical,CA:TRUE";
	v->intermediate = v->root;
	v->intermediate.subject = "Intermediate";
	v->intermediate.key = kit_key(TEMPLATE_IK_P256, 1);
	v->below = v->root;
	v->below.subject = "Below";
	v->below.key = kit_key(TEMPLATE_IK_P256, 2);
	kit_certificate_write(&v->root, &v->root_der);
	kit_certificate_write(&v->intermediate, &v->intermediate_der);
	kit_certificate_write(&v->below, &v->below_der);
	kit_crl_write(&v->intermediate, 13, &crl);
	fixed_write("root.der", view(&v->root_der));
	fixed_write("intermediate.der", view(&v->intermediate_der));
	fixed_write("intermediate.crl", view(&crl));
	seed_write("der", view(&crl), "crl");
}

/* ---- what is imported ---- */

static void import_seed(const struct vendor *v, const struct kit_buffer *list, const char *name)
{
	static uint8_t buffer[2 * KIT_OCTETS_MAX];
	struct writer w = WRITER_OF_ARRAY(buffer);

	writer_bytes(&w, view(&v->root_der));
	writer_bytes(&w, view(list));
	seed_write("trust_import", writer_written(&w), "%s", name);
}

static void import_seeds(const struct vendor *v)
{
	struct kit_certificate namesake = v->root;
	struct kit_buffer list = { .len = 0 };

	import_seed(v, &list, "root.der");
	kit_crl_write(&v->root, 13, &list);
	import_seed(v, &list, "list");
	kit_crl_write(&v->root, v->root.number, &list);
	import_seed(v, &list, "list-with-the-root");
	kit_crl_write(&v->intermediate, 13, &list);
	import_seed(v, &list, "list-of-another");
	namesake.key = v->intermediate.key;
	kit_crl_write(&namesake, 13, &list);
	import_seed(v, &list, "list-of-a-namesake");
	kit_crl_write(&v->root, 13, &list);
	kit_crl_extend(&v->root, NID_issuing_distribution_point,
		BYTES_OF_LITERAL("\x30\x03\x84\x01\xff"), true, &list);
	import_seed(v, &list, "list-indirect");
	kit_crl_write(&v->root, 13, &list);
	kit_crl_extend(&v->root, NID_delta_crl, BYTES_OF_LITERAL("\x02\x01\x07"), true, &list);
	import_seed(v, &list, "list-delta");
}

/* ---- paths ---- */

struct path_seed {
	const char *name, *issuer;
	EVP_PKEY *issuer_key;
	long number;
	size_t hint_count;
};

static void path_seed(struct vendor *v, const struct path_seed *seed)
{
	struct kit_certificate says = v->kit.ek_certificate;
	struct kit_buffer certificate;
	static uint8_t buffer[65536];
	struct writer w = WRITER_OF_ARRAY(buffer);

	says.issuer = seed->issuer;
	says.issuer_key = seed->issuer_key;
	says.number = seed->number;
	kit_certificate_write(&says, &certificate);
	writer_tpm2b(&w, view(&certificate));
	for (size_t i = 0; i < seed->hint_count; i++)
		writer_tpm2b(&w, view(&v->below_der));
	seed_write("trust_path", writer_written(&w), "%s", seed->name);
	seed_write("ek_certificate", view(&certificate), "%s", seed->name);
	if (seed->hint_count == 0)
		seed_write("der", view(&certificate), "certificate-%s", seed->name);
}

static void path_seeds(struct vendor *v)
{
	const struct path_seed seeds[] = {
		{ "of-root", "Root", v->root.key, 1, 0 },
		{ "of-intermediate", "Intermediate", v->intermediate.key, 2, 0 },
		{ "revoked", "Intermediate", v->intermediate.key, 13, 0 },
		{ "through-hint", "Below", v->below.key, 3, 1 },
		{ "without-hint", "Below", v->below.key, 4, 0 },
		{ "another-signature", "Root", v->below.key, 5, 0 },
	};

	for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++)
		path_seed(v, &seeds[i]);
}

/* ---- evidence ---- */

static void evidence_write_seed(const struct kit *kit, const char *name)
{
	static const uint8_t ticket[TICKET_SIZE] = { 0x77 };
	static uint8_t buffer[FRAME_MAX];
	struct writer w = WRITER_OF_ARRAY(buffer);
	struct evidence evidence = { .act = kit->act, .csr = view(&kit->csr),
		.ik_public = view(&kit->ik_public), .ek_public = view(&kit->ek_public),
		.has_ek_certificate = true, .ek_certificate = view(&kit->certificate),
		.profile = BYTES_OF_LITERAL("device"), .challenge = view(&kit->header) };

	if (kit->act == ACT_CERTIFICATE)
		evidence.ticket = BYTES_OF_ARRAY(ticket);
	evidence_write(&w, &evidence);
	seed_write("evidence", writer_written(&w), "%s", name);
	seed_write("csr", view(&kit->csr), "%s", name);
	seed_write("der", view(&kit->csr), "csr-%s", name);
}

static void evidence_seed(const struct vendor *v, enum tpm_template ik, enum tpm_template ek,
	const char *name)
{
	struct kit kit = kit_of(ik, ek);

	kit.act = ek == TEMPLATE_EK_L1 ? ACT_CERTIFICATE : ACT_CHALLENGE;
	kit.ek_certificate.issuer = v->root.subject;
	kit.ek_certificate.issuer_key = v->root.key;
	kit_build(&kit);
	evidence_write_seed(&kit, name);
	kit_close(&kit);
}

static void evidence_seeds(const struct vendor *v)
{
	struct kit odd = kit_of(TEMPLATE_IK_RSA2048_NODA, TEMPLATE_EK_L2);

	evidence_seed(v, TEMPLATE_IK_P256, TEMPLATE_EK_L2, "p256-L-2");
	evidence_seed(v, TEMPLATE_IK_P384_NODA, TEMPLATE_EK_H3, "p384-H-3");
	evidence_seed(v, TEMPLATE_IK_RSA2048, TEMPLATE_EK_L1, "rsa2048-L-1");
	odd.pss_salt_len = 32;
	odd.csr_attribute = NID_ext_req;
	odd.serial_type = V_ASN1_UTF8STRING;
	odd.ek_certificate.issuer = v->root.subject;
	odd.ek_certificate.issuer_key = v->root.key;
	kit_build(&odd);
	evidence_write_seed(&odd, "pss-with-attributes");
	kit_close(&odd);
}

static void ca_fixed(const struct vendor *v)
{
	struct kit_certificate says = v->root;
	struct kit_buffer ca;

	says.subject = says.issuer = "Test CA";
	says.key = says.issuer_key = v->kit.ca_key;
	kit_certificate_write(&says, &ca);
	fixed_write("ca.der", view(&ca));
}

void seeds_of_certificates(void)
{
	static struct vendor vendor;

	vendor_make(&vendor);
	import_seeds(&vendor);
	path_seeds(&vendor);
	ca_fixed(&vendor);
	evidence_seeds(&vendor);
}
