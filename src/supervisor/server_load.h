#ifndef SUPERVISOR_SERVER_LOAD_H
#define SUPERVISOR_SERVER_LOAD_H

#include "server.h"

/*
 * server_load: how one role gets what it works with, in two steps: prepare, which it may refuse,
 * and commit, which it confirms. server_reload (server.h) does both for all of them, all or
 * nothing.
 */

/* Gives it the set and waits until it has prepared it. */
enum fault server_prepare(struct server *, struct role_process *, const struct load_set *,
	struct trouble *);

/* Makes it so, and waits until it is: the role is in its sandbox then. */
enum fault server_commit(struct server *, struct role_process *, struct trouble *);

/* To a front that works: the revocation list that is in force, if there is one. */
void server_send_crl(const struct server *, const struct role_process *front);

#endif
