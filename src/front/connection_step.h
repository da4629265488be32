#ifndef FRONT_CONNECTION_STEP_H
#define FRONT_CONNECTION_STEP_H

struct connection;

/*
 * connection_step: what a connection does in each of its states (connection.h), as far as it can
 * without waiting; and what it waits for then. Only connection_run calls it.
 */
enum step {
	STEP_AGAIN, /* with the state that now is */
	STEP_WAIT_READ,
	STEP_WAIT_WRITE,
	STEP_WAIT_ANSWER,
	STEP_CLOSE,
};

enum step connection_step(struct connection *);

#endif
