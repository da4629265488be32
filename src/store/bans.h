#ifndef STORE_BANS_H
#define STORE_BANS_H

#include "store_sqlite.h"

/*
 * bans: an EK, an IK or a serial that gets nothing, whatever binding it is in or will be in, until
 * the operator lifts the ban (S5).
 */
bool ban_is_in_force(struct store *, enum subject, struct bytes value);

/* False where it is in force already, and nothing is changed. */
bool ban_add(struct store *, enum subject, struct bytes value, const char *reason);

/* False where there is none in force. */
bool ban_lift(struct store *, enum subject, struct bytes value);

#endif
