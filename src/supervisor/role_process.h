#ifndef SUPERVISOR_ROLE_PROCESS_H
#define SUPERVISOR_ROLE_PROCESS_H

#include "trouble.h"
#include "wiring.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * role_process: one role: the program genuine-ca-NAME beside our own, as a child. It is started
 * with an empty environment (JOURNAL_STREAM excepted), /dev/null as input and output, our standard
 * error, and its channels in the places that process/role.h names; nothing else is open.
 */
enum role_reply { REPLY_NONE, REPLY_LOADED, REPLY_REFUSED, REPLY_COMMITTED };

struct role_process {
	enum role_kind kind;
	unsigned number;
	unsigned uid;            /* to become; 0: stay */
	pid_t pid;               /* 0: does not run */
	int control;             /* our end; -1 where it does not run */
	bool is_in_force;        /* has been given what it works with */
	enum role_reply reply;   /* to the last MESSAGE_LOAD_END or MESSAGE_COMMIT */
	char why[256];           /* REPLY_REFUSED: one line */
	uint64_t started_ms;     /* monotonic */
	uint64_t restart_ms;     /* monotonic: not before */
	uint32_t back_off_ms;
};

/* "front", "verifier", "authority", "store". */
const char *role_kind_name(enum role_kind);

/* Finds the folder of our own program, once; before own_memory_hide, which closes /proc/self. */
enum fault role_program_find(struct trouble *);

/*
 * Starts it with its ends of the wiring; argument is its NUMBER (process/role.h). store_directory
 * is for the store, -1 for all others.
 */
enum fault role_start(struct role_process *, const struct wiring *, unsigned argument,
	int store_directory, struct trouble *);

/* Whether it has been started and can be talked to. */
bool role_is_running(const struct role_process *);

/* Kills it, if it runs, and takes note of its end. */
void role_kill(struct role_process *);

/*
 * Hears nothing more of it: it is ended, and server_collect finds it so. For one that sent what no
 * honest role sends, that closed its channel and stays (an honest one closes it by ending; every
 * reload would pass this one over), or that was waited for in vain: its late answer would be taken
 * for the next one's.
 */
void role_cut_off(struct role_process *);

/* Takes note of its end, of which waitpid told; logs it, and decides when it may start again. */
void role_ended(struct role_process *, int status);

/* Decides when one that does not run may start again: later each time, until it has been steady. */
void role_back_off(struct role_process *);

/* Milliseconds that only go forward; and those since 1970 UTC. */
uint64_t monotonic_ms(void);
uint64_t realtime_ms(void);

#endif
