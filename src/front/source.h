#ifndef FRONT_SOURCE_H
#define FRONT_SOURCE_H

#include "limits.h"

#include <stdint.h>
#include <sys/socket.h>

/*
 * source: where a connection comes from: its address in words, and the prefix by which quotas
 * count it: /24 of IPv4, /56 of IPv6 (what one customer is given). An IPv4 address that came
 * through an IPv6 socket is an IPv4 address.
 */
struct source {
	uint64_t prefix;
	char text[SOURCE_TEXT_MAX + 1];
};

/* Of an address as accept(2) gave it. One that is neither IPv4 nor IPv6 has prefix 0. */
struct source source_of(const struct sockaddr_storage *address);

#endif
