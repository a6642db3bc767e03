#include "engine/queries/explain.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "core/sql/explainable.h"
#include "pg/query.h"
#include "sys/loop.h"

enum {
	TIMEOUT_MS = 10000,
	LOCK_TIMEOUT_MS = 1000,
	ROLL_BACK_MS = 10000,
	VERSION_MEMORY = 170000,  /* MEMORY, SERIALIZE */
	VERSION_IO = 190000,      /* IO */
};

/* Ours alone. */
#define PREPARED_NAME "pgsluice_explained"

static enum status refuse(struct error *err, const char *message, const char *hint)
{
	error_set(err, FAIL_REFUSED, "%s", message);
	return error_hint(err, "%s", hint);
}

static enum status check(const struct explain_options *options, const struct explainable *query, struct error *err)
{
	size_t known = options->parameters ? options->parameters->count : 0;

	if (options->generic && options->analyze)
		return refuse(err, "a generic plan cannot be run: its parameters have no values",
		              "Give the parameters values, or ask for the plan alone.");
	if (options->analyze && !query->reads && !options->writes) {
		error_set(err, FAIL_REFUSED, "this %s does more than read, and is not run", query->tag);
		return error_hint(err, "Ask for its plan without running it, or run it on the copy.");
	}
	if (options->generic || known == query->parameters)
		return OK;
	error_set(err, FAIL_REFUSED, "the query has %zu parameter(s), and %zu value(s) are given", query->parameters,
	          known);
	return error_hint(err, "Give one value for each of $1 to $n, or ask for the generic plan.");
}

static const char *wording(struct arena *arena, const struct explain_options *options,
                           const struct explainable *query, int version)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	strbuf_puts(&text, options->analyze ? "EXPLAIN (ANALYZE, BUFFERS" : "EXPLAIN (BUFFERS");
	strbuf_puts(&text, ", VERBOSE, SETTINGS");
	if (options->analyze && !query->reads)
		strbuf_puts(&text, ", WAL");
	if (version >= VERSION_MEMORY)
		strbuf_puts(&text, options->analyze ? ", MEMORY, SERIALIZE" : ", MEMORY");
	if (version >= VERSION_IO && options->analyze)
		strbuf_puts(&text, ", IO");
	strbuf_puts(&text, ", FORMAT JSON) ");
	return arena_strdup(arena, strbuf_text(&text));
}

/*
 * A prepared statement that is planned generically, asked for with nulls, which the plan does not see. GENERIC_PLAN
 * (16) is no way: over the extended protocol its parameters must be bound, and then they are known.
 */
static enum status explain_prepared(struct session *session, struct arena *arena, const char *asking,
                                    const struct explainable *query, bool *ret_prepared, struct rows **ret_rows,
                                    struct error *err)
{
	_cleanup_strbuf_ struct strbuf nulls = {0};

	for (size_t i = 0; i < query->parameters; i++)
		strbuf_puts(&nulls, i ? ", null" : "(null");
	strbuf_putc(&nulls, ')');
	if (session_exec(session, "SET LOCAL plan_cache_mode = force_generic_plan", err) != OK ||
	    session_exec(session, arena_printf(arena, "PREPARE " PREPARED_NAME " AS %s", query->sql), err) != OK)
		return err->status;
	*ret_prepared = true;
	return session_query(session, arena_printf(arena, "%sEXECUTE " PREPARED_NAME "%s", asking, strbuf_text(&nulls)), 0,
	                     NULL, ret_rows, err);
}

static enum status ask(struct session *session, struct arena *arena, const struct explain_options *options,
                       const struct explainable *query, bool *ret_prepared, struct rows **ret_rows, struct error *err)
{
	const char *asking = wording(arena, options, query, session_server_version(session));
	bool bound = options->parameters && !options->generic;

	if (options->generic && query->parameters)
		return explain_prepared(session, arena, asking, query, ret_prepared, ret_rows, err);
	return session_query(session, arena_printf(arena, "%s%s", asking, query->sql),
	                     bound ? (int)options->parameters->count : 0, bound ? options->parameters->items : NULL,
	                     ret_rows, err);
}

/* Whatever came of it, nothing of it stays: a prepared statement outlives its transaction. */
static void leave(struct session *session, bool prepared)
{
	_cleanup_error_ struct error ignored = {0};

	if (!session_alive(session))
		return;
	if (session_finish(session, "rollback", 0, NULL, ROLL_BACK_MS, &ignored) == OK && prepared)
		(void)!session_finish(session, "deallocate " PREPARED_NAME, 0, NULL, ROLL_BACK_MS, &ignored);
}

/* What the server said, as what it means for a query that was only to be explained. */
static enum status say(struct session *session, struct arena *arena, int64_t timeout_ms, int64_t lock_timeout_ms,
                       struct error *err)
{
	if (err->status == FAIL_UNREACHABLE || err->sqlstate[0] == '\0' || loop_stop_signal(session_loop(session)))
		return err->status;
	error_recast(err, FAIL_GATE);
	if (strcmp(err->sqlstate, "57014") == 0) {
		error_message(err, "the query did not end within %s and was stopped", text_duration(arena, timeout_ms));
		return error_hint(err, "Look at its plan without running it: it may lack an index.");
	}
	if (strcmp(err->sqlstate, "55P03") == 0) {
		error_message(err, "the query got no lock within %s", text_duration(arena, lock_timeout_ms));
		return error_hint(err, "Somebody holds one of its tables; try again when they are done.");
	}
	return err->status;
}

enum status explain_query(struct session *session, struct arena *arena, const struct explain_options *options,
                          const char **ret_text, struct error *err)
{
	int64_t timeout_ms = options->timeout_ms ? options->timeout_ms : TIMEOUT_MS;
	int64_t lock_timeout_ms = options->lock_timeout_ms ? options->lock_timeout_ms : LOCK_TIMEOUT_MS;
	const char *limits[] = {arena_printf(arena, "%" PRId64, lock_timeout_ms),
	                        arena_printf(arena, "%" PRId64, timeout_ms)};
	_cleanup_rows_ struct rows *rows = NULL;
	struct explainable query;
	bool prepared = false;

	if (explainable_read(arena, NULL, options->sql, strlen(options->sql), 0, &query, err) != OK ||
	    check(options, &query, err) != OK)
		return err->status;
	bool may_write = options->analyze && options->writes && !query.reads;
	enum status status = session_exec(session, may_write ? "BEGIN READ WRITE" : "BEGIN READ ONLY", err);
	if (status == OK)
		status = session_query(session, query_transaction_limits, 2, limits, NULL, err);
	if (status == OK)
		status = ask(session, arena, options, &query, &prepared, &rows, err);
	leave(session, prepared);
	if (status != OK)
		return say(session, arena, timeout_ms, lock_timeout_ms, err);
	if (rows_count(rows) == 0 || !rows_get(rows, 0, 0))
		return error_set(err, FAIL_INTERNAL, "the server explained nothing");
	*ret_text = arena_strdup(arena, rows_get(rows, 0, 0));
	return OK;
}
