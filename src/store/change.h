#ifndef STORE_CHANGE_H
#define STORE_CHANGE_H

#include "store_sqlite.h"

/*
 * change: when a serial, an EK or an IK last changed: by a record, a ban or its lifting, a
 * suspension, a restoration, a release, a manifest row added or struck. A ticket that is not later
 * than that is of no use any more (docs/PROTOCOL.md, Order (4)); the stamps outlive bindings (S5).
 */
void change_stamp(struct store *, enum subject, struct bytes value);

/* On the binding's serial and on all of its EKs and IKs. */
void change_stamp_binding(struct store *, int64_t binding);

/* The latest of the three; 0 where there was none. */
uint64_t change_latest(struct store *, const char *serial, const uint8_t ek_id[32],
	const uint8_t ik_id[32]);

#endif
