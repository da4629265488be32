/*
 * Target: der_check_strict, der_check_framing, der_take and its siblings (src/lib/x509/der.h),
 * beside OpenSSL.
 * Holds: what is strict is framed; what is framed a walk takes apart without a rest; what is strict
 * OpenSSL, where it reads it, writes as it came, and the values of simple types in it OpenSSL reads.
 */
#include "fuzz.h"

#include "der.h"

#include <openssl/asn1.h>
#include <openssl/err.h>

static void walk(struct bytes content)
{
	struct reader r = reader_of(content);

	while (r.rest.len > 0 && r.fault == FAULT_NONE) {
		struct der_value value = der_take(&r);

		if ((value.tag & 0x20) != 0)
			walk(value.content);
	}
	must_hold(reader_end(&r) == FAULT_NONE);
}

static void take_all_ways(struct bytes input)
{
	struct reader a = reader_of(input), b = reader_of(input), c = reader_of(input);

	(void)der_octets_of_bit_string(&a);
	(void)der_unsigned(&b);
	struct reader inner = der_enter(&c, DER_SEQUENCE);
	(void)der_is_next(&inner, DER_INTEGER);
	(void)der_unsigned(&inner);
	(void)der_whole(&inner, DER_OBJECT_IDENTIFIER);
}

/* Whether OpenSSL reads all of it; then it must write the same. */
static bool is_same_in_openssl(struct bytes input)
{
	const unsigned char *at = input.data;
	ASN1_TYPE *value = d2i_ASN1_TYPE(NULL, &at, (long)input.len);
	unsigned char *again = NULL;
	bool is_read = value != NULL && at == input.data + input.len;

	if (is_read) {
		int len = i2d_ASN1_TYPE(value, &again);

		must_hold(len >= 0 && bytes_equal(bytes_of(again, (size_t)len), input));
		OPENSSL_free(again);
	}
	ASN1_TYPE_free(value);
	ERR_clear_error();
	return is_read;
}

/* Types whose one encoding OpenSSL demands as well; of others it takes any octets. */
static bool is_demanded_by_openssl(uint8_t tag)
{
	return tag == DER_BOOLEAN || tag == DER_INTEGER || tag == DER_BIT_STRING || tag == DER_NULL ||
		tag == DER_OBJECT_IDENTIFIER || tag == DER_ENUMERATED;
}

static void walk_beside_openssl(struct bytes content)
{
	struct reader r = reader_of(content);

	while (r.rest.len > 0) {
		struct der_value value = der_take(&r);

		if (is_demanded_by_openssl(value.tag))
			must_hold(is_same_in_openssl(value.whole));
		if ((value.tag & 0x20) != 0)
			walk_beside_openssl(value.content);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bytes input = bytes_of(data, len);
	bool is_strict = der_check_strict(input) == FAULT_NONE;

	take_all_ways(input);
	if (der_check_framing(input) != FAULT_NONE) {
		must_hold(!is_strict);
		return 0;
	}
	walk(input);
	if (!is_strict)
		return 0;
	(void)is_same_in_openssl(input);
	walk_beside_openssl(input);
	return 0;
}
