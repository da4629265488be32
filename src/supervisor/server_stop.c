#include "server.h"

#include "frame.h"
#include "log.h"
#include "message.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

enum { STOP_WAIT_MS = 30000 };

static void send_stop(struct server *server, enum role_kind kind)
{
	for (size_t i = 0; i < server->role_count; i++) {
		if (server->roles[i].kind == kind && role_is_running(&server->roles[i]))
			(void)frame_send_empty(server->roles[i].control, MESSAGE_STOP);
	}
}

/* Whether it has ended; one that has not by end_ms is killed. */
static bool has_stopped(struct role_process *role, uint64_t end_ms)
{
	int status;

	if (role->pid == 0)
		return true;
	if (waitpid(role->pid, &status, WNOHANG) == role->pid) {
		if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS)
			log_warning("%s %u did not end in order", role_kind_name(role->kind),
				role->number);
		role->pid = 0;
		return true;
	}
	if (monotonic_ms() < end_ms)
		return false;
	log_warning("%s %u did not stop in time and is killed", role_kind_name(role->kind),
		role->number);
	role_kill(role);
	return true;
}

static void stop_kind(struct server *server, enum role_kind kind)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	uint64_t end_ms = monotonic_ms() + STOP_WAIT_MS;

	send_stop(server, kind);
	for (size_t i = 0; i < server->role_count;) {
		struct role_process *role = &server->roles[i];

		if (role->kind != kind || has_stopped(role, end_ms)) {
			i++;
			continue;
		}
		/* What it still says is heard, so that it does not wait for us. */
		server_take(server, role);
		(void)nanosleep(&pause, NULL);
	}
}

void server_stop_requests(struct server *server)
{
	stop_kind(server, KIND_FRONT);
	stop_kind(server, KIND_VERIFIER);
	stop_kind(server, KIND_AUTHORITY);
}

void server_stop(struct server *server)
{
	server_stop_requests(server);
	stop_kind(server, KIND_STORE);
}
