/*
 * Declared data changes: what a plan says it does to rows, and the proof that it does nothing else. Rows of tables
 * that live through are compared by fingerprints taken before, on the copy, and after, on the clone.
 */
#ifndef ENGINE_DATA_CHANGES_H
#define ENGINE_DATA_CHANGES_H

#include "engine/copy/copy.h"
#include "engine/execute/execute.h"
#include "engine/run.h"

struct data_changes;

/* Collects what the plan declares, and looks at the clone as it is before the plan runs. All of it is in the arena. */
enum status data_changes_declare(struct run *run, struct arena *arena, struct session *session, struct clone *clone,
                                 struct data_changes **ret_changes, struct error *err) MUST_CHECK;

/* Where the executor notes the tables that the plan's statements write, for its member `written`. */
struct oid_list *data_changes_written(struct data_changes *changes);

/*
 * After the plan: resolves the names once more (a table can have been renamed) and reads what was not to change from
 * the clone.
 */
enum status data_changes_look(struct run *run, struct data_changes *changes, struct session *session,
                              struct clone *clone, struct error *err) MUST_CHECK;

/* Reads the same from the copy as restored, which may have been restored anew meanwhile, and adds the checks. */
enum status data_changes_compare(struct run *run, struct data_changes *changes, struct copy *copy,
                                 struct evidence *evidence, struct error *err) MUST_CHECK;

/* For the evidence and the operator: ["table", "table.column"], as declared. */
struct json *data_changes_json(const struct data_changes *changes);

#endif
