#ifndef FRONT_CONTROL_H
#define FRONT_CONTROL_H

#include "fault.h"

struct front;

/*
 * control: the supervisor's channel. Items of a load are gathered, made whole at its end, and put
 * in force by MESSAGE_COMMIT; at the first one the process enters its sandbox and begins to accept.
 * A newer revocation list replaces the one before it at any time.
 *
 * MESSAGE_STOP: nothing new is accepted, what is in hand is answered, for STOP_TIMEOUT_S at most.
 * When the supervisor has gone, so does the front.
 */
enum { STOP_TIMEOUT_S = 5 };

/* Begins to listen on ROLE_CONTROL. FAULT_NO_MEMORY. */
enum fault control_open(struct front *);

#endif
