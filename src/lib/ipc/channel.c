#include "channel.h"

#include "limits.h"

#include <assert.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum fault channel_pair(int out[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, out) != 0)
		return FAULT_SYSTEM;
	return FAULT_NONE;
}

/* What errno says of a send or receive that did not happen. */
static enum fault fault_of_errno(void)
{
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
		return FAULT_BUSY;
	if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN)
		return FAULT_CLOSED;
	return FAULT_SYSTEM;
}

/* Room for one descriptor beside a frame. */
union descriptor_message {
	struct cmsghdr header; /* for its alignment */
	char space[CMSG_SPACE(sizeof(int))];
};

static enum fault send_message(int channel, const struct msghdr *message, size_t len)
{
	ssize_t sent;

	do {
		sent = sendmsg(channel, message, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return fault_of_errno();
	assert((size_t)sent == len);
	return FAULT_NONE;
}

enum fault channel_send(int channel, struct bytes frame)
{
	struct iovec vector = { .iov_base = (void *)(uintptr_t)frame.data, .iov_len = frame.len };
	const struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };

	assert(frame.len > 0 && frame.len <= FRAME_MAX);
	return send_message(channel, &message, frame.len);
}

enum fault channel_send_descriptor(int channel, struct bytes frame, int descriptor)
{
	struct iovec vector = { .iov_base = (void *)(uintptr_t)frame.data, .iov_len = frame.len };
	union descriptor_message control = { .space = { 0 } };
	const struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	assert(frame.len > 0 && frame.len <= FRAME_MAX && descriptor >= 0);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
	return send_message(channel, &message, frame.len);
}

/* The descriptor that came with a message; -1 where none did. */
static int take_descriptor(const struct msghdr *message)
{
	const struct cmsghdr *header = CMSG_FIRSTHDR(message);
	int descriptor = -1;

	if (header == NULL || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
		header->cmsg_len != CMSG_LEN(sizeof(int)))
		return -1;
	memcpy(&descriptor, CMSG_DATA(header), sizeof(int));
	return descriptor;
}

static enum fault judge_received(
	const struct msghdr *message, ssize_t len, int descriptor, bool is_wanted)
{
	if (len == 0)
		return FAULT_CLOSED; /* frames are never empty */
	if ((message->msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
		return FAULT_TOO_LONG;
	return descriptor >= 0 && !is_wanted ? FAULT_INVALID : FAULT_NONE;
}

enum fault channel_receive(int channel, uint8_t *buffer, size_t capacity, struct bytes *out,
	int *descriptor)
{
	struct iovec vector = { .iov_base = buffer, .iov_len = capacity };
	union descriptor_message control;
	/* Not CMSG_SPACE, whose padding has room for a second one: the kernel would install it
	 * here, and a taken peer could fill the table of descriptors. */
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = CMSG_LEN(sizeof(int)) };
	ssize_t len;

	do {
		len = recvmsg(channel, &message, MSG_CMSG_CLOEXEC);
	} while (len < 0 && errno == EINTR);
	if (len < 0)
		return fault_of_errno();

	int received = take_descriptor(&message);
	enum fault fault = judge_received(&message, len, received, descriptor != NULL);
	if (fault != FAULT_NONE) {
		if (received >= 0)
			(void)close(received);
		return fault;
	}
	*out = bytes_of(buffer, (size_t)len);
	if (descriptor != NULL)
		*descriptor = received;
	return FAULT_NONE;
}
