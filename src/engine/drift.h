/*
 * Drift: what live is beside what it should be, which is what the last verified run left, or what the rehearsal of a
 * run that stopped promised for that point. Knows no gates.
 */
#ifndef ENGINE_DRIFT_H
#define ENGINE_DRIFT_H

#include "base/error.h"
#include "core/schema/object.h"
#include "engine/run.h"

struct drift {
	struct schema_difference_list differences; /* without accepted ones; they share texts with live's schema */
	struct schema_difference_list accepted;    /* named with --accept-drift, or a part of a table that is */
	const char *unnamed; /* live differs, or may, and no object can be named for it: a sentence; else NULL */
	const char *held_to; /* when nothing differs: what live was compared with and how it compares, as a sentence */
};

/* Compares; all in the run's arena. */
enum status drift_find(struct run *run, struct drift *ret_drift, struct error *err) MUST_CHECK;

/*
 * The data of the rehearsal's evidence as the ledger keeps it for the newest run; the caller closes it. NULL when the
 * ledger has none.
 */
enum status drift_promise(struct run *run, struct json **ret_data, struct error *err) MUST_CHECK;

#endif
