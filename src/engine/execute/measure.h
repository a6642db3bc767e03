/*
 * Reads what a statement did from inside its own transaction: locks, rewrites, scans, WAL, changed rows.
 * Keeps the names of relations, so that the measuring query itself stays cheap.
 */
#ifndef ENGINE_MEASURE_H
#define ENGINE_MEASURE_H

#include "engine/execute/trace.h"
#include "pg/session.h"

struct measure;

/* Reads the relations of the database once; the caller closes it. */
enum status measure_open(struct session *session, struct measure **ret_measure, struct error *err) MUST_CHECK;
void measure_close(struct measure *measure);

/*
 * Reads them again: after a statement outside transactions, which may have made some. With it a relation that no
 * transaction has met, and that is not known, is one that the running transaction has made.
 */
enum status measure_relations(struct measure *measure, struct session *session, struct error *err) MUST_CHECK;

/* The WAL position in rows of trace_statement. */
int64_t measure_wal(const struct rows *rows);

/* At the start of a transaction: clock, WAL position and the locks that our own statements took, of trace_statement. */
void measure_begin(struct measure *measure, const struct rows *rows);

/*
 * After a statement: what it added since the last call, but for relations that the transaction itself has made: nobody
 * else can see them. Relations are noted by oid until measure_names resolves them; texts are in the arena.
 */
void measure_statement(struct measure *measure, struct arena *arena, const struct rows *rows,
                       struct statement_trace *ret_statement);

/*
 * Before COMMIT: learns relations that earlier transactions made (one query, only when there are some) and replaces the
 * oids in the statements' lists by names. The session is another one, which sees what is committed.
 */
enum status measure_names(struct measure *measure, struct session *session, struct arena *arena,
                          struct step_trace *step, struct error *err) MUST_CHECK;

/* Reads rows of query_changed_rows into the step. */
void measure_changes(struct arena *arena, const struct rows *rows, struct step_trace *step);

#endif
