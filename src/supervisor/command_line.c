#include "command_line.h"

#include "commands.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char directory_default[] = "/var/lib/genuine-ca";

static const struct command {
	const char *words;   /* one or two */
	int (*run)(struct invocation *);
	const char *usage;
	const char *summary;
} commands[] = {
	{ "init", command_init, "init [--name NAME] [--host NAME]… [--laboratory] [--ca-key p256|p384|rsa3072]",
		"make a CA in DIR" },
	{ "serve", command_serve, "serve [--listen ADDRESS:PORT]", "run it" },
	{ "status", command_status, "status", "whether it runs, and with what" },
	{ "reload", command_reload, "reload [--now]", "take a changed genuine.conf or trust over, all or nothing" },
	{ "rotate", command_rotate, "rotate [--now]", "new keys for tickets" },
	{ "trust import", command_trust_import, "trust import [--mark MARK,…] PATH…",
		"trust TPM vendors' CA certificates; marks: ek-only, hints, sha1, manufacturer=ID" },
	{ "trust list", command_trust_list, "trust list", "what is trusted" },
	{ "trust remove", command_trust_remove, "trust remove ID", "trust it no longer; the first four digits or more of its id will do" },
	{ "device import", command_device_import, "device import [--add] [--replace] [--again] FILE",
		"take over a manifest, CSV or JSON Lines, all or nothing" },
	{ "device list", command_device_list, "device list", "all devices" },
	{ "device show", command_device_show, "device show SERIAL", "all about one" },
	{ "device suspend", command_device_suspend, "device suspend SERIAL", "no certificates for it until it is restored" },
	{ "device restore", command_device_restore, "device restore SERIAL", "it may be provisioned again" },
	{ "device release", command_device_release, "device release SERIAL", "end it for good; its certificates are revoked" },
	{ "device rekey", command_device_rekey, "device rekey SERIAL", "let its next new key pass" },
	{ "ban add", command_ban_add, "ban add [--reason TEXT] ek|ik|serial VALUE", "refuse a key or a serial, whatever else says" },
	{ "ban remove", command_ban_remove, "ban remove ek|ik|serial VALUE", "lift a ban" },
	{ "ban list", command_ban_list, "ban list", "all bans" },
	{ "certificate list", command_certificate_list, "certificate list [SERIAL]", "what was issued" },
	{ "certificate show", command_certificate_show, "certificate show NUMBER", "one of them, with its PEM" },
	{ "certificate revoke", command_certificate_revoke, "certificate revoke [--reason REASON] SERIAL|NUMBER",
		"revoke; reasons are those of RFC 5280, such as keyCompromise" },
	{ "certificate factors", command_certificate_factors, "certificate factors",
		"RSA keys of certificates that share a factor, so that anybody can compute them" },
	{ "crl", command_crl, "crl [--pem|--der]", "the revocation list" },
	{ "explain", command_explain, "explain REFERENCE", "why a device was refused" },
	{ "audit list", command_audit_list, "audit list [FROM]", "what was done, by whom and when" },
	{ "audit verify", command_audit_verify, "audit verify [SEQ HASH]", "whether that record is whole" },
};

enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

/* ---- help ---- */

static void print_help(FILE *file)
{
	(void)fprintf(file,
		"genuine-ca: identities for devices with a TPM\n\n"
		"usage: genuine-ca [-C DIR] [--json] COMMAND\n\n"
		"DIR is the CA's folder: $GENUINE_DIR, else %s.\n"
		"Commands work with a running server and without.\n\n", directory_default);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		(void)fprintf(file, "  %s\n        %s\n", commands[i].usage, commands[i].summary);
	(void)fprintf(file, "  help [COMMAND]\n  version\n");
}

static int help(const struct invocation *invocation)
{
	bool is_found = invocation->count == 0;

	if (invocation->count == 0)
		print_help(stdout);
	for (size_t i = 0; i < COMMAND_COUNT && invocation->count > 0; i++) {
		if (strncmp(commands[i].words, invocation->arguments[0],
				strlen(invocation->arguments[0])) != 0)
			continue;
		is_found = true;
		(void)printf("%s\n        %s\n", commands[i].usage, commands[i].summary);
	}
	if (!is_found)
		(void)fprintf(stderr, "genuine-ca: there is no command %s; genuine-ca help lists them\n",
			invocation->arguments[0]);
	return is_found ? STATUS_DONE : STATUS_USAGE;
}

/* ---- finding ---- */

/* How many of the arguments are the words of the command; 0 where it is another one. */
static size_t words_matched(const struct command *command, const struct invocation *invocation)
{
	char two[64];

	if (strcmp(command->words, invocation->arguments[0]) == 0)
		return 1;
	if (invocation->count < 2)
		return 0;
	(void)snprintf(two, sizeof(two), "%s %s", invocation->arguments[0], invocation->arguments[1]);
	return strcmp(command->words, two) == 0 ? 2 : 0;
}

static int run_command(struct invocation *invocation)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		size_t words = words_matched(&commands[i], invocation);

		if (words == 0)
			continue;
		invocation->usage = commands[i].usage;
		invocation->arguments += words;
		invocation->count -= words;
		return commands[i].run(invocation);
	}
	(void)fprintf(stderr, "genuine-ca: there is no command %s%s%s; genuine-ca help lists them\n",
		invocation->arguments[0], invocation->count > 1 ? " " : "",
		invocation->count > 1 ? invocation->arguments[1] : "");
	return STATUS_USAGE;
}

/* ---- what stands before the command ---- */

/* Absolute, so that it holds wherever the process goes; it need not be there yet. */
static bool absolute(const char *path, char out[PATH_MAX])
{
	char here[PATH_MAX];
	int len;

	if (path[0] == '/')
		len = snprintf(out, PATH_MAX, "%s", path);
	else if (getcwd(here, sizeof(here)) != NULL)
		len = snprintf(out, PATH_MAX, "%s/%s", here, path);
	else
		return false;
	return len > 0 && len < PATH_MAX;
}

static bool take_folder(struct invocation *invocation, char out[PATH_MAX])
{
	const char *path = getenv("GENUINE_DIR");

	if (path == NULL || path[0] == '\0')
		path = directory_default;
	while (invocation->count > 0 && strcmp(invocation->arguments[0], "-C") == 0) {
		if (invocation->count < 2)
			return false;
		path = invocation->arguments[1];
		invocation->arguments += 2;
		invocation->count -= 2;
	}
	invocation->directory = out;
	return absolute(path, out);
}

int command_line_run(int argc, char **argv)
{
	char directory[PATH_MAX];
	const char *arguments[64];
	struct invocation invocation = { .arguments = arguments };

	for (int i = 1; i < argc && invocation.count < sizeof(arguments) / sizeof(arguments[0]); i++)
		arguments[invocation.count++] = argv[i];
	invocation.is_json = invocation_flag(&invocation, "--json");
	if ((size_t)argc > sizeof(arguments) / sizeof(arguments[0])) {
		(void)fprintf(stderr, "genuine-ca: more than %zu words on the command line; trust import"
			" takes a folder as well\n", sizeof(arguments) / sizeof(arguments[0]) - 1);
		return STATUS_USAGE;
	}
	if (!take_folder(&invocation, directory) || invocation.count == 0) {
		print_help(stderr);
		return STATUS_USAGE;
	}
	const char *word = invocation.arguments[0];
	if (strcmp(word, "version") == 0 || strcmp(word, "--version") == 0)
		return printf("genuine-ca %s\n", GENUINE_VERSION) > 0 ? STATUS_DONE : STATUS_FAILED;
	if (strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
		invocation.arguments++;
		invocation.count--;
		return help(&invocation);
	}
	return run_command(&invocation);
}
