#include "front_sandbox.h"

#include "limits.h"
#include "sandbox.h"

#include <seccomp.h>

/*
 * Beyond what every role needs. There is no openat, no socket, no connect, no ioctl; and no shutdown,
 * setsockopt or fcntl, by which one front could spoil the listening socket for all of them.
 */
static const int system_calls[] = {
	SCMP_SYS(accept4),                              /* connections */
	SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),    /* the loop */
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(pwrite64),                             /* the ring of refusals */
};

void front_sandbox_enter(const struct role *role)
{
	const struct sandbox sandbox = {
		.uid = role->uid,
		.directory = -1,
		.file_size_max = (uint64_t)REFUSAL_SLOTS * REFUSAL_SLOT_SIZE,
		.system_calls = system_calls,
		.system_call_count = sizeof(system_calls) / sizeof(system_calls[0]),
	};

	sandbox_enter(&sandbox);
}
