/* The sink that keeps what a run's events tell over time, for its report. */
#ifndef ENGINE_RUN_SERIES_H
#define ENGINE_RUN_SERIES_H

#include "core/report/series.h"
#include "engine/tell/emit.h"

struct run_series {
	struct sink sink;
	struct series_set *set;
};

/* The caller's storage; it stays until the emitter is closed, and is cleared after it. */
void run_series_init(struct run_series *series, struct emitter *emitter);
void run_series_clear(struct run_series *series);

#endif
