#ifndef TESTS_SUPERVISOR_FAKE_SERVER_H
#define TESTS_SUPERVISOR_FAKE_SERVER_H

#include "server.h"

/*
 * fake_server: a server in a scratch folder, which is the working directory meanwhile; its roles are
 * fake (fake_role.c) and belong to whoever runs the test. Nothing is started. 0 where all went well, as
 * a fixture returns it; else it has said why. Its CA has the name "One".
 */
int fake_server_open(bool has_workers, struct folder *, struct server *);
int fake_server_close(struct folder *, struct server *);

/* Writes the configuration of a CA of that name, with two workers of each kind. */
void fake_server_name(const struct folder *, const char *name);

/*
 * Has act happen with no descriptor left but those that are open. Skips the test under valgrind, whose
 * limit of descriptors is not the system's.
 */
void without_descriptors(void (*act)(void));

#endif
