#include "pg/pool.h"

#include <poll.h>
#include <string.h>

#include "base/memory.h"
#include "pg/query.h"
#include "pg/wire.h"
#include "sys/clock.h"

enum { RETRY_FIRST_US = 50000, RETRY_MOST_US = 1000000, ANSWER_MS = 1000 };

enum lane_state {
	LANE_DOWN,       /* without a session until due_us */
	LANE_CONNECTING, /* until due_us */
	LANE_SETTING,    /* its settings are on their way */
	LANE_PREPARING,  /* `statement` is being prepared, of all in turn */
	LANE_IDLE,
	LANE_RENEWING,   /* `statement` is being prepared, to be run then */
	LANE_BUSY,
};

struct lane {
	enum lane_state state;
	struct session *session;   /* NULL when down */
	struct conninfo info;      /* what it is connected with */
	size_t statement;
	bool *prepared;            /* of each statement */
	int64_t due_us;
	int64_t retry_us;          /* how long it stays down the next time */
};

struct pool {
	struct loop *loop;
	struct arena *arena;
	struct pool_options options;
	struct lane *lanes;
	struct loop_fd *fds;       /* of each lane; -1 = none */
	const char **names;        /* what the server keeps each statement as */
	const char *place;
	int server_version;
	size_t opening;            /* lanes that are down or connecting: they have a due_us */
	size_t busy;
	bool disturbed;            /* a lane noticed its loss outside the wait */
	bool settled;
	bool has_news;
	struct loop_handler *handlers; /* of each lane, once attached; NULL = served by turns */
	struct loop_timer timer;   /* the next due_us */
};

static const char UNSAFE[] = "the session's transactions were made writable by a statement";

struct pool *pool_open(struct loop *loop, const struct pool_options *options)
{
	struct arena *arena = arena_open();
	struct pool *pool = arena_alloc(arena, sizeof(*pool));

	*pool = (struct pool){.loop = loop, .arena = arena, .options = *options, .opening = options->lanes};
	pool->lanes = arena_alloc(arena, options->lanes * sizeof(*pool->lanes));
	pool->fds = arena_alloc(arena, options->lanes * sizeof(*pool->fds));
	pool->names = arena_alloc(arena, (options->count + 1) * sizeof(*pool->names));
	for (size_t i = 0; i < options->count; i++)
		pool->names[i] = arena_printf(arena, "s%zu", i + 1);
	for (size_t i = 0; i < options->lanes; i++) {
		pool->lanes[i].prepared = arena_alloc(arena, options->count + 1);
		pool->lanes[i].retry_us = RETRY_FIRST_US;
		pool->fds[i].fd = -1;
	}
	pool->options.session.pooled = options->as_applications;
	pool->options.session.startup = arena_printf(arena, "-c statement_timeout=%lld", (long long)options->timeout_ms);
	return pool;
}

static void hang_up(struct pool *pool, struct lane *lane)
{
	/* What runs is not cancelled: that would wait for a server which may not answer. */
	if (lane->session)
		lane->session->busy = false;
	session_close(lane->session);
	lane->session = NULL;
	pool->fds[lane - pool->lanes].fd = -1;
}

void pool_close(struct pool *pool)
{
	if (!pool)
		return;
	for (size_t i = 0; i < pool->options.lanes; i++) {
		hang_up(pool, &pool->lanes[i]);
		if (pool->handlers)
			loop_remove(pool->loop, &pool->handlers[i]);
	}
	if (pool->handlers)
		loop_remove_timer(pool->loop, &pool->timer);
	arena_close(pool->arena);
}

static bool is_opening(const struct lane *lane)
{
	return lane->state == LANE_DOWN || lane->state == LANE_CONNECTING;
}

static bool is_at_work(const struct lane *lane)
{
	return lane->state == LANE_RENEWING || lane->state == LANE_BUSY;
}

static void enter(struct pool *pool, struct lane *lane, enum lane_state state)
{
	pool->opening -= is_opening(lane);
	pool->busy -= is_at_work(lane);
	lane->state = state;
	pool->opening += is_opening(lane);
	pool->busy += is_at_work(lane);
}

static void tell(struct pool *pool, struct lane *lane, enum pool_news news, size_t statement, int64_t at_us,
                 const struct error *err)
{
	pool->has_news = true;
	pool->options.told(pool->options.context, news, (size_t)(lane - pool->lanes), statement, at_us, err);
}

/* The session is of no more use: `err` says why. */
static void drop(struct pool *pool, struct lane *lane, enum pool_news news, struct error *err)
{
	size_t statement = is_at_work(lane) ? lane->statement : SIZE_MAX;

	hang_up(pool, lane);
	enter(pool, lane, LANE_DOWN);
	memset(lane->prepared, 0, pool->options.count);
	lane->due_us = clock_us() + lane->retry_us;
	lane->retry_us = lane->retry_us * 2 > RETRY_MOST_US ? RETRY_MOST_US : lane->retry_us * 2;
	tell(pool, lane, news, statement, clock_us(), err);
}

static void lose(struct pool *pool, struct lane *lane)
{
	_cleanup_error_ struct error err = {0};
	wire_lost(lane->session, &err);
	drop(pool, lane, POOL_LOST, &err);
}

/* What does not go out at once goes out as the socket takes it. */
static void flush(struct pool *pool, struct lane *lane)
{
	int left = PQflush(lane->session->conn);
	pool->fds[lane - pool->lanes].events = left > 0 ? POLLIN | POLLOUT : POLLIN;
	if (left < 0 && !PQconsumeInput(lane->session->conn))
		lane->session->lost = true;
}

static void sent(struct pool *pool, struct lane *lane, int accepted)
{
	if (!accepted)
		lane->session->lost = true;
	lane->session->busy = true;
	flush(pool, lane);
	pool->disturbed |= lane->session->lost;
}

static void prepare(struct pool *pool, struct lane *lane)
{
	const struct pool_statement *statement = &pool->options.statements[lane->statement];
	sent(pool, lane, PQsendPrepare(lane->session->conn, pool->names[lane->statement], statement->sql,
	                               statement->count, NULL));
}

static void run(struct pool *pool, struct lane *lane)
{
	const struct pool_statement *statement = &pool->options.statements[lane->statement];
	if (pool->options.as_applications) {
		sent(pool, lane, PQsendQueryParams(lane->session->conn, statement->sql, statement->count, NULL,
		                                   statement->parameters, NULL, NULL, 0));
		return;
	}
	sent(pool, lane, PQsendQueryPrepared(lane->session->conn, pool->names[lane->statement], statement->count,
	                                     statement->parameters, NULL, NULL, 0));
}

static int64_t next_due_us(const struct pool *pool, int64_t deadline_us)
{
	for (size_t i = 0; i < pool->options.lanes && pool->opening; i++) {
		const struct lane *lane = &pool->lanes[i];
		bool waits = lane->state == LANE_CONNECTING || (lane->state == LANE_DOWN && !pool->settled);
		if (waits && lane->due_us < deadline_us)
			deadline_us = lane->due_us;
	}
	return pool->disturbed ? 0 : deadline_us;
}

/* What the loop is to wait for on behalf of an attached pool. */
static void show_to_loop(struct pool *pool)
{
	int64_t due_us = next_due_us(pool, INT64_MAX);

	for (size_t i = 0; i < pool->options.lanes; i++) {
		pool->handlers[i].fd = pool->fds[i].fd;
		pool->handlers[i].events = pool->fds[i].events;
	}
	pool->timer.due_ms = due_us == INT64_MAX ? INT64_MAX : due_us / 1000 + 1;
}

void pool_send(struct pool *pool, size_t index, size_t statement)
{
	struct lane *lane = &pool->lanes[index];

	bool ready = lane->prepared[statement] || pool->options.as_applications;

	lane->statement = statement;
	enter(pool, lane, ready ? LANE_BUSY : LANE_RENEWING);
	if (ready)
		run(pool, lane);
	else
		prepare(pool, lane);
	if (pool->handlers)
		show_to_loop(pool);
}

/* ---- opening ---- */

static void take_ready(struct pool *pool, struct lane *lane, int64_t at_us)
{
	lane->retry_us = RETRY_FIRST_US;
	enter(pool, lane, LANE_IDLE);
	tell(pool, lane, POOL_READY, SIZE_MAX, at_us, NULL);
}

static void take_step(struct pool *pool, struct lane *lane, enum connecting next)
{
	struct session *session = lane->session;
	struct loop_fd *fd = &pool->fds[lane - pool->lanes];
	_cleanup_error_ struct error err = {0};

	if (next == CONNECTING_REFUSED)
		connection_failed(session, &err);
	if (next == CONNECTING_REFUSED || (next == CONNECTING_DONE && connection_check_version(session, &err) != OK)) {
		drop(pool, lane, POOL_REFUSED, &err);
		return;
	}
	*fd = (struct loop_fd){.fd = PQsocket(session->conn), .events = next == CONNECTING_WRITES ? POLLOUT : POLLIN};
	if (next != CONNECTING_DONE)
		return;
	pool->server_version = session->server_version;
	if (pool->options.as_applications) {
		take_ready(pool, lane, clock_us());
		return;
	}
	enter(pool, lane, LANE_SETTING);
	sent(pool, lane, PQsendQueryParams(session->conn, query_session_settings, SESSION_SETTINGS_PARAMETERS, NULL,
	                                   session_settings_parameters(session, session->arena), NULL, NULL, 0));
}

static void connect_lane(struct pool *pool, struct lane *lane)
{
	enter(pool, lane, LANE_CONNECTING);
	lane->due_us = clock_us() + pool->options.timeout_ms * 1000;
	take_step(pool, lane, connection_start(lane->session, &lane->info));
}

static void open_lane(struct pool *pool, struct lane *lane)
{
	_cleanup_error_ struct error err = {0};

	if (session_start(pool->loop, &pool->options.session, &lane->session, &lane->info, &err) != OK) {
		drop(pool, lane, POOL_REFUSED, &err);
		return;
	}
	if (!pool->place)
		pool->place = arena_strdup(pool->arena, lane->session->place);
	connect_lane(pool, lane);
}

static void give_up_connecting(struct pool *pool, struct lane *lane)
{
	_cleanup_error_ struct error err = {0};

	error_set(&err, FAIL_UNREACHABLE, "could not connect to %s: no answer within %lld s", lane->session->place,
	          (long long)((pool->options.timeout_ms + 999) / 1000));
	error_hint(&err, "Check host, port and firewalls on the way, and that the server is up.");
	drop(pool, lane, POOL_REFUSED, &err);
}

/* Lanes whose time has come: to be opened, or to be given up. */
static void serve_due(struct pool *pool)
{
	int64_t now_us = clock_us();
	for (size_t i = 0; i < pool->options.lanes && pool->opening; i++) {
		struct lane *lane = &pool->lanes[i];
		if (!is_opening(lane) || lane->due_us > now_us)
			continue;
		if (lane->state == LANE_CONNECTING)
			give_up_connecting(pool, lane);
		else if (!pool->settled)
			open_lane(pool, lane);
	}
}

/* ---- results ---- */

static void prepare_next(struct pool *pool, struct lane *lane, size_t statement, int64_t at_us)
{
	if (statement < pool->options.count) {
		lane->statement = statement;
		enter(pool, lane, LANE_PREPARING);
		prepare(pool, lane);
		return;
	}
	take_ready(pool, lane, at_us);
}

/*
 * Servers since 14 report the setting. Without it the next statement could write: what made it so was a function, for
 * the text of a statement was looked at.
 */
static bool has_become_writable(const struct session *session)
{
	const char *reported = session->access == SESSION_READ_ONLY
	                               ? PQparameterStatus(session->conn, "default_transaction_read_only")
	                               : NULL;
	return reported && strcmp(reported, "on") != 0;
}

static void take_end(struct pool *pool, struct lane *lane, const struct error *err, int64_t at_us)
{
	switch (lane->state) {
	case LANE_SETTING:
		prepare_next(pool, lane, 0, at_us);
		break;
	case LANE_PREPARING:
		lane->prepared[lane->statement] = err == NULL;
		if (err)
			tell(pool, lane, POOL_UNPREPARED, lane->statement, at_us, err);
		prepare_next(pool, lane, lane->statement + 1, at_us);
		break;
	case LANE_RENEWING:
		if (!err) {
			lane->prepared[lane->statement] = true;
			enter(pool, lane, LANE_BUSY);
			run(pool, lane);
			break;
		}
		__attribute__((fallthrough));
	case LANE_BUSY:
		enter(pool, lane, LANE_IDLE);
		tell(pool, lane, err ? POOL_FAILED : POOL_ENDED, lane->statement, at_us, err);
		break;
	case LANE_DOWN:
	case LANE_CONNECTING:
	case LANE_IDLE:
		break;
	}
}

/* A statement's whole result is there. */
static void take_result(struct pool *pool, struct lane *lane)
{
	_cleanup_error_ struct error err = {0};
	struct session *session = lane->session;
	PGresult *result = session->held;
	int64_t at_us = clock_us();
	enum status status = wire_judge(session, result, &err);

	session->held = NULL;
	session->busy = false;
	PQclear(result);
	if (!session->lost && has_become_writable(session)) {
		status = error_set(&err, FAIL_REFUSED, "%s", UNSAFE);
		session->lost = true;
	}
	if (session->lost)
		drop(pool, lane, POOL_LOST, &err);
	else if (status != OK && lane->state == LANE_SETTING)
		drop(pool, lane, POOL_REFUSED, &err);
	else
		take_end(pool, lane, status != OK ? &err : NULL, at_us);
}

static void serve(struct pool *pool, struct lane *lane, short revents)
{
	struct session *session = lane->session;

	if (lane->state == LANE_CONNECTING) {
		take_step(pool, lane, connection_step(session));
		return;
	}
	if (revents & POLLOUT)
		flush(pool, lane);
	if ((revents & ~POLLOUT) && !PQconsumeInput(session->conn))
		session->lost = true;
	if (session->busy && wire_advance(session))
		take_result(pool, lane);
	else if (!session->busy && !session_connected(session))
		lose(pool, lane);
}

enum loop_outcome pool_turn(struct pool *pool, int64_t deadline_us)
{
	pool->has_news = false;
	if (pool->opening)
		serve_due(pool);
	enum loop_outcome outcome = loop_wait_us(pool->loop, pool->fds, pool->options.lanes,
	                                         pool->has_news ? 0 : next_due_us(pool, deadline_us));
	if (outcome == LOOP_STOPPED)
		return outcome;
	bool disturbed = pool->disturbed;
	pool->disturbed = false;
	for (size_t i = 0; i < pool->options.lanes; i++) {
		struct lane *lane = &pool->lanes[i];
		short revents = outcome == LOOP_READY ? pool->fds[i].revents : 0;
		/* One that was served for another's sake may be gone or new by now. */
		if (lane->session && (revents || (disturbed && lane->session->lost)))
			serve(pool, lane, revents);
	}
	return pool->has_news ? LOOP_READY : LOOP_TIMEOUT;
}

/* ---- inside every wait ---- */

static void on_ready(struct loop_handler *handler, short revents)
{
	struct pool *pool = handler->context;
	struct lane *lane = &pool->lanes[handler - pool->handlers];

	if (lane->session)
		serve(pool, lane, revents);
	show_to_loop(pool);
}

static void on_due(struct loop_timer *timer)
{
	struct pool *pool = timer->context;
	bool disturbed = pool->disturbed;

	pool->disturbed = false;
	for (size_t i = 0; i < pool->options.lanes && disturbed; i++)
		if (pool->lanes[i].session && pool->lanes[i].session->lost)
			serve(pool, &pool->lanes[i], 0);
	serve_due(pool);
	show_to_loop(pool);
}

void pool_attach(struct pool *pool)
{
	pool->handlers = arena_alloc(pool->arena, pool->options.lanes * sizeof(*pool->handlers));
	for (size_t i = 0; i < pool->options.lanes; i++) {
		pool->handlers[i] = (struct loop_handler){.fd = -1, .ready = on_ready, .context = pool};
		loop_add(pool->loop, &pool->handlers[i]);
	}
	pool->timer = (struct loop_timer){.due = on_due, .context = pool};
	loop_add_timer(pool->loop, &pool->timer);
	show_to_loop(pool);
}

/* ---- the end ---- */

/* Whether somebody says anything there at all: libpq's way to cancel waits without a limit. */
static bool is_answering(struct pool *pool, int64_t limit_ms)
{
	struct session_options options = pool->options.session;
	struct conninfo info;
	struct session *session;
	_cleanup_error_ struct error err = {0};
	int64_t deadline_ms = clock_ms() + limit_ms;
	enum loop_outcome outcome = LOOP_READY;
	enum connecting next = CONNECTING_REFUSED;

	if (session_start(pool->loop, &options, &session, &info, &err) == OK)
		next = connection_start(session, &info);
	while (outcome == LOOP_READY && (next == CONNECTING_READS || next == CONNECTING_WRITES)) {
		struct loop_fd fd = {.fd = PQsocket(session->conn),
		                     .events = next == CONNECTING_READS ? POLLIN : POLLOUT};
		outcome = loop_wait(pool->loop, &fd, 1, deadline_ms);
		if (outcome == LOOP_READY)
			next = connection_step(session);
	}
	session_close(session);
	return outcome == LOOP_READY;
}

void pool_cancel(struct pool *pool, int64_t limit_ms)
{
	int64_t deadline_us = clock_us() + limit_ms * 1000;

	pool_settle(pool);
	loop_shield(pool->loop);
	if (pool->busy && is_answering(pool, limit_ms < ANSWER_MS ? limit_ms : ANSWER_MS)) {
		for (size_t i = 0; i < pool->options.lanes; i++)
			if (is_at_work(&pool->lanes[i]))
				session_cancel(pool->lanes[i].session);
		while (pool->busy && clock_us() < deadline_us)
			if (pool_turn(pool, deadline_us) == LOOP_STOPPED)
				break;
	}
	loop_unshield(pool->loop);
}

void pool_settle(struct pool *pool)
{
	pool->settled = true;
}

size_t pool_busy(const struct pool *pool)
{
	return pool->busy;
}

bool pool_lane_busy(const struct pool *pool, size_t lane)
{
	return is_at_work(&pool->lanes[lane]);
}

size_t pool_connected(const struct pool *pool)
{
	size_t connected = 0;
	for (size_t i = 0; i < pool->options.lanes; i++)
		connected += pool->lanes[i].state >= LANE_IDLE;
	return connected;
}

const char *pool_place(const struct pool *pool)
{
	return pool->place;
}

int pool_server_version(const struct pool *pool)
{
	return pool->server_version;
}
