#ifndef SUPERVISOR_ROTATE_H
#define SUPERVISOR_ROTATE_H

#include "folder.h"
#include "trouble.h"

#include <stdbool.h>

/*
 * rotate: makes ca_id and master of the tickets anew, in secret/ticket.keys. The former pair
 * excuses for eleven minutes more, or, with is_now, not at all. A running server is to be reloaded.
 */
enum fault rotate_ticket_keys(const struct folder *, bool is_now, struct trouble *);

#endif
