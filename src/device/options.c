#include "options.h"

#include "profile_name.h"

#include <stdlib.h>
#include <string.h>

#ifndef GENUINE_DEVICE_DIRECTORY
#define GENUINE_DEVICE_DIRECTORY "/var/lib/genuine-device"
#endif

/* A row of the manifest allows as many profiles as a CA has (PROTOCOL, Who may be whom). */
enum { CA_URL_MAX = 255, PROFILE_LIST_MAX = 8 * (PROFILE_NAME_MAX + 1) - 1 };

const char options_help[] =
	"genuine-device: gives this device an identity that lives in its TPM\n"
	"\n"
	"  genuine-device provision --ca URL --ca-cert FILE --serial SERIAL [OPTION…]\n"
	"  genuine-device status\n"
	"  genuine-device manifest-line --serial SERIAL [--profile LIST] [--group NAME] "
	"[--header]\n"
	"\n"
	"  --ca URL          the identity CA, https://HOST:PORT\n"
	"  --ca-cert FILE    the CA's certificate (PEM): the trust for TLS and for the "
	"certificate\n"
	"  --serial SERIAL   this device's serial: A-Z 0-9 -, at most 63\n"
	"  --profile NAME    another certificate profile than the CA's default\n"
	"  --key TYPE        p256 (default), p384, rsa2048 or rsa3072\n"
	"  --ek WHICH        endorsement key: auto (default), rsa or ecc\n"
	"  --new-key         make another key; the former one goes when the new certificate is there\n"
	"  --keep-key        keep the installed key after all: the one that --new-key has made goes\n"
	"  --handle HANDLE   where the key is to live, 0x81020002 to 0x810200ff\n"
	"  --tcti TCTI       the TPM, as tpm2-tools name it; else $TPM2TOOLS_TCTI, else "
	"/dev/tpmrm0\n"
	"  --dir DIR         where certificate and state live (" GENUINE_DEVICE_DIRECTORY ")\n"
	"  --json            one JSON object on standard output, for machines\n"
	"\n"
	"What provision was told once it need not be told again: to renew, say `provision` alone.\n"
	"Exit codes: 0 done, 1 other, 2 usage, 3 no TPM, 4 the TPM refused, 5 CA not reached,\n"
	"6 CA refused, 7 local files.\n";

static const struct {
	const char *name;
	enum command command;
} commands[] = {
	{ "help", COMMAND_HELP },
	{ "--help", COMMAND_HELP },
	{ "version", COMMAND_VERSION },
	{ "--version", COMMAND_VERSION },
	{ "provision", COMMAND_PROVISION },
	{ "status", COMMAND_STATUS },
	{ "manifest-line", COMMAND_MANIFEST_LINE },
};

static const struct {
	const char *name;
	enum tpm_template key;
} keys[] = {
	{ "p256", TEMPLATE_IK_P256_NODA },
	{ "p384", TEMPLATE_IK_P384_NODA },
	{ "rsa2048", TEMPLATE_IK_RSA2048_NODA },
	{ "rsa3072", TEMPLATE_IK_RSA3072_NODA },
};

bool serial_is_valid(const char *serial)
{
	size_t len = strlen(serial);

	if (len < 1 || len > SERIAL_MAX || serial[0] == '-' || serial[len - 1] == '-')
		return false;
	return strspn(serial, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == len;
}

bool ca_url_is_valid(const char *url)
{
	static const char scheme[] = "https://";
	static const char host_characters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-:[]";

	if (strlen(url) > CA_URL_MAX || strncmp(url, scheme, sizeof(scheme) - 1) != 0)
		return false;
	url += sizeof(scheme) - 1;
	size_t host_len = strspn(url, host_characters);
	return host_len > 0 && (url[host_len] == '\0' || strcmp(url + host_len, "/") == 0);
}

/* A word that may stand in a CSV field and in a JSON string as it is. */
static bool is_plain_word(const char *text, size_t max)
{
	size_t len = strlen(text);

	return len <= max && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					  "0123456789-_.;") == len;
}

bool profile_is_valid(const char *profile)
{
	return profile_name_is_well_formed(bytes_of_string(profile));
}

static bool read_key(const char *value, struct options *options)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(value, keys[i].name) == 0) {
			options->key = keys[i].key;
			return true;
		}
	}
	return false;
}

static bool read_ek(const char *value, struct options *options)
{
	if (strcmp(value, "auto") == 0)
		options->ek = EK_AUTO;
	else if (strcmp(value, "rsa") == 0)
		options->ek = EK_RSA;
	else if (strcmp(value, "ecc") == 0)
		options->ek = EK_ECC;
	else
		return false;
	return true;
}

static bool read_handle(const char *value, struct options *options)
{
	char *end;
	unsigned long handle = strtoul(value, &end, 16);

	if (strncmp(value, "0x", 2) != 0 || *end != '\0')
		return false;
	if (handle < PERSISTENT_HANDLE(IK_HANDLE_FIRST) ||
		handle > PERSISTENT_HANDLE(IK_HANDLE_LAST))
		return false;
	options->handle = (uint32_t)handle;
	return true;
}

static bool read_ca(const char *value, struct options *options)
{
	options->ca = value;
	return ca_url_is_valid(value);
}

static bool read_ca_cert(const char *value, struct options *options)
{
	options->ca_cert = value;
	return value[0] != '\0';
}

static bool read_serial(const char *value, struct options *options)
{
	options->serial = value;
	return serial_is_valid(value);
}

static bool read_profile(const char *value, struct options *options)
{
	options->profile = value;
	return strlen(value) <= PROFILE_LIST_MAX &&
		profile_list_is_well_formed(bytes_of_string(value));
}

static bool read_group(const char *value, struct options *options)
{
	options->group = value;
	return is_plain_word(value, SERIAL_MAX);
}

static bool read_tcti(const char *value, struct options *options)
{
	options->tcti = value;
	return value[0] != '\0';
}

static bool read_directory(const char *value, struct options *options)
{
	options->directory = value;
	return value[0] != '\0';
}

/* Each option with a value, and what it must look like, for the sentence when it does not. */
static const struct {
	const char *name;
	bool (*read)(const char *value, struct options *);
	const char *form;
} valued[] = {
	{ "--ca", read_ca, "https://HOST or https://HOST:PORT" },
	{ "--ca-cert", read_ca_cert, "a file's path" },
	{ "--serial", read_serial, "1 to 63 of A-Z 0-9 -, neither first nor last -" },
	{ "--profile", read_profile, "a profile's name (in a manifest, several with ; between)" },
	{ "--group", read_group, "letters, digits, - _ . alone" },
	{ "--key", read_key, "p256, p384, rsa2048 or rsa3072" },
	{ "--ek", read_ek, "auto, rsa or ecc" },
	{ "--handle", read_handle, "0x81020002 to 0x810200ff" },
	{ "--tcti", read_tcti, "a TCTI such as device:/dev/tpmrm0" },
	{ "--dir", read_directory, "a folder's path" },
};

static enum fault usage(struct failure *failure, const char *what, const char *which)
{
	return failure_set(failure, EXIT_USAGE, "`genuine-device help` shows how it is called",
		"%s%s", what, which);
}

/* The value of option i: after its "=", or the next argument. NULL where there is none. */
static const char *value_of(int argc, char *const *argv, int *i, size_t name_len)
{
	if (argv[*i][name_len] == '=')
		return argv[*i] + name_len + 1;
	return *i + 1 < argc ? argv[++*i] : NULL;
}

static enum fault read_valued(
	int argc, char *const *argv, int *i, struct options *options, struct failure *failure)
{
	for (size_t k = 0; k < sizeof(valued) / sizeof(valued[0]); k++) {
		size_t len = strlen(valued[k].name);
		if (strncmp(argv[*i], valued[k].name, len) != 0 ||
			(argv[*i][len] != '\0' && argv[*i][len] != '='))
			continue;
		const char *value = value_of(argc, argv, i, len);
		if (value == NULL)
			return usage(failure, valued[k].name, " needs a value");
		if (valued[k].read(value, options))
			return FAULT_NONE;
		return failure_set(failure, EXIT_USAGE,
			"`genuine-device help` shows how it is called", "%s must be %s",
			valued[k].name, valued[k].form);
	}
	return usage(failure, "there is no option ", argv[*i]);
}

/* What goes by the command, once both are known. */
static enum fault check_profile(const struct options *options, struct failure *failure)
{
	if (options->command != COMMAND_PROVISION || options->profile == NULL ||
		profile_is_valid(options->profile))
		return FAULT_NONE;
	return usage(failure, "provision asks for one profile alone, not for ", options->profile);
}

static enum fault read_command(const char *word, struct options *options, struct failure *failure)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(word, commands[i].name) == 0) {
			options->command = commands[i].command;
			return FAULT_NONE;
		}
	}
	return usage(failure, "there is no command ", word);
}

bool options_want_json(int argc, char *const *argv)
{
	for (int i = 2; i < argc; i++)
		if (strcmp(argv[i], "--json") == 0)
			return true;
	return false;
}

enum fault options_read(
	int argc, char *const *argv, struct options *out, struct failure *failure)
{
	struct options options = { .directory = GENUINE_DEVICE_DIRECTORY, .group = "" };

	if (argc < 2)
		return usage(failure, "a command is missing", "");
	enum fault fault = read_command(argv[1], &options, failure);

	for (int i = 2; i < argc && fault == FAULT_NONE; i++) {
		if (strcmp(argv[i], "--json") == 0)
			continue;
		else if (strcmp(argv[i], "--header") == 0)
			options.header = true;
		else if (strcmp(argv[i], "--new-key") == 0)
			options.new_key = true;
		else if (strcmp(argv[i], "--keep-key") == 0)
			options.keep_key = true;
		else if (strcmp(argv[i], "--help") == 0)
			options.command = COMMAND_HELP;
		else
			fault = read_valued(argc, argv, &i, &options, failure);
	}
	if (fault == FAULT_NONE)
		fault = check_profile(&options, failure);
	if (fault == FAULT_NONE && options.new_key && options.keep_key)
		fault = usage(failure, "--new-key and --keep-key contradict each other", "");
	if (fault == FAULT_NONE)
		*out = options;
	return fault;
}
