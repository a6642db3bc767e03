#include "pg/asker.h"

#include <assert.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "pg/query.h"
#include "pg/wire.h"
#include "sys/clock.h"

/* How long a server may keep silent beyond the query's own limit, and how long until it is called again. */
enum { PATIENCE_MS = 3000, RETRY_FIRST_MS = 250, RETRY_LAST_MS = 5000, RETRY_REFUSED_MS = 30000, NAMES_ANEW = 3 };

enum state {
	AWAY,       /* no connection; the timer calls again */
	CONNECTING,
	SETTLING,   /* connected; its settings are on their way */
	IDLE,
	ASKING,
};

struct asker {
	struct loop *loop;
	struct asker_options options;
	struct session *session;        /* NULL while AWAY */
	enum state state;
	struct loop_handler socket;
	bool watched;                   /* the handler is the loop's */
	struct loop_timer timer;        /* the end of patience; while AWAY the next attempt */
	struct error trouble;
	unsigned connections;
	unsigned failures;              /* attempts in a row */
	char *address;                  /* of the last connection: asking a name server would be a wait */

	LIST(const char *) kept;        /* queries whose plans the server keeps, in the session's arena */
	bool keeping;                   /* the one that runs is being made such */
	int64_t limit_ms;               /* statement_timeout as the session has it; -1 = unknown */
	const char *sql;
	int count;                      /* of its parameters */
	const char *const *parameters;  /* while it is being sent */
	asker_answer *answer;
	void *context;
};

static void unwatch(struct asker *asker)
{
	if (asker->watched)
		loop_remove(asker->loop, &asker->socket);
	asker->watched = false;
}

static void watch(struct asker *asker, short events)
{
	int fd = PQsocket(asker->session->conn);

	if (asker->watched && asker->socket.fd == fd) {
		asker->socket.events = events;
		return;
	}
	unwatch(asker);
	asker->socket.fd = fd;
	asker->socket.events = events;
	loop_add(asker->loop, &asker->socket);
	asker->watched = true;
}

static void drop_session(struct asker *asker)
{
	unwatch(asker);
	session_close(asker->session);
	asker->session = NULL;
	asker->kept.items = NULL;
	asker->kept.count = asker->kept.room = 0;
	asker->limit_ms = -1;
}

static int64_t retry_ms(const struct asker *asker)
{
	if (asker->trouble.status == FAIL_USAGE)
		return RETRY_REFUSED_MS;
	int64_t delay_ms = RETRY_FIRST_MS;
	for (unsigned i = 1; i < asker->failures && delay_ms < RETRY_LAST_MS; i++)
		delay_ms *= 2;
	return delay_ms < RETRY_LAST_MS ? delay_ms : RETRY_LAST_MS;
}

/* The connection is gone, for the reason in `cause`: whoever waits for an answer is told, and it is tried again. */
static void go_away(struct asker *asker, struct error *cause)
{
	asker_answer *answer = asker->state == ASKING ? asker->answer : NULL;

	drop_session(asker);
	asker->state = AWAY;
	asker->failures++;
	error_move(&asker->trouble, cause);
	asker->timer.due_ms = clock_ms() + retry_ms(asker);
	if (answer)
		answer(asker->context, NULL, &asker->trouble);
	asker->options.changed(asker->options.context);
}

static void lose(struct asker *asker)
{
	_cleanup_error_ struct error cause = {0};
	wire_lost(asker->session, &cause);
	go_away(asker, &cause);
}

/* ---- talking ---- */

static bool send_settings(struct asker *asker)
{
	struct session *session = asker->session;
	const char *lock[] = {"lock_timeout", arena_printf(session->arena, "%" PRId64, asker->options.lock_timeout_ms)};

	return PQenterPipelineMode(session->conn) &&
	       PQsendQueryParams(session->conn, query_session_settings, SESSION_SETTINGS_PARAMETERS, NULL,
	                         session_settings_parameters(session, session->arena), NULL, NULL, 0) &&
	       PQsendQueryParams(session->conn, query_session_pinned, 0, NULL, NULL, NULL, NULL, 0) &&
	       PQsendQueryParams(session->conn, "select pg_catalog.set_config($1, $2, false)", 2, NULL, lock, NULL,
	                         NULL, 0) &&
	       PQpipelineSync(session->conn);
}

static size_t place_of(const struct asker *asker, const char *sql)
{
	size_t index = 0;
	while (index < asker->kept.count && asker->kept.items[index] != sql)
		index++;
	return index;
}

static bool send_query(struct asker *asker, int64_t timeout_ms)
{
	struct session *session = asker->session;
	size_t place = place_of(asker, asker->sql);
	bool known = place < asker->kept.count;
	char name[32], digits[32];

	if (asker->options.console)
		return PQsendQuery(session->conn, asker->sql);
	snprintf(name, sizeof(name), "ask%zu", place);
	if (asker->limit_ms != timeout_ms) {
		const char *limit[] = {"statement_timeout", digits};
		snprintf(digits, sizeof(digits), "%" PRId64, timeout_ms);
		if (!PQsendQueryParams(session->conn, "select pg_catalog.set_config($1, $2, false)", 2, NULL, limit,
		                       NULL, NULL, 0))
			return false;
		asker->limit_ms = timeout_ms;
	}
	asker->keeping = !known;
	return (known || PQsendPrepare(session->conn, name, asker->sql, asker->count, NULL)) &&
	       PQsendQueryPrepared(session->conn, name, asker->count, asker->parameters, NULL, NULL, 0) &&
	       PQpipelineSync(session->conn);
}

/* The first error stays, and what follows it in the pipeline is only its consequence. */
static void keep_result(struct asker *asker, PGresult *result)
{
	struct session *session = asker->session;
	ExecStatusType kind = PQresultStatus(result);

	if (kind == PGRES_COMMAND_OK && asker->keeping) {
		list_push(session->arena, &asker->kept, asker->sql);
		asker->keeping = false;
	}
	if (kind == PGRES_PIPELINE_ABORTED ||
	    (session->held && PQresultStatus(session->held) == PGRES_FATAL_ERROR)) {
		PQclear(result);
		return;
	}
	PQclear(session->held);
	session->held = result;
}

/* Takes what has arrived; true when all of it is there. */
static bool gather(struct asker *asker)
{
	PGconn *conn = asker->session->conn;

	while (!PQisBusy(conn)) {
		PGresult *result = PQgetResult(conn);
		bool ended = asker->options.console ? !result : PQresultStatus(result) == PGRES_PIPELINE_SYNC;
		if (result && !ended)
			keep_result(asker, result);
		else
			PQclear(result);
		if (PQstatus(conn) == CONNECTION_BAD)
			asker->session->lost = true;
		if (ended || asker->session->lost)
			return true;
	}
	return false;
}

static void become_idle(struct asker *asker)
{
	asker->state = IDLE;
	asker->timer.due_ms = INT64_MAX;
	asker->failures = 0;
	asker->connections++;
	error_clear(&asker->trouble);
	asker->options.changed(asker->options.context);
}

static void settle(struct asker *asker)
{
	_cleanup_error_ struct error err = {0};
	PGresult *result = asker->session->held;
	enum status status = wire_judge(asker->session, result, &err);

	asker->session->held = NULL;
	PQclear(result);
	if (status != OK)
		go_away(asker, &err);
	else
		become_idle(asker);
}

static void hand_out(struct asker *asker)
{
	_cleanup_error_ struct error err = {0};
	struct session *session = asker->session;
	struct rows rows = {.result = session->held};
	enum status status = wire_judge(session, session->held, &err);

	session->held = NULL;
	/* What was set in a transaction that failed is not set. */
	if (status != OK)
		asker->limit_ms = -1;
	if (session->lost) {
		if (status == OK)
			wire_lost(session, &err);
		PQclear(rows.result);
		go_away(asker, &err);
		return;
	}
	asker->state = IDLE;
	asker->timer.due_ms = INT64_MAX;
	asker->answer(asker->context, status == OK ? &rows : NULL, &err);
	PQclear(rows.result);
	if (asker->state == IDLE)
		asker->options.changed(asker->options.context);
}

static void talk(struct asker *asker)
{
	PGconn *conn = asker->session->conn;
	int left = PQflush(conn);

	/* What the server said before it hung up may still be read. */
	if (!PQconsumeInput(conn) && (asker->state == IDLE || PQisBusy(conn))) {
		lose(asker);
		return;
	}
	if (asker->state == IDLE) {
		(void)PQisBusy(conn); /* takes notices and the server's last words */
		if (PQstatus(conn) == CONNECTION_BAD)
			lose(asker);
		return;
	}
	watch(asker, left > 0 ? POLLIN | POLLOUT : POLLIN);
	if (!gather(asker))
		return;
	if (asker->state == SETTLING)
		settle(asker);
	else
		hand_out(asker);
}

/* ---- connecting ---- */

static void fail_to_connect(struct asker *asker)
{
	_cleanup_error_ struct error err = {0};
	connection_failed(asker->session, &err);
	go_away(asker, &err);
}

static void connected(struct asker *asker)
{
	struct session *session = asker->session;
	_cleanup_error_ struct error err = {0};
	const char *address = session_address(session);
	bool console = asker->options.console;

	memory_free(asker->address);
	asker->address = memory_strdup(address);
	if ((console ? connection_check_console(session, &err) : connection_check_version(session, &err)) != OK) {
		go_away(asker, &err);
		return;
	}
	if (console) {
		watch(asker, POLLIN);
		become_idle(asker);
		return;
	}
	asker->state = SETTLING;
	if (!send_settings(asker))
		lose(asker);
	else
		talk(asker);
}

static void follow(struct asker *asker, enum connecting next)
{
	switch (next) {
	case CONNECTING_DONE:
		connected(asker);
		break;
	case CONNECTING_READS:
		watch(asker, POLLIN);
		break;
	case CONNECTING_WRITES:
		watch(asker, POLLOUT);
		break;
	case CONNECTING_REFUSED:
		fail_to_connect(asker);
		break;
	}
}

/* The address of the last connection, for a while: then the name may have gone to another one. */
static void use_address(const struct asker *asker, struct conninfo *info)
{
	if (asker->failures < NAMES_ANEW)
		conninfo_use_address(info, asker->address);
}

static void connect_now(struct asker *asker)
{
	const struct session_options *options = &asker->options.session;
	_cleanup_error_ struct error err = {0};
	struct conninfo info;

	asker->state = CONNECTING;
	if (session_start(asker->loop, options, &asker->session, &info, &err) != OK) {
		go_away(asker, &err);
		return;
	}
	use_address(asker, &info);
	asker->timer.due_ms = clock_ms() + session_connect_ms(options, &info);
	follow(asker, connection_start(asker->session, &info));
}

static void on_socket(struct loop_handler *handler, short revents)
{
	struct asker *asker = handler->context;
	(void)revents;
	if (asker->state == CONNECTING)
		follow(asker, connection_step(asker->session));
	else
		talk(asker);
}

static void on_timer(struct loop_timer *timer)
{
	struct asker *asker = timer->context;
	_cleanup_error_ struct error err = {0};

	if (asker->state == AWAY) {
		connect_now(asker);
		return;
	}
	if (asker->session->lost) {
		lose(asker);
		return;
	}
	error_set(&err, FAIL_UNREACHABLE, "the server at %s does not answer", asker->session->place);
	error_hint(&err, "Check that it runs, what it is busy with, and the network on the way.");
	go_away(asker, &err);
}

enum status asker_open(struct loop *loop, const struct asker_options *options, struct asker **ret_asker,
                       struct error *err)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct conninfo info;

	if (conninfo_read(scratch, options->session.conninfo ? options->session.conninfo : "", &info, err) != OK)
		return err->status;
	struct asker *asker = memory_new(sizeof(*asker));
	asker->loop = loop;
	asker->options = *options;
	asker->limit_ms = -1;
	asker->socket = (struct loop_handler){.ready = on_socket, .context = asker};
	/* Not now: it is the loop that calls, so that no call comes before the caller knows its asker. */
	asker->timer = (struct loop_timer){.due_ms = clock_ms() + options->begin_after_ms,
	                                   .due = on_timer, .context = asker};
	loop_add_timer(loop, &asker->timer);
	*ret_asker = asker;
	return OK;
}

void asker_close(struct asker *asker)
{
	if (!asker)
		return;
	loop_remove_timer(asker->loop, &asker->timer);
	drop_session(asker);
	error_clear(&asker->trouble);
	memory_free(asker->address);
	memory_free(asker);
}

bool asker_idle(const struct asker *asker)
{
	return asker->state == IDLE;
}

const struct error *asker_trouble(const struct asker *asker)
{
	return &asker->trouble;
}

unsigned asker_connection(const struct asker *asker)
{
	return asker->connections;
}

int asker_server_version(const struct asker *asker)
{
	return asker->session ? asker->session->server_version : 0;
}

const char *asker_version_text(const struct asker *asker)
{
	const char *text = asker->session ? PQparameterStatus(asker->session->conn, "server_version") : NULL;
	return text ? text : "";
}

const char *asker_place(const struct asker *asker)
{
	return asker->session ? asker->session->place : "";
}

void asker_ask(struct asker *asker, const char *sql, int64_t timeout_ms, asker_answer *answer, void *context)
{
	asker_ask_with(asker, sql, 0, NULL, timeout_ms, answer, context);
}

void asker_ask_with(struct asker *asker, const char *sql, int count, const char *const *parameters, int64_t timeout_ms,
                    asker_answer *answer, void *context)
{
	assert(asker->state == IDLE);
	asker->sql = sql;
	asker->count = count;
	asker->parameters = parameters;
	asker->answer = answer;
	asker->context = context;
	asker->state = ASKING;
	asker->timer.due_ms = clock_ms() + timeout_ms + PATIENCE_MS;
	if (!send_query(asker, timeout_ms)) {
		/* Noticed in the loop, so that no answer comes from inside the question. */
		asker->session->lost = true;
		asker->timer.due_ms = clock_ms();
		return;
	}
	int left = PQflush(asker->session->conn);
	watch(asker, left > 0 ? POLLIN | POLLOUT : POLLIN);
}
