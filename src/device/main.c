/*
 * genuine-device: the six steps on the device, from a TPM to a certificate.
 *
 * Takes: the command line, a TPM, the CA's certificate, what the CA answers.
 * Gives: an identity key that stays in the TPM, and in its folder a certificate for it.
 * Holds: the ticket, between TPM2_ActivateCredential and getCertificate; no other secret.
 * May not: overwrite anybody's key, guess a password, follow a redirect, leave anything loaded.
 */
#include "interruption.h"
#include "manifest_line.h"
#include "options.h"
#include "provision.h"
#include "report.h"
#include "status.h"
#include "surroundings.h"
#include "tpm_session.h"
#include "tpm_watch.h"

#include <stdio.h>

static enum fault run(
	struct tpm *tpm, const struct options *options, struct failure *failure, json_t **out)
{
	enum fault fault = tpm_open(tpm, options->tcti, failure);

	if (fault != FAULT_NONE)
		return fault;
	if (options->command == COMMAND_PROVISION)
		return provision(tpm, options, failure, out);
	if (options->command == COMMAND_STATUS)
		return status(tpm, options, failure, out);
	return manifest_line(tpm, options, failure, out);
}

/* A fault that nobody put into words is an error of ours, and still ends in a sentence. */
static void put_into_words(enum fault fault, struct failure *failure)
{
	if (failure->what[0] == '\0' || fault != FAULT_DENIED)
		(void)!failure_set(failure, EXIT_OTHER, "this is an error of ours: report it",
			"it did not work (%s)", fault_text(fault));
}

static int print_and_end(const char *text)
{
	(void)fputs(text, stdout);
	return report_done(NULL, 0);
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	struct failure failure = { 0 };
	json_t *result = NULL;

	surroundings_fill_in();
	surroundings_shut_out();
	enum fault fault = options_read(argc, argv, &options, &failure);
	report_open(options_want_json(argc, argv));
	if (options_want_json(argc, argv))
		tpm_watch_in_json();
	if (fault != FAULT_NONE)
		return report_failed(&failure, 0);
	if (options.command == COMMAND_HELP)
		return print_and_end(options_help);
	if (options.command == COMMAND_VERSION)
		return print_and_end("genuine-device " GENUINE_VERSION "\n");

	interruption_block();
	struct tpm tpm;
	fault = run(&tpm, &options, &failure, &result);
	tpm_close(&tpm);
	if (fault == FAULT_NONE)
		return report_done(result, tpm.clock.spent_us);
	put_into_words(fault, &failure);
	return report_failed(&failure, tpm.clock.spent_us);
}
