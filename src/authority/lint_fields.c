#include "lint_table.h"

#include "limits.h"

#include <time.h>

/* What a TBSCertificate may have: with an RSA 4096 key and the longest texts that a configuration
 * takes it comes to some 2,100. */
enum { LINT_TBS_MAX = 2560 };

static const uint8_t version_3[] = { DER_INTEGER, 1, 2 };

/* AlgorithmIdentifiers of the CA keys that there may be: parameters absent (RFC 5758, 3.2) or NULL
 * (RFC 4055, 5). */
static const uint8_t ecdsa_with_sha256[] = {
	0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02,
};
static const uint8_t ecdsa_with_sha384[] = {
	0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03,
};
static const uint8_t sha256_with_rsa[] = {
	0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00,
};

/* ---- the whole ---- */

RULE(size)
{
	*saw = t->whole;
	return t->whole.len <= LINT_TBS_MAX;
}

RULE(der_strict)
{
	*saw = t->whole;
	return der_check_strict(t->whole) == FAULT_NONE;
}

RULE(tbs_frame)
{
	*saw = t->whole;
	return t->is_read;
}

RULE(version)
{
	*saw = t->version;
	return bytes_equal(t->version, BYTES_OF_ARRAY(version_3));
}

RULE(no_issuer_unique_id)
{
	*saw = t->issuer_unique_id;
	return t->issuer_unique_id.len == 0;
}

RULE(no_subject_unique_id)
{
	*saw = t->subject_unique_id;
	return t->subject_unique_id.len == 0;
}

/* ---- serialNumber ---- */

RULE(number_len)
{
	*saw = t->serial_number;
	return t->serial_number.len == 16;
}

/* Positive, and the second bit set, so that no number is ever written shorter. */
RULE(number_positive)
{
	*saw = t->serial_number;
	return t->serial_number.data[0] >= 0x40 && t->serial_number.data[0] <= 0x7f;
}

RULE(number_exact)
{
	*saw = t->serial_number;
	return bytes_equal(t->serial_number, c->certificate->number);
}

/* ---- signature and issuer ---- */

RULE(signature_algorithm_known)
{
	*saw = t->signature;
	return bytes_equal(t->signature, BYTES_OF_ARRAY(ecdsa_with_sha256)) ||
		bytes_equal(t->signature, BYTES_OF_ARRAY(ecdsa_with_sha384)) ||
		bytes_equal(t->signature, BYTES_OF_ARRAY(sha256_with_rsa));
}

RULE(signature_algorithm_exact)
{
	*saw = t->signature;
	return bytes_equal(t->signature, c->certificate->signature_algorithm);
}

/* An empty Name is 30 00. */
RULE(issuer_not_empty)
{
	*saw = t->issuer;
	return t->issuer.len > 2;
}

RULE(issuer_exact)
{
	*saw = t->issuer;
	return bytes_equal(t->issuer, c->certificate->issuer);
}

/* ---- validity ---- */

static bool all_digits(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
	}
	return true;
}

static int two_digits(struct bytes text, size_t at)
{
	return (text.data[at] - '0') * 10 + (text.data[at + 1] - '0');
}

/* The year of a time, and where the month begins; UTCTime's two digits mean 1950 to 2049. */
static int year_of(struct der_value time, size_t *month_at)
{
	int year = two_digits(time.content, 0);

	*month_at = time.tag == DER_UTC_TIME ? 2 : 4;
	if (time.tag == DER_GENERALIZED_TIME)
		return year * 100 + two_digits(time.content, 2);
	return year < 50 ? 2000 + year : 1900 + year;
}

/* YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ (4.1.2.5.1, .2): seconds, no fraction, Z, a day that is. */
static bool time_read(struct der_value time, int64_t *seconds)
{
	size_t len = time.tag == DER_UTC_TIME ? 13 : time.tag == DER_GENERALIZED_TIME ? 15 : 0, at;

	if (len == 0 || time.content.len != len || time.content.data[len - 1] != 'Z' ||
		!all_digits(bytes_of(time.content.data, len - 1)))
		return false;
	struct tm tm = { .tm_year = year_of(time, &at) - 1900 };
	tm.tm_mon = two_digits(time.content, at) - 1;
	tm.tm_mday = two_digits(time.content, at + 2);
	tm.tm_hour = two_digits(time.content, at + 4);
	tm.tm_min = two_digits(time.content, at + 6);
	tm.tm_sec = two_digits(time.content, at + 8);

	/* timegm puts into order what was no date: then tm differs from what was read. */
	struct tm read = tm;
	*seconds = timegm(&tm);
	return tm.tm_mon == read.tm_mon && tm.tm_mday == read.tm_mday &&
		tm.tm_hour == read.tm_hour && tm.tm_min == read.tm_min && tm.tm_sec == read.tm_sec;
}

/* The seconds of a time that has passed its form's lint. */
static int64_t seconds_of(struct der_value time)
{
	int64_t seconds = 0;

	(void)time_read(time, &seconds);
	return seconds;
}

/* From 2050 on GeneralizedTime, before it UTCTime, which cannot say more. */
static bool time_type_fits(struct der_value time)
{
	size_t month_at;

	return time.tag == DER_UTC_TIME || year_of(time, &month_at) >= 2050;
}

RULE(validity_frame)
{
	*saw = t->not_after.whole;
	return t->validity_is_read;
}

RULE(not_before_form)
{
	int64_t seconds;

	*saw = t->not_before.whole;
	return time_read(t->not_before, &seconds);
}

RULE(not_before_type)
{
	*saw = t->not_before.whole;
	return time_type_fits(t->not_before);
}

RULE(not_after_form)
{
	int64_t seconds;

	*saw = t->not_after.whole;
	return time_read(t->not_after, &seconds);
}

RULE(not_after_type)
{
	*saw = t->not_after.whole;
	return time_type_fits(t->not_after);
}

RULE(validity_order)
{
	*saw = t->not_after.whole;
	return seconds_of(t->not_before) <= seconds_of(t->not_after);
}

RULE(not_before_within_ca)
{
	*saw = t->not_before.whole;
	return seconds_of(t->not_before) >= (int64_t)c->ca_not_before_s;
}

RULE(not_after_within_ca)
{
	*saw = t->not_after.whole;
	return seconds_of(t->not_after) <= (int64_t)c->ca_not_after_s;
}

RULE(not_before_exact)
{
	*saw = t->not_before.whole;
	return seconds_of(t->not_before) == (int64_t)c->certificate->not_before_s;
}

RULE(not_after_exact)
{
	*saw = t->not_after.whole;
	return seconds_of(t->not_after) == (int64_t)c->certificate->not_after_s;
}

const struct lint *lint_fields(size_t *count)
{
	static const struct lint lints[] = {
		LINT(size, "PROTOCOL, The certificate"),
		LINT(der_strict, "X.690, 10 and 11"),
		LINT(tbs_frame, "RFC 5280, 4.1"),
		LINT(version, "RFC 5280, 4.1.2.1"),
		LINT(no_issuer_unique_id, "RFC 5280, 4.1.2.8"),
		LINT(no_subject_unique_id, "RFC 5280, 4.1.2.8"),
		LINT(number_len, "RFC 5280, 4.1.2.2"),
		LINT(number_positive, "RFC 5280, 4.1.2.2"),
		LINT(number_exact, "PROTOCOL, The certificate"),
		LINT(signature_algorithm_known, "RFC 5280, 4.1.2.3"),
		LINT(signature_algorithm_exact, "RFC 5280, 4.1.2.3"),
		LINT(issuer_not_empty, "RFC 5280, 4.1.2.4"),
		LINT(issuer_exact, "RFC 5280, 4.1.2.4"),
		LINT(validity_frame, "RFC 5280, 4.1.2.5"),
		LINT(not_before_form, "RFC 5280, 4.1.2.5"),
		LINT(not_before_type, "RFC 5280, 4.1.2.5"),
		LINT(not_after_form, "RFC 5280, 4.1.2.5"),
		LINT(not_after_type, "RFC 5280, 4.1.2.5"),
		LINT(validity_order, "RFC 5280, 4.1.2.5"),
		LINT(not_before_within_ca, "PROTOCOL, The certificate"),
		LINT(not_after_within_ca, "PROTOCOL, The certificate"),
		LINT(not_before_exact, "PROTOCOL, The certificate"),
		LINT(not_after_exact, "PROTOCOL, The certificate"),
	};

	*count = sizeof(lints) / sizeof(lints[0]);
	return lints;
}
