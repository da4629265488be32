#ifndef DEVICE_REPORT_H
#define DEVICE_REPORT_H

#include "failure.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * report: what the program says while it works. For people, one line per step with its time on
 * standard error; for machines (--json), one object on standard output at the end. The one place
 * that prints; modules below it return faults and fill in a failure.
 *
 * Text that came from the CA or from a file goes through log_escape before it gets here.
 */

/* At the start of main. */
void report_open(bool json);

/* A remark between the steps, such as that an RSA key takes seconds. */
__attribute__((format(printf, 1, 2))) void report_note(const char *format, ...);

/* One of the six steps is done; its time runs from the one before. */
__attribute__((format(printf, 2, 3))) void report_step(unsigned number, const char *format, ...);

/* A line of plain result on standard output; nothing with --json. */
__attribute__((format(printf, 1, 2))) void report_line(const char *format, ...);

/*
 * How far the whole has come, for the sentence that a failure prints, such as "nothing was
 * changed". The last one stands.
 */
__attribute__((format(printf, 1, 2))) void report_state(const char *format, ...);

/* A JSON string of text: as it is where it is UTF-8, escaped where not, as a path may be. */
json_t *report_text(const char *text);

/*
 * Ends the run without failure: prints result with --json, with the steps, the summed time of the
 * TPM's commands (tpm_ms) and our own CPU (cpu_ms) added. Takes over result. Returns the exit code:
 * EXIT_LOCAL_FILES where standard output did not take all that was to be printed.
 */
int report_done(json_t *result, uint64_t tpm_us);

/* Ends the run with a failure: one sentence, or with --json the object. Returns the exit code. */
int report_failed(const struct failure *, uint64_t tpm_us);

#endif
