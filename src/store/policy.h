#ifndef STORE_POLICY_H
#define STORE_POLICY_H

#include "configuration.h"
#include "expected.h"

/*
 * policy: the rules of genuine.conf that the store decides by. Made from what the supervisor
 * loads; exchanged as a whole when it commits.
 */
struct policy {
	enum trust trust;
	enum binding binding;
	enum rekey rekey;
	uint32_t overlap_s;
	struct expected *expected; /* NULL where binding is not first */
};

/* Whether an EK must be listed (docs/PROTOCOL.md, Order (2)). */
static inline bool policy_uses_manifest(const struct policy *policy)
{
	return policy->trust != TRUST_VENDOR || policy->binding == BINDING_MANIFEST;
}

#endif
