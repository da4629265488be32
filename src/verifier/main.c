/*
 * Takes   evidence from the front: everything in it may be an attacker's.
 * Gives   facts to the authority, or a refusal; the authority's answers to the front.
 * Holds   the policy: configuration, TPM vendors' anchors and revocation lists. No secret at all.
 * May not open a file, reach the network or the store, see any private key.
 */
#include "algorithms.h"
#include "log.h"
#include "memory_watch.h"
#include "role.h"
#include "sandbox.h"
#include "verifier.h"

#include <seccomp.h>
#include <stdlib.h>

/* Beyond what every role needs: the limit on what one request may cost. */
static const int system_calls[] = { SCMP_SYS(setitimer) };

int main(int argc, char **argv)
{
	/* First of all: OpenSSL takes another's allocations only before its own first one. */
	bool is_watched = memory_watch_openssl();
	struct role role = role_open(argc, argv, "verifier", ROLE_NEXT + 1, false);
	const struct sandbox sandbox = { .uid = role.uid, .directory = -1,
		.system_calls = system_calls,
		.system_call_count = sizeof(system_calls) / sizeof(system_calls[0]) };

	if (!is_watched) {
		log_error("the cryptographic library's memory cannot be watched");
		return EXIT_FAILURE;
	}
	algorithms_prepare();
	sandbox_enter(&sandbox);
	return verifier_run(&(struct verifier_channels){ .control = ROLE_CONTROL,
		.front = ROLE_UPSTREAM, .authority = ROLE_NEXT });
}
