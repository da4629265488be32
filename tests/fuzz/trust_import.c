/*
 * Target: anchor_read (src/supervisor/anchors.h), trust_marks_read (src/lib/x509/trust_marks.h),
 * trust_add_anchor, trust_add_crl, trust_seal (trust.h): what an operator imports.
 * Holds: a set takes what it can be sealed with, or says no; the file's name is 64 digits.
 */
#include "fuzz.h"

#include "anchors.h"
#include "trust.h"

#include <openssl/crypto.h>
#include <openssl/err.h>

static void add(struct bytes marks, struct bytes der, struct bytes crl)
{
	struct trust_set *trust = NULL;

	must_hold(trust_open(&trust) == FAULT_NONE);
	bool is_added = trust_add_anchor(trust, marks, der) == FAULT_NONE;
	must_hold(trust_anchor_count(trust) == (is_added ? 1 : 0));
	bool has_crl = trust_add_crl(trust, crl) == FAULT_NONE;
	enum fault fault = trust_seal(trust);
	must_hold(fault == FAULT_NONE || has_crl);
	trust_close(trust);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bytes input = bytes_of(data, len);
	struct trust_marks marks;
	struct anchor anchor;

	(void)!trust_marks_read(input, &marks);
	if (anchor_read(input, &anchor) == FAULT_NONE) {
		must_hold(strlen(anchor.name) == DIGEST_HEX_CAPACITY - 1);
		add(bytes_of_string(anchor.marks), bytes_of(anchor.der, anchor.len), input);
		OPENSSL_free(anchor.der);
	} else {
		add(BYTES_OF_LITERAL(""), input, input);
	}
	ERR_clear_error();
	return 0;
}
