#ifndef DEVICE_INTERRUPTION_H
#define DEVICE_INTERRUPTION_H

#include <stdbool.h>
#include <stdint.h>

/*
 * interruption: SIGINT, SIGTERM and SIGHUP are blocked for the whole run and looked for where the
 * program waits and between its steps; one that was ignored at its start stays so. So a command
 * that the TPM works on is never torn, and what is loaded in the TPM is flushed on the way out.
 * SIGPIPE is ignored for the same reason: whoever has stopped reading what we print does not end us
 * in the middle.
 */
void interruption_block(void);

/* Whether one of them has come. */
bool interruption_is_pending(void);

/* Sleeps; returns true at once when one of them has come or comes. It stays pending. */
bool interruption_wait(uint32_t seconds);

#endif
