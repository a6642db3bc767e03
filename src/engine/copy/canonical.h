/*
 * Whether two schemas are the same where PostgreSQL prints expressions otherwise after a restore: objects that differ
 * as printed are compared once more after both went through one schema-only dump and restore.
 */
#ifndef ENGINE_CANONICAL_H
#define ENGINE_CANONICAL_H

#include "core/schema/object.h"
#include "engine/copy/copy.h"
#include "engine/run.h"

/*
 * Objects that really differ between two databases whose schemas are given as printed. `a` and `b` are sessions on
 * them, dumped only when the lists differ; the dumps are restored in empty databases of the copy's server.
 */
enum status canonical_compare(struct run *run, struct copy *copy, struct session *a, const struct schema *schema_a,
                              struct session *b, const struct schema *schema_b,
                              struct schema_difference_list *ret_differences, struct error *err) MUST_CHECK;

/*
 * The schema of a session's database after one schema-only dump and restore: what `promised` keeps beside
 * the printed one. In the arena.
 */
enum status canonical_schema(struct run *run, struct arena *arena, struct copy *copy, struct session *session,
                             struct schema *ret_schema, struct error *err) MUST_CHECK;

#endif
