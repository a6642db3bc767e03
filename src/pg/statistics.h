/* What the planner knows of a database's tables, gathered by several sessions. Knows no copy. */
#ifndef PG_STATISTICS_H
#define PG_STATISTICS_H

#include "pg/session.h"

/*
 * Analyzes the tables of users, not the catalogs. `session` lists them; up to `workers` more with the options, as many
 * as there is work for, do it.
 */
enum status statistics_gather(struct session *session, const struct session_options *options, size_t workers,
                              struct error *err) MUST_CHECK;

#endif
