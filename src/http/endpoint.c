#include "http/endpoint.h"

#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "sys/clock.h"

enum { HEADERS_MAX_BYTES = 16 * 1024, BACKLOG = 32 };

static const char SCHEME[] = "Bearer ";

/* A connection from its first byte on. */
struct client {
	struct endpoint *endpoint;
	int fd;
	int64_t since_ms;
	bool cut;
	struct client *next;
};

struct endpoint {
	struct loop *loop;
	const struct endpoint_page *pages;
	size_t count;
	void *context;
	char *token; /* NULL = none is asked for */
	struct address address;
	struct MHD_Daemon *daemon;
	struct loop_handler handler;
	struct loop_timer timer;
	struct client *clients; /* the newest first */
	struct endpoint_counts counts;
};

/* ---- answers ---- */

static enum MHD_Result answer(struct MHD_Connection *connection, enum http_code code, const char *type,
                              const struct strbuf *body)
{
	/* The older way to say it, for all versions of the library; it copies and so takes nothing away from us. */
	struct MHD_Response *response = MHD_create_response_from_buffer(
		body->length, (void *)(uintptr_t)strbuf_text(body), MHD_RESPMEM_MUST_COPY);

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	if (code == HTTP_UNAUTHORIZED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer realm=\"pgsluice\"");
	if (code == HTTP_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	enum MHD_Result queued = MHD_queue_response(connection, (unsigned)code, response);
	MHD_destroy_response(response);
	return queued;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, enum http_code code, const char *why)
{
	_cleanup_strbuf_ struct strbuf body = {0};

	strbuf_printf(&body, "%s\n", why);
	return answer(connection, code, "text/plain; charset=utf-8", &body);
}

/* Takes as long for every wrong token of a length. */
static bool is_token(const char *given, const char *token)
{
	size_t length = strlen(token);
	unsigned char differs = 0;

	if (strlen(given) != length)
		return false;
	for (size_t i = 0; i < length; i++)
		differs |= (unsigned char)(given[i] ^ token[i]);
	return differs == 0;
}

static bool may_read(const struct endpoint *endpoint, const struct endpoint_page *page,
                     struct MHD_Connection *connection)
{
	const char *given = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
	size_t scheme = sizeof(SCHEME) - 1;

	if (!endpoint->token || (page && page->open))
		return true;
	return given && strncasecmp(given, SCHEME, scheme) == 0 && is_token(given + scheme, endpoint->token);
}

static const struct endpoint_page *find_page(const struct endpoint *endpoint, const char *path)
{
	for (size_t i = 0; i < endpoint->count; i++)
		if (strcmp(endpoint->pages[i].path, path) == 0)
			return &endpoint->pages[i];
	return NULL;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *upload, size_t *upload_size,
                                  void **request)
{
	struct endpoint *endpoint = context;
	const struct endpoint_page *page = find_page(endpoint, path);
	_cleanup_strbuf_ struct strbuf body = {0};

	(void)version, (void)upload, (void)upload_size, (void)request;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
		endpoint->counts.refused++;
		return refuse(connection, HTTP_NOT_ALLOWED, "this is to be read only: GET or HEAD");
	}
	/* Who has no token is not told which pages there are. */
	if (!may_read(endpoint, page, connection)) {
		endpoint->counts.unauthorized++;
		return refuse(connection, HTTP_UNAUTHORIZED, "a token is needed: Authorization: Bearer TOKEN");
	}
	if (!page) {
		endpoint->counts.refused++;
		return refuse(connection, HTTP_NOT_FOUND, "there is no such page; / lists those that there are");
	}
	enum http_code code = page->write(endpoint->context, &body);
	endpoint->counts.answered++;
	return answer(connection, code, page->type, &body);
}

/* A path is compared as it was sent: with %00 decoded it would end there. */
static size_t leave_escaped(void *context, struct MHD_Connection *connection, char *text)
{
	(void)context, (void)connection;
	return strlen(text);
}

/* ---- connections ---- */

static void forget(struct client *client)
{
	struct endpoint *endpoint = client->endpoint;

	for (struct client **at = &endpoint->clients; *at; at = &(*at)->next) {
		if (*at == client) {
			*at = client->next;
			break;
		}
	}
	endpoint->counts.clients--;
	memory_free(client);
}

static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode what)
{
	struct endpoint *endpoint = context;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (*socket_context)
			forget(*socket_context);
		*socket_context = NULL;
		return;
	}
	struct client *client = *socket_context = memory_new(sizeof(*client));
	*client = (struct client){
		.endpoint = endpoint,
		.fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd,
		.since_ms = clock_ms(),
		.next = endpoint->clients,
	};
	endpoint->clients = client;
	endpoint->counts.clients++;
}

/* The library's own limit begins anew with every byte; this one does not. It sees the end of the stream and closes. */
static void cut_slow(struct endpoint *endpoint)
{
	int64_t now_ms = clock_ms();

	for (struct client *client = endpoint->clients; client; client = client->next) {
		if (client->cut || now_ms < client->since_ms + ENDPOINT_WHOLE_MS)
			continue;
		client->cut = true;
		endpoint->counts.cut++;
		(void)shutdown(client->fd, SHUT_RDWR);
	}
}

static int64_t next_due_ms(const struct endpoint *endpoint)
{
	MHD_UNSIGNED_LONG_LONG idle_ms;
	int64_t due_ms = INT64_MAX;

	if (MHD_get_timeout(endpoint->daemon, &idle_ms) == MHD_YES)
		due_ms = clock_ms() + (int64_t)idle_ms;
	for (const struct client *client = endpoint->clients; client; client = client->next)
		if (!client->cut && client->since_ms + ENDPOINT_WHOLE_MS < due_ms)
			due_ms = client->since_ms + ENDPOINT_WHOLE_MS;
	return due_ms;
}

static void serve(struct endpoint *endpoint)
{
	cut_slow(endpoint);
	MHD_run(endpoint->daemon);
	endpoint->timer.due_ms = next_due_ms(endpoint);
}

static void on_ready(struct loop_handler *handler, short revents)
{
	(void)revents;
	serve(handler->context);
}

static void on_time(struct loop_timer *timer)
{
	serve(timer->context);
}

/* ---- opening and closing ---- */

static int open_socket(const struct address *address)
{
	return socket(address->socket.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Whether the socket of IPv6 takes IPv4 as well is the machine's to say, unless it is told. */
static bool takes_both(int fd, const struct address *address)
{
	int no = 0;
	return !address->every || address->socket.any.sa_family != AF_INET6 ||
	       setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no)) == 0;
}

/* Our own, so that what goes wrong can be said. */
static enum status listen_at(struct endpoint *endpoint, int *ret_fd, struct error *err)
{
	struct address *address = &endpoint->address;
	int yes = 1, fd = open_socket(address);

	if (fd < 0 && errno == EAFNOSUPPORT && address->every) {
		address_every_v4(address);
		fd = open_socket(address);
	}
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 && takes_both(fd, address) &&
	    bind(fd, &address->socket.any, address->length) == 0 && listen(fd, BACKLOG) == 0 &&
	    getsockname(fd, &address->socket.any, &address->length) == 0) {
		*ret_fd = fd;
		return OK;
	}
	int number = errno;
	if (fd >= 0)
		close(fd);
	errno = number;
	error_errno(err, FAIL_USAGE, "could not listen on %s", address_show(address).text);
	if (number == EADDRINUSE)
		return error_hint(err, "Another program has that port: give another one, or end that program.");
	if (number == EACCES)
		return error_hint(err, "Ports below 1024 are the system's: give a higher one.");
	return error_hint(err, "Give an address that this machine has.");
}

enum status endpoint_open(struct loop *loop, const struct endpoint_options *options, struct endpoint **ret_endpoint,
                          struct error *err)
{
	struct endpoint *endpoint = memory_new(sizeof(*endpoint));
	int fd = -1;

	*endpoint = (struct endpoint){.loop = loop,
	                              .pages = options->pages,
	                              .count = options->count,
	                              .context = options->context,
	                              .address = *options->address};
	if (listen_at(endpoint, &fd, err) != OK) {
		memory_free(endpoint);
		return err->status;
	}
	/* Without a thread of its own: it is run when its epoll descriptor is ready. */
	endpoint->daemon = MHD_start_daemon(
		MHD_USE_EPOLL, 0, NULL, NULL, on_request, endpoint, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)ENDPOINT_CLIENTS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
		(unsigned)ENDPOINT_CLIENTS_EACH, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)ENDPOINT_IDLE_MS / 1000,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADERS_MAX_BYTES, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
		endpoint, MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_END);
	if (!endpoint->daemon) {
		close(fd);
		memory_free(endpoint);
		return error_set(err, FAIL_INTERNAL, "could not start the HTTP server");
	}
	endpoint->handler = (struct loop_handler){
		.fd = MHD_get_daemon_info(endpoint->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd,
		.events = POLLIN,
		.ready = on_ready,
		.context = endpoint,
	};
	endpoint->timer = (struct loop_timer){.due_ms = INT64_MAX, .due = on_time, .context = endpoint};
	loop_add(loop, &endpoint->handler);
	loop_add_timer(loop, &endpoint->timer);
	*ret_endpoint = endpoint;
	return OK;
}

void endpoint_close(struct endpoint *endpoint)
{
	if (!endpoint)
		return;
	loop_remove_timer(endpoint->loop, &endpoint->timer);
	loop_remove(endpoint->loop, &endpoint->handler);
	MHD_stop_daemon(endpoint->daemon);
	memory_free(endpoint->token);
	memory_free(endpoint);
}

void endpoint_cleanup(struct endpoint **endpoint)
{
	endpoint_close(*endpoint);
}

void endpoint_set_token(struct endpoint *endpoint, const char *token)
{
	memory_free(endpoint->token);
	endpoint->token = memory_strdup(token);
}

const struct address *endpoint_address(const struct endpoint *endpoint)
{
	return &endpoint->address;
}

struct endpoint_counts endpoint_counts(const struct endpoint *endpoint)
{
	return endpoint->counts;
}
