#ifndef AUTHORITY_LINT_H
#define AUTHORITY_LINT_H

#include "bytes.h"
#include "check.h"
#include "device_certificate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * lint: the last look at a device's certificate before it is signed. The to-be-signed octets are
 * read afresh by the DER walker, never with the writer's helpers, and each rule of the profile
 * (docs/PROTOCOL.md, "The certificate") is asked by a small function of its own: form first, then
 * what was meant. Together they leave no octet open. What is refused here is a mistake of ours,
 * never of the device.
 */
struct lint_context {
	const struct device_certificate *certificate; /* what it is meant to say */
	uint64_t ca_not_before_s, ca_not_after_s;
	struct bytes ca_spki; /* DER SubjectPublicKeyInfo of the CA */
	struct bytes ek_spki; /* … and of the device's endorsement key */
};

/*
 * True where the octets are exactly the profile; else out has CHECK_CERTIFICATE_LINT and, in saw,
 * the name of the first lint that did not hold, its clause and what it saw.
 */
bool lint_certificate(struct bytes tbs, const struct lint_context *, struct refusal *out);

/* The lints' names in the order they are asked; NULL past the last: for tests and documents. */
const char *lint_name(size_t index);

#endif
