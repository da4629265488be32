#ifndef IPC_CHANNEL_H
#define IPC_CHANNEL_H

#include "bytes.h"
#include "fault.h"

/*
 * channel: one SOCK_SEQPACKET socket between two roles. A frame arrives whole or not at all, so
 * there is nothing to put together and nothing to resynchronise. All sockets are non-blocking and
 * close-on-exec; a loop polls them.
 */

/* Makes a connected pair. FAULT_SYSTEM. */
enum fault channel_pair(int out[2]);

/*
 * Sends one frame of at most FRAME_MAX octets. FAULT_BUSY where the other side does not keep up:
 * the caller sheds load, it never waits. FAULT_CLOSED where nobody holds the other end.
 */
enum fault channel_send(int channel, struct bytes frame);

/* The same with a descriptor, which stays the caller's. */
enum fault channel_send_descriptor(int channel, struct bytes frame, int descriptor);

/*
 * Takes one frame into buffer (FRAME_MAX octets); out views it. FAULT_BUSY where there is none now,
 * FAULT_CLOSED at the end, FAULT_TOO_LONG for a frame over capacity (it is gone then). A
 * descriptor that came along is put into *descriptor (else -1) and is the caller's to close; where
 * descriptor is NULL one that comes is FAULT_INVALID and closed.
 */
enum fault channel_receive(int channel, uint8_t *buffer, size_t capacity, struct bytes *out,
	int *descriptor);

#endif
