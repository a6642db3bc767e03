/* The parts of the fold that fill the model's migrations: the plan document and what the rehearsal promised. */
#ifndef CONSOLE_MODEL_PLAN_H
#define CONSOLE_MODEL_PLAN_H

#include "console/model/model.h"
#include "core/sql/statement.h"

/* Replaces the migrations by those of a plan document. */
void model_set_plan(struct model *model, const struct json *plan);

/* Adds what the rehearsal found to the migrations: the values of the sample `promise`. */
void model_set_promise(struct model *model, const struct json *values);

/* Adds the locks that a migration was seen to take. */
void model_add_locks(struct model *model, struct model_migration *migration, const struct json *locks);

/* Counts the migrations by their states again. */
void model_count(struct model *model);

/* The mode of a lock's name; LOCK_NONE for one that is none. */
enum lock_mode model_lock_mode(const char *name);

#endif
