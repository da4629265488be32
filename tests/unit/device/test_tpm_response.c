#include "tpm_response.h"

#include <stdint.h>
#include <string.h>
#include <tss2/tss2_tpm2_types.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void means(TSS2_RC rc, enum exit_code exit_code, const char *word)
{
	struct tpm_response response = tpm_response_of(rc);

	assert_int_equal(response.exit_code, exit_code);
	if (strstr(response.meaning, word) == NULL)
		fail_msg("0x%x means '%s', not '%s'", rc, response.meaning, word);
	assert_true(strlen(response.advice) > 0);
}

static void test_codes_of_the_tpm(void **state)
{
	(void)state;
	means(0x902, EXIT_TPM_REFUSED, "slots for loaded objects");
	means(0x903, EXIT_TPM_REFUSED, "slots for sessions");
	means(0x921, EXIT_TPM_REFUSED, "locked out");
	means(0x9a2, EXIT_TPM_REFUSED, "password");
	means(0x98e, EXIT_TPM_REFUSED, "password");
	means(0x14b, EXIT_TPM_REFUSED, "full");
	means(0x14c, EXIT_TPM_REFUSED, "taken");
	means(0x185, EXIT_TPM_REFUSED, "hierarchy is disabled");
	means(0x100, EXIT_TPM_REFUSED, "started up");
	means(0x101, EXIT_TPM_REFUSED, "failure mode");
	means(0x1df, EXIT_TPM_REFUSED, "integrity");
	means(0x18b, EXIT_TPM_REFUSED, "cleared meanwhile");
	means(0x910, EXIT_TPM_REFUSED, "key that was loaded is gone");
	means(0x916, EXIT_TPM_REFUSED, "key that was loaded is gone");
	means(0x918, EXIT_TPM_REFUSED, "session is gone");
	means(0x91e, EXIT_TPM_REFUSED, "session is gone");
	means(0x920, EXIT_TPM_REFUSED, "slows down writes");
	means(0x2d5, EXIT_TPM_REFUSED, "not expected");
	means(0x2ca, EXIT_TPM_REFUSED, "type of key");
	means(0x281, EXIT_TPM_REFUSED, "type of key");
	means(0x143, EXIT_TPM_REFUSED, "not have the command");
	means(0x901, EXIT_TPM_REFUSED, "old sessions");
}

static void test_layers(void **state)
{
	(void)state;
	means(TSS2_TCTI_RC_IO_ERROR, EXIT_NO_TPM, "connection");
	means(TSS2_ESYS_RC_MEMORY, EXIT_OTHER, "no memory");
	means(TSS2_ESYS_RC_MALFORMED_RESPONSE, EXIT_NO_TPM, "connection");
	means(TSS2_RESMGR_TPM_RC_LAYER | 0x902, EXIT_TPM_REFUSED, "slots");
	means(TSS2_RESMGR_RC_LAYER | 0x902, EXIT_TPM_REFUSED, "slots");
	means(TSS2_RESMGR_RC_LAYER | 0x143, EXIT_TPM_REFUSED, "not have the command");
	means(TSS2_RESMGR_RC_LAYER | TSS2_BASE_RC_IO_ERROR, EXIT_NO_TPM, "connection");
}

/* A format-one code says the same whichever handle, parameter or session it is about. */
static void test_place(void **state)
{
	(void)state;
	assert_true(tpm_response_is(0x18b, TPM2_RC_HANDLE));
	assert_true(tpm_response_is(0x28b, TPM2_RC_HANDLE));
	assert_true(tpm_response_is(0x1df, TPM2_RC_INTEGRITY));
	assert_false(tpm_response_is(0x1df, TPM2_RC_HANDLE));
	assert_false(tpm_response_is(0, TPM2_RC_HANDLE));
	assert_false(tpm_response_is(TSS2_TCTI_RC_IO_ERROR, TPM2_RC_HANDLE));
	assert_false(tpm_response_is(0x14a, 0x10a));
}

/* Part 2, 6.6.3: format one with P; sessions and handles have it clear. */
static void test_about_parameter(void **state)
{
	(void)state;
	assert_true(tpm_response_is_about_parameter(0x1df)); /* parameter 1, integrity */
	assert_true(tpm_response_is_about_parameter(0x2d5)); /* parameter 2, size */
	assert_false(tpm_response_is_about_parameter(0x18b)); /* handle 1 */
	assert_false(tpm_response_is_about_parameter(0x9a2)); /* session 1 */
	assert_false(tpm_response_is_about_parameter(0x902)); /* format zero */
	assert_false(tpm_response_is_about_parameter(0x101));
	assert_false(tpm_response_is_about_parameter(TSS2_TCTI_RC_IO_ERROR | 0x1df));
}

static void test_unknown_type(void **state)
{
	(void)state;
	assert_true(tpm_response_is_unknown_type(0x2e6)); /* parameter 2, curve */
	assert_true(tpm_response_is_unknown_type(0x2c4)); /* parameter 2, value */
	assert_true(tpm_response_is_unknown_type(0x2ca)); /* parameter 2, type: a chip without ECC */
	assert_true(tpm_response_is_unknown_type(0x281)); /* parameter 2, asymmetric */
	assert_false(tpm_response_is_unknown_type(0x9a2));
	assert_false(tpm_response_is_unknown_type(TSS2_TCTI_RC_IO_ERROR));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codes_of_the_tpm),
		cmocka_unit_test(test_layers),
		cmocka_unit_test(test_place),
		cmocka_unit_test(test_about_parameter),
		cmocka_unit_test(test_unknown_type),
	};
	return cmocka_run_group_tests_name("tpm_response", tests, NULL, NULL);
}
