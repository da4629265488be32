#include "status.h"

#include "certificate_check.h"
#include "encoding.h"
#include "identity_key.h"
#include "install.h"
#include "owned.h"
#include "report.h"
#include "state.h"
#include "wall_clock.h"

#include <stdio.h>
#include <time.h>

OWNED_TYPE(X509, X509_free)

static enum fault not_provisioned(
	struct failure *failure, const struct options *options, const char *what)
{
	return failure_set(failure, EXIT_OTHER, "run `genuine-device provision`", "%s %s",
		options->directory, what);
}

static json_t *result_of(
	const struct state *state, const struct identity_key *ik, const X509 *certificate)
{
	char ik_id[HEX_CAPACITY(32)], handle[11], not_after[32] = "";
	struct tm fields;

	hex_encode(BYTES_OF_ARRAY(ik->id), ik_id, sizeof(ik_id));
	(void)snprintf(handle, sizeof(handle), "0x%08x", ik->handle);
	if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &fields) == 1)
		(void)strftime(not_after, sizeof(not_after), "%Y-%m-%dT%H:%M:%SZ", &fields);
	report_line("serial      %s", state->serial);
	report_line("key         %s at %s", ik->file.template->name, handle);
	report_line("certificate until %s", not_after);
	report_line("ca          %s", state->ca);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "serial", state->serial, "key",
		ik->file.template->name, "ik_id", ik_id, "handle", handle, "not_after", not_after, "ca",
		state->ca);
}

static enum fault read_files(const struct directory *directory, const struct options *options,
	struct failure *failure, struct state *state, X509 **certificate)
{
	enum fault fault = state_read(directory, state);

	if (fault == FAULT_NONE)
		fault = installed_read(directory, certificate);
	return fault == FAULT_NOT_FOUND ? not_provisioned(failure, options, "holds no certificate")
					: fault;
}

enum fault status(
	struct tpm *tpm, const struct options *options, struct failure *failure, json_t **out)
{
	owned_directory directory = { .descriptor = -1 };
	owned_identity_key ik = { 0 };
	owned(X509) *certificate = NULL;
	struct wall_clock clock = wall_clock_of_system();
	struct state state;

	enum fault fault = directory_open_to_look(&directory, options->directory, failure);
	if (fault == FAULT_NOT_FOUND)
		return not_provisioned(failure, options, "does not exist");
	if (fault == FAULT_NONE)
		fault = read_files(&directory, options, failure, &state, &certificate);
	if (fault != FAULT_NONE)
		return fault;
	fault = identity_key_find(tpm, &directory, &state, &ik);
	if (fault == FAULT_NOT_FOUND)
		return not_provisioned(failure, options, "names a key that the TPM does not hold");
	if (fault != FAULT_NONE)
		return fault;
	if (!certificate_is_usable(certificate, &ik.file.key, wall_clock_now(&clock)))
		return not_provisioned(failure, options,
			"holds a certificate that has ended or is for another key");
	*out = result_of(&state, &ik, certificate);
	return FAULT_NONE;
}
