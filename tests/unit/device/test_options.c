#include "options.h"

#include <stdint.h>
#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct options options;
static struct failure failure;

/* Reads a command line given as one string of words. */
static enum fault read_line(const char *line)
{
	static char copy[512];
	char *argv[32] = { NULL };
	int argc = 0;

	memset(&options, 0, sizeof(options));
	memset(&failure, 0, sizeof(failure));
	(void)strncpy(copy, line, sizeof(copy) - 1);
	for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " "))
		argv[argc++] = word;
	return options_read(argc, argv, &options, &failure);
}

static void refuses(const char *line, const char *word)
{
	assert_int_equal(read_line(line), FAULT_DENIED);
	assert_int_equal(failure.exit_code, EXIT_USAGE);
	if (strstr(failure.what, word) == NULL)
		fail_msg("'%s' says '%s', not '%s'", line, failure.what, word);
}

static void test_reads_provision(void **state)
{
	(void)state;
	assert_int_equal(read_line("genuine-device provision --ca https://ca.example:8443 --ca-cert a.pem "
				   "--serial SN-1 --key rsa2048 --ek=rsa --handle 0x81020005 --tcti device:x "
				   "--dir /d --profile server --json"),
		FAULT_NONE);
	assert_int_equal(options.command, COMMAND_PROVISION);
	assert_string_equal(options.ca, "https://ca.example:8443");
	assert_string_equal(options.ca_cert, "a.pem");
	assert_string_equal(options.serial, "SN-1");
	assert_int_equal(options.key, TEMPLATE_IK_RSA2048_NODA);
	assert_int_equal(options.ek, EK_RSA);
	assert_int_equal(options.handle, 0x81020005);
	assert_string_equal(options.tcti, "device:x");
	assert_string_equal(options.directory, "/d");
	assert_string_equal(options.profile, "server");
	assert_false(options.new_key);
	assert_int_equal(read_line("genuine-device provision --new-key"), FAULT_NONE);
	assert_true(options.new_key);
	assert_false(options.keep_key);
	assert_int_equal(read_line("genuine-device provision --keep-key"), FAULT_NONE);
	assert_true(options.keep_key);
	refuses("genuine-device provision --keep-key --new-key", "contradict");
}

/* A value that is none is found even where a good one came before it. */
static void test_repeated_key(void **state)
{
	(void)state;
	assert_int_equal(
		read_line("genuine-device provision --key p256 --key p384"), FAULT_NONE);
	assert_int_equal(options.key, TEMPLATE_IK_P384_NODA);
	refuses("genuine-device provision --key p256 --key p512", "--key must be");
}

/* Whether JSON is wanted is known even of a command line that is wrong. */
static void test_wants_json(void **state)
{
	char program[] = "genuine-device", command[] = "status", wrong[] = "x", json[] = "--json";
	char *argv[] = { program, command, wrong, json };

	(void)state;
	assert_true(options_want_json(4, argv));
	assert_false(options_want_json(3, argv));
}

static void test_leaves_defaults(void **state)
{
	(void)state;
	assert_int_equal(read_line("genuine-device status"), FAULT_NONE);
	assert_int_equal(options.command, COMMAND_STATUS);
	assert_string_equal(options.directory, "/var/lib/genuine-device");
	assert_int_equal(options.key, TEMPLATE_NONE);
	assert_int_equal(options.handle, 0);
	assert_null(options.ca);
	assert_null(options.tcti);
}

static void test_refuses_usage(void **state)
{
	(void)state;
	refuses("genuine-device", "command is missing");
	refuses("genuine-device provisio", "no command provisio");
	refuses("genuine-device provision --serialx A", "no option --serialx");
	refuses("genuine-device provision --ser A", "no option --ser");
	refuses("genuine-device provision A", "no option A");
	refuses("genuine-device provision --ca", "--ca needs a value");
	refuses("genuine-device provision --key p521", "--key must be");
	refuses("genuine-device provision --ek both", "--ek must be");
}

/* A manifest's row lists all that a device may ask for; it asks for one. */
static void test_profile_list(void **state)
{
	(void)state;
	assert_int_equal(read_line("genuine-device manifest-line --profile "
				   "device;gateway-of-line-one;sensor;server-of-line-one"), FAULT_NONE);
	refuses("genuine-device manifest-line --profile device;", "--profile must be");
	refuses("genuine-device provision --profile device;server", "one profile alone");
	refuses("genuine-device provision --profile a23456789012345678901234567890123",
		"--profile must be");
}

static void test_serial(void **state)
{
	char longest[SERIAL_MAX + 2];

	(void)state;
	memset(longest, 'A', sizeof(longest));
	longest[SERIAL_MAX + 1] = '\0';
	assert_false(serial_is_valid(longest));
	longest[SERIAL_MAX] = '\0';
	assert_true(serial_is_valid(longest));
	assert_true(serial_is_valid("0"));
	assert_false(serial_is_valid(""));
	assert_false(serial_is_valid("-A"));
	assert_false(serial_is_valid("A-"));
	assert_false(serial_is_valid("a"));
	assert_false(serial_is_valid("To be filled by O.E.M."));
	assert_false(serial_is_valid("A\xc3\x84"));
	refuses("genuine-device provision --serial sn", "--serial must be");
}

static void test_ca_url(void **state)
{
	(void)state;
	assert_true(ca_url_is_valid("https://ca.example"));
	assert_true(ca_url_is_valid("https://ca.example:8443/"));
	assert_true(ca_url_is_valid("https://[::1]:8443"));
	assert_false(ca_url_is_valid("http://ca.example"));
	assert_false(ca_url_is_valid("https://"));
	assert_false(ca_url_is_valid("https://user@ca.example"));
	assert_false(ca_url_is_valid("https://ca.example/path"));
	assert_false(ca_url_is_valid("https://ca.example?x"));
	assert_false(ca_url_is_valid("ca.example"));
	refuses("genuine-device provision --ca http://ca.example", "--ca must be");
}

static void test_handle(void **state)
{
	(void)state;
	refuses("genuine-device provision --handle 0x81020001", "--handle must be");
	refuses("genuine-device provision --handle 0x81020100", "--handle must be");
	refuses("genuine-device provision --handle 81020002", "--handle must be");
	refuses("genuine-device provision --handle 0x81020002x", "--handle must be");
	assert_int_equal(read_line("genuine-device provision --handle 0x810200ff"), FAULT_NONE);
}

static void test_words_stay_words(void **state)
{
	(void)state;
	refuses("genuine-device provision --profile Server", "--profile must be");
	refuses("genuine-device provision --profile a,b", "--profile must be");
	refuses("genuine-device provision --profile a\"b", "--profile must be");
	refuses("genuine-device manifest-line --group a,b", "--group must be");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_provision),
		cmocka_unit_test(test_repeated_key),
		cmocka_unit_test(test_wants_json),
		cmocka_unit_test(test_leaves_defaults),
		cmocka_unit_test(test_refuses_usage),
		cmocka_unit_test(test_profile_list),
		cmocka_unit_test(test_serial),
		cmocka_unit_test(test_ca_url),
		cmocka_unit_test(test_handle),
		cmocka_unit_test(test_words_stay_words),
	};
	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
