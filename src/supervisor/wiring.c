#include "wiring.h"

#include "channel.h"
#include "limits.h"
#include "owned.h"

#include <unistd.h>

enum { DRAINED_MAX = 4096 }; /* more frames than a channel holds */

enum fault wiring_open(unsigned worker_count, struct wiring *out)
{
	struct wiring wiring = { .authority_store = { -1, -1 } };
	enum fault fault = channel_pair(wiring.authority_store);

	for (unsigned i = 0; i < worker_count && fault == FAULT_NONE; i++) {
		wiring.verifier_authority[i][0] = wiring.verifier_authority[i][1] = -1;
		fault = channel_pair(wiring.front_verifier[i]);
		if (fault != FAULT_NONE)
			break;
		wiring.worker_count++;
		fault = channel_pair(wiring.verifier_authority[i]);
	}
	if (fault == FAULT_NONE)
		*out = wiring;
	else
		wiring_close(&wiring);
	return fault;
}

static void close_pair(const int pair[2])
{
	owned_close_descriptor(&pair[0]);
	owned_close_descriptor(&pair[1]);
}

void wiring_close(struct wiring *wiring)
{
	for (unsigned i = 0; i < wiring->worker_count; i++) {
		close_pair(wiring->front_verifier[i]);
		close_pair(wiring->verifier_authority[i]);
	}
	close_pair(wiring->authority_store);
}

static size_t authority_ends(const struct wiring *wiring, int out[WIRING_ENDS_MAX])
{
	size_t count = 0;

	out[count++] = wiring->authority_store[0];
	for (unsigned i = 0; i < wiring->worker_count; i++)
		out[count++] = wiring->verifier_authority[i][1];
	return count;
}

size_t wiring_ends(const struct wiring *wiring, enum role_kind kind, unsigned number,
	int out[WIRING_ENDS_MAX])
{
	switch (kind) {
	case KIND_FRONT:
		out[0] = wiring->front_verifier[number][0];
		return 1;
	case KIND_VERIFIER:
		out[0] = wiring->front_verifier[number][1];
		out[1] = wiring->verifier_authority[number][0];
		return 2;
	case KIND_AUTHORITY:
		return authority_ends(wiring, out);
	case KIND_STORE:
		out[0] = wiring->authority_store[1];
		return 1;
	case KIND_COUNT:
		break;
	}
	return 0;
}

void wiring_drain(const struct wiring *wiring, enum role_kind kind, unsigned number)
{
	static uint8_t frame[FRAME_MAX];
	int ends[WIRING_ENDS_MAX];
	size_t count = wiring_ends(wiring, kind, number, ends);

	for (size_t i = 0; i < count; i++) {
		struct bytes octets;
		enum fault fault = FAULT_NONE;

		/* These channels carry no descriptors; one that came all the same is closed. An empty
		 * frame looks like the end, and there may be more behind it. */
		for (size_t n = 0; n < DRAINED_MAX && fault != FAULT_BUSY; n++)
			fault = channel_receive(ends[i], frame, sizeof(frame), &octets, NULL);
	}
}
