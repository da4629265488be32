#include "credential.h"
#include "kit.h"
#include "must_hold.h"
#include "name.h"
#include "seeds.h"
#include "templates.h"


static void seed_area(const struct template_row *row, const struct tpm_key *key)
{
	uint8_t buffer[TPM2B_PUBLIC_MAX];
	struct writer w = WRITER_OF_ARRAY(buffer), w_in = WRITER_OF_ARRAY(buffer);

	tpm2b_public_write(&w, key);
	seed_write("tpm2b_public", writer_written(&w), "template-%u", row->template);
	if (!row->is_ek)
		seed_write("key_file", writer_written(&w), "template-%u", row->template);
	template_in_public_write(&w_in, row);
	seed_write("tpm2b_public", writer_written(&w_in), "in-public-%u", row->template);
}

static void seed_numbers(const struct template_row *row, const struct tpm_key *key)
{
	uint8_t number[2 * RSA_MODULUS_MAX];
	uint8_t choice = row->type == TPM_ALG_RSA ? 0x80 : row->key_bits == 256 ? 0 :
		row->key_bits == 384 ? 1 : 2;

	memcpy(number, key->a, key->a_len);
	memcpy(number + key->a_len, key->b, key->b_len);
	seed_write_chosen("key_gates", choice, bytes_of(number, (size_t)key->a_len + key->b_len),
		row->name);
}

static void seed_credential(const struct template_row *row, const struct tpm_key *key)
{
	static const uint8_t ticket[TICKET_SIZE] = { 0x77 };
	struct tpm_key ik = kit_numbers(kit_key(TEMPLATE_IK_P256, 0), TEMPLATE_IK_P256, false);
	uint8_t buffer[CREDENTIAL_MAX];
	struct tpm_name name;
	struct bytes file;
	enum fault fault = name_of_key(&ik, &name);

	if (fault == FAULT_NONE)
		fault = credential_make(key, &name, BYTES_OF_ARRAY(ticket), buffer, sizeof(buffer), &file);
	must_hold(fault == FAULT_NONE);
	seed_write("credential_file", file, "for-%s", row->name);
}

void seeds_of_keys(void)
{
	size_t count;
	const struct template_row *rows = template_rows(&count);

	for (size_t i = 0; i < count; i++) {
		struct tpm_key key = kit_numbers(kit_key(rows[i].template, 0), rows[i].template, false);

		seed_area(&rows[i], &key);
		seed_numbers(&rows[i], &key);
		if (rows[i].is_ek)
			seed_credential(&rows[i], &key);
	}
}
