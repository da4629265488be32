#include "judgement.h"
#include "mutant.h"

#include <string.h>

/*
 * A check of evidence also leaves behind what those after it need. Switched off alone it skips its
 * own decision and nothing else: so where it does not hold, what it would have left is made here as
 * well as the evidence permits, and the later checks judge that. The linker calls these (--wrap).
 * Where there is nothing that could be left, the mutant goes on with nothing, and is refused.
 */
#define MUTANT(name) \
	bool __real_check_##name(struct judgement *, struct refusal *); \
	bool __wrap_check_##name(struct judgement *, struct refusal *); \
	bool __wrap_check_##name(struct judgement *judgement, struct refusal *refusal)

enum { AREA_MAX = 1024, TPM2B_SIZE = 2 };
enum { IK_ATTRIBUTES = 0x00040072 };

static bool is_certificate_judged(const struct judgement *judgement)
{
	return judgement->policy->configuration.trust != TRUST_MANIFEST;
}

/* The longest beginning of the octets that reads as an area, whatever size stands before it. */
static void read_beginning(struct bytes octets, uint8_t room[AREA_MAX], struct judged_key *key)
{
	if (octets.len < TPM2B_SIZE || octets.len > AREA_MAX)
		return;
	memcpy(room, octets.data, octets.len);
	for (size_t len = octets.len; len > TPM2B_SIZE && !key->is_supported; len--) {
		room[0] = (uint8_t)((len - TPM2B_SIZE) >> 8);
		room[1] = (uint8_t)(len - TPM2B_SIZE);
		key->is_supported = tpm2b_public_read(bytes_of(room, len), &key->area) == FAULT_NONE;
	}
}

MUTANT(ik_public_read)
{
	static uint8_t room[AREA_MAX];
	bool holds = __real_check_ik_public_read(judgement, refusal);

	if (mutant_spares(CHECK_IK_PUBLIC_READ) && !judgement->ik.is_supported)
		read_beginning(judgement->evidence->ik_public, room, &judgement->ik);
	return holds;
}

MUTANT(ek_public_read)
{
	static uint8_t room[AREA_MAX];
	bool holds = __real_check_ek_public_read(judgement, refusal);

	if (mutant_spares(CHECK_EK_PUBLIC_READ) && !judgement->ek.is_supported)
		read_beginning(judgement->evidence->ek_public, room, &judgement->ek);
	return holds;
}

/* What the area says besides attributes, size and curve is taken for what a template says. */
MUTANT(ik_algorithms)
{
	bool holds = __real_check_ik_algorithms(judgement, refusal);
	struct tpmt_public *area = &judgement->ik.area;

	if (!mutant_spares(CHECK_IK_ALGORITHMS))
		return holds;
	area->name_alg = TPM_ALG_SHA256;
	area->auth_policy = bytes_of(NULL, 0);
	area->symmetric = TPM_ALG_NULL;
	area->scheme = TPM_ALG_NULL;
	if (area->type == TPM_ALG_RSA)
		area->rsa.exponent = 0;
	else
		area->ecc.kdf = TPM_ALG_NULL;
	return holds;
}

MUTANT(ik_attributes)
{
	bool holds = __real_check_ik_attributes(judgement, refusal);

	if (mutant_spares(CHECK_IK_ATTRIBUTES) && template_of(&judgement->ik.area, false) == NULL)
		judgement->ik.area.object_attributes = IK_ATTRIBUTES;
	return holds;
}

static bool is_of_size(const struct template_row *row, const struct tpmt_public *area)
{
	return row->type == area->type && (row->type == TPM_ALG_RSA ?
		row->key_bits == area->rsa.key_bits : row->curve_id == area->ecc.curve_id);
}

/* The template of that type and size; else one of that type; else any. */
static const struct template_row *nearest(const struct tpmt_public *area, bool is_ek)
{
	const struct template_row *of_type = NULL, *any = NULL;
	size_t count;
	const struct template_row *rows = template_rows(&count);

	for (size_t i = count; i-- > 0;) {
		if (rows[i].is_ek != is_ek)
			continue;
		any = &rows[i];
		if (rows[i].type == area->type)
			of_type = &rows[i];
	}
	for (size_t i = 0; i < count; i++) {
		if (rows[i].is_ek == is_ek && is_of_size(&rows[i], area))
			return &rows[i];
	}
	return of_type != NULL ? of_type : any;
}

/* The numbers as they stand, whatever their size. */
static void take_numbers(struct judged_key *key)
{
	bool is_rsa = key->area.type == TPM_ALG_RSA;
	struct bytes a = is_rsa ? key->area.rsa.modulus : key->area.ecc.x;
	struct bytes b = is_rsa ? bytes_of(NULL, 0) : key->area.ecc.y;

	key->key = (struct tpm_key){ .template = (uint8_t)key->row->template };
	if (a.len == 0 || a.len > sizeof(key->key.a) || b.len > sizeof(key->key.b))
		return;
	key->key.a_len = (uint16_t)a.len;
	memcpy(key->key.a, a.data, a.len);
	key->key.b_len = (uint16_t)b.len;
	if (b.len > 0)
		memcpy(key->key.b, b.data, b.len);
}

MUTANT(ik_key_size)
{
	bool holds = __real_check_ik_key_size(judgement, refusal);
	struct judged_key *ik = &judgement->ik;

	if (!mutant_spares(CHECK_IK_KEY_SIZE) || ik->key.template != TEMPLATE_NONE)
		return holds;
	ik->row = nearest(&ik->area, false);
	take_numbers(ik);
	ik->has_id = true; /* of no key that is an issuer's */
	return holds;
}

MUTANT(ek_template)
{
	bool holds = __real_check_ek_template(judgement, refusal);
	struct judged_key *ek = &judgement->ek;

	if (mutant_spares(CHECK_EK_TEMPLATE) && ek->row == NULL)
		ek->row = nearest(&ek->area, true);
	return holds;
}

MUTANT(ek_key_size)
{
	bool holds = __real_check_ek_key_size(judgement, refusal);

	if (mutant_spares(CHECK_EK_KEY_SIZE) && judgement->ek.key.template == TEMPLATE_NONE)
		take_numbers(&judgement->ek);
	return holds;
}

/* The first serialNumber that stands in the subject, of whatever string type. */
MUTANT(csr_subject)
{
	static const uint8_t serial_number[] = { 0x06, 0x03, 0x55, 0x04, 0x05 };
	bool holds = __real_check_csr_subject(judgement, refusal);
	struct bytes subject = judgement->csr.subject;

	if (!mutant_spares(CHECK_CSR_SUBJECT) || judgement->serial_octets.len > 0)
		return holds;
	for (size_t i = 0; i + sizeof(serial_number) + 2 <= subject.len; i++) {
		const uint8_t *value = subject.data + i + sizeof(serial_number);
		size_t rest = subject.len - i - sizeof(serial_number) - 2;

		if (memcmp(subject.data + i, serial_number, sizeof(serial_number)) != 0)
			continue;
		judgement->serial_octets = bytes_of(value + 2, value[1] <= rest ? value[1] : rest);
		break;
	}
	return holds;
}

MUTANT(serial_form)
{
	bool holds = __real_check_serial_form(judgement, refusal);
	struct bytes serial = judgement->serial_octets;

	if (!mutant_spares(CHECK_SERIAL_FORM) || serial.len == 0)
		return holds;
	if (serial.len > SERIAL_MAX)
		serial.len = SERIAL_MAX;
	memcpy(judgement->serial, serial.data, serial.len);
	judgement->serial[serial.len] = '\0';
	return holds;
}

/* The certificate that the octets begin with, whatever follows. */
MUTANT(ek_certificate_der)
{
	bool holds = __real_check_ek_certificate_der(judgement, refusal);
	struct bytes octets = judgement->evidence->ek_certificate;

	if (!mutant_spares(CHECK_EK_CERTIFICATE_DER) || !is_certificate_judged(judgement) ||
			judgement->ek_certificate != NULL || octets.len < 4)
		return holds;
	size_t len = 4 + ((size_t)octets.data[2] << 8 | octets.data[3]);
	if (len <= octets.len)
		(void)!certificate_open_sent(bytes_of(octets.data, len), &judgement->ek_certificate);
	return holds;
}

/* What could not be opened the checks behind this one cannot go on with. */
MUTANT(ek_certificate_key)
{
	bool holds = __real_check_ek_certificate_key(judgement, refusal);

	if (!mutant_spares(CHECK_EK_CERTIFICATE_KEY) || !is_certificate_judged(judgement) ||
			judgement->ek_certificate != NULL)
		return holds;
	(refusal_set)(refusal, CHECK_EK_CERTIFICATE_DER, "ekCertificate was not opened");
	return false;
}

/* As if the certificate's issuer were an anchor without marks. */
MUTANT(ek_certificate_chain)
{
	static const struct trust_marks none;
	bool holds = __real_check_ek_certificate_chain(judgement, refusal);

	if (mutant_spares(CHECK_EK_CERTIFICATE_CHAIN) && is_certificate_judged(judgement) &&
			judgement->path.marks == NULL)
		judgement->path = (struct trust_path){ .len = 2, .marks = &none,
			.weakest = SIGNATURE_SHA2, .not_after_s = INT64_MAX };
	return holds;
}
