#include "lint_sample.h"

enum { NOT_BEFORE = 1800000000, NOT_AFTER = 1831535999 };

#define P256_SPKI 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, \
	0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04

/* Points that are on no curve: the lints compare keys and compute with none. */
static const uint8_t ik_spki[91] = { P256_SPKI, 1 }, ca_spki[91] = { P256_SPKI, 2 };
static const uint8_t ek_spki[91] = { P256_SPKI, 3 };
static const uint8_t number[16] = { 0x40, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
static const uint8_t ecdsa_sha256[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04,
	0x03, 0x02 };
static const uint8_t key_identifier[20] = { 1, 2, 3 };
static const uint8_t issuer[] = { 0x30, 0x0d, 0x31, 0x0b, 0x30, 0x09, 0x06, 0x03, 0x55, 0x04, 0x03,
	0x0c, 0x02, 'C', 'A' };

static struct device_certificate everything(void)
{
	return (struct device_certificate){
		.number = BYTES_OF_ARRAY(number),
		.signature_algorithm = BYTES_OF_ARRAY(ecdsa_sha256),
		.issuer = BYTES_OF_ARRAY(issuer),
		.authority_key_identifier = BYTES_OF_ARRAY(key_identifier),
		.not_before_s = NOT_BEFORE,
		.not_after_s = NOT_AFTER,
		.organization = BYTES_OF_LITERAL("Example"),
		.organizational_unit = BYTES_OF_LITERAL("Line 1"),
		.serial = BYTES_OF_LITERAL("SN-0001"),
		.spki = BYTES_OF_ARRAY(ik_spki),
		.hardware_module_type = { { 0x2b, 6, 1, 4, 1, 0x82, 0x37 }, 7 },
		.uri = BYTES_OF_LITERAL("urn:example:SN-0001"),
		.dns = BYTES_OF_LITERAL("SN-0001.example.com"),
		.policy_count = 2,
		.policies = { { { 0x2b, 6, 1, 4, 1, 0x82, 0x37, 1, 3 }, 9 },
			{ { 0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 1 }, 9 } },
		.crl_url = BYTES_OF_LITERAL("http://ca.example.com/v1/crl"),
		.issuer_url = BYTES_OF_LITERAL("http://ca.example.com/v1/ca"),
	};
}

static struct device_certificate least(void)
{
	return (struct device_certificate){
		.number = BYTES_OF_ARRAY(number),
		.signature_algorithm = BYTES_OF_ARRAY(ecdsa_sha256),
		.issuer = BYTES_OF_ARRAY(issuer),
		.authority_key_identifier = BYTES_OF_ARRAY(key_identifier),
		.not_before_s = NOT_BEFORE,
		.not_after_s = NOT_AFTER,
		.organization = BYTES_OF_LITERAL("Example"),
		.serial = BYTES_OF_LITERAL("1"),
		.spki = BYTES_OF_ARRAY(ik_spki),
		.policy_count = 1,
		.policies = { { { 0x2b, 6, 1, 4, 1, 0x82, 0x37, 1, 3 }, 9 } },
	};
}

const struct lint_context *lint_sample(bool has_everything)
{
	static struct device_certificate certificate;
	static struct lint_context context;

	certificate = has_everything ? everything() : least();
	context = (struct lint_context){ .certificate = &certificate, .ca_not_before_s = NOT_BEFORE,
		.ca_not_after_s = NOT_AFTER, .ca_spki = BYTES_OF_ARRAY(ca_spki),
		.ek_spki = BYTES_OF_ARRAY(ek_spki) };
	return &context;
}
