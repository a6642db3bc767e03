/*
 * An HTTP endpoint to read from: pages of text, served from inside the loop, with limits on clients, on time and on
 * what a request may be. Takes nothing from anybody but GET and HEAD of a page's path. Knows no page.
 */
#ifndef HTTP_ENDPOINT_H
#define HTTP_ENDPOINT_H

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "http/address.h"
#include "sys/loop.h"

struct endpoint;

enum http_code {
	HTTP_OK = 200,
	HTTP_UNAUTHORIZED = 401,
	HTTP_NOT_FOUND = 404,
	HTTP_NOT_ALLOWED = 405,
	HTTP_UNAVAILABLE = 503,
};

struct endpoint_page {
	const char *path;    /* "/status" */
	const char *type;    /* Content-Type */
	const char *about;   /* one line, without full stop: what it tells */
	bool open;           /* served without the token, too */

	/* Puts the page's text and returns HTTP_OK or HTTP_UNAVAILABLE. Called inside the loop: never waits. */
	enum http_code (*write)(void *context, struct strbuf *body);
};

struct endpoint_options {
	const struct address *address;
	const struct endpoint_page *pages; /* live as long as the endpoint */
	size_t count;
	void *context;                     /* of the pages */
};

/* One answer a connection, and how long it may take from the first byte to the last, whatever is sent meanwhile. */
enum {
	ENDPOINT_CLIENTS_MAX = 64,
	ENDPOINT_CLIENTS_EACH = 32, /* of one address */
	ENDPOINT_IDLE_MS = 5000,
	ENDPOINT_WHOLE_MS = 10000,
};

/* Listens. FAIL_USAGE: it cannot listen there. The caller closes it before the loop; NULL does nothing. */
enum status endpoint_open(struct loop *loop, const struct endpoint_options *options, struct endpoint **ret_endpoint,
                          struct error *err) MUST_CHECK;
void endpoint_close(struct endpoint *endpoint);
void endpoint_cleanup(struct endpoint **endpoint);
#define _cleanup_endpoint_ __attribute__((cleanup(endpoint_cleanup)))

/*
 * Only who sends "Authorization: Bearer TOKEN" is told more than the open pages; NULL = everybody is. May be called at
 * any time.
 */
void endpoint_set_token(struct endpoint *endpoint, const char *token);

/* Where it listens, with the port that was found for port 0. */
const struct address *endpoint_address(const struct endpoint *endpoint);

struct endpoint_counts {
	uint64_t answered;     /* with a page */
	uint64_t unauthorized;
	uint64_t refused;      /* no such page, or not to be asked so */
	uint64_t cut;          /* connections that took too long */
	size_t clients;        /* that are connected now */
};
struct endpoint_counts endpoint_counts(const struct endpoint *endpoint);

#endif
