#include "answer.h"

#include "encoding.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static char header_text[BASE64_CAPACITY(CHALLENGE_HEADER_SIZE)];

static int set_up(void **state)
{
	uint8_t header[CHALLENGE_HEADER_SIZE];

	(void)state;
	memset(header, 7, sizeof(header));
	base64_encode(BYTES_OF_ARRAY(header), header_text, sizeof(header_text));
	return 0;
}

static enum fault read_challenge(const char *format, struct challenge *out)
{
	char body[1024];

	(void)snprintf(body, sizeof(body), format, header_text);
	return answer_challenge(bytes_of_string(body), out);
}

static void test_challenge(void **state)
{
	struct challenge challenge;

	(void)state;
	assert_int_equal(
		read_challenge("{\"credential\":\"AQID\",\"challenge\":\"%s\"}", &challenge), FAULT_NONE);
	assert_int_equal(challenge.credential_len, 3);
	assert_memory_equal(challenge.credential, "\1\2\3", 3);
	assert_int_equal(challenge.header[52], 7);
}

static void test_challenge_refuses(void **state)
{
	static const char *const bodies[] = {
		"",
		"[]",
		"null",
		"{}",
		"{\"credential\":\"AQID\"}",
		"{\"challenge\":\"%s\"}",
		"{\"credential\":\"AQID\",\"challenge\":\"%s\",\"more\":1}",
		"{\"credential\":\"AQID\",\"credential\":\"AQID\",\"challenge\":\"%s\"}",
		"{\"credential\":1,\"challenge\":\"%s\"}",
		"{\"credential\":\"AQI\",\"challenge\":\"%s\"}",
		"{\"credential\":\"AQ-_\",\"challenge\":\"%s\"}",
		"{\"credential\":\"AQID\\n\",\"challenge\":\"%s\"}",
		"{\"credential\":\"AQID\",\"challenge\":\"AQID\"}",
		"{\"credential\":\"AQID\",\"challenge\":\"%sAAAA\"}",
		"{\"credential\":\"AQID\",\"challenge\":\"%s\"} x",
	};
	struct challenge challenge;

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		if (read_challenge(bodies[i], &challenge) == FAULT_NONE)
			fail_msg("accepted: %s", bodies[i]);
}

static void test_challenge_too_long(void **state)
{
	static char body[8192];
	struct challenge challenge;
	size_t len = (CREDENTIAL_MAX / 3 + 1) * 4;

	(void)state;
	(void)strcpy(body, "{\"credential\":\"");
	memset(body + strlen(body), 'A', len);
	(void)strcat(body, "\",\"challenge\":\"");
	(void)strcat(body, header_text);
	(void)strcat(body, "\"}");
	assert_int_equal(answer_challenge(bytes_of_string(body), &challenge), FAULT_TOO_LONG);
}

static void test_issued(void **state)
{
	static struct issued issued;

	(void)state;
	assert_int_equal(answer_issued(BYTES_OF_LITERAL("{\"certificate\":\"A\",\"chain\":\"\"}"), &issued),
		FAULT_NONE);
	assert_string_equal(issued.certificate, "A");
	assert_string_equal(issued.chain, "");
	assert_int_not_equal(
		answer_issued(BYTES_OF_LITERAL("{\"certificate\":\"A\",\"chain\":[]}"), &issued), FAULT_NONE);
	assert_int_not_equal(
		answer_issued(BYTES_OF_LITERAL("{\"certificate\":\"A\",\"chain\":\"\",\"x\":1}"), &issued),
		FAULT_NONE);
	assert_int_not_equal(answer_issued(BYTES_OF_LITERAL("{\"certificate\":\"A\"}"), &issued), FAULT_NONE);
}

static void test_issued_too_long(void **state)
{
	static struct issued issued;
	static char body[PEM_MAX + 64];

	(void)state;
	(void)strcpy(body, "{\"chain\":\"\",\"certificate\":\"");
	memset(body + strlen(body), 'A', PEM_MAX + 1);
	(void)strcat(body, "\"}");
	assert_int_equal(answer_issued(bytes_of_string(body), &issued), FAULT_TOO_LONG);
}

/* What the CA says must not command the terminal that shows it. */
static void test_problem_is_escaped(void **state)
{
	struct problem problem = answer_problem(BYTES_OF_LITERAL(
		"{\"title\":\"t\",\"detail\":\"\\u001b[31mred\\n\",\"reference\":\"a\\u0007\"}"));

	(void)state;
	assert_string_equal(problem.detail, "\\x1b[31mred\\x0a");
	assert_string_equal(problem.reference, "");
}

/* It stands in a command line that a person is told to type. */
static void test_reference_is_hexadecimal(void **state)
{
	(void)state;
	assert_string_equal(answer_problem(BYTES_OF_LITERAL("{\"reference\":\"00ffab12\"}")).reference,
		"00ffab12");
	assert_string_equal(
		answer_problem(BYTES_OF_LITERAL("{\"reference\":\"00; reboot\"}")).reference, "");
	assert_string_equal(
		answer_problem(BYTES_OF_LITERAL("{\"reference\":\"$(reboot)\"}")).reference, "");
}

static void test_problem_of_anything(void **state)
{
	(void)state;
	assert_string_equal(answer_problem(BYTES_OF_LITERAL("<html>")).detail, "");
	assert_string_equal(answer_problem((struct bytes){ 0 }).detail, "");
	assert_string_equal(answer_problem(BYTES_OF_LITERAL("{\"title\":\"t\"}")).detail, "t");
	assert_string_equal(answer_problem(BYTES_OF_LITERAL("{\"title\":3}")).detail, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_challenge),
		cmocka_unit_test(test_challenge_refuses),
		cmocka_unit_test(test_challenge_too_long),
		cmocka_unit_test(test_issued),
		cmocka_unit_test(test_issued_too_long),
		cmocka_unit_test(test_problem_is_escaped),
		cmocka_unit_test(test_reference_is_hexadecimal),
		cmocka_unit_test(test_problem_of_anything),
	};
	return cmocka_run_group_tests_name("answer", tests, set_up, NULL);
}
