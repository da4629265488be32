/*
 * Row 87. The attacker has an endorsement key of its own, opens each credential that the CA seals
 * for it, and so collects tickets for whatever it likes to ask for. It presents each with the same
 * facts but another's EK. The ticket is made by challenge_ticket, which the act of getChallenge
 * calls, and is refused by the act of getCertificate.
 */
#include "in_process.h"

#include "authority_stage.h"
#include "chance.h"
#include "challenge.h"
#include "sample_key.h"

#include <assert.h>
#include <openssl/evp.h>

enum { INPUTS = 1000000, INPUTS_SMALL = 4000, CONTROL_EACH = 100, OTHERS_MAX = 16 };

/* The attacker's EK, and those for which its tickets must not be good. */
struct cast {
	struct tpm_key own, others[OTHERS_MAX];
	const char *names[OTHERS_MAX];
	size_t count;
};

static struct tpm_key ek_of(enum tpm_template template)
{
	EVP_PKEY *private_key = NULL;
	struct tpm_key key = sample_key(template_row(template), &private_key);

	EVP_PKEY_free(private_key);
	return key;
}

static void add_other(struct cast *cast, const struct tpm_key *key, const char *name)
{
	assert(cast->count < OTHERS_MAX);
	cast->others[cast->count] = *key;
	cast->names[cast->count++] = name;
}

/* Besides other keys: its own with one octet changed, and its own under another template. */
static struct cast cast_of(void)
{
	struct cast cast = { .own = ek_of(TEMPLATE_EK_L2) };
	struct tpm_key near = cast.own;

	for (unsigned template = TEMPLATE_EK_L1; template <= TEMPLATE_EK_H7; template++) {
		struct tpm_key other = ek_of(template);

		add_other(&cast, &other, template_row(template)->name);
	}
	near.b[near.b_len - 1] ^= 1;
	add_other(&cast, &near, "its own key, one bit beside");
	near = cast.own;
	near.template = TEMPLATE_EK_H2;
	add_other(&cast, &near, "its own key, another template");
	return cast;
}

static void choose_text(struct chance *chance, char *out, size_t len_max)
{
	size_t len = 1 + chance_below(chance, (uint32_t)len_max);

	for (size_t i = 0; i < len; i++)
		out[i] = (char)('A' + (char)chance_below(chance, 26));
	out[len] = '\0';
}

/* A modulus that ends in what M has where the other's EK stands (field 7), before its own does. */
static void choose_framing(struct facts *facts, const struct tpm_key *other)
{
	uint8_t field[1 + 4 + TPM2B_PUBLIC_MAX];
	struct writer area = writer_of(field + 5, sizeof(field) - 5), head = writer_of(field, 5);

	tpm2b_public_write(&area, other);
	struct bytes ek = writer_written(&area);
	writer_u8(&head, 7);
	writer_u32(&head, (uint32_t)ek.len);
	if (ek.len + 5 < facts->ik.a_len)
		memcpy(facts->ik.a + facts->ik.a_len - ek.len - 5, field, ek.len + 5);
}

/* Everything that a ticket covers is the attacker's to choose, but the CA's header and policy. */
static void choose(struct facts *facts, const struct tpm_key *other, struct chance *chance)
{
	const struct template_row *row = template_row(
		TEMPLATE_IK_RSA2048 + chance_below(chance, 1 + TEMPLATE_IK_P521_NODA - TEMPLATE_IK_RSA2048));
	size_t len = (row->key_bits + 7u) / 8;

	facts->ik = (struct tpm_key){ .template = (uint8_t)row->template, .a_len = (uint16_t)len };
	chance_octets(chance, facts->ik.a, len);
	facts->ik.a[0] |= 0x80;
	if (row->type == TPM_ALG_ECC) {
		facts->ik.b_len = (uint16_t)len;
		chance_octets(chance, facts->ik.b, len);
	} else if (chance_below(chance, 2) == 0) {
		choose_framing(facts, other);
	}
	choose_text(chance, facts->serial, 24);
	if (chance_below(chance, 2) == 0)
		choose_text(chance, facts->profile, 8);
	chance_octets(chance, facts->csr_digest, sizeof(facts->csr_digest));
	facts->has_ek_certificate = chance_below(chance, 2) == 0;
	chance_octets(chance, facts->ek_certificate_digest, sizeof(facts->ek_certificate_digest));
}

/* What the attacker's EK has opened: a header of now, and the ticket for it and the facts. */
static void collect(const struct authority_stage *stage, struct facts *facts)
{
	struct ticket_header header = authority_stage_header(stage);
	struct writer w = WRITER_OF_ARRAY(facts->header);
	struct areas areas;
	owned_secret ticket = { 0 };

	assert(areas_write(facts, &areas) == FAULT_NONE);
	assert(challenge_ticket(&stage->materials, facts, &areas, &header, &ticket) == FAULT_NONE);
	ticket_header_write(&w, &header);
	memcpy(facts->ticket, ticket.data, sizeof(facts->ticket));
}

/* False only where the ticket is what the act refuses. */
static bool is_ticket_good(struct authority_stage *stage, const struct facts *facts)
{
	struct answer answer = authority_stage_ask(stage, facts);

	return answer.kind != ANSWER_REFUSED || answer.refusal.check != CHECK_TICKET;
}

void foreign_tickets(bool is_small, struct tally *tally)
{
	struct authority_stage *stage = authority_stage_open();
	struct cast cast = cast_of();
	struct chance chance = { 87 };
	const struct facts sound = authority_stage_facts(stage, &cast.own);
	size_t inputs = is_small ? INPUTS_SMALL : INPUTS;

	for (size_t i = 0; i < inputs; i++) {
		size_t other = i % cast.count;
		struct facts facts = sound;

		facts.act = ACT_CERTIFICATE;
		choose(&facts, &cast.others[other], &chance);
		collect(stage, &facts);
		/* Else it would be no news that it is refused for others. */
		if (i % CONTROL_EACH == 0)
			tally_note(tally, true, is_ticket_good(stage, &facts), "refused for its own EK");
		facts.ek = cast.others[other];
		bool is_good = is_ticket_good(stage, &facts);
		tally_note(tally, is_good, !is_good, "accepted for %s", cast.names[other]);
	}
}
