#include "pg/pipeline.h"

#include <stdlib.h>
#include <string.h>

#include "pg/wire.h"
#include "sys/clock.h"

struct flow {
	struct session *session;
	const struct pipeline_item *items;
	size_t count;
	size_t sent;                /* items handed to libpq */
	size_t unflushed_bytes;     /* and about how much of them it has not been asked to send */
	size_t at;                  /* the item whose result comes next */
	bool synced;                /* Sync was sent: nothing follows */
	bool ended;                 /* its result has come */
	bool stopping;
	bool muted;                 /* the caller wants no more results */
	int64_t deadline_ms;
	pipeline_result *result;
	void *context;
	size_t *ret_failed;
	long *ret_position;
	struct error *err;          /* the first error; err->status tells whether there is one */
	enum status status;
};

/* What is handed to libpq before it is made to send: enough for few system calls, little enough for its buffer. */
enum { WINDOW_BYTES = 32768 };

/* Rows that nobody wants are not gathered: a script may select a whole table. */
static void begin_item(struct flow *flow)
{
	if (!flow->items[flow->at].want_rows)
		(void)PQsetSingleRowMode(flow->session->conn);
}

static size_t size_of(const struct pipeline_item *item)
{
	size_t bytes = item->sql ? strlen(item->sql) : strlen(item->name);
	for (int i = 0; item->parameters && i < item->count; i++)
		bytes += item->parameters[i] ? strlen(item->parameters[i]) : 0;
	return bytes;
}

static bool send_statement(PGconn *conn, const struct pipeline_item *item)
{
	if (!item->name)
		return PQsendQueryParams(conn, item->sql, item->count, NULL, item->parameters, NULL, NULL, 0);
	if (item->sql)
		return PQsendPrepare(conn, item->name, item->sql, item->count, NULL);
	return PQsendQueryPrepared(conn, item->name, item->count, item->parameters, NULL, NULL, 0);
}

/* The flush request makes the server answer now and not at the Sync. */
static bool send_item(struct flow *flow)
{
	PGconn *conn = flow->session->conn;
	const struct pipeline_item *item = &flow->items[flow->sent];
	if (!send_statement(conn, item) || (!item->quiet && !PQsendFlushRequest(conn)))
		return false;
	flow->unflushed_bytes += size_of(item);
	if (flow->sent++ == flow->at)
		begin_item(flow);
	return true;
}

/*
 * Hands statements to libpq for as long as the socket takes them, so that a large file is not copied whole into its
 * buffer, and no further than the first error.
 */
static void feed(struct flow *flow)
{
	while (!flow->session->lost && !flow->synced) {
		if (flow->unflushed_bytes >= WINDOW_BYTES && PQflush(flow->session->conn) != 0)
			return;
		if (flow->unflushed_bytes >= WINDOW_BYTES)
			flow->unflushed_bytes = 0;
		bool done = flow->sent == flow->count || flow->status != OK || flow->stopping;
		bool sound = done ? PQpipelineSync(flow->session->conn) : send_item(flow);
		flow->synced = done;
		if (!sound)
			flow->session->lost = true;
	}
}

static void fail(struct flow *flow, const PGresult *result)
{
	if (flow->status != OK)
		return;
	flow->status = wire_judge(flow->session, result, flow->err);
	const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
	*flow->ret_failed = flow->at;
	*flow->ret_position = position ? strtol(position, NULL, 10) : 0;
}

static void deliver(struct flow *flow, PGresult *result)
{
	struct rows rows = {.result = result};
	if (flow->result && !flow->muted && flow->status == OK && !flow->stopping)
		flow->muted = !flow->result(flow->context, flow->at, &rows);
}

/* COPY stops a pipeline for ever (manual, section 34.5.1.1): the only way out is to hang up, which rolls back. */
static void refuse_copy(struct flow *flow)
{
	if (flow->status == OK) {
		flow->status = error_set(flow->err, FAIL_INTERNAL, "a COPY was sent inside a pipeline");
		*flow->ret_failed = flow->at;
		*flow->ret_position = 0;
	}
	flow->session->lost = true;
}

static void take(struct flow *flow, PGresult *result)
{
	switch (PQresultStatus(result)) {
	case PGRES_PIPELINE_SYNC:
		flow->ended = true;
		break;
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
	case PGRES_EMPTY_QUERY:
		deliver(flow, result);
		break;
	case PGRES_SINGLE_TUPLE: /* a row that nobody wants */
	case PGRES_PIPELINE_ABORTED:
		break;
	case PGRES_COPY_IN:
	case PGRES_COPY_OUT:
	case PGRES_COPY_BOTH:
		refuse_copy(flow);
		break;
	default:
		fail(flow, result);
		if (PQstatus(flow->session->conn) == CONNECTION_BAD)
			flow->session->lost = true;
		break;
	}
	PQclear(result);
}

/* Takes what has arrived. */
static void drain(struct flow *flow)
{
	while (!flow->ended && !flow->session->lost && flow->at < flow->sent + (flow->synced ? 1 : 0) &&
	       !PQisBusy(flow->session->conn)) {
		PGresult *result = PQgetResult(flow->session->conn);
		if (result)
			take(flow, result);
		else if (flow->at == flow->sent)
			return;
		else if (++flow->at < flow->sent)
			begin_item(flow);
	}
}

static void stop(struct flow *flow)
{
	loop_shield(flow->session->loop);
	flow->stopping = true;
	flow->deadline_ms = clock_ms() + WIRE_CANCEL_MS;
	session_cancel(flow->session);
}

static void run(struct flow *flow)
{
	for (;;) {
		feed(flow);
		drain(flow);
		if (flow->ended || flow->session->lost)
			return;
		enum loop_outcome outcome = wire_move(flow->session, flow->deadline_ms);
		if (outcome == LOOP_STOPPED)
			stop(flow);
		else if (outcome == LOOP_TIMEOUT)
			flow->session->lost = true;
	}
}

/* The last words of a server that hung up are still to be read. */
static void read_last_words(struct flow *flow)
{
	flow->session->lost = false;
	if (!PQisBusy(flow->session->conn))
		drain(flow);
	flow->session->lost = true;
	if (flow->status != OK)
		return;
	flow->status = wire_lost(flow->session, flow->err);
	*flow->ret_failed = flow->at < flow->count ? flow->at : flow->count - 1;
	*flow->ret_position = 0;
}

enum status pipeline_run(struct session *session, const struct pipeline_item *items, size_t count,
                         pipeline_result *result, void *context, size_t *ret_failed, long *ret_position,
                         struct error *err)
{
	struct flow flow = {.session = session,
	                    .items = items,
	                    .count = count,
	                    .deadline_ms = INT64_MAX,
	                    .result = result,
	                    .context = context,
	                    .ret_failed = ret_failed,
	                    .ret_position = ret_position,
	                    .err = err};
	if (count == 0)
		return OK;
	if (wire_ready(session, err) != OK)
		return err->status;
	if (!PQenterPipelineMode(session->conn))
		return wire_refused(session, "could not begin a pipeline", err);
	run(&flow);
	if (session->lost)
		read_last_words(&flow);
	else if (!PQexitPipelineMode(session->conn))
		flow.status = wire_refused(session, "could not end a pipeline", err);
	if (flow.stopping) {
		loop_unshield(session->loop);
		return loop_stop_error(session->loop, err);
	}
	return flow.status;
}
