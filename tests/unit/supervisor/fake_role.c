/*
 * A role that does nothing but what the supervisor must see of one: it takes loads, prepares,
 * commits and stops, and writes what happened to it into the file "events" of its working
 * directory. A configuration named "Refuse KIND" it refuses where it is of that kind; the one named
 * "Hang KIND" makes it fall silent; "Die KIND" makes it end; "Deaf KIND" refuses to record, as it does
 * an act of that name anyway; "Leave KIND" makes it close its channel once it has committed, and
 * stay; "Accuse KIND" makes it say then that verifier 1 is taken, and "Slander KIND" verifier 9. What
 * it is asked to record it writes into events as well.
 */
#include "channel.h"
#include "configuration.h"
#include "message.h"
#include "role.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct configuration configuration;

static void note(const char *event)
{
	char line[1000];
	int file = open("events", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	int len = snprintf(line, sizeof(line), "%s %s %s\n", FAKE_KIND, event, configuration.name);

	if (file < 0 || write(file, line, (size_t)len) != len)
		_exit(9);
	(void)close(file);
}

static void reply(enum message_type type, const char *text)
{
	uint8_t buffer[256];
	struct writer w = message_begin(buffer, sizeof(buffer), type, REQUEST_NONE);

	writer_bytes(&w, bytes_of_string(text));
	if (channel_send(ROLE_CONTROL, writer_written(&w)) != FAULT_NONE)
		_exit(8);
}

static bool is_told_to(const char *what)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "%s %s", what, FAKE_KIND);
	return strcmp(configuration.name, name) == 0;
}

static void take_load(struct bytes body, int descriptor)
{
	struct load load;
	struct configuration_error error;

	if (load_read(body, &load) != FAULT_NONE)
		_exit(7);
	if (load.kind == LOAD_CONFIGURATION &&
			configuration_read(load.octets, &configuration, &error) != FAULT_NONE)
		_exit(6);
	if (descriptor >= 0)
		(void)close(descriptor);
}

static void prepare(void)
{
	if (is_told_to("Refuse")) {
		reply(MESSAGE_LOAD_REFUSED, "it was told to");
		return;
	}
	if (is_told_to("Die"))
		_exit(5);
	reply(MESSAGE_LOADED, "");
}

/* Verb and arguments, with bars between them, as the event. */
static void operate(const struct message *message)
{
	char event[800];
	int len = 0;
	uint8_t buffer[64];
	struct operator_request request;
	struct writer w = message_begin(buffer, sizeof(buffer), MESSAGE_OPERATOR_END, message->request);
	struct operator_end end = { .text = bytes_of_string("it was told to") };

	if (operator_request_read(message->body, &request) != FAULT_NONE)
		_exit(3);
	end.is_done = !is_told_to("Deaf") && request.count > 0 &&
		!bytes_equal(request.arguments[0], BYTES_OF_LITERAL("Deaf"));
	len = snprintf(event, sizeof(event), "%.*s", (int)request.verb.len,
		(const char *)request.verb.data);
	for (size_t i = 0; i < request.count; i++)
		len += snprintf(event + len, sizeof(event) - (size_t)len, "|%.*s",
			(int)request.arguments[i].len, (const char *)request.arguments[i].data);
	note(event);
	operator_end_write(&w, &end);
	if (channel_send(ROLE_CONTROL, writer_written(&w)) != FAULT_NONE)
		_exit(8);
}

static void accuse(uint16_t number)
{
	uint8_t buffer[32];
	struct writer w = message_begin(buffer, sizeof(buffer), MESSAGE_TAKEN, REQUEST_NONE);

	writer_u16(&w, number);
	if (channel_send(ROLE_CONTROL, writer_written(&w)) != FAULT_NONE)
		_exit(8);
}

__attribute__((noreturn)) static void leave(void)
{
	(void)close(ROLE_CONTROL);
	for (;;)
		(void)pause();
}

static void take(struct bytes frame, int descriptor)
{
	struct message message;

	if (message_read(frame, &message) != FAULT_NONE)
		_exit(4);
	switch (message.type) {
	case MESSAGE_LOAD:
		take_load(message.body, descriptor);
		return;
	case MESSAGE_LOAD_END:
		prepare();
		return;
	case MESSAGE_COMMIT:
		note("commit");
		reply(MESSAGE_COMMITTED, "");
		if (is_told_to("Leave"))
			leave();
		if (is_told_to("Accuse"))
			accuse(1);
		if (is_told_to("Slander"))
			accuse(9);
		return;
	case MESSAGE_ABANDON:
		note("abandon");
		return;
	case MESSAGE_OPERATOR:
		operate(&message);
		return;
	case MESSAGE_STOP:
		note("stop");
		exit(EXIT_SUCCESS);
	default:
		return;
	}
}

int main(int argc, char **argv)
{
	static uint8_t buffer[FRAME_MAX];

	if (argc != 3)
		return 2;
	(void)argv;
	for (;;) {
		struct pollfd control = { .fd = ROLE_CONTROL, .events = POLLIN };
		struct bytes frame;
		int descriptor = -1;

		(void)poll(&control, 1, -1);
		enum fault fault = channel_receive(ROLE_CONTROL, buffer, sizeof(buffer), &frame, &descriptor);
		if (fault == FAULT_BUSY)
			continue;
		if (fault != FAULT_NONE)
			return EXIT_FAILURE;
		take(frame, descriptor);
	}
}
