#include "configuration.h"
#include "configuration_key.h"
#include "templates.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct configuration read_good(const char *text)
{
	struct configuration configuration;
	struct configuration_error error = { "" };

	if (configuration_read(bytes_of_string(text), &configuration, &error) != FAULT_NONE)
		fail_msg("refused: %s", error.text);
	return configuration;
}

/* Reads `[section] name = value` beside what must always be there. */
static enum fault read_value(const char *section, const char *name, const char *value,
	struct configuration *out, struct configuration_error *error)
{
	char text[2048];
	const char *ca = strcmp(section, "ca") == 0 ? "" : "[ca]\nname = Example\n";

	(void)snprintf(text, sizeof(text), "%s[%s]\n%s%s = %s\n%s", ca, section,
		ca[0] == '\0' && strcmp(name, "name") != 0 ? "name = Example\n" : "", name, value,
		strcmp(value, "first") == 0 ? "expected = serials.txt\n" : "");
	return configuration_read(bytes_of_string(text), out, error);
}

static void assert_accepts(const char *section, const char *name, const char *value)
{
	struct configuration configuration;
	struct configuration_error error = { "" };

	if (read_value(section, name, value, &configuration, &error) != FAULT_NONE)
		fail_msg("[%s] %s = %s: %s", section, name, value, error.text);
}

static void assert_refuses(const char *section, const char *name, const char *value)
{
	struct configuration configuration;
	struct configuration_error error = { "" };

	if (read_value(section, name, value, &configuration, &error) != FAULT_INVALID)
		fail_msg("[%s] %s = %s was accepted", section, name, value);
	if (strstr(error.text, name) == NULL || strncmp(error.text, "line ", 5) != 0)
		fail_msg("[%s] %s = %s: unclear error: %s", section, name, value, error.text);
}

static void assert_error(const char *text, const char *expected)
{
	struct configuration configuration;
	struct configuration_error error = { "" };

	assert_int_equal(configuration_read(bytes_of_string(text), &configuration, &error),
		FAULT_INVALID);
	assert_string_equal(error.text, expected);
}

static void test_defaults(void **state)
{
	struct configuration c = read_good("[ca]\nname = Example\n");

	(void)state;
	assert_string_equal(c.name, "Example");
	assert_false(c.is_laboratory);
	assert_string_equal(c.policy_arc, "2.25.303619253884221164867571385486340110917");
	assert_int_equal(c.crl_days, 7);
	assert_int_equal(c.host_count, 0);
	assert_string_equal(c.listen, "0.0.0.0:8443");
	assert_int_equal(c.workers, 0);
	assert_false(c.has_tls12);
	assert_false(c.is_explaining);
	assert_int_equal(c.rate_per_prefix, 600);
	assert_int_equal(c.rate_all, 60000);
	assert_int_equal(c.trust, TRUST_BOTH);
	assert_int_equal(c.expiry, EXPIRY_IGNORE);
	assert_int_equal(c.binding, BINDING_MANIFEST);
	assert_int_equal(c.rekey, REKEY_SUPERSEDE);
	assert_int_equal(c.overlap_s, 86400);
	assert_int_equal(c.uid_base, 61150);
	assert_int_equal(c.profile_count, 1);
	assert_string_equal(c.profiles[0].name, "device");
	assert_string_equal(c.profiles[0].organization, "Example");
	assert_int_equal(c.profiles[0].validity_days, 365);
}

/* The default accepts every template there is: a new one in templates.c must not be forgotten. */
static void test_default_accepts_all_templates(void **state)
{
	struct configuration c = read_good("[ca]\nname = Example\n");
	uint64_t eks = 0, iks = 0;
	size_t count;
	const struct template_row *rows = template_rows(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		uint64_t bit = 1ull << rows[i].template;

		if (rows[i].is_ek)
			eks |= bit;
		else
			iks |= bit;
	}
	assert_int_equal(c.accept, eks);
	assert_true(c.identity_key_accept == iks);
}

static void test_every_key(void **state)
{
	struct configuration c = read_good(
		"# a comment\n\n"
		"[ca]\n"
		"name = Example & Söhne\n"
		"laboratory = yes\n"
		"policy_arc = 1.3.6.1.4.1.99999\n"
		"crl_url = http://ca.example/crl\n"
		"issuer_url = https://ca.example/ca.cer\n"
		"crl_days = 30\n"
		"hosts = ca.example, 10.0.0.1 ,2001:db8::1\n"
		"[front]\n"
		"  listen\t=\t[::]:0  \n"
		"workers = 64\n"
		"tls = 1.2\n"
		"explain = yes\n"
		"rate_per_prefix = 1\n"
		"rate_all = 2\n"
		"[endorsement]\n"
		"trust = manifest\n"
		"expiry = enforce\n"
		"accept = L-2, H-3\n"
		"[identity]\n"
		"binding = first\n"
		"expected = serials.txt\n"
		"serial_pattern = SN-[0-9]{4}\n"
		"rekey = operator\n"
		"overlap = 7d\n"
		"[identity-key]\n"
		"accept = p256\n"
		"[process]\n"
		"uid_base = 7000\n"
		"[profile device]\n"
		"organization = Devices\n"
		"organizational_unit = Line 1\n"
		"validity_days = 30\n"
		"hardware_module_type = 1.3.6.1.4.1.99999.1\n"
		"uri = urn:example:{serial}\n"
		"dns = {serial}.devices.example\n"
		"[profile line-2]\n");

	(void)state;
	assert_string_equal(c.name, "Example & S\xc3\xb6hne");
	assert_true(c.is_laboratory);
	assert_string_equal(c.policy_arc, "1.3.6.1.4.1.99999");
	assert_string_equal(c.crl_url, "http://ca.example/crl");
	assert_string_equal(c.issuer_url, "https://ca.example/ca.cer");
	assert_int_equal(c.crl_days, 30);
	assert_int_equal(c.host_count, 3);
	assert_string_equal(c.hosts[0], "ca.example");
	assert_string_equal(c.hosts[1], "10.0.0.1");
	assert_string_equal(c.hosts[2], "2001:db8::1");
	assert_string_equal(c.listen, "[::]:0");
	assert_int_equal(c.workers, 64);
	assert_true(c.has_tls12);
	assert_true(c.is_explaining);
	assert_int_equal(c.rate_per_prefix, 1);
	assert_int_equal(c.rate_all, 2);
	assert_int_equal(c.trust, TRUST_MANIFEST);
	assert_int_equal(c.expiry, EXPIRY_ENFORCE);
	assert_int_equal(c.accept, 1 << TEMPLATE_EK_L2 | 1 << TEMPLATE_EK_H3);
	assert_int_equal(c.binding, BINDING_FIRST);
	assert_string_equal(c.expected, "serials.txt");
	assert_string_equal(c.serial_pattern, "SN-[0-9]{4}");
	assert_int_equal(c.rekey, REKEY_OPERATOR);
	assert_int_equal(c.overlap_s, 7 * 86400);
	assert_true(c.identity_key_accept ==
		(1ull << TEMPLATE_IK_P256 | 1ull << TEMPLATE_IK_P256_NODA));
	assert_int_equal(c.uid_base, 7000);
	assert_int_equal(c.profile_count, 2);
	assert_string_equal(c.profiles[0].organization, "Devices");
	assert_string_equal(c.profiles[0].organizational_unit, "Line 1");
	assert_int_equal(c.profiles[0].validity_days, 30);
	assert_string_equal(c.profiles[0].hardware_module_type, "1.3.6.1.4.1.99999.1");
	assert_string_equal(c.profiles[0].uri, "urn:example:{serial}");
	assert_string_equal(c.profiles[0].dns, "{serial}.devices.example");
	assert_ptr_equal(configuration_profile(&c, "line-2"), &c.profiles[1]);
	assert_string_equal(c.profiles[1].organization, "Example & S\xc3\xb6hne");
	assert_null(configuration_profile(&c, "line-3"));
}

static void test_values_accepted(void **state)
{
	(void)state;
	assert_accepts("endorsement", "trust", "vendor");
	assert_accepts("endorsement", "trust", "both");
	assert_accepts("endorsement", "expiry", "ignore");
	assert_accepts("endorsement", "expiry", "warn");
	assert_accepts("endorsement", "accept", "L-1,L-2,H-1,H-2,H-3,H-4,H-6,H-7");
	assert_accepts("identity", "binding", "manifest");
	assert_accepts("identity", "binding", "endorsement");
	assert_accepts("identity", "rekey", "supersede");
	assert_accepts("identity", "overlap", "0s");
	assert_accepts("identity", "overlap", "30m");
	assert_accepts("front", "tls", "1.3");
	assert_accepts("front", "explain", "no");
	assert_accepts("ca", "policy_arc", "2.999.1");
	assert_accepts("ca", "policy_arc", "0.39");
}

static void test_values_refused(void **state)
{
	static const char *const bad[][3] = {
		{ "ca", "name", "" },
		{ "ca", "name", "12345678901234567890123456789012345678901234567890123456789012345" },
		{ "ca", "laboratory", "true" },
		{ "ca", "laboratory", "Yes" },
		{ "ca", "policy_arc", "1" },
		{ "ca", "policy_arc", "3.1" },
		{ "ca", "policy_arc", "1.40" },
		{ "ca", "policy_arc", "1..2" },
		{ "ca", "policy_arc", "1.2." },
		{ "ca", "policy_arc", "1.02" },
		{ "ca", "policy_arc", "1.2.x" },
		{ "ca", "crl_url", "ftp://ca.example/crl" },
		{ "ca", "crl_url", "http://" },
		{ "ca", "crl_url", "http://ca example/crl" },
		{ "ca", "issuer_url", "https://" },
		{ "ca", "crl_days", "0" },
		{ "ca", "crl_days", "366" },
		{ "ca", "crl_days", "7 days" },
		{ "ca", "crl_days", "-1" },
		{ "ca", "crl_days", "+1" },
		{ "ca", "crl_days", "07" },
		{ "ca", "crl_days", "99999999999999999999" },
		{ "ca", "hosts", "a,,b" },
		{ "ca", "hosts", "a,b,c,d,e,f,g,h,i" },
		{ "ca", "hosts", "under_score" },
		{ "ca", "hosts", ".example" },
		{ "ca", "hosts", "example." },
		{ "ca", "hosts", "exa..mple" },
		{ "front", "listen", "8443" },
		{ "front", "listen", "localhost:8443" },
		{ "front", "workers", "65" },
		{ "front", "workers", "" },
		{ "front", "tls", "1.1" },
		{ "front", "explain", "maybe" },
		{ "front", "rate_per_prefix", "0" },
		{ "front", "rate_all", "0" },
		{ "endorsement", "trust", "none" },
		{ "endorsement", "trust", "vendor, manifest" },
		{ "endorsement", "expiry", "never" },
		{ "endorsement", "accept", "L-3" },
		{ "endorsement", "accept", "p256" },
		{ "endorsement", "accept", "L-1,L-1" },
		{ "endorsement", "accept", "" },
		{ "identity", "binding", "any" },
		{ "identity", "expected", "" },
		{ "identity", "serial_pattern", "(" },
		{ "identity", "serial_pattern", ")" },
		{ "identity", "serial_pattern", "SN)|(X" },
		{ "identity", "serial_pattern", "SN\\" },
		{ "identity", "serial_pattern", "A++++++++++++++++++++++++++++++" },
		{ "identity", "serial_pattern", "(A)\\1" },
		{ "identity", "rekey", "never" },
		{ "identity", "overlap", "24" },
		{ "identity", "overlap", "h" },
		{ "identity", "overlap", "366d" },
		{ "identity", "overlap", "1w" },
		{ "identity-key", "accept", "L-1" },
		{ "identity-key", "accept", "rsa1024" },
		{ "process", "uid_base", "0" },
		{ "process", "uid_base", "4294967295" },
		{ "profile device", "organization", "" },
		{ "profile device", "organizational_unit", "" },
		{ "profile device", "validity_days", "0" },
		{ "profile device", "validity_days", "36501" },
		{ "profile device", "hardware_module_type", "x" },
		{ "profile device", "uri", "urn:example:all" },
		{ "profile device", "uri", "urn:{serial}:{serial}" },
		{ "profile device", "uri", "{serial}" },
		{ "profile device", "uri", "{serial}:x" },
		{ "profile device", "uri", "urn:a b{serial}" },
		{ "profile device", "dns", "devices.example" },
		{ "profile device", "dns", "{serial}.{serial}.example" },
		{ "profile device", "dns", "{serial}..example" },
		{ "profile device", "dns", "{serial}.exa mple" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_refuses(bad[i][0], bad[i][1], bad[i][2]);
}

static void test_errors_name_the_line(void **state)
{
	(void)state;
	assert_error("[ca]\nname = A\n[front]\nworkers = 65\n",
		"line 4: [front] workers: not a number from 0 to 64");
	assert_error("[ca]\nname = A\n[identity]\nserial_pattern = a)|(b\n",
		"line 4: [identity] serial_pattern: not a POSIX extended regular expression of at "
		"most 128 octets, and of 1,024 with its repetitions written out, without "
		"back-references");
	assert_error("name = A\n", "line 1: a key before the first [section]");
	assert_error("[ca]\nname = A\nnick = B\n", "line 3: [ca] has no such key");
	assert_error("[ca]\nname = A\n\nname = B\n", "line 4: [ca] name: a second time");
	assert_error("[ca]\nname = A\n[ca]\n", "line 3: [ca] a second time");
	assert_error("[cb]\n", "line 1: there is no section of this name");
	assert_error("[profile]\n", "line 1: there is no section of this name");
	assert_error("[ca\n", "line 1: a section is written [NAME]");
	assert_error("[ca]\nname\n", "line 2: neither [section] nor key = value nor # comment");
	assert_error("[ca]\r\nname = A\n",
		"line 1: ends with a carriage return; lines end with LF alone");
	assert_error("[ca]\nname = A\033[0m\n", "line 2: holds a control character");
	assert_error("[ca]\nname = \xff\n", "not UTF-8");
	assert_error("\xef\xbb\xbf[ca]\n",
		"begins with a byte order mark; save it as UTF-8 without one");
	assert_error("[profile A]\n", "line 1: a profile's name is 1 to 32 of a-z, 0-9 and -");
	assert_error("[profile a]\n[profile a]\n", "line 2: [profile a] a second time");
}

static void test_whole_is_judged(void **state)
{
	(void)state;
	assert_error("", "[ca] name is missing");
	assert_error("[ca]\nname = A\n[identity]\nbinding = first\n",
		"[identity] binding = first demands expected = FILE");
	assert_error("[ca]\nname = A\n[identity]\nexpected = f\n",
		"[identity] expected belongs to binding = first alone");
	assert_error("[ca]\nname = A\n[profile a]\n[profile b]\n[profile c]\n[profile d]\n"
		"[profile e]\n[profile f]\n[profile g]\n[profile h]\n",
		"more than 8 profiles with [profile device]");
	assert_error("[profile a]\n[profile b]\n[profile c]\n[profile d]\n"
		"[profile e]\n[profile f]\n[profile g]\n[profile h]\n[profile i]\n",
		"line 9: more than 8 profiles");
}

static void test_sizes(void **state)
{
	static char text[CONFIGURATION_MAX + 2];
	struct configuration configuration;
	struct configuration_error error;

	(void)state;
	memset(text, '\n', CONFIGURATION_MAX + 1);
	memcpy(text, "[ca]\nname = A", 13);
	assert_int_equal(configuration_read(bytes_of(text, CONFIGURATION_MAX), &configuration, &error),
		FAULT_NONE);
	assert_int_equal(
		configuration_read(bytes_of(text, CONFIGURATION_MAX + 1), &configuration, &error),
		FAULT_INVALID);
	assert_string_equal(error.text, "longer than 32768 octets");
	memset(text, '#', 513);
	assert_int_equal(configuration_read(bytes_of(text, 512), &configuration, &error),
		FAULT_INVALID);
	assert_string_equal(error.text, "[ca] name is missing");
	assert_int_equal(configuration_read(bytes_of(text, 513), &configuration, &error),
		FAULT_INVALID);
	assert_string_equal(error.text, "line 1: longer than 512 octets");
}

static void test_fault_leaves_out(void **state)
{
	struct configuration configuration = { .workers = 7 };
	struct configuration_error error;

	(void)state;
	assert_int_equal(configuration_read(bytes_of_string("[ca]\nname = A\n[front]\nworkers = 3\nx\n"),
		&configuration, &error), FAULT_INVALID);
	assert_int_equal(configuration.workers, 7);
}

/* The fingerprint takes the rows as they stand: by section, and in it by name, ascending. */
static void test_keys_are_sorted(void **state)
{
	size_t count;
	const struct configuration_key *keys = configuration_keys(&count);

	(void)state;
	for (size_t i = 1; i < count; i++) {
		int section = strcmp(keys[i - 1].section, keys[i].section);

		assert_true(section < 0 || (section == 0 && strcmp(keys[i - 1].name, keys[i].name) < 0));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_default_accepts_all_templates),
		cmocka_unit_test(test_every_key),
		cmocka_unit_test(test_values_accepted),
		cmocka_unit_test(test_values_refused),
		cmocka_unit_test(test_errors_name_the_line),
		cmocka_unit_test(test_whole_is_judged),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_fault_leaves_out),
		cmocka_unit_test(test_keys_are_sorted),
	};

	return cmocka_run_group_tests_name("configuration", tests, NULL, NULL);
}
