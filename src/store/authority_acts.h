#ifndef STORE_AUTHORITY_ACTS_H
#define STORE_AUTHORITY_ACTS_H

#include "outbox.h"
#include "store.h"

/*
 * authority_acts: the authority's messages: read, done in the group in hand, answered into the
 * outbox. A message that does not read, or is not the authority's to send, ends the process.
 * descriptor: what came along, -1 where nothing did; stays the caller's.
 */
void authority_act(struct store *, struct outbox *, struct bytes frame, int descriptor);

#endif
