#include "listener.h"

#include "connection.h"
#include "front.h"
#include "log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Connections taken at once before others have their turn. */
enum { ACCEPT_MAX = 16 };

static const struct timeval pause_without_room = { .tv_sec = 1 };

static bool is_out_of_room(int number)
{
	return number == EMFILE || number == ENFILE || number == ENOBUFS || number == ENOMEM;
}

static void make_room(struct front *front)
{
	log_warning("no connection can be taken: %s", strerror(errno));
	if (front->connection_count > 0) {
		connection_close(TAILQ_FIRST(&front->connections));
		return;
	}
	/* The client that cannot be taken keeps the socket readable: watched, it would never rest. */
	if (event_add(&front->acceptance_pause, &pause_without_room) == 0)
		(void)event_del(&front->acceptance);
}

static void on_pause_end(evutil_socket_t descriptor, short what, void *context)
{
	struct front *front = context;

	(void)descriptor;
	(void)what;
	if (event_add(&front->acceptance, NULL) == 0)
		return;
	/* The one that is started in its place listens again. */
	log_error("no memory to take connections again");
	exit(EXIT_FAILURE);
}

/* Takes one connection; false where there is none now. */
static bool take_one(struct front *front)
{
	struct sockaddr_storage address = { 0 };
	socklen_t len = sizeof(address);
	int descriptor = accept4(front->listening, (struct sockaddr *)&address, &len,
		SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (descriptor < 0) {
		if (is_out_of_room(errno))
			make_room(front);
		return false;
	}
	const struct source source = source_of(&address);
	connection_open(front, descriptor, &source);
	return true;
}

static void on_acceptance(evutil_socket_t descriptor, short what, void *context)
{
	(void)descriptor;
	(void)what;
	for (size_t i = 0; i < ACCEPT_MAX; i++) {
		if (!take_one(context))
			return;
	}
}

enum fault listener_start(struct front *front)
{
	if (event_assign(&front->acceptance, front->base, front->listening, EV_READ | EV_PERSIST,
			on_acceptance, front) != 0 ||
			event_assign(&front->acceptance_pause, front->base, -1, 0, on_pause_end,
				front) != 0 || event_add(&front->acceptance, NULL) != 0)
		return FAULT_NO_MEMORY;
	return FAULT_NONE;
}

void listener_stop(struct front *front)
{
	if (front->listening < 0)
		return;
	(void)event_del(&front->acceptance);
	(void)event_del(&front->acceptance_pause);
	(void)close(front->listening);
	front->listening = -1;
}
