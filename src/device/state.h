#ifndef DEVICE_STATE_H
#define DEVICE_STATE_H

#include "directory.h"
#include "limits.h"
#include "templates.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * state: what the device remembers between runs, state.json in its folder. Written before each act
 * that outlives the program, so that a run that was cut short is continued by the next one: a
 * persistent key is always named here before it is made.
 */
enum { STATE_URL_MAX = 255 };

struct state {
	char ca[STATE_URL_MAX + 1];         /* empty: never told */
	char serial[SERIAL_MAX + 1];        /* empty: never told */
	char profile[PROFILE_NAME_MAX + 1]; /* empty: the CA's default */
	uint32_t handle;                    /* where the key is or is about to be; 0: nowhere yet */
	uint32_t parent;                    /* storage_key.h; 0: nowhere yet */
	enum tpm_template ek;               /* of the last success; TEMPLATE_NONE: none yet */
	uint32_t former_handle;             /* of the key that --new-key replaces; 0: none */
	uint8_t former_ik_id[32];           /* where former_handle */
	bool has_shown_ik_id;
	uint8_t shown_ik_id[32]; /* of a key without certificate that was sent to the CA with a ticket */
	bool has_ek_id;
	uint8_t ek_id[32];
};

/*
 * FAULT_NOT_FOUND, with out all zeros, where there is no file yet. A file that is not ours to read
 * is a failure of EXIT_LOCAL_FILES.
 */
enum fault state_read(const struct directory *, struct state *out);

enum fault state_write(const struct directory *, const struct state *);

#endif
