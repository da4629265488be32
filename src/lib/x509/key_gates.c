#include "key_gates.h"

#include "limits.h"
#include "owned.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <stdint.h>

OWNED_TYPE(BN_CTX, BN_CTX_free)
OWNED_TYPE(BIGNUM, BN_free)
OWNED_TYPE(EC_GROUP, EC_GROUP_free)
OWNED_TYPE(EC_POINT, EC_POINT_free)

enum { SMALL_FACTOR_MAX = 1000, ROCA_PRIME_MAX = 167, ROCA_GENERATOR = 65537, FERMAT_STEPS = 100 };

static bool is_prime(uint32_t n)
{
	for (uint32_t divisor = 2; divisor * divisor <= n; divisor++) {
		if (n % divisor == 0)
			return false;
	}
	return n >= 2;
}

static uint32_t next_prime(uint32_t n)
{
	do
		n++;
	while (!is_prime(n));
	return n;
}

/* number mod divisor, four octets at a time. */
static uint32_t residue(struct bytes number, uint32_t divisor)
{
	uint64_t rest = 0;
	size_t i = 0;

	for (; i < number.len % 4; i++)
		rest = (rest << 8 | number.data[i]) % divisor;
	for (; i < number.len; i += 4) {
		const uint8_t *octets = number.data + i;
		uint32_t word = (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 |
			(uint32_t)octets[2] << 8 | octets[3];

		rest = (rest << 32 | word) % divisor;
	}
	return (uint32_t)rest;
}

/* Whether a prime from first up to, but not including, end divides the number. */
static bool is_divided(uint32_t number, uint32_t first, uint32_t end)
{
	for (uint32_t prime = first; prime < end; prime = next_prime(prime)) {
		if (number % prime == 0)
			return true;
	}
	return false;
}

bool key_gate_has_no_small_factor(struct bytes modulus)
{
	if (modulus.len == 0 || (modulus.data[modulus.len - 1] & 1) == 0)
		return false;
	/* As many primes at once as fit into 32 bits: the long division is what costs. */
	for (uint32_t first = 3, end = 3; end < SMALL_FACTOR_MAX; first = end) {
		uint64_t product = 1;

		for (; end < SMALL_FACTOR_MAX && product * end <= UINT32_MAX; end = next_prime(end))
			product *= end;
		if (is_divided(residue(modulus, (uint32_t)product), first, end))
			return false;
	}
	return true;
}

static bool is_power_of_generator(uint32_t rest, uint32_t prime)
{
	uint32_t power = 1;

	for (uint32_t exponent = 0; exponent < prime; exponent++) {
		if (power == rest)
			return true;
		power = power * (ROCA_GENERATOR % prime) % prime;
	}
	return false;
}

bool key_gate_is_not_roca(struct bytes modulus)
{
	for (uint32_t prime = 3; prime <= ROCA_PRIME_MAX; prime = next_prime(prime)) {
		if (!is_power_of_generator(residue(modulus, prime), prime))
			return true;
	}
	return false;
}

/* The largest integer whose square is not above n, by Newton's method from above. */
static bool square_root(BIGNUM *root, const BIGNUM *n, BN_CTX *context)
{
	owned(BIGNUM) *next = BN_new();

	if (next == NULL || !BN_set_bit(next, (BN_num_bits(n) + 1) / 2))
		return false;
	do {
		if (!BN_copy(root, next) || !BN_div(next, NULL, n, root, context) ||
				!BN_add(next, next, root) || !BN_rshift1(next, next))
			return false;
	} while (BN_cmp(next, root) < 0);
	return true;
}

/*
 * Squares are 1 in 150 of the residues modulo 3²·5·7·11·13·17·19·23: what is no
 * square there is none, and the root need not be drawn.
 */
static bool may_be_square(const BIGNUM *n)
{
	static const uint8_t moduli[] = { 9, 5, 7, 11, 13, 17, 19, 23 };
	const BN_ULONG product = 9UL * 5 * 7 * 11 * 13 * 17 * 19 * 23;
	BN_ULONG rest = BN_mod_word(n, product);

	for (size_t i = 0; i < sizeof(moduli); i++) {
		bool is_found = false;

		for (BN_ULONG root = 0; root < moduli[i] && !is_found; root++)
			is_found = root * root % moduli[i] == rest % moduli[i];
		if (!is_found)
			return false;
	}
	return true;
}

static bool is_square(const BIGNUM *n, BIGNUM *scratch, BN_CTX *context)
{
	if (BN_is_zero(n))
		return true;
	if (!may_be_square(n))
		return false;
	return !square_root(scratch, n, context) || !BN_sqr(scratch, scratch, context) ||
		BN_cmp(scratch, n) == 0;
}

bool key_gate_is_not_close_primes(struct bytes modulus)
{
	owned(BN_CTX) *context = BN_CTX_new();
	owned(BIGNUM) *n = BN_bin2bn(modulus.data, (int)modulus.len, NULL);
	owned(BIGNUM) *a = BN_new();
	owned(BIGNUM) *rest = BN_new();
	owned(BIGNUM) *scratch = BN_new();

	if (context == NULL || n == NULL || a == NULL || rest == NULL || scratch == NULL ||
			BN_is_zero(n) || !square_root(a, n, context) || !BN_sqr(rest, a, context))
		return false;
	if (BN_cmp(rest, n) == 0)
		return false;
	/* n = a² - b²: from a = ⌈√n⌉ upwards until a² - n is a square. */
	if (!BN_add_word(a, 1) || !BN_sqr(rest, a, context) || !BN_sub(rest, rest, n))
		return false;
	for (int step = 0; step < FERMAT_STEPS; step++) {
		if (is_square(rest, scratch, context))
			return false;
		/* (a + 1)² - n = a² - n + 2 a + 1 */
		if (!BN_lshift1(scratch, a) || !BN_add(rest, rest, scratch) ||
				!BN_add_word(rest, 1) || !BN_add_word(a, 1))
			return false;
	}
	return true;
}

static int curve_of(unsigned field_bits)
{
	switch (field_bits) {
	case 256:
		return NID_X9_62_prime256v1;
	case 384:
		return NID_secp384r1;
	case 521:
		return NID_secp521r1;
	default:
		return NID_undef;
	}
}

bool key_gate_is_on_curve(unsigned field_bits, struct bytes x, struct bytes y)
{
	enum { UNCOMPRESSED = 0x04 };
	uint8_t point_octets[1 + 2 * ECC_COORDINATE_MAX] = { UNCOMPRESSED };
	size_t len = (field_bits + 7) / 8;
	int curve = curve_of(field_bits);

	if (curve == NID_undef || x.len == 0 || y.len == 0 || x.len > len || y.len > len)
		return false;
	memcpy(point_octets + 1 + len - x.len, x.data, x.len);
	memcpy(point_octets + 1 + 2 * len - y.len, y.data, y.len);

	owned(EC_GROUP) *group = EC_GROUP_new_by_curve_name(curve);
	owned(EC_POINT) *point = group == NULL ? NULL : EC_POINT_new(group);
	/* Refuses coordinates that are not below the prime, and points off the curve. */
	return point != NULL &&
		EC_POINT_oct2point(group, point, point_octets, 1 + 2 * len, NULL) == 1;
}
