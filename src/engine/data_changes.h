/*
 * Declared data changes: what a plan says it does to rows, and the proof that it does nothing else. Rows of tables
 * that live through are compared by fingerprints taken before, on the copy, and after, on the clone.
 */
#ifndef ENGINE_DATA_CHANGES_H
#define ENGINE_DATA_CHANGES_H

#include "engine/copy.h"
#include "engine/execute.h"
#include "engine/run.h"

struct data_changes;

/* Collects what the plan declares and resolves the names as they are before the plan runs. In the run's arena. */
enum status data_changes_declare(struct run *run, struct session *session, struct data_changes **ret_changes,
                                 struct error *err) MUST_CHECK;

/* Where the executor notes the tables that the plan's statements write, for its member `written`. */
struct oid_list *data_changes_written(struct data_changes *changes);

/*
 * Resolves the names once more as they are after it (a table can have been renamed), then compares and adds
 * checks.
 */
enum status data_changes_prove(struct run *run, struct data_changes *changes, struct session *session,
                               struct copy *copy, struct clone *clone, struct evidence *evidence,
                               struct error *err) MUST_CHECK;

/* For the evidence and the operator: ["table", "table.column"], as declared. */
struct json *data_changes_json(const struct data_changes *changes);

#endif
