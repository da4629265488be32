#ifndef DEVICE_OPTIONS_H
#define DEVICE_OPTIONS_H

#include "failure.h"
#include "templates.h"

#include <stdbool.h>
#include <stdint.h>

/* options: the command line of genuine-device. Strings point into argv. */
enum command {
	COMMAND_HELP,
	COMMAND_VERSION,
	COMMAND_PROVISION,
	COMMAND_STATUS,
	COMMAND_MANIFEST_LINE,
};

enum ek_choice { EK_AUTO, EK_RSA, EK_ECC };

/* Our identity keys live here; nobody else's key in it is ever touched. */
enum { IK_HANDLE_FIRST = 0x020002, IK_HANDLE_LAST = 0x0200ff };
#define PERSISTENT_HANDLE(low) (UINT32_C(0x81000000) | (uint32_t)(low))

struct options {
	enum command command;
	const char *ca;        /* https://HOST[:PORT]; NULL: the one of the last time */
	const char *ca_cert;   /* path; NULL: ca.pem of the last time */
	const char *serial;    /* NULL: the one of the last time */
	const char *profile;   /* NULL: the one of the last time, else the CA's default */
	const char *group;     /* of manifest rows; empty when left out */
	const char *tcti;      /* NULL: by environment, else the system's device */
	const char *directory;
	enum tpm_template key; /* TEMPLATE_NONE: the key that is there, else P-256 */
	enum ek_choice ek;
	uint32_t handle;       /* 0: the one of the last time, else the first that is free */
	bool new_key;          /* another key in place of the one that is there */
	bool keep_key;         /* the installed key, although another waits */
	bool header;           /* of manifest rows */
};

/* FAULT_DENIED with a failure of EXIT_USAGE where argv is not right. */
enum fault options_read(int argc, char *const *argv, struct options *out, struct failure *);

/* Whether --json is among the arguments, be they right or not: then a refusal is JSON too. */
bool options_want_json(int argc, char *const *argv);

/* What `genuine-device help` prints. */
extern const char options_help[];

/* 1 to 63 octets of A-Z 0-9 -, neither first nor last - (docs/PROTOCOL.md, Who may be whom). */
bool serial_is_valid(const char *serial);

/* The name of one certificate profile. */
bool profile_is_valid(const char *profile);

/* https://HOST or https://HOST:PORT, perhaps with one slash at the end, and nothing else. */
bool ca_url_is_valid(const char *url);

#endif
