/*
 * linter: asks the lints about certificates that somebody else wrote (tests/attacker).
 *
 *     linter --names         the lints' names, in the order in which they are asked
 *     linter                 reads samples; prints for each the lint that refused it, or "passed"
 *     linter --without LINT  the same where that one is not asked
 *
 * A sample is what the certificate is meant to say, and then the to-be-signed octets: numbers of 64
 * bits, and texts after their length of 32, in the order in which they are read here.
 */
#include "lint_table.h"

#include "reader.h"

#include <stdio.h>
#include <stdlib.h>

enum { INPUT_MAX = 4 << 20, FIELD_MAX = 1 << 16 };

struct sample {
	struct device_certificate meant;
	struct lint_context context;
	struct bytes tbs;
};

static struct bytes read_field(struct reader *r)
{
	return reader_sized(r, FIELD_MAX);
}

static struct oid read_oid(struct reader *r)
{
	struct bytes content = reader_sized(r, OID_CONTENT_MAX);
	struct oid oid = { .len = content.len };

	if (content.len > 0)
		memcpy(oid.data, content.data, content.len);
	return oid;
}

static void read_policies(struct reader *r, struct device_certificate *meant)
{
	uint64_t count = reader_u64(r);

	if (count > CERTIFICATE_POLICY_COUNT_MAX)
		reader_fail(r, FAULT_TOO_LONG);
	while (r->fault == FAULT_NONE && meant->policy_count < count)
		meant->policies[meant->policy_count++] = read_oid(r);
}

static void read_sample(struct reader *r, struct sample *out)
{
	struct device_certificate *meant = &out->meant;

	*out = (struct sample){ .context.certificate = meant };
	meant->number = read_field(r);
	meant->signature_algorithm = read_field(r);
	meant->issuer = read_field(r);
	meant->authority_key_identifier = read_field(r);
	meant->not_before_s = reader_u64(r);
	meant->not_after_s = reader_u64(r);
	meant->organization = read_field(r);
	meant->organizational_unit = read_field(r);
	meant->serial = read_field(r);
	meant->spki = read_field(r);
	meant->hardware_module_type = read_oid(r);
	meant->dns = read_field(r);
	meant->uri = read_field(r);
	read_policies(r, meant);
	meant->crl_url = read_field(r);
	meant->issuer_url = read_field(r);
	out->context.ca_not_before_s = reader_u64(r);
	out->context.ca_not_after_s = reader_u64(r);
	out->context.ca_spki = read_field(r);
	out->context.ek_spki = read_field(r);
	out->tbs = read_field(r);
}

/* What a refusal saw begins with the lint's name and " (". */
static const char *name_in(const char *saw)
{
	for (size_t i = 0; lint_name(i) != NULL; i++) {
		size_t len = strlen(lint_name(i));

		if (strncmp(saw, lint_name(i), len) == 0 && strncmp(saw + len, " (", 2) == 0)
			return lint_name(i);
	}
	return "a lint without a name";
}

static const char *judge(const struct sample *sample)
{
	struct refusal refusal = { 0 };

	if (lint_certificate(sample->tbs, &sample->context, &refusal))
		return "passed";
	return refusal.check == CHECK_CERTIFICATE_LINT ? name_in(refusal.saw) : "another check";
}

/* The first of the others that does not hold; the authority itself leaves none out. */
static const char *judge_without(const struct sample *sample, const char *left_out)
{
	static const struct lint *(*const groups[])(size_t *count) = {
		lint_fields, lint_subject, lint_extensions, lint_names,
	};
	const struct tbs_certificate t = tbs_certificate_read(sample->tbs);

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		size_t count;
		const struct lint *lints = groups[i](&count);

		for (size_t k = 0; k < count; k++) {
			struct bytes saw = { 0 };

			if (strcmp(lints[k].name, left_out) != 0 &&
				!lints[k].holds(&t, &sample->context, &saw))
				return lints[k].name;
		}
	}
	return "passed";
}

static int judge_all(struct bytes input, const char *left_out)
{
	struct reader r = reader_of(input);

	while (r.rest.len > 0) {
		struct sample sample;

		read_sample(&r, &sample);
		if (r.fault != FAULT_NONE)
			break;
		(void)puts(left_out != NULL ? judge_without(&sample, left_out) : judge(&sample));
	}
	return reader_end(&r) == FAULT_NONE ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	static uint8_t input[INPUT_MAX];

	if (argc == 2 && strcmp(argv[1], "--names") == 0) {
		for (size_t i = 0; lint_name(i) != NULL; i++)
			(void)puts(lint_name(i));
		return EXIT_SUCCESS;
	}
	bool is_without = argc == 3 && strcmp(argv[1], "--without") == 0;
	size_t len = fread(input, 1, sizeof(input), stdin);

	if ((argc != 1 && !is_without) || !feof(stdin))
		return EXIT_FAILURE;
	return judge_all(bytes_of(input, len), is_without ? argv[2] : NULL);
}
