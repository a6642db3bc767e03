/*
 * Which migrations of a plan are promised to hold others up for longer than the guard lets anybody wait: from the locks
 * and times of the rehearsal. Pure; knows no gate.
 */
#ifndef ENGINE_GUARD_FORECAST_H
#define ENGINE_GUARD_FORECAST_H

#include "core/migration/plan.h"
#include "core/schema/object.h"
#include "engine/execute/trace.h"
#include "engine/settings.h"

/*
 * A line each, in the order of the plan: "008: who writes the same rows of public.documents may wait 2.2 s; guard-wait
 * is 1.0 s". None when the guard is off. Only relations of `live` count: nobody waits for what the plan makes itself.
 */
void guard_forecast(struct arena *arena, const struct settings *settings, const struct plan *plan,
                    const struct trace *trace, const struct schema *live, struct text_list *ret_lines);

/* What to do about one of them. */
extern const char GUARD_FORECAST_HINT[];

#endif
