#ifndef SUPERVISOR_LOAD_FINGERPRINT_H
#define SUPERVISOR_LOAD_FINGERPRINT_H

#include "load_set.h"

/*
 * load_fingerprint: the fingerprint of the policy (docs/PROTOCOL.md, The ticket) over all that was
 * read into a set: into set->fingerprint. FAULT_NO_MEMORY, FAULT_CRYPTO, FAULT_SYSTEM, said.
 */
enum fault load_set_fingerprint(struct load_set *set, struct trouble *trouble);

#endif
