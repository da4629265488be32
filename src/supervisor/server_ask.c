#include "server.h"

#include "channel.h"
#include "frame.h"
#include "log.h"
#include "message.h"
#include "owned.h"

enum { CRL_WAIT_MS = 10000, TICK_MS = 200 };

void server_tick(struct server *server)
{
	struct role_process *authority = server_role(server, KIND_AUTHORITY);
	uint8_t buffer[16];
	struct writer w = message_begin(buffer, sizeof(buffer), MESSAGE_TICK, REQUEST_NONE);

	/* A busy authority needs no tick; the next second brings another. */
	if (role_is_running(authority) && authority->is_in_force &&
			channel_send(authority->control, writer_written(&w)) == FAULT_CLOSED)
		log_warning("the authority takes no tick");
}

/* Listens to store and authority for a while: an answer of the one may hang on the other. */
static void listen_for(struct server *server, struct role_process *role, int timeout_ms)
{
	if (role->control >= 0 && frame_wait(role->control, timeout_ms) == FAULT_NONE)
		server_take(server, role);
}

enum fault server_await_crl(struct server *server, struct trouble *trouble)
{
	struct role_process *authority = server_role(server, KIND_AUTHORITY);
	uint64_t end_ms = monotonic_ms() + CRL_WAIT_MS;

	while (server->crl < 0 && authority->control >= 0 && monotonic_ms() < end_ms) {
		server_tick(server);
		listen_for(server, authority, TICK_MS);
	}
	if (server->crl >= 0)
		return FAULT_NONE;
	if (authority->control < 0)
		return trouble_say(trouble, FAULT_CLOSED, "the authority ended; its log says why");
	return trouble_say(trouble, FAULT_TIMEOUT,
		"the authority made no revocation list; its log and the store's say why");
}

enum fault server_ask_tls(struct server *server, struct trouble *trouble)
{
	struct role_process *authority = server_role(server, KIND_AUTHORITY);
	uint64_t end_ms = monotonic_ms() + FRAME_WAIT_MS;

	owned_close_descriptor(&server->tls);
	server->tls = -1;
	if (!role_is_running(authority) ||
		frame_send_empty(authority->control, MESSAGE_TLS) != FAULT_NONE)
		return trouble_say(trouble, FAULT_CLOSED, "the authority does not run");
	while (server->tls < 0 && authority->control >= 0 && monotonic_ms() < end_ms)
		listen_for(server, authority, TICK_MS);
	if (server->tls >= 0)
		return FAULT_NONE;
	return trouble_say(trouble, FAULT_TIMEOUT, "the authority made no TLS certificate");
}
