#include "manifest_line.h"

#include "encoding.h"
#include "endorsement_key.h"
#include "report.h"

static void add_row(const struct options *options, const struct endorsement_key *ek, json_t *rows)
{
	const char *profile = options->profile == NULL ? "" : options->profile;
	char id[HEX_CAPACITY(32)];

	hex_encode(BYTES_OF_ARRAY(ek->id), id, sizeof(id));
	report_line("%s,%s,%s,%s", options->serial, id, profile, options->group);
	(void)json_array_append_new(rows,
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:b}", "serial", options->serial, "ek_id", id,
			"profile", profile, "group", options->group, "ek", ek->template->name,
			"has_certificate", ek->certificate_len > 0));
}

/* The endorsement keys of the order that have a certificate. */
static enum fault add_certified(struct tpm *tpm, const struct options *options,
	const struct ek_order *order, json_t *rows)
{
	for (size_t i = 0; i < order->count; i++) {
		owned_endorsement_key ek = { 0 };
		enum fault fault = endorsement_key_certified(tpm, order->row[i], &ek);
		if (fault == FAULT_NONE)
			add_row(options, &ek, rows);
		else if (fault != FAULT_NOT_FOUND)
			return fault;
	}
	return FAULT_NONE;
}

/* The low range alone: what a device without certificates is asked for by default. */
static enum fault add_bare(struct tpm *tpm, const struct options *options,
	const struct ek_order *order, json_t *rows)
{
	for (size_t i = 0; i < order->count; i++) {
		owned_endorsement_key ek = { 0 };
		if (!order->row[i]->has_full_unique)
			continue;
		enum fault fault = endorsement_key_bare(tpm, order->row[i], &ek);
		if (fault == FAULT_NONE)
			add_row(options, &ek, rows);
		else if (fault != FAULT_UNSUPPORTED)
			return fault;
	}
	return FAULT_NONE;
}

enum fault manifest_line(
	struct tpm *tpm, const struct options *options, struct failure *failure, json_t **out)
{
	struct ek_order order = ek_order_of(options->ek, TEMPLATE_NONE);

	if (options->serial == NULL)
		return failure_set(failure, EXIT_USAGE,
			"`genuine-device help` shows how it is called", "--serial is missing");
	json_t *rows = json_array();
	if (options->header)
		report_line("serial,ek_id,profile,group");
	enum fault fault = add_certified(tpm, options, &order, rows);
	if (fault == FAULT_NONE && json_array_size(rows) == 0) {
		report_note(
			"no endorsement key of this TPM has a certificate: the manifest alone can "
			"vouch for these");
		fault = add_bare(tpm, options, &order, rows);
	}
	if (fault == FAULT_NONE && json_array_size(rows) == 0)
		fault = failure_set(failure, EXIT_TPM_REFUSED, "try --ek auto",
			"the TPM has no endorsement key of the kind that was asked for");
	*out = json_pack("{s:o}", "rows", rows);
	return fault;
}
