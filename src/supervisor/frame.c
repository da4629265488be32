#include "frame.h"

#include "channel.h"

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
