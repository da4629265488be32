#ifndef SUPERVISOR_ROTATE_H
#define SUPERVISOR_ROTATE_H

#include "server.h"
#include "trouble.h"

#include <stdbool.h>

/*
 * rotate: makes ca_id and master of the tickets anew, in secret/ticket.keys. The former pair
 * excuses for eleven minutes more, or, with is_now, not at all. Recorded by the server's store
 * before it is done, with both ca_ids; actor is "by=NAME". server_renew_ticket_keys is to follow.
 * FAULT_BUSY where the store is not free, or does not record it.
 */
enum fault rotate_ticket_keys(struct server *, bool is_now, const char *actor, struct trouble *);

#endif
