#ifndef DEVICE_TPM_WATCH_H
#define DEVICE_TPM_WATCH_H

#include <stdbool.h>

/*
 * tpm_watch: ends the program where the TPM does not answer. A TCTI waits for a response without
 * limit, and for the rest of one that was announced longer than it is; the signals that end the
 * program are blocked meanwhile. So while a command is under way a thread looks once a second: after
 * TPM_WATCH_LIMIT_S, or TPM_WATCH_GRACE_S after a signal to end, the program says so and ends with
 * EXIT_NO_TPM. Nothing on disk is under way then, and a TPM that is silent cannot be tidied.
 * A thread, and no timer's signal: libtss2-tcti-device waits by poll(2), which any handler that has
 * run ends (signal(7)), and takes that for a TPM that has gone, as soon as a command lasts a second.
 */
enum {
	TPM_WATCH_LIMIT_S = 300, /* the kernel's own for the longest commands (Linux, tpm_long) */
	TPM_WATCH_GRACE_S = 20,  /* as long as most chips need for an RSA key: no command is torn */
};

/* The program's last words are an object for machines as well. */
void tpm_watch_in_json(void);

/* Starts the thread, once for the process. False where the system has none left. */
bool tpm_watch_start(void);

/* From here on a command is under way, or the TCTI's own beginning; until the next end. */
void tpm_watch_begin(void);
void tpm_watch_end(void);

#endif
