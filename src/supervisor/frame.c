#include "frame.h"

#include "channel.h"
#include "role_process.h"

#include <errno.h>
#include <poll.h>

static enum fault wait_for(int control, short events, int timeout_ms)
{
	struct pollfd waiting = { .fd = control, .events = events };
	int ready;

	do {
		ready = poll(&waiting, 1, timeout_ms);
	} while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return FAULT_SYSTEM;
	return ready == 0 ? FAULT_TIMEOUT : FAULT_NONE;
}

enum fault frame_send(int control, struct bytes frame, int descriptor)
{
	for (;;) {
		enum fault fault = descriptor >= 0
					   ? channel_send_descriptor(control, frame, descriptor)
					   : channel_send(control, frame);

		if (fault != FAULT_BUSY)
			return fault;
		fault = wait_for(control, POLLOUT, FRAME_WAIT_MS);
		if (fault != FAULT_NONE)
			return fault;
	}
}

enum fault frame_send_empty(int control, enum message_type type)
{
	uint8_t buffer[16];
	struct writer w = message_begin(buffer, sizeof(buffer), type, REQUEST_NONE);

	return frame_send(control, writer_written(&w), -1);
}

enum fault frame_wait(int control, int timeout_ms)
{
	return wait_for(control, POLLIN, timeout_ms);
}

enum fault frame_wait_until(int control, uint64_t end_ms)
{
	/* Read once: between two readings the end may pass, and poll waits for ever for less than 0. */
	uint64_t now_ms = monotonic_ms();

	return now_ms < end_ms ? frame_wait(control, (int)(end_ms - now_ms)) : FAULT_TIMEOUT;
}
