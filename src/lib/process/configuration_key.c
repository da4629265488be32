#include "configuration_key.h"

#include "value_form.h"

#include <string.h>

static const struct value_word trust_words[] = { { "vendor", TRUST_VENDOR },
	{ "manifest", TRUST_MANIFEST }, { "both", TRUST_BOTH }, { NULL, 0 } };
static const struct value_word expiry_words[] = { { "ignore", EXPIRY_IGNORE },
	{ "warn", EXPIRY_WARN }, { "enforce", EXPIRY_ENFORCE }, { NULL, 0 } };
static const struct value_word binding_words[] = {
	{ "manifest", BINDING_MANIFEST }, { "endorsement", BINDING_ENDORSEMENT },
	{ "first", BINDING_FIRST }, { NULL, 0 } };
static const struct value_word rekey_words[] = {
	{ "supersede", REKEY_SUPERSEDE }, { "operator", REKEY_OPERATOR }, { NULL, 0 } };

const char configuration_profile_section[] = "profile";

#define IN_CONFIGURATION(member) .offset = offsetof(struct configuration, member)
#define IN_PROFILE(member) .offset = offsetof(struct profile, member)
#define TEXT_OF(octets) .max = (octets), .wanted = "a text of at most " #octets " octets"

static const struct configuration_key keys[] = {
	{ "ca", "crl_days", &value_number, IN_CONFIGURATION(crl_days), 1, 365, NULL,
		"a number from 1 to 365" },
	{ "ca", "crl_url", &value_url, IN_CONFIGURATION(crl_url), 0, CONFIGURATION_TEXT_MAX, NULL,
		"an http:// or https:// URL of at most 128 octets" },
	{ "ca", "hosts", &value_hosts, IN_CONFIGURATION(hosts), 0, CONFIGURATION_TEXT_MAX, NULL,
		"at most 8 host names or addresses, separated by commas" },
	{ "ca", "issuer_url", &value_url, IN_CONFIGURATION(issuer_url), 0, CONFIGURATION_TEXT_MAX,
		NULL, "an http:// or https:// URL of at most 128 octets" },
	{ "ca", "laboratory", &value_truth, IN_CONFIGURATION(is_laboratory), 0, 0, NULL,
		"yes or no" },
	{ "ca", "name", &value_text, IN_CONFIGURATION(name), TEXT_OF(64) },
	{ "ca", "policy_arc", &value_oid, IN_CONFIGURATION(policy_arc), 0, 64, NULL,
		"an object identifier such as 1.3.6.1.4.1.99999.1" },

	{ "endorsement", "accept", &value_ek_templates, IN_CONFIGURATION(accept), 0, 0, NULL,
		"a list of L-1, L-2, H-1, H-2, H-3, H-4, H-6, H-7, separated by commas" },
	{ "endorsement", "expiry", &value_word_form, IN_CONFIGURATION(expiry), 0, 0, expiry_words,
		"ignore, warn or enforce" },
	{ "endorsement", "trust", &value_word_form, IN_CONFIGURATION(trust), 0, 0, trust_words,
		"vendor, manifest or both" },

	{ "front", "explain", &value_truth, IN_CONFIGURATION(is_explaining), 0, 0, NULL,
		"yes or no" },
	{ "front", "listen", &value_listen, IN_CONFIGURATION(listen), 0, CONFIGURATION_TEXT_MAX,
		NULL, "ADDRESS:PORT, such as 0.0.0.0:8443 or [::]:8443" },
	{ "front", "rate_all", &value_number, IN_CONFIGURATION(rate_all), 1, 100000000, NULL,
		"a number from 1 to 100000000" },
	{ "front", "rate_per_prefix", &value_number, IN_CONFIGURATION(rate_per_prefix), 1,
		100000000, NULL, "a number from 1 to 100000000" },
	{ "front", "tls", &value_tls, IN_CONFIGURATION(has_tls12), 0, 0, NULL, "1.2 or 1.3" },
	{ "front", "workers", &value_number, IN_CONFIGURATION(workers), 0, WORKERS_MAX, NULL,
		"a number from 0 to 64" },

	{ "identity", "binding", &value_word_form, IN_CONFIGURATION(binding), 0, 0, binding_words,
		"manifest, endorsement or first" },
	{ "identity", "expected", &value_text, IN_CONFIGURATION(expected), TEXT_OF(128) },
	{ "identity", "overlap", &value_duration, IN_CONFIGURATION(overlap_s), 0, 31536000, NULL,
		"a time such as 30m, 24h or 7d, at most 365d" },
	{ "identity", "rekey", &value_word_form, IN_CONFIGURATION(rekey), 0, 0, rekey_words,
		"supersede or operator" },
	{ "identity", "serial_pattern", &value_pattern, IN_CONFIGURATION(serial_pattern), 0,
		CONFIGURATION_TEXT_MAX, NULL,
		"a POSIX extended regular expression of at most 128 octets, and of "
		"1,024 with its repetitions written out, without back-references" },

	{ "identity-key", "accept", &value_ik_templates, IN_CONFIGURATION(identity_key_accept), 0,
		0, NULL,
		"a list of rsa2048, rsa3072, rsa4096, p256, p384, p521, separated by commas" },

	{ "process", "uid_base", &value_number, IN_CONFIGURATION(uid_base), 1, 2000000000, NULL,
		"a number from 1 to 2000000000" },

	{ "profile", "dns", &value_dns, IN_PROFILE(dns), 0, CONFIGURATION_TEXT_MAX, NULL,
		"a DNS name of at most 128 octets that holds {serial} once" },
	{ "profile", "hardware_module_type", &value_oid, IN_PROFILE(hardware_module_type), 0, 64,
		NULL, "an object identifier such as 1.3.6.1.4.1.99999.1" },
	{ "profile", "organization", &value_text, IN_PROFILE(organization), TEXT_OF(64) },
	{ "profile", "organizational_unit", &value_text, IN_PROFILE(organizational_unit),
		TEXT_OF(64) },
	{ "profile", "uri", &value_uri, IN_PROFILE(uri), 0, CONFIGURATION_TEXT_MAX, NULL,
		"a URI of at most 128 octets that holds {serial} once" },
	{ "profile", "validity_days", &value_number, IN_PROFILE(validity_days), 1, 36500, NULL,
		"a number from 1 to 36500" },
};

const struct configuration_key *configuration_keys(size_t *count)
{
	*count = sizeof(keys) / sizeof(keys[0]);
	return keys;
}

const struct configuration_key *configuration_key_find(const char *section, const char *name)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(keys[i].section, section) == 0 && strcmp(keys[i].name, name) == 0)
			return &keys[i];
	}
	return NULL;
}
