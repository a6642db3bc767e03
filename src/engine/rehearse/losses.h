/* What a plan takes away for good: tables and columns it drops, with the rows and values that live has in them. */
#ifndef ENGINE_LOSSES_H
#define ENGINE_LOSSES_H

#include "engine/copy/copy.h"
#include "engine/run.h"
#include "pg/relation.h"

/*
 * Compares the relations before and after by oid and attribute number, counts on the copy what is gone, and adds one
 * warning `rehearsal.loss` each.
 */
enum status losses_report(struct run *run, struct copy *copy, struct evidence *evidence,
                          const struct relation_list *before, const struct relation_list *after,
                          struct error *err) MUST_CHECK;

#endif
