#ifndef STORE_LOOP_H
#define STORE_LOOP_H

/*
 * loop: the store's process: takes messages from the authority and the supervisor, does each act,
 * and answers. What the authority has asked at one time becomes durable by one commit: many
 * devices share the price of a sync, and none is answered before it.
 */
struct loop_options {
	int control, upstream; /* channels to the supervisor and to the authority */
	const char *database;  /* its path; opened when the first load has ended */
};

/* Runs until the supervisor says stop or has gone; the process's exit status. */
int loop_run(const struct loop_options *);

#endif
