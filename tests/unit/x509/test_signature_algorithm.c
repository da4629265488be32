#include "signature_algorithm.h"

#include "encoding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

/* An AlgorithmIdentifier as hexadecimal, and how it must be read; hash_bits 0: not accepted. */
struct identifier {
	const char *what, *hex;
	bool is_rsa, is_pss;
	unsigned hash_bits;
	int salt_len;
};

#define SHA256_NULL "300d06096086480165030402010500"
#define SHA256 "300b0609608648016503040201"
#define SHA384_NULL "300d06096086480165030402020500"
#define SHA1_NULL "300906052b0e03021a0500"
#define MGF1 "06092a864886f70d010108"
#define PSS "06092a864886f70d01010a"

static const struct identifier identifiers[] = {
	{ "sha256WithRSAEncryption", "300d06092a864886f70d01010b0500", true, false, 256, 0 },
	{ "sha384WithRSAEncryption", "300d06092a864886f70d01010c0500", true, false, 384, 0 },
	{ "sha512WithRSAEncryption", "300d06092a864886f70d01010d0500", true, false, 512, 0 },
	{ "sha256WithRSAEncryption without NULL", "300b06092a864886f70d01010b", 0, 0, 0, 0 },
	{ "sha1WithRSAEncryption", "300d06092a864886f70d0101050500", 0, 0, 0, 0 },
	{ "md5WithRSAEncryption", "300d06092a864886f70d0101040500", 0, 0, 0, 0 },
	{ "sha224WithRSAEncryption", "300d06092a864886f70d01010e0500", 0, 0, 0, 0 },
	{ "ecdsa-with-SHA256", "300a06082a8648ce3d040302", false, false, 256, 0 },
	{ "ecdsa-with-SHA384", "300a06082a8648ce3d040303", false, false, 384, 0 },
	{ "ecdsa-with-SHA512", "300a06082a8648ce3d040304", false, false, 512, 0 },
	{ "ecdsa-with-SHA256 with NULL", "300c06082a8648ce3d0403020500", false, false, 256, 0 },
	{ "ecdsa-with-SHA384 with NULL", "300c06082a8648ce3d0403030500", false, false, 384, 0 },
	{ "ecdsa-with-SHA512 with NULL", "300c06082a8648ce3d0403040500", false, false, 512, 0 },
	{ "ecdsa-with-SHA256 with a curve", "301406082a8648ce3d04030206082a8648ce3d030107", 0, 0, 0, 0 },
	{ "ecdsa-with-SHA1", "300906072a8648ce3d0401", 0, 0, 0, 0 },
	{ "Ed25519", "300506032b6570", 0, 0, 0, 0 },
	{ "empty", "3000", 0, 0, 0, 0 },

	{ "PSS, SHA-256, salt 32", "3041" PSS "3034" "a00f" SHA256_NULL
		"a11c301a" MGF1 SHA256_NULL "a203020120", true, true, 256, 32 },
	{ "PSS, no NULLs, salt 222", "303e" PSS "3031" "a00d" SHA256
		"a11a3018" MGF1 SHA256 "a204020200de", true, true, 256, 222 },
	{ "PSS, salt left out", "303c" PSS "302f" "a00f" SHA256_NULL
		"a11c301a" MGF1 SHA256_NULL, true, true, 256, 20 },
	{ "PSS, SHA-384, salt 0", "3041" PSS "3034" "a00f" SHA384_NULL
		"a11c301a" MGF1 SHA384_NULL "a203020100", true, true, 384, 0 },
	{ "PSS, unequal hashes", "3041" PSS "3034" "a00f" SHA256_NULL
		"a11c301a" MGF1 SHA384_NULL "a203020120", 0, 0, 0, 0 },
	{ "PSS, SHA-1", "3039" PSS "302c" "a00b" SHA1_NULL
		"a1183016" MGF1 SHA1_NULL "a203020114", 0, 0, 0, 0 },
	{ "PSS, hash left out", "3030" PSS "3023" "a11c301a" MGF1 SHA256_NULL "a203020120", 0, 0, 0, 0 },
	{ "PSS, mask left out", "3023" PSS "3016" "a00f" SHA256_NULL "a203020120", 0, 0, 0, 0 },
	{ "PSS, parameters left out", "300b" PSS, 0, 0, 0, 0 },
	{ "PSS, negative salt", "3041" PSS "3034" "a00f" SHA256_NULL
		"a11c301a" MGF1 SHA256_NULL "a2030201ff", 0, 0, 0, 0 },
	{ "PSS, salt 513", "3042" PSS "3035" "a00f" SHA256_NULL
		"a11c301a" MGF1 SHA256_NULL "a20402020201", 0, 0, 0, 0 },
	{ "PSS, salt of three octets", "3043" PSS "3036" "a00f" SHA256_NULL
		"a11c301a" MGF1 SHA256_NULL "a2050203010020", 0, 0, 0, 0 },
	{ "PSS, a field more", "3043" PSS "3034" "a00f" SHA256_NULL
		"a11c301a" MGF1 SHA256_NULL "a203020120" "0500", 0, 0, 0, 0 },
	{ "another algorithm with the parameters of PSS", "3041" "06092a864886f70d010107" "3034"
		"a00f" SHA256_NULL "a11c301a" MGF1 SHA256_NULL "a203020120", 0, 0, 0, 0 },
	{ "PSS, trailer field", "3046" PSS "3039" "a00f" SHA256_NULL
		"a11c301a" MGF1 SHA256_NULL "a203020120a303020101", 0, 0, 0, 0 },
	{ "PSS, octet left in a field", "3043" PSS "3036" "a00f" SHA256_NULL
		"a11c301a" MGF1 SHA256_NULL "a2050201200500", 0, 0, 0, 0 },
};

static void test_identifiers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(identifiers) / sizeof(identifiers[0]); i++) {
		const struct identifier *row = &identifiers[i];
		struct signature_algorithm algorithm = { 0 };
		uint8_t octets[128];
		size_t len = strlen(row->hex) / 2;

		assert_int_equal(hex_decode(bytes_of_string(row->hex), octets, len), FAULT_NONE);
		/* The row itself must be well framed, or it would prove nothing. */
		if (octets[1] + 2u != len)
			fail_msg("%s: outer length %u of %zu", row->what, octets[1], len - 2);
		enum fault fault = signature_algorithm_read(bytes_of(octets, len), &algorithm);

		if (fault != (row->hash_bits == 0 ? FAULT_UNSUPPORTED : FAULT_NONE))
			fail_msg("%s: %s", row->what, fault_text(fault));
		assert_int_equal(algorithm.is_rsa, row->is_rsa);
		assert_int_equal(algorithm.is_pss, row->is_pss);
		assert_int_equal(algorithm.hash_bits, row->hash_bits);
		assert_int_equal(algorithm.salt_len, row->salt_len);
		octets[len] = 0;
		assert_int_equal(signature_algorithm_read(bytes_of(octets, len + 1), &algorithm),
			FAULT_UNSUPPORTED);
		for (size_t cut = 0; cut < len; cut++)
			assert_int_equal(signature_algorithm_read(bytes_of(octets, cut), &algorithm),
				FAULT_UNSUPPORTED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_identifiers) };

	return cmocka_run_group_tests_name("signature algorithm", tests, NULL, NULL);
}
