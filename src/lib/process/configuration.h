#ifndef PROCESS_CONFIGURATION_H
#define PROCESS_CONFIGURATION_H

#include "bytes.h"
#include "fault.h"
#include "limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * configuration: genuine.conf, read strictly: [section], key = value, # comments, UTF-8. An unknown
 * section or key, a key twice, a value that is not of its form: refused, with the line's number.
 * Every role is given the file's octets and reads them with this same function.
 */

enum trust { TRUST_VENDOR = 1, TRUST_MANIFEST = 2, TRUST_BOTH = 3 };      /* the ticket's field 9 */
enum binding { BINDING_MANIFEST = 1, BINDING_ENDORSEMENT = 2, BINDING_FIRST = 3 };
enum expiry { EXPIRY_IGNORE = 1, EXPIRY_WARN = 2, EXPIRY_ENFORCE = 3 };
enum rekey { REKEY_SUPERSEDE = 1, REKEY_OPERATOR = 2 };

enum { CONFIGURATION_TEXT_MAX = 128, PROFILE_COUNT_MAX = 8, HOST_COUNT_MAX = 8, WORKERS_MAX = 64 };

/* The whole file: travels to each role in one frame. */
enum { CONFIGURATION_MAX = 32768 };

/* [profile NAME] */
struct profile {
	char name[PROFILE_NAME_MAX + 1];
	char organization[65];               /* O; X.520 upper bound 64; required */
	char organizational_unit[65];        /* OU; empty: none */
	uint32_t validity_days;              /* 1 to 36500, default 365 */
	char hardware_module_type[65];       /* dotted OID for HardwareModuleName; empty: none */
	char uri[CONFIGURATION_TEXT_MAX + 1]; /* SAN URI, {serial} replaced; empty: none */
	char dns[CONFIGURATION_TEXT_MAX + 1]; /* SAN DNS, {serial} replaced; empty: none */
};

struct configuration {
	/* [ca] */
	char name[65];                       /* O of the CA and, by default, of the devices */
	bool is_laboratory;
	char policy_arc[65]; /* dotted OID, default 2.25.303619253884221164867571385486340110917 */
	char crl_url[CONFIGURATION_TEXT_MAX + 1];    /* CRL distribution point; empty: none */
	char issuer_url[CONFIGURATION_TEXT_MAX + 1]; /* AIA caIssuers; empty: none */
	uint32_t crl_days;                   /* life of a revocation list, default 7 */
	size_t host_count;
	char hosts[HOST_COUNT_MAX][CONFIGURATION_TEXT_MAX + 1]; /* names in the TLS certificate */

	/* [front] */
	char listen[CONFIGURATION_TEXT_MAX + 1]; /* default 0.0.0.0:8443 */
	uint32_t workers;                    /* fronts and verifiers; 0 (default): one a core */
	bool has_tls12;                      /* tls = 1.2 permits TLS 1.2 as well; default 1.3 */
	bool is_explaining;                  /* explain = yes: 403 bodies carry the reason code */
	uint32_t rate_per_prefix;            /* requests a minute for a /24 or /56, default 600 */
	uint32_t rate_all;                   /* requests a minute in all, default 60000 */

	/* [endorsement] */
	enum trust trust;                    /* default both */
	enum expiry expiry;                  /* default ignore */
	uint16_t accept; /* bit n: enum tpm_template n; default all EK templates */

	/* [identity] */
	enum binding binding;                /* default manifest */
	char serial_pattern[CONFIGURATION_TEXT_MAX + 1]; /* POSIX extended, anchored; empty: none */
	char expected[CONFIGURATION_TEXT_MAX + 1]; /* file of serials, for binding = first */
	enum rekey rekey;                    /* default supersede */
	uint32_t overlap_s;                  /* overlap = 24h; default 24 h */

	/* [identity-key] */
	uint64_t identity_key_accept;        /* bit n: enum tpm_template n; default all of them */

	/* [process] */
	uint32_t uid_base; /* roles' user ids when started as root, default 61150 */

	/* [profile …] */
	size_t profile_count;                /* at least 1: "device" */
	struct profile profiles[PROFILE_COUNT_MAX];
};

/* Where reading stopped, in words: "line 7: [front] workers: not a number from 0 to 64". */
struct configuration_error {
	char text[256];
};

/* Reads a whole file, defaults filled in. On FAULT_INVALID error says why and out is as it was. */
enum fault configuration_read(struct bytes text, struct configuration *out,
	struct configuration_error *error);

/* The profile of that name; NULL where there is none. */
const struct profile *configuration_profile(const struct configuration *, const char *name);

/*
 * The policy's fingerprint (docs/PROTOCOL.md, "The ticket") and what enters it besides the
 * configuration: digests of {anchor, its marks}, revocation lists, the CA's root and the rules.
 */
enum fingerprint_kind {
	FINGERPRINT_ANCHOR = 1,
	FINGERPRINT_CRL = 2,
	FINGERPRINT_PROFILE = 3,
	FINGERPRINT_SECTION = 4,
	FINGERPRINT_PLUGIN = 5,
	FINGERPRINT_ROOT = 6,
	FINGERPRINT_RULES = 7,
};

/* The version of the rules in verifier and authority: raised when what is accepted changes. */
enum { RULES_VERSION = 1 };

struct fingerprint_entry {
	uint8_t kind; /* enum fingerprint_kind */
	uint8_t digest[32];
};

/* Over entries in any order; sorts them in place and skips doubles. */
enum fault fingerprint_of(struct fingerprint_entry *entries, size_t count, uint8_t out[32]);

/*
 * Appends the entries of the configuration's sections and profiles, with their effective values;
 * expected_digest stands for the file [identity] expected (zeros where none). FAULT_TOO_LONG.
 */
enum fault configuration_fingerprint_entries(const struct configuration *,
	const uint8_t expected_digest[32], struct fingerprint_entry *entries, size_t capacity,
	size_t *count);

#endif
