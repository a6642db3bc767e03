/*
 * Looks at the clone's schema while the plan runs on it: the digest that live is promised for each point, and what
 * changed from one look to the next, by which the downs are judged. A look reads the whole schema, so a plan of very
 * many migrations is looked at less often. Knows no gates.
 */
#ifndef ENGINE_CHECKPOINTS_H
#define ENGINE_CHECKPOINTS_H

#include "core/schema/object.h"
#include "engine/run.h"
#include "pg/session.h"

struct checkpoint {
	size_t done;                         /* so many of the plan's migrations were carried out when it was taken */
	struct schema_difference_list delta; /* from the one before */
};

struct checkpoint_list {
	struct checkpoint *items;
	size_t count;
	size_t room;
};

struct checkpoints;

/*
 * `session` reads the clone as superuser; `clone_schema` is what the clone was before the plan and where the first
 * delta starts. Both outlive it, and so does the arena, where digests and deltas are kept.
 */
struct checkpoints *checkpoints_open(struct run *run, struct arena *arena, struct session *session,
                                     const struct schema *clone_schema);
void checkpoints_close(struct checkpoints *checkpoints);

/*
 * After a step: looks, if it is time to. `done` migrations are carried out, the last of them wholly or (inside it) up
 * to this step. *ret_digest is the digest that live is promised, in the run's arena, NULL when it was not looked.
 */
enum status checkpoints_note(struct checkpoints *checkpoints, size_t done, bool inside, const char **ret_digest,
                             struct error *err) MUST_CHECK;

/* The schema at the newest look: at the plan's end, the migrated clone's. As long as no further look is taken. */
const struct schema *checkpoints_last(const struct checkpoints *checkpoints);

/* Those at the ends of migrations, in order; valid as long as the run. */
const struct checkpoint_list *checkpoints_list(const struct checkpoints *checkpoints);

#endif
