#include "source.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

/* Above the 56 bits of an IPv6 prefix, so that no IPv6 prefix equals an IPv4 one. */
enum { IPV4_MARK = 1 };

static struct source source_of_ipv4(const uint8_t octets[4])
{
	struct source source = { .prefix = (uint64_t)IPV4_MARK << 56 | (uint64_t)octets[0] << 16 |
		(uint64_t)octets[1] << 8 | octets[2] };

	(void)inet_ntop(AF_INET, octets, source.text, sizeof(source.text));
	return source;
}

static struct source source_of_ipv6(const struct in6_addr *address)
{
	struct source source = { 0 };

	if (IN6_IS_ADDR_V4MAPPED(address))
		return source_of_ipv4(address->s6_addr + 12);
	for (size_t i = 0; i < 7; i++)
		source.prefix = source.prefix << 8 | address->s6_addr[i];
	(void)inet_ntop(AF_INET6, address, source.text, sizeof(source.text));
	return source;
}

struct source source_of(const struct sockaddr_storage *address)
{
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;

	if (address->ss_family == AF_INET) {
		memcpy(&ipv4, address, sizeof(ipv4));
		uint8_t octets[4];
		memcpy(octets, &ipv4.sin_addr, sizeof(octets));
		return source_of_ipv4(octets);
	}
	if (address->ss_family == AF_INET6) {
		memcpy(&ipv6, address, sizeof(ipv6));
		return source_of_ipv6(&ipv6.sin6_addr);
	}
	return (struct source){ 0 };
}
