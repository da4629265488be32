#ifndef PROCESS_LISTEN_ADDRESS_H
#define PROCESS_LISTEN_ADDRESS_H

#include "fault.h"

#include <sys/socket.h>

/*
 * listen_address: ADDRESS:PORT as [front] listen and --listen write it, such as 0.0.0.0:8443 or
 * [::]:8443. Numbers only: a server does not ask a name service where it is. Port 0 asks the
 * system for a free one.
 */
struct listen_address {
	struct sockaddr_storage address;
	socklen_t address_len;
};

/* Room for the longest text that listen_address_write makes, with its NUL. */
enum { LISTEN_ADDRESS_TEXT_MAX = 64 };

/* FAULT_INVALID where text is not of the form. */
enum fault listen_address_read(const char *text, struct listen_address *out);

/* Writes the same form; capacity is at least LISTEN_ADDRESS_TEXT_MAX. */
void listen_address_write(const struct listen_address *, char *text, size_t capacity);

#endif
