#include "role_process.h"

#include "channel.h"
#include "log.h"
#include "owned.h"
#include "role.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Above every place where a channel belongs: 3 + 1 + WORKERS_MAX + 1. */
enum { DESCRIPTOR_PARKING = 128 };
enum { BACK_OFF_MIN_MS = 100, BACK_OFF_MAX_MS = 10000, STEADY_MS = 60000 };
enum { EXIT_NOT_STARTED = 127, PLACES_MAX = WIRING_ENDS_MAX + 2 };

static char program_directory[PATH_MAX];

const char *role_kind_name(enum role_kind kind)
{
	static const char *const names[] = { "front", "verifier", "authority", "store" };

	return kind < KIND_COUNT ? names[kind] : "?";
}

static uint64_t milliseconds(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t monotonic_ms(void)
{
	return milliseconds(CLOCK_MONOTONIC);
}

uint64_t realtime_ms(void)
{
	return milliseconds(CLOCK_REALTIME);
}

enum fault role_program_find(struct trouble *trouble)
{
	if (program_directory[0] != '\0')
		return FAULT_NONE;
	ssize_t len = readlink("/proc/self/exe", program_directory, sizeof(program_directory) - 1);
	if (len <= 0)
		return trouble_say(trouble, FAULT_SYSTEM, "/proc/self/exe: %s", strerror(errno));
	program_directory[len] = '\0';
	*strrchr(program_directory, '/') = '\0';
	return FAULT_NONE;
}

/* ---- in the child ---- */

/* Descriptors are parked first: one's place may be another's number. */
static bool place_descriptors(const int *descriptors, size_t count)
{
	int parked[PLACES_MAX];

	for (size_t i = 0; i < count; i++) {
		parked[i] = fcntl(descriptors[i], F_DUPFD_CLOEXEC, DESCRIPTOR_PARKING);
		if (parked[i] < 0)
			return false;
	}
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(nothing, STDOUT_FILENO) < 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (dup2(parked[i], ROLE_CONTROL + (int)i) < 0)
			return false;
	}
	return true;
}

__attribute__((noreturn))
static void become_program(const struct role_process *role, unsigned argument,
	const int *descriptors, size_t count)
{
	char path[PATH_MAX + 32], uid[16], number[16], journal[128];
	char *const arguments[] = { path, uid, number, NULL };
	const char *stream = getenv("JOURNAL_STREAM");
	char *environment[] = { stream != NULL ? journal : NULL, NULL };
	sigset_t none;

	(void)snprintf(path, sizeof(path), "%s/genuine-ca-%s", program_directory,
		role_kind_name(role->kind));
	(void)snprintf(uid, sizeof(uid), "%u", role->uid);
	(void)snprintf(number, sizeof(number), "%u", argument);
	(void)snprintf(journal, sizeof(journal), "JOURNAL_STREAM=%s", stream != NULL ? stream : "");
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	/* A terminal's ^C is for the supervisor, which ends the roles in their order. */
	(void)setpgid(0, 0);
	if (place_descriptors(descriptors, count))
		(void)execve(path, arguments, environment);
	log_error("%s: %s", path, strerror(errno));
	_exit(EXIT_NOT_STARTED);
}

/* ---- in the supervisor ---- */

enum fault role_start(struct role_process *role, const struct wiring *wiring, unsigned argument,
	int store_directory, struct trouble *trouble)
{
	int control[2], descriptors[PLACES_MAX];

	if (channel_pair(control) != FAULT_NONE)
		return trouble_say(trouble, FAULT_SYSTEM, "socketpair: %s", strerror(errno));
	descriptors[0] = control[1];
	size_t count = 1 + wiring_ends(wiring, role->kind, role->number, descriptors + 1);
	if (store_directory >= 0)
		descriptors[count++] = store_directory;

	pid_t pid = fork();
	if (pid == 0)
		become_program(role, argument, descriptors, count);
	(void)close(control[1]);
	if (pid < 0) {
		(void)close(control[0]);
		return trouble_say(trouble, FAULT_SYSTEM, "fork: %s", strerror(errno));
	}
	role->pid = pid;
	role->control = control[0];
	role->is_in_force = false;
	role->reply = REPLY_NONE;
	role->started_ms = monotonic_ms();
	return FAULT_NONE;
}

static void forget(struct role_process *role)
{
	owned_close_descriptor(&role->control);
	role->control = -1;
	role->pid = 0;
	role->is_in_force = false;
}

bool role_is_running(const struct role_process *role)
{
	return role->pid != 0 && role->control >= 0;
}

void role_kill(struct role_process *role)
{
	if (role->pid == 0)
		return;
	(void)kill(role->pid, SIGKILL);
	while (waitpid(role->pid, NULL, 0) < 0 && errno == EINTR)
		;
	forget(role);
}

void role_cut_off(struct role_process *role)
{
	if (role->pid != 0)
		(void)kill(role->pid, SIGKILL);
	owned_close_descriptor(&role->control);
	role->control = -1;
}

/* SIGSYS is the sandbox's: the process tried what it may not do. */
static void log_end(const struct role_process *role, int status)
{
	if (WIFSIGNALED(status))
		log_error("%s %u was ended by signal %d (%s)", role_kind_name(role->kind),
			role->number, WTERMSIG(status),
			WTERMSIG(status) == SIGSYS ? "a system call that is not on its list"
						   : strsignal(WTERMSIG(status)));
	else
		log_warning("%s %u exited with status %d", role_kind_name(role->kind), role->number,
			WEXITSTATUS(status));
}

void role_back_off(struct role_process *role)
{
	if (role->back_off_ms == 0)
		role->back_off_ms = BACK_OFF_MIN_MS;
	else if (role->back_off_ms < BACK_OFF_MAX_MS)
		role->back_off_ms *= 2;
	role->restart_ms = monotonic_ms() + role->back_off_ms;
}

void role_ended(struct role_process *role, int status)
{
	bool was_steady = monotonic_ms() - role->started_ms > STEADY_MS;

	log_end(role, status);
	forget(role);
	if (was_steady)
		role->back_off_ms = 0;
	role_back_off(role);
}
