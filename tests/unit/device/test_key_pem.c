#include "key_pem.h"

#include "storage_key.h"
#include "temporary_folder.h"

#include <openssl/pem.h>
#include <stdint.h>
#include <string.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct directory directory;
static struct failure failure;

static int set_up(void **state)
{
	(void)state;
	return directory_open(&directory, temporary_folder_make(), &failure) == FAULT_NONE ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	directory_close(&directory);
	temporary_folder_remove();
	return 0;
}

/* Writes key.pem for halves aa bb and cc; expects exactly this DER in it. */
static void writes(uint32_t parent, const uint8_t *expected, size_t expected_len)
{
	struct key_file file = { .area = { .data = { 0xaa, 0xbb }, .len = 2 },
		.private_half = { 0xcc }, .private_half_len = 1 };
	uint8_t buffer[1024];
	struct bytes pem;
	char *name = NULL, *header = NULL;
	unsigned char *der = NULL;
	long len;

	assert_int_equal(key_pem_write(&directory, &file, parent), FAULT_NONE);
	assert_int_equal(
		directory_read(&directory, "key.pem", buffer, sizeof(buffer), &pem), FAULT_NONE);
	BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	assert_int_equal(PEM_read_bio(bio, &name, &header, &der, &len), 1);
	assert_string_equal(name, "TSS2 PRIVATE KEY");
	assert_string_equal(header, "");
	assert_true(bytes_equal(bytes_of(der, (size_t)len), bytes_of(expected, expected_len)));
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(der);
	BIO_free(bio);
}

#define TYPE_AND_EMPTY_AUTH 0x06, 0x06, 0x67, 0x81, 0x05, 0x0a, 0x01, 0x03, 0xa0, 0x03, 0x01, 0x01, 0xff
#define HALVES 0x04, 0x02, 0xaa, 0xbb, 0x04, 0x01, 0xcc

/* A transient parent is the owner hierarchy; a handle above 80000000 is still a positive INTEGER. */
static void test_parents(void **state)
{
	static const uint8_t of_owner[] = { 0x30, 26, TYPE_AND_EMPTY_AUTH, 0x02, 0x04, 0x40, 0x00, 0x00,
		0x01, HALVES };
	static const uint8_t of_srk[] = { 0x30, 27, TYPE_AND_EMPTY_AUTH, 0x02, 0x05, 0x00, 0x81, 0x00,
		0x00, 0x01, HALVES };

	(void)state;
	writes(SRK_TRANSIENT, of_owner, sizeof(of_owner));
	writes(0, of_owner, sizeof(of_owner));
	writes(SRK_HANDLE, of_srk, sizeof(of_srk));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_parents, set_up, tear_down),
	};
	return cmocka_run_group_tests_name("key_pem", tests, NULL, NULL);
}
