#ifndef STORE_OUTBOX_H
#define STORE_OUTBOX_H

#include "message.h"

/*
 * outbox: the answers of one group, held back until the group is committed: nothing leaves before
 * it is durable (S3). Where the commit fails, each answer is replaced by a refusal or dropped.
 */
enum { OUTBOX_MAX = 64 };

struct outbox_answer {
	uint16_t type; /* enum message_type */
	uint64_t request;
	size_t len; /* of the frame, once it is ended */
	uint8_t frame[FRAME_MAX];
};

struct outbox {
	size_t count;
	size_t sent; /* of them; what is left waits for the channel */
	struct outbox_answer answers[OUTBOX_MAX];
};

bool outbox_is_empty(const struct outbox *);

/* The next answer's frame, to be written and ended with outbox_end. The outbox must have room. */
struct writer outbox_begin(struct outbox *, enum message_type, uint64_t request);
void outbox_end(struct outbox *, const struct writer *);

/*
 * The group's commit failed: intents and records are refused with STORE_WORKS, all else is
 * dropped, since it has no way to say so and will be asked again.
 */
void outbox_refuse_all(struct outbox *, const struct store_state *, const char *saw);

/* Sends in order. FAULT_BUSY: the rest is to be sent when the channel is writable. */
enum fault outbox_send(struct outbox *, int channel);

#endif
