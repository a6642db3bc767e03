#include "cli/monitor_listen.h"

#include <config.h> /* the build's: "config.h" would be cli's own */

#include <string.h>

#include "base/text.h"
#include "cli/health_document.h"
#include "cli/screen.h"
#include "cli/survey.h"
#include "core/health/metric.h"
#include "http/endpoint.h"
#include "sys/clock.h"
#include "sys/file.h"

enum { TURN_MS = 1000, TOKEN_MAX_BYTES = 4096, TOKEN_FEWEST = 16 };

static const char TEXT_TYPE[] = "text/plain; charset=utf-8", JSON_TYPE[] = "application/json";

struct listener {
	const struct invocation *invocation;
	const struct samplers *samplers;
	struct endpoint *endpoint;
	struct survey *survey;
	struct screen screen;
	bool troubled; /* and it was said */
};

/* ---- the pages ---- */

static bool is_up(const struct listener *listener)
{
	return samplers_connected(listener->samplers) && samplers_trouble(listener->samplers)->status == OK;
}

/* It is served inside the loop: that there is an answer is the answer. */
static enum http_code write_healthz(void *context, struct strbuf *body)
{
	(void)context;
	strbuf_puts(body, "ok\n");
	return HTTP_OK;
}

/* Open to all, and so without a word of the server's. */
static enum http_code write_readyz(void *context, struct strbuf *body)
{
	const struct listener *listener = context;
	const char *why = !is_up(listener)                           ? "there is no connection to the server"
	                  : !samplers_complete(listener->samplers)   ? "the first look is not over"
	                                                             : NULL;

	strbuf_printf(body, "%s%s\n", why ? "not ready: " : "ready", why ? why : "");
	return why ? HTTP_UNAVAILABLE : HTTP_OK;
}

static struct json *health_of(const struct listener *listener)
{
	return health_document(listener->samplers, &listener->invocation->settings.alarms);
}

static bool set_shared(const char *key, const struct json *value, void *context)
{
	json_set(context, key, json_share(value));
	return true;
}

/* Live and its migrations in one: what a colleague would be told. The samples themselves are for /metrics. */
static enum http_code write_status(void *context, struct strbuf *body)
{
	const struct listener *listener = context;
	_cleanup_json_ struct json *health = health_of(listener), *document = json_new_object();
	struct json *judged = json_new_object();

	json_set_int(document, "v", 1);
	json_set(document, "taken", json_share(json_get(health, "taken")));
	json_set(document, "trouble", json_share(json_get(health, "trouble")));
	json_set(document, "server", json_share(json_get(health, "server")));
	json_set(judged, "state", json_share(json_get(health, "state")));
	json_set(judged, "checks", json_share(json_get(health, "checks")));
	json_set(document, "health", judged);
	json_each(survey_document(listener->survey), set_shared, document);
	json_write(body, document);
	strbuf_putc(body, '\n');
	return HTTP_OK;
}

static struct json *counts_of(const struct json *status)
{
	static const char *const STATES[] = {"applied", "pending", "held"};
	struct json *counts = json_new_object();

	for (size_t i = 0; i < sizeof(STATES) / sizeof(STATES[0]); i++)
		if (json_has(status, STATES[i]))
			json_set(counts, STATES[i], json_share(json_get(status, STATES[i])));
	return counts;
}

/* A page of JSON says beside what it tells how old that is; a series is taken for how it is now. */
static enum http_code write_metrics(void *context, struct strbuf *body)
{
	const struct listener *listener = context;
	const struct json *status = survey_document(listener->survey), *unread = json_get(status, "unread");
	_cleanup_json_ struct json *document = health_of(listener);
	struct json *build = json_new_object();
	bool up = is_up(listener);

	json_set_text(build, "version", PACKAGE_VERSION);
	json_set(document, "build", build);
	json_set_bool(document, "up", up);
	json_set(document, "status", json_share(status));
	if (!up)
		json_set(document, "server", json_new_text(NULL));
	if (up && unread && json_kind(unread) == JSON_KIND_NULL) {
		json_set(document, "migrations", counts_of(status));
		json_set(document, "gates", json_share(json_get(status, "gates")));
	}
	metrics_write(body, document);
	return HTTP_OK;
}

static enum http_code write_index(void *context, struct strbuf *body);

static const struct endpoint_page PAGES[] = {
	{.path = "/", .type = TEXT_TYPE, .about = "this list", .write = write_index},
	{.path = "/healthz", .type = TEXT_TYPE, .open = true, .about = "whether this program is alive",
	 .write = write_healthz},
	{.path = "/readyz", .type = TEXT_TYPE, .open = true, .about = "whether it knows how the server is now",
	 .write = write_readyz},
	{.path = "/status", .type = JSON_TYPE, .about = "migrations, the last run, gates and health, in JSON",
	 .write = write_status},
	{.path = "/metrics", .type = METRICS_TYPE, .about = "figures for Prometheus", .write = write_metrics},
};

enum { PAGE_COUNT = sizeof(PAGES) / sizeof(PAGES[0]) };

static enum http_code write_index(void *context, struct strbuf *body)
{
	(void)context;
	strbuf_puts(body, "pgsluice " PACKAGE_VERSION "\n");
	for (size_t i = 0; i < PAGE_COUNT; i++)
		strbuf_printf(body, "%-10s %s\n", PAGES[i].path, PAGES[i].about);
	return HTTP_OK;
}

/* ---- the token ---- */

static bool is_secret(const char *token)
{
	size_t length = strlen(token);
	for (size_t i = 0; i < length; i++)
		if (token[i] <= ' ' || token[i] > '~')
			return false;
	return length >= TOKEN_FEWEST;
}

static enum status read_token(struct listener *listener, const char *path, struct error *err)
{
	_cleanup_strbuf_ struct strbuf content = {0};

	if (file_read(path, TOKEN_MAX_BYTES, &content, err) != OK) {
		error_recast(err, FAIL_USAGE);
		return err->status;
	}
	while (content.length && (content.data[content.length - 1] == '\n' || content.data[content.length - 1] == '\r'))
		content.data[--content.length] = '\0';
	if (strlen(strbuf_text(&content)) != content.length || !is_secret(strbuf_text(&content))) {
		error_set(err, FAIL_USAGE, "file \"%s\" does not hold a token", path);
		return error_hint(err, "It is one line of at least %d printable characters without blanks; "
		                       "`openssl rand -hex 32` makes one.", TOKEN_FEWEST);
	}
	endpoint_set_token(listener->endpoint, strbuf_text(&content));
	return OK;
}

/* A token that is replaced counts within a turn; while the file cannot be read, the one before does. */
static void renew_token(struct listener *listener)
{
	const char *path = listener->invocation->options->token_file;
	_cleanup_error_ struct error ignored = {0};

	if (path && read_token(listener, path, &ignored) != OK)
		error_clear(&ignored);
}

/* ---- listening ---- */

/* What changes with the connection, once each time: a log of a container is read when something is wrong. */
static void tell_trouble(struct listener *listener)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	const struct error *trouble = samplers_trouble(listener->samplers);
	struct screen *screen = &listener->screen;
	bool troubled = trouble->status != OK;

	if (troubled && !listener->troubled)
		screen_line(screen, screen->log, TONE_BAD, "trouble", ": %s", safe_text(arena, trouble->message));
	else if (!troubled && listener->troubled)
		screen_line(screen, screen->log, TONE_GOOD, "well", ": the server answers");
	listener->troubled = troubled;
}

static void tell_place(struct listener *listener)
{
	const struct address *address = endpoint_address(listener->endpoint);
	struct screen *screen = &listener->screen;

	screen_line(screen, screen->out, TONE_PLAIN, "", "listening on http://%s/", address_show(address).text);
	fflush(screen->out);
	if (!address->loopback && !listener->invocation->options->token_file)
		screen_line(screen, screen->log, TONE_CAUTION, "open",
		            ": whoever reaches this address can read it; --token-file asks for a token");
}

static enum status serve(struct listener *listener, struct loop *loop, struct error *err)
{
	for (;;) {
		survey_turn(listener->survey, is_up(listener));
		if (loop_sleep(loop, TURN_MS) == LOOP_STOPPED)
			return loop_stop_error(loop, err);
		tell_trouble(listener);
		renew_token(listener);
	}
}

enum status monitor_listen(const struct invocation *invocation, struct loop *loop, const struct samplers *samplers,
                           struct error *err)
{
	const struct options *options = invocation->options;
	_cleanup_survey_ struct survey *survey = survey_open(loop, invocation);
	_cleanup_endpoint_ struct endpoint *endpoint = NULL;
	struct listener listener = {
		.invocation = invocation, .samplers = samplers, .survey = survey, .screen = screen_standard()};
	struct address address;
	struct endpoint_options how = {
		.address = &address, .pages = PAGES, .count = PAGE_COUNT, .context = &listener};

	if (address_read(options->listen, &address, err) != OK || endpoint_open(loop, &how, &endpoint, err) != OK)
		return err->status;
	listener.endpoint = endpoint;
	if (options->token_file && read_token(&listener, options->token_file, err) != OK)
		return err->status;
	tell_place(&listener);
	return serve(&listener, loop, err);
}
