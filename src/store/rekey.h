#ifndef STORE_REKEY_H
#define STORE_REKEY_H

#include "bindings.h"

/*
 * rekey: a device that comes with another IK than its binding's: its TPM was cleared, or its key
 * was replaced. At most once in 24 hours and five times a year, or whenever the operator has said
 * that the next one may pass; with rekey = operator only then.
 */

/*
 * NULL where the binding may take this IK (it has it already, it has none, or the rule permits);
 * else why not, in a phrase.
 */
const char *rekey_refused(struct store *, const struct binding_row *, const uint8_t ik_id[32]);

/*
 * The binding takes the IK. Where it had another: the rekey is counted, the operator's permission
 * is used up, and what was issued for other IKs will be revoked after the overlap. Whether it was
 * a rekey.
 */
bool rekey_take(struct store *, const struct binding_row *, const uint8_t ik_id[32]);

#endif
