/* Where to listen: a numeric address and a port, from text. Opens nothing and asks no name server. */
#ifndef HTTP_ADDRESS_H
#define HTTP_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "base/error.h"

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} socket;
	socklen_t length;
	bool loopback; /* nobody else's machine reaches it */
	bool every;    /* "*": IPv6 and IPv4 alike */
};

/*
 * Reads "9187", ":9187" and "localhost:9187" (the loopback), "192.0.2.7:9187", "[::1]:9187", "*:9187" (all of this
 * machine's addresses). Port 0 is any that is free. FAIL_USAGE when it is none of these.
 */
enum status address_read(const char *text, struct address *ret_address, struct error *err) MUST_CHECK;

/* The same port of every IPv4 address, for a machine without IPv6. */
void address_every_v4(struct address *address);

/* "127.0.0.1:9187", "[::1]:9187". */
struct address_text {
	char text[INET6_ADDRSTRLEN + 10];
};
struct address_text address_show(const struct address *address);

#endif
