#include "pg/session.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/memory.h"
#include "pg/pipeline.h"
#include "pg/query.h"
#include "pg/wire.h"

enum { OLDEST_SERVER = 130000, CONNECT_TIMEOUT_S = 10, LONGEST_TIMEOUT_S = 3600 };

struct parameter {
	const char *keyword, *value;
};

/* What a lost network must not turn into an endless wait; the connection string may say otherwise. */
static const struct parameter DEFAULTS[] = {
	{.keyword = "keepalives_idle", .value = "30"},
	{.keyword = "keepalives_interval", .value = "10"},
	{.keyword = "keepalives_count", .value = "3"},
	{.keyword = "tcp_user_timeout", .value = "60000"},
};

/*
 * Our own read-only setting makes every server look read-only to libpq, so it must ask what is meant: primary or
 * standby.
 */
static const struct parameter READ_ONLY_TARGETS[] = {
	{.keyword = "read-write", .value = "primary"},
	{.keyword = "read-only", .value = "standby"},
};

/* As start-up options: they hold before the first statement, and outlive RESET ALL. */
static const char ALWAYS[] = "-c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0";
static const char READ_ONLY[] = " -c default_transaction_read_only=on";

static const char *application_of(struct arena *arena, const struct session_options *options)
{
	if (!options->run_id)
		return "pgsluice";
	return arena_printf(arena, "pgsluice/%s/%s", options->run_id, options->role_word);
}

static void ask_for_target(struct conninfo *info)
{
	const char *wanted = conninfo_get(info, "target_session_attrs");
	for (size_t i = 0; wanted && i < sizeof(READ_ONLY_TARGETS) / sizeof(READ_ONLY_TARGETS[0]); i++) {
		if (strcmp(wanted, READ_ONLY_TARGETS[i].keyword) != 0)
			continue;
		conninfo_set(info, "target_session_attrs", READ_ONLY_TARGETS[i].value);
		return;
	}
}

static void complete(struct session *session, const struct session_options *options, struct conninfo *info)
{
	const char *own = conninfo_get(info, "options");
	bool read_only = options->access == SESSION_READ_ONLY;

	if (options->database)
		conninfo_set(info, "dbname", options->database);
	if (options->user)
		conninfo_set(info, "user", options->user);
	for (size_t i = 0; i < sizeof(DEFAULTS) / sizeof(DEFAULTS[0]); i++)
		if (!conninfo_get(info, DEFAULTS[i].keyword))
			conninfo_set(info, DEFAULTS[i].keyword, DEFAULTS[i].value);
	if (read_only)
		ask_for_target(info);
	session->own_options = own;
	session->application = application_of(session->arena, options);
	session->place = conninfo_place(session->arena, info);
	conninfo_use_address(info, options->address);
	conninfo_set(info, "application_name", session->application);
	conninfo_set(info, "client_encoding", "UTF8");
	if (options->pooled)
		return;
	conninfo_set(info, "options",
	             arena_printf(session->arena, "%s%s%s%s%s%s", own ? own : "", own ? " " : "", ALWAYS,
	                          read_only ? READ_ONLY : "", options->startup ? " " : "",
	                          options->startup ? options->startup : ""));
}

int64_t session_connect_ms(const struct session_options *options, const struct conninfo *info)
{
	const char *text = conninfo_get(info, "connect_timeout");
	long given_s = options->connect_timeout_s > 0 ? options->connect_timeout_s : text ? strtol(text, NULL, 10) : 0;
	return (given_s > 0 && given_s <= LONGEST_TIMEOUT_S ? given_s : CONNECT_TIMEOUT_S) * INT64_C(1000);
}

enum status connection_check_version(struct session *session, struct error *err)
{
	session->server_version = PQserverVersion(session->conn);
	if (session->server_version >= OLDEST_SERVER)
		return OK;
	const char *text = PQparameterStatus(session->conn, "server_version");
	error_set(err, FAIL_USAGE, "the server at %s is PostgreSQL %s, which is too old", session->place,
	          text ? text : "(unknown)");
	return error_hint(err, "pgsluice works with PostgreSQL 13 and later; upgrade the server first.");
}

/* "1.18.0/bouncer" */
enum status connection_check_console(const struct session *session, struct error *err)
{
	const char *text = PQparameterStatus(session->conn, "server_version");

	if (text && strstr(text, "/bouncer"))
		return OK;
	error_set(err, FAIL_USAGE, "%s is not PgBouncer's console", session->place);
	return error_hint(err, "Give the address of PgBouncer itself, as its clients have it.");
}

static enum status read_search_path(struct session *session, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;

	if (session_query(session, "SELECT pg_catalog.current_schemas(false)::pg_catalog.text", 0, NULL, &rows, err) != OK)
		return err->status;
	session->search_path = arena_strdup(session->arena, rows_get(rows, 0, 0));
	return OK;
}

static enum status take_role(struct session *session, struct error *err)
{
	const char *parameters[] = {session->set_role};
	if (!session->set_role)
		return OK;
	if (session_query(session, "SELECT pg_catalog.set_config('role', $1, false)", 1, parameters, NULL, err) == OK)
		return read_search_path(session, err);
	if (err->sqlstate[0] == '\0' || err->status == FAIL_UNREACHABLE)
		return err->status;
	error_recast(err, FAIL_USAGE);
	error_wrap(err, "could not take on the configured role");
	return error_hint(err, "Check `role` in the configuration, and that %s is a member of it.",
	                  PQuser(session->conn));
}

static enum status check_facts(struct session *session, bool direct, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	if (session_query(session, query_session_facts, 0, NULL, &rows, err) != OK)
		return err->status;
	session->backend_pid = (int)rows_int(rows, 0, 0);
	session->search_path = arena_strdup(session->arena, rows_get(rows, 0, 2));
	session->backend_start = arena_strdup(session->arena, rows_get(rows, 0, 3));
	if (direct && PQbackendPID(session->conn) != session->backend_pid)
		return connection_pooled(session, "the session's process is not the one that was connected to", err);
	if (session->access == SESSION_READ_ONLY && !rows_true(rows, 0, 1))
		return connection_pooled(session, "start-up options did not reach the server", err);
	return OK;
}

const char *const *session_settings_parameters(const struct session *session, struct arena *arena)
{
	const char **parameters = arena_alloc(arena, SESSION_SETTINGS_PARAMETERS * sizeof(*parameters));
	parameters[0] = arena_printf(arena, "%d", session->server_version);
	parameters[1] = session->access == SESSION_READ_WRITE ? "true" : "false";
	parameters[2] = session->set_role;
	return parameters;
}

static enum status make_settings(struct session *session, struct error *err)
{
	if (session_query(session, query_session_settings, SESSION_SETTINGS_PARAMETERS,
	                  session_settings_parameters(session, session->arena), NULL, err) != OK || session->plain)
		return err->status;
	return session_exec(session, query_session_pinned, err);
}

enum status session_start(struct loop *loop, const struct session_options *options, struct session **ret_session,
                          struct conninfo *ret_info, struct error *err)
{
	struct session *session = *ret_session = memory_new(sizeof(*session));
	session->loop = loop;
	session->arena = arena_open();
	session->access = options->access;
	session->plain = options->plain;
	session->hangs_up = options->hangs_up;
	session->sent = options->sent;
	session->sent_context = options->sent_context;
	session->role_word = arena_strdup(session->arena, options->role_word);
	session->set_role = arena_strdup(session->arena, options->set_role);
	if (conninfo_read(session->arena, options->conninfo ? options->conninfo : "", ret_info, err) != OK)
		return err->status;
	complete(session, options, ret_info);
	return OK;
}

static enum status open_checked(struct session *session, const struct session_options *options,
                                struct conninfo *info, struct error *err)
{
	if (connection_open(session, info, session_connect_ms(options, info), err) != OK ||
	    connection_check_version(session, err) != OK ||
	    /* Of itself a role that it took on may not see when it began. */
	    check_facts(session, options->direct, err) != OK || take_role(session, err) != OK)
		return err->status;
	return make_settings(session, err);
}

enum status session_open(struct loop *loop, const struct session_options *options, struct session **ret_session,
                         struct error *err)
{
	struct session *session;
	struct conninfo info;

	if (session_start(loop, options, &session, &info, err) != OK ||
	    open_checked(session, options, &info, err) != OK) {
		session_close(session);
		return err->status;
	}
	*ret_session = session;
	return OK;
}

void session_close(struct session *session)
{
	if (!session)
		return;
	/* A statement can outlive its client by far. */
	if (session->busy)
		session_cancel(session);
	PQclear(session->held);
	PQfinish(session->conn);
	arena_close(session->arena);
	memory_free(session);
}

void session_cleanup(struct session **session)
{
	session_close(*session);
}

void session_reset_items(struct session *session, struct arena *arena, struct pipeline_item_list *list)
{
	list_add(arena, list)->sql = "discard all";
	struct pipeline_item *settings = list_add(arena, list);
	settings->sql = query_session_settings;
	settings->count = SESSION_SETTINGS_PARAMETERS;
	settings->parameters = session_settings_parameters(session, arena);
	if (!session->plain)
		list_add(arena, list)->sql = query_session_pinned;
}

enum status session_reset(struct session *session, struct error *err)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct pipeline_item_list items = {0};
	size_t failed;
	long position;

	session_reset_items(session, arena, &items);
	return pipeline_run(session, items.items, items.count, NULL, NULL, &failed, &position, err);
}

int session_server_version(const struct session *session)
{
	return session->server_version;
}

int session_backend_pid(const struct session *session)
{
	return session->backend_pid;
}

const char *session_backend_start(const struct session *session)
{
	return session->backend_start;
}

bool session_alive(const struct session *session)
{
	return !session->lost && PQstatus(session->conn) == CONNECTION_OK;
}

bool session_connected(struct session *session)
{
	/* The first call takes the server's last words, the second sees that it hung up. */
	if (!session->lost && (!PQconsumeInput(session->conn) || !PQconsumeInput(session->conn)))
		session->lost = true;
	return session_alive(session);
}

void session_abandon(struct session *session)
{
	if (PQsocket(session->conn) >= 0)
		(void)shutdown(PQsocket(session->conn), SHUT_RDWR);
	session->lost = true;
}

bool session_in_transaction(const struct session *session)
{
	PGTransactionStatusType state = PQtransactionStatus(session->conn);
	return state == PQTRANS_INTRANS || state == PQTRANS_INERROR;
}

struct loop *session_loop(const struct session *session)
{
	return session->loop;
}

const char *session_user(const struct session *session)
{
	return PQuser(session->conn);
}

const char *session_database(const struct session *session)
{
	return PQdb(session->conn);
}

const char *session_search_path(const struct session *session)
{
	return session->search_path;
}

const char *session_place(const struct session *session)
{
	return session->place;
}

const char *session_socket_folder(const struct session *session)
{
	const char *host = PQhost(session->conn);
	return host && host[0] == '/' ? host : NULL;
}

const char *session_address(const struct session *session)
{
	const char *address = PQhostaddr(session->conn);
	return address && *address ? address : NULL;
}

void session_on_notice(struct session *session, session_notice *notice, void *context)
{
	session->notice = notice;
	session->notice_context = context;
}

enum status session_writable(struct session *session, bool *ret_in_recovery, bool *ret_read_only, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	if (session_query(session, query_session_writable, 0, NULL, &rows, err) != OK)
		return err->status;
	*ret_in_recovery = rows_true(rows, 0, 0);
	*ret_read_only = rows_true(rows, 0, 1);
	return OK;
}
