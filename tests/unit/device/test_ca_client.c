#include "ca_client.h"

#include <stdint.h>
#include <string.h>
#include <time.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_reactions(void **state)
{
	(void)state;
	assert_int_equal(ca_reaction_of(200), CA_TAKE);
	assert_int_equal(ca_reaction_of(409), CA_START_AGAIN);
	assert_int_equal(ca_reaction_of(429), CA_WAIT);
	assert_int_equal(ca_reaction_of(503), CA_WAIT);
	static const long stops[] = { 0, 201, 204, 301, 302, 307, 308, 400, 401, 403, 404, 413, 500, 502 };
	for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++)
		assert_int_equal(ca_reaction_of(stops[i]), CA_STOP);
}

static void test_waits(void **state)
{
	(void)state;
	assert_int_equal(ca_wait_s(0, 0), 1);
	assert_int_equal(ca_wait_s(0, 1), 2);
	assert_int_equal(ca_wait_s(0, 3), 8);
	assert_int_equal(ca_wait_s(0, 31), 60);
	assert_int_equal(ca_wait_s(0, 4000000), 60);
	assert_int_equal(ca_wait_s(5, 0), 5);
	assert_int_equal(ca_wait_s(599, 3), 599);
}

/* A wait that would outlast the run's time with the CA is not begun. */
static void test_deadline(void **state)
{
	struct failure failure = { 0 };
	struct wall_clock clock = { 0 };
	struct https https;

	(void)state;
	assert_int_equal(
		https_open(&https, "https://127.0.0.1:1", bytes_of_string(""), &clock, &failure),
		FAULT_NONE);
	assert_int_equal(ca_wait(&https, 0, "why"), FAULT_NONE);
	assert_int_equal(ca_wait(&https, 1, "why"), FAULT_NONE);
	time_t begin = time(NULL);
	assert_int_equal(ca_wait(&https, RUN_WITH_CA_S + 1, "why"), FAULT_DENIED);
	assert_int_equal(failure.exit_code, EXIT_CA_NOT_REACHED);
	assert_non_null(strstr(failure.what, "10 minutes"));
	https.deadline_ms -= (RUN_WITH_CA_S - 30) * 1000;
	assert_int_equal(ca_wait(&https, 60, "why"), FAULT_DENIED);
	https.deadline_ms = 0;
	assert_int_equal(ca_wait(&https, 0, "why"), FAULT_DENIED);
	assert_in_range(time(NULL) - begin, 0, 20);
	https_close(&https);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reactions),
		cmocka_unit_test(test_waits),
		cmocka_unit_test(test_deadline),
	};
	return cmocka_run_group_tests_name("ca_client", tests, NULL, NULL);
}
