#ifndef PROCESS_ROLE_H
#define PROCESS_ROLE_H

#include <stdbool.h>

/*
 * role: how a role's process begins. The supervisor starts `genuine-ca-NAME UID NUMBER` with an
 * empty environment and the descriptors below; everything else it works with comes as
 * MESSAGE_LOAD on the control channel. UID is the user to become (0: stay what one is); NUMBER is
 * the role's own (front and verifier: its index; authority: how many verifiers there are).
 */
enum {
	ROLE_CONTROL = 3,   /* channel to the supervisor */
	ROLE_UPSTREAM = 4,  /* front: to its verifier. verifier: to its front. authority: to the
	                       store. store: to the authority */
	ROLE_NEXT = 5,      /* verifier: to the authority. authority: to the first of the verifiers,
	                       then 6, 7, …. store: the directory of its database, opened */
};

struct role {
	unsigned uid;
	unsigned number;
};

/*
 * The first act of a role's main: the log's name, core dumps off, not dumpable, all memory locked
 * where has_secrets (as far as the system permits), no-new-privileges, every descriptor from
 * first_closed on closed, SIGPIPE ignored, arguments read. Exits 2 where they are not right.
 */
struct role role_open(int argc, char **argv, const char *name, int first_closed, bool has_secrets);

/* Logs and exits 1: another role sent what no honest one sends. */
__attribute__((noreturn, format(printf, 1, 2))) void role_peer_is_taken(const char *format, ...);

#endif
