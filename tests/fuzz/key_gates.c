/*
 * Target: the gates of src/lib/x509/key_gates.h, beside OpenSSL's arithmetic. The first octet
 * chooses: a modulus, or a point (two coordinates of half the rest each) on one of the curves.
 * Holds: what passes is odd and has no factor below 1,000; OpenSSL finds the point on the curve.
 */
#include "fuzz.h"

#include "key_gates.h"
#include "limits.h"
#include "owned.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>

OWNED_TYPE(BIGNUM, BN_free)
OWNED_TYPE(EC_GROUP, EC_GROUP_free)
OWNED_TYPE(EC_POINT, EC_POINT_free)

static void demand_no_small_factor(struct bytes modulus)
{
	owned(BIGNUM) *number = BN_bin2bn(modulus.data, (int)modulus.len, NULL);

	for (BN_ULONG i = 2; i < 1000; i++)
		must_hold(BN_mod_word(number, i) != 0);
}

static void try_modulus(struct bytes modulus)
{
	if (modulus.len == 0 || modulus.len > RSA_MODULUS_MAX)
		return;
	/* Under two octets a number may itself be one of the primes below 1,000. */
	if (key_gate_has_no_small_factor(modulus) && modulus.len > 2 && modulus.data[0] != 0)
		demand_no_small_factor(modulus);
	(void)key_gate_is_not_roca(modulus);
	(void)key_gate_is_not_close_primes(modulus);
}

static void demand_point(int nid, struct bytes x, struct bytes y)
{
	owned(EC_GROUP) *group = EC_GROUP_new_by_curve_name(nid);
	owned(EC_POINT) *point = EC_POINT_new(group);
	owned(BIGNUM) *x_number = BN_bin2bn(x.data, (int)x.len, NULL);
	owned(BIGNUM) *y_number = BN_bin2bn(y.data, (int)y.len, NULL);

	must_hold(EC_POINT_set_affine_coordinates(group, point, x_number, y_number, NULL) == 1);
}

static void try_point(uint8_t choice, struct bytes point)
{
	static const struct {
		unsigned field_bits;
		int nid;
	} curves[] = { { 256, NID_X9_62_prime256v1 }, { 384, NID_secp384r1 }, { 521, NID_secp521r1 } };
	struct bytes x = bytes_of(point.data, point.len / 2);
	struct bytes y = bytes_of(point.data + x.len, point.len - x.len);
	size_t curve = choice % 3;

	if (y.len <= ECC_COORDINATE_MAX && key_gate_is_on_curve(curves[curve].field_bits, x, y))
		demand_point(curves[curve].nid, x, y);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len < 2)
		return 0;
	struct bytes number = bytes_of(data + 1, len - 1);
	if ((data[0] & 0x80) != 0)
		try_modulus(number);
	else
		try_point(data[0], number);
	ERR_clear_error();
	return 0;
}
