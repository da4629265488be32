#ifndef SUPERVISOR_FRAME_H
#define SUPERVISOR_FRAME_H

#include "bytes.h"
#include "fault.h"
#include "message.h"

#include <stdint.h>

/*
 * frame: sends and receives on a role's control channel, waiting where the other side is busy: the
 * supervisor has time, a request has not. FAULT_TIMEOUT after FRAME_WAIT_MS.
 */
enum { FRAME_WAIT_MS = 20000 };

/* descriptor is -1 where none goes along; it stays the caller's. */
enum fault frame_send(int control, struct bytes frame, int descriptor);

/* A message without a body. */
enum fault frame_send_empty(int control, enum message_type);

/* Waits until the channel has something to read, or timeout_ms are over: FAULT_TIMEOUT. */
enum fault frame_wait(int control, int timeout_ms);

/* The same until monotonic_ms is end_ms. Once it is over: FAULT_TIMEOUT, whatever there is to read. */
enum fault frame_wait_until(int control, uint64_t end_ms);

#endif
