#ifndef FRONT_LISTENER_H
#define FRONT_LISTENER_H

#include "fault.h"

struct front;

/*
 * listener: takes connections from the listening socket, which the supervisor made and all fronts
 * share. Where the system has no descriptor left, the connection that was armed longest ago makes
 * room, as it does where the front is full; where there is none, the front waits a second.
 */

/* Begins to accept on front->listening. FAULT_NO_MEMORY. */
enum fault listener_start(struct front *);

/* Takes nothing more, and closes this front's descriptor of the socket. */
void listener_stop(struct front *);

#endif
