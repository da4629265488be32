/*
 * Takes: genuine.conf and the folder's files; what the operator asks.
 * Gives: each role its channels, its user and what it works with.
 * Holds: the opened files of what is in force, unread; every channel's ends, unused.
 * May not: read a request, a certificate of a device's or the CA's key.
 */
#include "serve.h"

#include "act_record.h"
#include "listen_address.h"
#include "log.h"
#include "operator_socket.h"
#include "own_memory.h"
#include "owned.h"
#include "readiness.h"
#include "server.h"
#include "tls_renewal.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LISTEN_BACKLOG = 1024, TICK_PERIOD_MS = 1000, TLS_CHECK_MS = 24 * 60 * 60 * 1000 };
enum { TLS_RETRY_MS = 10 * 60 * 1000 };
enum { POLL_SIGNALS, POLL_OPERATORS, POLL_ROLES };

struct serve {
	struct folder folder;
	int lock, signals;
	struct server server;
	struct operator_socket operators;
	struct listen_address address;
	uint64_t next_tick_ms, next_tls_check_ms;
	bool is_reload_due; /* SIGHUP came */
	bool is_stopping;
};

/* ---- before anything runs ---- */

static void harden(void)
{
	(void)!own_memory_hide();
	if (own_memory_lock() != FAULT_NONE)
		log_notice("memory is not locked, secrets may reach the swap: %s", strerror(errno));
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	(void)signal(SIGPIPE, SIG_IGN);
}

static enum fault open_signals(struct serve *s, struct trouble *trouble)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 ||
			(s->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC)) < 0)
		return trouble_say(trouble, FAULT_SYSTEM, "signalfd: %s", strerror(errno));
	return FAULT_NONE;
}

static enum fault open_listening(struct serve *s, const char *text, struct trouble *trouble)
{
	const int on = 1;
	struct listen_address *address = &s->address;

	if (listen_address_read(text, address) != FAULT_NONE)
		return trouble_say(trouble, FAULT_INVALID,
			"%s is not ADDRESS:PORT, such as 0.0.0.0:8443 or [::]:8443", text);
	owned_descriptor listening = socket(address->address.ss_family,
		SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (listening < 0 ||
		setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
		/* Its connections have it too: an answer, which is one write, waits for nothing. */
		setsockopt(listening, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
		bind(listening, (const struct sockaddr *)&address->address, address->address_len) !=
			0 ||
		listen(listening, LISTEN_BACKLOG) != 0)
		return trouble_say(trouble, FAULT_SYSTEM, "%s: %s", text, strerror(errno));
	/* Port 0 has become a real one. */
	(void)getsockname(listening, (struct sockaddr *)&address->address, &address->address_len);
	s->server.listening = listening;
	listening = -1;
	return FAULT_NONE;
}

/* ---- the start ---- */

static enum fault renew_tls(struct server *server, struct trouble *trouble)
{
	/* The last one may have been made and not taken. */
	enum fault fault = server->has_new_tls ? FAULT_NONE : tls_renew(server, trouble);

	if (fault == FAULT_NONE)
		fault = server_renew_tls(server, ACTOR_SUPERVISOR, trouble);
	if (fault == FAULT_NONE)
		log_notice("the TLS certificate was renewed");
	return fault;
}

static enum fault renew_tls_if_due(struct serve *s, struct trouble *trouble)
{
	struct server *server = &s->server;
	bool is_due = server->has_new_tls || tls_is_due(&s->folder, &server->set->configuration);
	enum fault fault = is_due ? renew_tls(server, trouble) : FAULT_NONE;

	server->is_reloaded = false;
	s->next_tls_check_ms =
		monotonic_ms() + (fault == FAULT_NONE ? TLS_CHECK_MS : TLS_RETRY_MS);
	return fault;
}

static void say_not_renewed(const struct server *server, const struct trouble *trouble)
{
	log_error("the TLS certificate was %s: %s", server->has_new_tls ?
		"renewed, but not all roles take it" : "not renewed", trouble->text);
}

/* One that is only ageing serves on, and one that was made serves as soon as a front does. */
static enum fault renew_tls_at_start(struct serve *s, struct trouble *trouble)
{
	enum fault fault = renew_tls_if_due(s, trouble);

	if (fault == FAULT_NONE || !tls_is_usable(&s->folder))
		return fault;
	say_not_renewed(&s->server, trouble);
	return FAULT_NONE;
}

/* Without a list devices are provisioned all the same; one that is too long would never come. */
static enum fault await_crl(struct serve *s, struct trouble *trouble)
{
	enum fault fault = server_await_crl(&s->server, trouble);

	if (fault != FAULT_TIMEOUT)
		return fault;
	log_error("%s; until there is one, /v1/crl is answered 503", trouble->text);
	return FAULT_NONE;
}

/*
 * From the store outwards, so that each role finds its neighbour at work; the fronts, and with them
 * the first request, come last.
 */
static enum fault start_roles(struct serve *s, struct trouble *trouble)
{
	enum fault fault = server_start_kind(&s->server, KIND_STORE, trouble);

	if (fault == FAULT_NONE)
		fault = act_record_server(&s->server, "server start", trouble);
	if (fault == FAULT_NONE)
		fault = server_start_kind(&s->server, KIND_AUTHORITY, trouble);
	if (fault == FAULT_NONE)
		fault = server_start_kind(&s->server, KIND_VERIFIER, trouble);
	if (fault == FAULT_NONE)
		fault = await_crl(s, trouble);
	if (fault == FAULT_NONE)
		fault = renew_tls_at_start(s, trouble);
	if (fault == FAULT_NONE)
		fault = server_start_kind(&s->server, KIND_FRONT, trouble);
	return fault;
}

/* What is permitted, and yet would be a mistake on a production line, is said at every start. */
static void warn_of_leniency(const struct load_set *set)
{
	const struct configuration *configuration = &set->configuration;

	if (configuration->is_laboratory)
		log_warning("[ca] laboratory = yes: software TPMs' makers are permitted; not for "
			    "products");
	if (configuration->is_explaining)
		log_warning("[front] explain = yes: refused devices are told the reason; not for "
			    "products");
	if (configuration->binding == BINDING_FIRST)
		log_warning(
			"[identity] binding = first: a serial is whose TPM comes first with it");
	if (configuration->trust != TRUST_MANIFEST && set->anchors.count == 0)
		log_warning("no TPM vendor is trusted yet, so no device can be provisioned: "
			"genuine-ca trust import PATH");
}

static void say_ready(const struct serve *s)
{
	char address[LISTEN_ADDRESS_TEXT_MAX];
	const struct load_set *set = s->server.set;

	listen_address_write(&s->address, address, sizeof(address));
	(void)printf("ready: https://%s (%u workers, %zu trust anchors)\n", address,
		s->server.wiring.worker_count, set->anchors.count);
	(void)fflush(stdout);
	warn_of_leniency(set);
	readiness_notify("READY=1");
}

static enum fault start(struct serve *s, const char *directory, const char *listen,
	struct trouble *trouble)
{
	enum fault fault = folder_open(directory, &s->folder, trouble);

	if (fault == FAULT_NONE)
		fault = folder_lock(&s->folder, &s->lock, trouble);
	if (fault == FAULT_NONE)
		fault = open_signals(s, trouble);
	if (fault == FAULT_NONE)
		fault = server_open(&s->folder, true, &s->server, trouble);
	if (fault == FAULT_NONE)
		fault = open_listening(
			s, listen != NULL ? listen : s->server.set->configuration.listen, trouble);
	if (fault == FAULT_NONE)
		fault = start_roles(s, trouble);
	if (fault == FAULT_NONE)
		fault = operator_socket_open(&s->server, &s->operators, trouble);
	return fault;
}

/* ---- while it runs ---- */

/* What is due waits while the store is at work for an operator. */
static void reload_if_due(struct serve *s)
{
	struct trouble trouble = { "" };

	if (!s->is_reload_due || s->server.acts_under_way > 0)
		return;
	s->is_reload_due = false;
	readiness_notify("RELOADING=1");
	if (server_reload(&s->server, false, ACTOR_SUPERVISOR, &trouble) == FAULT_NONE)
		log_notice("reloaded");
	else
		log_error("not reloaded, all stays as it was: %s", trouble.text);
	readiness_notify("READY=1");
}

static void take_sighup(struct serve *s)
{
	s->is_reload_due = true;
	if (s->server.acts_under_way > 0)
		log_notice("the reload waits: the store is at work on an operator's command");
}

static void take_signals(struct serve *s)
{
	struct signalfd_siginfo signal;

	while (read(s->signals, &signal, sizeof(signal)) == (ssize_t)sizeof(signal)) {
		if (signal.ssi_signo == SIGHUP)
			take_sighup(s);
		else if (signal.ssi_signo == SIGTERM || signal.ssi_signo == SIGINT)
			s->is_stopping = true;
	}
}

static bool is_time_for_tls(const struct serve *s)
{
	return s->server.acts_under_way == 0 &&
		(s->server.is_reloaded || monotonic_ms() >= s->next_tls_check_ms);
}

static void tick(struct serve *s)
{
	struct trouble trouble = { "" };

	if (monotonic_ms() < s->next_tick_ms)
		return;
	s->next_tick_ms = monotonic_ms() + TICK_PERIOD_MS;
	server_tick(&s->server);
	operator_socket_tick(&s->operators);
	if (is_time_for_tls(s) && renew_tls_if_due(s, &trouble) != FAULT_NONE)
		say_not_renewed(&s->server, &trouble);
}

static int wait_ms(const struct serve *s)
{
	uint64_t now = monotonic_ms();
	int tick_ms = s->next_tick_ms > now ? (int)(s->next_tick_ms - now) : 0;
	int restart_ms = server_restart_wait_ms(&s->server);

	return restart_ms >= 0 && restart_ms < tick_ms ? restart_ms : tick_ms;
}

static void turn(struct serve *s)
{
	struct pollfd waiting[POLL_ROLES + ROLE_COUNT_MAX];
	struct server *server = &s->server;

	waiting[POLL_SIGNALS] = (struct pollfd){ .fd = s->signals, .events = POLLIN };
	waiting[POLL_OPERATORS] = (struct pollfd){
		.fd = operator_socket_awaited(&s->operators), .events = POLLIN };
	for (size_t i = 0; i < server->role_count; i++)
		waiting[POLL_ROLES + i] =
			(struct pollfd){ .fd = server->roles[i].control, .events = POLLIN };

	if (poll(waiting, POLL_ROLES + server->role_count, wait_ms(s)) > 0) {
		for (size_t i = 0; i < server->role_count; i++) {
			if (waiting[POLL_ROLES + i].revents != 0)
				server_take(server, &server->roles[i]);
		}
		if (waiting[POLL_OPERATORS].revents != 0)
			operator_socket_serve(&s->operators);
		if (waiting[POLL_SIGNALS].revents != 0)
			take_signals(s);
	}
	reload_if_due(s);
	server_collect(server);
	if (!s->is_stopping)
		server_restart_due(server);
	tick(s);
}

/* What was in hand is finished before the end is recorded. */
static void stop(struct serve *s)
{
	struct trouble trouble = { "" };

	readiness_notify("STOPPING=1");
	operator_socket_close(&s->operators);
	server_stop_requests(&s->server);
	if (act_record_server(&s->server, "server stop", &trouble) != FAULT_NONE)
		log_error("%s", trouble.text);
	server_stop(&s->server);
	server_close(&s->server);
	folder_close(&s->folder);
}

int serve(const char *directory, const char *listen)
{
	static struct serve s = { .lock = -1, .signals = -1, .operators = { .listening = -1 } };
	struct trouble trouble = { "" };

	log_open("genuine-ca");
	if (role_program_find(&trouble) == FAULT_NONE)
		harden();
	if (trouble.text[0] != '\0' || start(&s, directory, listen, &trouble) != FAULT_NONE) {
		log_error("%s", trouble.text);
		if (s.server.folder != NULL)
			server_close(&s.server);
		return EXIT_FAILURE;
	}
	say_ready(&s);
	while (!s.is_stopping)
		turn(&s);
	stop(&s);
	return EXIT_SUCCESS;
}
