#include "listen_address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { PORT_DIGITS_MAX = 5, PORT_MAX = 65535, HOST_MAX = 46 };

static enum fault port_read(const char *text, in_port_t *out)
{
	uint32_t port = 0;
	size_t len = strlen(text);

	if (len == 0 || len > PORT_DIGITS_MAX)
		return FAULT_INVALID;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return FAULT_INVALID;
		port = port * 10 + (uint32_t)(text[i] - '0');
	}
	if (port > PORT_MAX)
		return FAULT_INVALID;
	*out = htons((uint16_t)port);
	return FAULT_NONE;
}

static enum fault host_read(const char *host, in_port_t port, struct listen_address *out)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = port };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = port };
	size_t len = strlen(host);
	char inner[HOST_MAX + 1];

	if (inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
		memcpy(&out->address, &v4, sizeof(v4));
		out->address_len = sizeof(v4);
		return FAULT_NONE;
	}
	/* RFC 3986, 3.2.2: an IPv6 address stands in brackets, so that its colons are its own. */
	if (len < 4 || host[0] != '[' || host[len - 1] != ']')
		return FAULT_INVALID;
	memcpy(inner, host + 1, len - 2);
	inner[len - 2] = '\0';
	if (inet_pton(AF_INET6, inner, &v6.sin6_addr) != 1)
		return FAULT_INVALID;
	memcpy(&out->address, &v6, sizeof(v6));
	out->address_len = sizeof(v6);
	return FAULT_NONE;
}

enum fault listen_address_read(const char *text, struct listen_address *out)
{
	struct listen_address address = { 0 };
	const char *colon = strrchr(text, ':');
	char host[HOST_MAX + 2];
	in_port_t port;

	if (colon == NULL || (size_t)(colon - text) >= sizeof(host))
		return FAULT_INVALID;
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';

	enum fault fault = port_read(colon + 1, &port);
	if (fault != FAULT_NONE)
		return fault;
	fault = host_read(host, port, &address);
	if (fault == FAULT_NONE)
		*out = address;
	return fault;
}

void listen_address_write(const struct listen_address *address, char *text, size_t capacity)
{
	char host[INET6_ADDRSTRLEN] = "";

	assert(capacity >= LISTEN_ADDRESS_TEXT_MAX);
	if (address->address.ss_family == AF_INET6) {
		struct sockaddr_in6 v6;

		memcpy(&v6, &address->address, sizeof(v6));
		(void)inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof(host));
		(void)snprintf(text, capacity, "[%s]:%u", host, (unsigned)ntohs(v6.sin6_port));
		return;
	}
	struct sockaddr_in v4;
	memcpy(&v4, &address->address, sizeof(v4));
	(void)inet_ntop(AF_INET, &v4.sin_addr, host, sizeof(host));
	(void)snprintf(text, capacity, "%s:%u", host, (unsigned)ntohs(v4.sin_port));
}
