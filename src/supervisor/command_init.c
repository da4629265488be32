#include "commands.h"

#include "act_record.h"
#include "encoding.h"
#include "init.h"
#include "operator_client.h"
#include "operator_name.h"
#include "own_memory.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { HOST_NAME_CAPACITY = 256 };

/* Each --host; without one, this machine's own name. */
static bool take_hosts(struct invocation *invocation, struct init *init)
{
	static char own[HOST_NAME_CAPACITY];
	const char *host;

	while ((host = invocation_value(invocation, "--host")) != NULL) {
		if (init->host_count == HOST_COUNT_MAX)
			return false;
		init->hosts[init->host_count++] = host;
	}
	if (init->host_count == 0) {
		bool is_named = gethostname(own, sizeof(own) - 1) == 0 && own[0] != '\0';

		init->hosts[init->host_count++] = is_named ? own : "localhost";
	}
	return true;
}

static void say_made(const struct init *init)
{
	(void)printf("%s is a CA now%s:\n"
		     "  genuine.conf          how it works; trust = both, binding = manifest\n"
		     "  ca.pem                its certificate: what devices and their peers trust\n"
		     "  tls.pem               the server's, for %s\n"
		     "  secret/               its keys: ca.key is the CA; keep a copy where nobody "
		     "finds it\n"
		     "  trust/                TPM vendors' CAs; none yet\n"
		     "  store/                who is who; nobody yet\n"
		     "Next:\n"
		     "  genuine-ca -C %s trust import VENDOR-CA.pem…\n"
		     "  genuine-ca -C %s device import MANIFEST.csv\n"
		     "  genuine-ca -C %s serve\n",
		init->directory, init->is_laboratory ? ", for a laboratory" : "", init->hosts[0],
		init->directory, init->directory, init->directory);
}

/* The first entry of the chain: which CA this is. The store makes its database for it. */
static enum fault record(const struct init *init, struct trouble *trouble)
{
	struct act_record record = act_record_of("init", operator_name_argument());
	struct operator_client client;
	struct trouble why = { "" };
	enum fault fault = operator_open(init->directory, &client, &why);

	if (fault == FAULT_NONE) {
		act_record_text(&record, "version", GENUINE_VERSION);
		act_record_text(&record, "name", init->name);
		act_record_text(&record, "laboratory", init->is_laboratory ? "yes" : "no");
		act_record_octets(&record, "fingerprint",
			BYTES_OF_ARRAY(client.server->set->fingerprint));
		fault = act_record_send(client.server, &record, &why);
		struct trouble ignored;
		(void)operator_close(&client, &ignored);
	}
	return fault == FAULT_NONE
		       ? fault
		       : trouble_say(trouble, fault,
				 "%.100s is a CA now, but its audit chain has not begun: %.300s",
				 init->directory, why.text);
}

int command_init(struct invocation *invocation)
{
	const char *name = invocation_value(invocation, "--name");
	const char *ca_key = invocation_value(invocation, "--ca-key");
	struct trouble trouble = { "" };
	struct init init = { .directory = invocation->directory,
		.name = name != NULL ? name : "Genuine",
		.ca_key = ca_key != NULL ? ca_key : "p256",
		.is_laboratory = invocation_flag(invocation, "--laboratory") };

	if (!take_hosts(invocation, &init))
		invocation->is_wrong = true;
	if (!invocation_is_good(invocation, 0, 0))
		return STATUS_USAGE;
	enum fault fault = role_program_find(&trouble);
	if (fault == FAULT_NONE) {
		(void)!own_memory_hide();
		(void)!own_memory_lock();
		fault = init_folder(&init, &trouble);
	}
	if (fault == FAULT_NONE)
		fault = record(&init, &trouble);
	if (fault != FAULT_NONE)
		return invocation_fail(fault, &trouble);
	if (!invocation->is_json) {
		say_made(&init);
		return fflush(stdout) == 0 ? STATUS_DONE : STATUS_FAILED;
	}
	owned_rows rows = { 0 };
	if (rows_open(&rows) != FAULT_NONE)
		return STATUS_FAILED;
	rows_add(&rows, json_pack("{s:s, s:s, s:b}", "folder", init.directory, "name", init.name,
		"laboratory", init.is_laboratory));
	return invocation_print(invocation, &rows, ROWS_OBJECT);
}
