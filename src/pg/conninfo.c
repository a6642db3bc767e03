#include "pg/conninfo.h"

#include <ctype.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/strbuf.h"
#include "pg/session.h"

/* What may be shown, in this order. */
static const char *const SHOWN[] = {"host", "hostaddr", "port", "dbname", "user"};

/* Lists with one element per host. */
static const char *const PER_HOST[] = {"host", "hostaddr", "port"};

static const char HINT[] =
	"Give \"host=HOST dbname=NAME user=USER\" or \"postgresql://USER@HOST:PORT/NAME\". In a URI, write the "
	"characters @ : / ? # % of a password as %40 %3A %2F %3F %23 %25; or keep it out of the string, in "
	"~/.pgpass or PGPASSWORD.";

/*
 * libpq's messages quote the string, and so perhaps a password, hence none of them is passed on.
 */
static enum status does_not_parse(struct error *err)
{
	error_set(err, FAIL_USAGE, "the connection string does not parse");
	error_detail(err, "It is not shown, because it may hold a password.");
	return error_hint(err, "%s", HINT);
}

static bool is_uri(const char *text)
{
	return strncmp(text, "postgresql://", 13) == 0 || strncmp(text, "postgres://", 11) == 0;
}

/* An unescaped @ or / in a URI's password would make a part of it the host or the database. */
static bool uri_is_plain(const char *text)
{
	const char *start = strstr(text, "://") + 3;
	const char *authority_end = start + strcspn(start, "/?");
	const char *path_end = start + strcspn(start, "?");
	const char *at = memchr(start, '@', (size_t)(path_end - start));
	if (!at)
		return true;
	return at < authority_end && !memchr(at + 1, '@', (size_t)(path_end - at - 1));
}

/* `-d mydb`: only what looks like a plain name; a mangled URI must not be taken for one and then be shown. */
static bool is_bare_name(const char *text)
{
	if (!isalpha((unsigned char)text[0]) && text[0] != '_')
		return false;
	for (const char *at = text; *at; at++)
		if (!isalnum((unsigned char)*at) && !strchr("_$-", *at))
			return false;
	return true;
}

static size_t find(const struct conninfo *info, const char *keyword)
{
	size_t i = 0;
	while (i < info->count && strcmp(info->keywords[i], keyword) != 0)
		i++;
	return i;
}

const char *conninfo_get(const struct conninfo *info, const char *keyword)
{
	size_t i = find(info, keyword);
	return i < info->count ? info->values[i] : NULL;
}

static void remove_at(struct conninfo *info, size_t i)
{
	for (; i < info->count; i++) {
		info->keywords[i] = info->keywords[i + 1];
		info->values[i] = info->values[i + 1];
	}
	info->count--;
}

static void append(struct conninfo *info, const char *keyword, const char *value)
{
	if (info->count + 2 > info->room) {
		size_t room = info->room ? info->room * 2 : 64, used = info->count * sizeof(*info->keywords);
		const char **keywords = arena_alloc(info->arena, room * sizeof(*keywords));
		const char **values = arena_alloc(info->arena, room * sizeof(*values));
		if (used) {
			memcpy(keywords, info->keywords, used);
			memcpy(values, info->values, used);
		}
		info->keywords = keywords;
		info->values = values;
		info->room = room;
	}
	info->keywords[info->count] = arena_strdup(info->arena, keyword);
	info->values[info->count++] = arena_strdup(info->arena, value);
	info->keywords[info->count] = info->values[info->count] = NULL;
}

void conninfo_set(struct conninfo *info, const char *keyword, const char *value)
{
	size_t i = find(info, keyword);
	if (i < info->count && value)
		info->values[i] = arena_strdup(info->arena, value);
	else if (i < info->count)
		remove_at(info, i);
	else if (value)
		append(info, keyword, value);
}

static void take(struct conninfo *info, const PQconninfoOption *options)
{
	for (const PQconninfoOption *option = options; option && option->keyword; option++)
		if (option->val && option->val[0])
			conninfo_set(info, option->keyword, option->val);
}

/* PQconndefaults reads a service file only when the environment names the service. */
static void take_defaults(struct conninfo *info, const char *service)
{
	const char *now = getenv("PGSERVICE");
	char *before = memory_strdup(now);
	if (service)
		setenv("PGSERVICE", service, 1);
	PQconninfoOption *defaults = PQconndefaults();
	take(info, defaults);
	PQconninfoFree(defaults);
	if (service && before)
		setenv("PGSERVICE", before, 1);
	else if (service)
		unsetenv("PGSERVICE");
	memory_free(before);
}

static bool is_port_list(const char *text)
{
	return strspn(text, "0123456789, ") == strlen(text);
}

/* Only an abstract socket has an @ in its name, and it comes first. */
static bool is_host_list(const char *text)
{
	for (const char *at = strchr(text, '@'); at; at = strchr(at + 1, '@'))
		if (at != text && at[-1] != ',')
			return false;
	return !strstr(text, "://");
}

static bool is_credible(const struct conninfo *info)
{
	const char *host = conninfo_get(info, "host"), *port = conninfo_get(info, "port");
	const char *database = conninfo_get(info, "dbname");
	return (!host || is_host_list(host)) && (!port || is_port_list(port)) &&
	       (!database || !strstr(database, "://"));
}

enum status conninfo_read(struct arena *arena, const char *text, struct conninfo *ret_info, struct error *err)
{
	struct conninfo info = {.arena = arena};
	PQconninfoOption *given = NULL;

	if (is_uri(text) && !uri_is_plain(text))
		return does_not_parse(err);
	if (!is_bare_name(text)) {
		char *libpq_message = NULL;
		given = PQconninfoParse(text, &libpq_message);
		PQfreemem(libpq_message);
		if (!given)
			return does_not_parse(err);
	}
	const char *service = NULL;
	for (const PQconninfoOption *option = given; option && option->keyword; option++)
		if (strcmp(option->keyword, "service") == 0)
			service = option->val;
	take_defaults(&info, service);
	take(&info, given);
	PQconninfoFree(given);
	if (is_bare_name(text))
		conninfo_set(&info, "dbname", text);
	if (!is_credible(&info))
		return does_not_parse(err);
	*ret_info = info;
	return OK;
}

const char *conninfo_place(struct arena *arena, const struct conninfo *info)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	for (size_t i = 0; i < sizeof(SHOWN) / sizeof(SHOWN[0]); i++) {
		const char *value = conninfo_get(info, SHOWN[i]);
		if (!value)
			continue;
		strbuf_printf(&out, "%s%s=", out.length ? " " : "", SHOWN[i]);
		strbuf_puts(&out, value[strcspn(value, " '\\")] ? quote_literal(arena, value) : value);
	}
	return arena_strdup(arena, strbuf_text(&out));
}

const char *conninfo_public(struct arena *arena, const char *text)
{
	_cleanup_error_ struct error err = {0};
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct conninfo info;
	if (conninfo_read(scratch, text, &info, &err) != OK)
		return "(connection string that does not parse)";
	return conninfo_place(arena, &info);
}

static size_t elements(const char *list)
{
	size_t count = 1;
	if (!list)
		return 0;
	for (; *list; list++)
		count += *list == ',';
	return count;
}

size_t conninfo_host_count(const struct conninfo *info)
{
	size_t hosts = elements(conninfo_get(info, "host")), addresses = elements(conninfo_get(info, "hostaddr"));
	return hosts > addresses ? hosts : addresses;
}

/* The list without its element `index`. */
static const char *without(struct arena *arena, const char *list, size_t index)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	size_t at = 0, kept = 0;
	for (const char *start = list;; at++) {
		size_t length = strcspn(start, ",");
		if (at != index && kept++ > 0)
			strbuf_putc(&out, ',');
		if (at != index)
			strbuf_add(&out, start, length);
		if (!start[length])
			break;
		start += length + 1;
	}
	return arena_strdup(arena, strbuf_text(&out));
}

void conninfo_drop_host(struct conninfo *info, size_t index)
{
	for (size_t i = 0; i < sizeof(PER_HOST) / sizeof(PER_HOST[0]); i++) {
		const char *list = conninfo_get(info, PER_HOST[i]);
		/* One port stands for all hosts. */
		if (list && elements(list) > 1)
			conninfo_set(info, PER_HOST[i], without(info->arena, list, index));
	}
}

void conninfo_use_address(struct conninfo *info, const char *address)
{
	if (address && conninfo_host_count(info) == 1 && !conninfo_get(info, "hostaddr"))
		conninfo_set(info, "hostaddr", address);
}
