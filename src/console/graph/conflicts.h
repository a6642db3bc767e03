/* Which migrations cannot run beside each other: by the tables that both lock. A pure look at the model. */
#ifndef CONSOLE_CONFLICTS_H
#define CONSOLE_CONFLICTS_H

#include "base/arena.h"
#include "console/model/model.h"

/*
 * "on public.documents (ACCESS EXCLUSIVE)": the strongest lock of the other that excludes one of ours; NULL = none
 * does. As rehearsed where both were, else as the statements say.
 */
const char *conflict_text(struct arena *arena, const struct model_migration *here, const struct model_migration *there);

#endif
