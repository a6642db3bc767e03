#include "http/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORT_DIGITS_MAX = 5, PORT_MAX = 65535 };

static bool read_port(const char *text, in_port_t *ret_port)
{
	size_t length = strlen(text);
	if (length == 0 || length > PORT_DIGITS_MAX || strspn(text, "0123456789") != length)
		return false;
	long port = strtol(text, NULL, 10);
	*ret_port = htons((uint16_t)port);
	return port <= PORT_MAX;
}

static void set_v4(struct address *address, struct in_addr host, in_port_t port)
{
	address->socket.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = host, .sin_port = port};
	address->length = sizeof(address->socket.v4);
	address->loopback = ntohl(host.s_addr) >> 24 == IN_LOOPBACKNET;
}

static void set_v6(struct address *address, struct in6_addr host, in_port_t port)
{
	address->socket.v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = host, .sin6_port = port};
	address->length = sizeof(address->socket.v6);
	address->loopback = IN6_IS_ADDR_LOOPBACK(&host);
}

static bool read_host(const char *host, in_port_t port, struct address *address)
{
	size_t length = strlen(host);
	char inside[INET6_ADDRSTRLEN] = "";
	struct in6_addr v6;
	struct in_addr v4;

	if (length == 0 || strcmp(host, "localhost") == 0)
		set_v4(address, (struct in_addr){.s_addr = htonl(INADDR_LOOPBACK)}, port);
	else if ((address->every = strcmp(host, "*") == 0))
		set_v6(address, in6addr_any, port);
	else if (inet_pton(AF_INET, host, &v4) == 1)
		set_v4(address, v4, port);
	else if (length > 2 && host[0] == '[' && host[length - 1] == ']' && length - 2 < sizeof(inside) &&
	         memcpy(inside, host + 1, length - 2) && inet_pton(AF_INET6, inside, &v6) == 1)
		set_v6(address, v6, port);
	else
		return false;
	return true;
}

enum status address_read(const char *text, struct address *ret_address, struct error *err)
{
	struct address address = {0};
	const char *colon = strrchr(text, ':'), *port_text = colon ? colon + 1 : text;
	char host[INET6_ADDRSTRLEN + 2] = "";
	size_t host_length = colon ? (size_t)(colon - text) : 0;
	in_port_t port;

	if (host_length < sizeof(host)) {
		memcpy(host, text, host_length);
		if (read_port(port_text, &port) && read_host(host, port, &address)) {
			*ret_address = address;
			return OK;
		}
	}
	error_set(err, FAIL_USAGE, "\"%s\" is not an address to listen on", text);
	return error_hint(err, "Give a port (9187: on the loopback), or a numeric address and a port: 192.0.2.7:9187, "
	                       "[::1]:9187; *:9187 is every address of this machine.");
}

void address_every_v4(struct address *address)
{
	set_v4(address, (struct in_addr){.s_addr = htonl(INADDR_ANY)}, address->socket.v6.sin6_port);
}

struct address_text address_show(const struct address *address)
{
	bool is_v6 = address->socket.any.sa_family == AF_INET6;
	const void *host = is_v6 ? (const void *)&address->socket.v6.sin6_addr : &address->socket.v4.sin_addr;
	in_port_t port = is_v6 ? address->socket.v6.sin6_port : address->socket.v4.sin_port;
	char digits[INET6_ADDRSTRLEN] = "";
	struct address_text shown;

	inet_ntop(address->socket.any.sa_family, host, digits, sizeof(digits));
	snprintf(shown.text, sizeof(shown.text), is_v6 ? "[%s]:%u" : "%s:%u", digits, (unsigned)ntohs(port));
	return shown;
}
