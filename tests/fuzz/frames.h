#ifndef TESTS_FUZZ_FRAMES_H
#define TESTS_FUZZ_FRAMES_H

#include "fuzz.h"
#include "message.h"

/*
 * frames: every reader of ipc/message.h, each with the rule that what it accepts its writer writes
 * as the octets that came: one frame for one meaning. A role's target names the types that it reads.
 */
struct frame_types {
	const uint16_t *types; /* enum message_type */
	size_t count;
};

/* Reads the envelope and, where the type is one of the role's, the body. */
void frame_round_trip(struct bytes frame, struct frame_types);

#define FRAME_TYPES(array) ((struct frame_types){ (array), sizeof(array) / sizeof((array)[0]) })

#endif
