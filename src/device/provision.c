#include "provision.h"

#include "activation.h"
#include "ca_client.h"
#include "certificate_file.h"
#include "csr.h"
#include "encoding.h"
#include "endorsement_key.h"
#include "former_key.h"
#include "identity_key.h"
#include "install.h"
#include "installed_set.h"
#include "interruption.h"
#include "own_memory.h"
#include "owned.h"
#include "report.h"
#include "state.h"
#include "wall_clock.h"

#include <stdio.h>
#include <time.h>

OWNED_TYPE(X509, X509_free)
OWNED_TYPE(X509_STORE, X509_STORE_free)

enum { ANCHORS_PEM_MAX = 65536, START_AGAIN_MAX = 4 };

/* What this run was told, or the last one that succeeded; it becomes state when this one does. */
struct settings {
	char ca[STATE_URL_MAX + 1];
	char serial[SERIAL_MAX + 1];
	char profile[PROFILE_NAME_MAX + 1];
};

/* Everything that one run has in hand. */
struct run {
	struct tpm *tpm;
	const struct options *options;
	struct failure *failure;
	struct directory directory;
	struct state state;    /* what is on disk, or will be after the next step */
	struct settings settings;
	struct wall_clock clock;
	struct https https;
	struct identity_key ik;
	struct endorsement_key ek;
	struct ek_chain ek_chain;
	struct csr csr;
	struct bytes anchors;
	uint8_t anchors_pem[ANCHORS_PEM_MAX];
	struct challenge challenge;
	struct issued issued;
	bool is_first_shown; /* the key: to the CA, by this run */
	bool is_installed;   /* a certificate, before this run */
	bool is_same;
	time_t not_after;
};

static void run_close(struct run *run)
{
	endorsement_key_close(&run->ek);
	identity_key_close(&run->ik);
	https_close(&run->https);
	directory_close(&run->directory);
}

static void take_setting(const char *given, const char *known, char *out, size_t capacity)
{
	(void)snprintf(out, capacity, "%s", given == NULL ? known : given);
}

static enum fault missing(struct run *run, const char *option)
{
	return failure_set(run->failure, EXIT_USAGE, "`genuine-device help` shows how it is called",
		"%s is missing, and %s has not been told it before", option, run->directory.path);
}

/* Anchors that are none would be found out only after the TPM has made a key. */
static enum fault check_anchors(struct run *run)
{
	owned(X509_STORE) *store = NULL;

	if (anchors_read(run->anchors, &store) == FAULT_NONE)
		return FAULT_NONE;
	return failure_set(run->failure, EXIT_LOCAL_FILES, "give the CA's certificate in PEM",
		"%s does not hold CA certificates and nothing else",
		run->options->ca_cert == NULL ? "ca.pem" : run->options->ca_cert);
}

static enum fault take_anchors(struct run *run)
{
	const char *path = run->options->ca_cert;
	enum fault fault;

	if (path != NULL)
		fault = file_read(path, run->anchors_pem, sizeof(run->anchors_pem), run->failure,
			&run->anchors);
	else
		fault = installed_set_read(&run->directory, "ca.pem", run->anchors_pem,
			sizeof(run->anchors_pem), &run->anchors);
	if (fault == FAULT_NOT_FOUND)
		return failure_set(run->failure, EXIT_USAGE,
			"`genuine-device help` shows how it is called",
			"--ca-cert is missing, and %s has no ca.pem yet", run->directory.path);
	return fault == FAULT_NONE ? check_anchors(run) : fault;
}

/* What is installed must be readable: what comes from the CA is measured against it. */
static enum fault check_installed(struct run *run)
{
	owned(X509) *installed = NULL;
	enum fault fault = installed_read(&run->directory, &installed);

	run->is_installed = fault == FAULT_NONE;
	return fault == FAULT_DENIED ? fault : FAULT_NONE;
}

/* The command line, completed by what the device was told the last time. */
static enum fault take_settings(struct run *run)
{
	const struct options *options = run->options;
	struct settings *settings = &run->settings;
	struct state *state = &run->state;

	if (state_read(&run->directory, state) == FAULT_DENIED)
		return FAULT_DENIED;
	take_setting(options->ca, state->ca, settings->ca, sizeof(settings->ca));
	take_setting(options->serial, state->serial, settings->serial, sizeof(settings->serial));
	take_setting(
		options->profile, state->profile, settings->profile, sizeof(settings->profile));
	if (settings->ca[0] == '\0')
		return missing(run, "--ca");
	if (settings->serial[0] == '\0')
		return missing(run, "--serial");
	enum fault fault = installed_set_prepare(&run->directory);
	if (fault == FAULT_NONE)
		fault = check_installed(run);
	return fault == FAULT_NONE ? take_anchors(run) : fault;
}

/* What has led to a certificate is what the next run goes by. */
static void keep_settings(struct run *run)
{
	struct state *state = &run->state;

	memcpy(state->ca, run->settings.ca, sizeof(state->ca));
	memcpy(state->serial, run->settings.serial, sizeof(state->serial));
	memcpy(state->profile, run->settings.profile, sizeof(state->profile));
	state->ek = run->ek.template->template;
	state->has_ek_id = true;
	memcpy(state->ek_id, run->ek.id, sizeof(state->ek_id));
	state->has_shown_ik_id = false;
}

static enum fault check_interruption(struct run *run)
{
	if (!interruption_is_pending())
		return FAULT_NONE;
	return failure_set(
		run->failure, EXIT_OTHER, "run it again to go on", "it was told to stop");
}

/* Another EK of the same template: another TPM, or its endorsement seed was changed. */
static void note_change_of_ek(struct run *run)
{
	if (run->state.has_ek_id && run->state.ek == run->ek.template->template &&
		memcmp(run->state.ek_id, run->ek.id, sizeof(run->ek.id)) != 0)
		report_note(
			"the endorsement key is not the one of the last time: the TPM was replaced "
			"or its endorsement seed changed");
}

/* From here on, until the new certificate is in its place. */
static void tell_state(const struct run *run)
{
	if (run->is_installed && run->ik.is_waiting && run->state.former_handle != 0)
		report_state("the new key at 0x%08x waits for its certificate; the one of before stays, "
			     "and provision --keep-key goes back to it",
			run->ik.handle);
	else
		report_state("the identity key at 0x%08x is kept and %s", run->ik.handle, run->is_installed
			? "the certificate of before stays" : "nothing was installed");
}

static enum fault step_keys(struct run *run)
{
	struct identity_key_wish wish = { run->options->key, run->options->handle,
		run->options->new_key, run->options->keep_key };
	struct ek_order order = ek_order_of(run->options->ek, run->state.ek);

	enum fault fault =
		identity_key_open(run->tpm, &run->directory, &wish, &run->state, &run->ik);
	if (fault != FAULT_NONE)
		return fault;
	tell_state(run);
	fault = endorsement_key_choose(run->tpm, &order, &run->ek);
	if (fault == FAULT_NOT_FOUND || fault == FAULT_UNSUPPORTED)
		fault = failure_set(run->failure, EXIT_TPM_REFUSED, "try --ek auto",
			"the TPM has no endorsement key of the kind that was asked for");
	if (fault != FAULT_NONE)
		return fault;
	note_change_of_ek(run);
	report_step(1, "keys: identity key %s at 0x%08x (%s), endorsement key %s (%s)",
		run->ik.file.template->name, run->ik.handle, run->ik.is_new ? "new" : "found",
		run->ek.template->name, run->ek.object.is_persistent ? "persistent" : "made anew");
	return FAULT_NONE;
}

static enum fault step_evidence(struct run *run)
{
	enum fault fault = ek_chain_read(run->tpm, &run->ek_chain);

	if (fault != FAULT_NONE)
		return fault;
	if (run->ek.certificate_len == 0)
		report_step(2, "evidence: public areas; the TPM has no certificate for this key");
	else
		report_step(2, "evidence: public areas, certificate of %zu octets, %zu issuers",
			run->ek.certificate_len, run->ek_chain.count);
	return FAULT_NONE;
}

static enum fault step_csr(struct run *run)
{
	enum fault fault = csr_make(run->tpm, &run->ik, run->settings.serial, &run->csr);

	if (fault == FAULT_NONE)
		report_step(3, "request: %s, signed in the TPM", run->settings.serial);
	return fault;
}

static struct evidence evidence_of(const struct run *run)
{
	return (struct evidence){
		.csr = bytes_of(run->csr.data, run->csr.len),
		.ik_public = tpm_area_bytes(&run->ik.file.area),
		.ek_public = tpm_area_bytes(&run->ek.area),
		.ek_certificate = bytes_of(run->ek.certificate, run->ek.certificate_len),
		.ek_chain = run->ek_chain.certificate,
		.ek_chain_count = run->ek_chain.count,
		.profile = run->settings.profile,
	};
}

/* What the CA says that it has not certified, it does not know. */
static enum fault ask_for_certificate(
	struct run *run, const struct evidence *evidence, const struct secret *ticket)
{
	bool is_first = false;
	enum fault fault = identity_key_show(&run->directory, &run->ik, &run->state, &is_first);

	if (fault != FAULT_NONE)
		return fault;
	if (is_first) {
		run->is_first_shown = true;
		run->https.is_in_doubt = false; /* No ticket was sent before. */
	}
	fault = ca_get_certificate(
		&run->https, evidence, &run->challenge, ticket, &run->issued);
	if (!run->https.is_refused || !run->is_first_shown)
		return fault;
	enum fault written = identity_key_unshow(&run->directory, &run->state);
	return written != FAULT_NONE ? written : fault;
}

/* Steps 4 to 6 up to the answer. FAULT_BUSY where the CA wants them started again. */
static enum fault steps_with_ca(struct run *run)
{
	struct evidence evidence = evidence_of(run);
	owned_secret ticket = { 0 };

	(void)!own_memory_lock();
	enum fault fault = ca_get_challenge(&run->https, &evidence, &run->challenge);
	if (fault != FAULT_NONE)
		return fault;
	report_step(4, "getChallenge: %s sealed a ticket for these two keys", run->https.origin);
	fault = credential_activate(run->tpm, &run->ek, &run->ik,
		bytes_of(run->challenge.credential, run->challenge.credential_len), &ticket);
	if (fault == FAULT_NONE)
		fault = check_interruption(run);
	if (fault != FAULT_NONE)
		return fault;
	report_step(5, "activation: the TPM opened it in an encrypted session");
	return ask_for_certificate(run, &evidence, &ticket);
}

/* Once at once, then with back-off (docs/PROTOCOL.md, HTTP, 409). */
static enum fault with_new_starts(struct run *run)
{
	https_begin(&run->https);
	enum fault fault = steps_with_ca(run);

	for (unsigned again = 0; fault == FAULT_BUSY && again < START_AGAIN_MAX; again++) {
		fault = ca_wait(&run->https, again > 0 ? ca_wait_s(0, again + 1) : 0,
			"the CA wants it started again");
		if (fault == FAULT_NONE)
			fault = steps_with_ca(run);
	}
	if (fault != FAULT_BUSY)
		return fault;
	return failure_set(run->failure, EXIT_CA_REFUSED,
		"run it again in some minutes; if that does not help, ask whoever runs the CA",
		"the CA wanted it started again %d times", START_AGAIN_MAX);
}

static enum fault step_install(struct run *run)
{
	struct installation installation = {
		.tpm = run->tpm,
		.directory = &run->directory,
		.ik = &run->ik,
		.serial = run->settings.serial,
		.anchors = run->anchors,
		.tcti = run->tpm->name,
		.parent = run->state.parent,
		.now = wall_clock_now(&run->clock),
	};
	enum fault fault =
		issued_install(&installation, &run->issued, &run->is_same, &run->not_after);

	if (fault != FAULT_NONE)
		return fault;
	report_state("the new certificate is installed");
	keep_settings(run);
	fault = state_write(&run->directory, &run->state);
	if (fault == FAULT_NONE)
		fault = identity_key_installed(&run->directory, &run->ik);
	if (fault == FAULT_NONE)
		report_step(6, "getCertificate: %s",
			run->is_same ? "the installed one is the newest" : "checked and installed");
	if (fault == FAULT_NONE)
		fault = former_key_free(run->tpm, &run->directory, &run->state, &run->ik);
	return fault;
}

static enum fault open_ca(struct run *run)
{
	enum fault fault = https_open(
		&run->https, run->settings.ca, run->anchors, &run->clock, run->failure);

	if (fault != FAULT_NONE || !run->clock.is_wrong)
		return fault;
	report_note(
		"the device's clock is before this program was made: the CA is asked for the time");
	fault = https_set_clock(&run->https);
	return fault == FAULT_TIMEOUT ? FAULT_DENIED : fault;
}

static enum fault all_steps(struct run *run)
{
	enum fault (*const steps[])(struct run *) = { take_settings, open_ca, step_keys,
		step_evidence, step_csr, with_new_starts, step_install };
	enum fault fault = FAULT_NONE;

	for (size_t i = 0; fault == FAULT_NONE && i < sizeof(steps) / sizeof(steps[0]); i++) {
		fault = check_interruption(run);
		if (fault == FAULT_NONE)
			fault = steps[i](run);
	}
	return fault;
}

static json_t *result_of(const struct run *run)
{
	char ek_id[HEX_CAPACITY(32)], ik_id[HEX_CAPACITY(32)], handle[11], not_after[32];
	struct tm fields;

	hex_encode(BYTES_OF_ARRAY(run->ek.id), ek_id, sizeof(ek_id));
	hex_encode(BYTES_OF_ARRAY(run->ik.id), ik_id, sizeof(ik_id));
	(void)snprintf(handle, sizeof(handle), "0x%08x", run->ik.handle);
	(void)strftime(not_after, sizeof(not_after), "%Y-%m-%dT%H:%M:%SZ",
		gmtime_r(&run->not_after, &fields));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:b}", "serial",
		run->settings.serial, "ek", run->ek.template->name, "ek_id", ek_id, "key",
		run->ik.file.template->name, "ik_id", ik_id, "handle", handle, "not_after", not_after,
		"directory", report_text(run->directory.path), "unchanged", run->is_same);
}

static void print_result(const struct run *run)
{
	report_line("%s has its certificate: %s/certificate.pem", run->settings.serial,
		run->directory.path);
	report_line("how to use it: %s/how-to-use.txt", run->directory.path);
}

enum fault provision(
	struct tpm *tpm, const struct options *options, struct failure *failure, json_t **out)
{
	__attribute__((cleanup(run_close))) struct run run = { .tpm = tpm, .options = options,
		.failure = failure, .clock = wall_clock_of_system(), .directory.descriptor = -1 };

	enum fault fault = directory_open(&run.directory, options->directory, failure);
	if (fault == FAULT_NONE)
		fault = all_steps(&run);
	if (fault == FAULT_NONE) {
		*out = result_of(&run);
		print_result(&run);
	}
	return fault;
}
