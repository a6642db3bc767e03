/*
 * The newest run on a target as one JSON object: from its record, where it ran here under this user, else from the
 * ledger, which has only what began to apply.
 */
#ifndef CLI_LAST_RUN_H
#define CLI_LAST_RUN_H

#include "base/json.h"
#include "console/model/model.h"
#include "engine/run.h"

/* From its record. at_work: an engine goes on with it. The caller owns it. */
struct json *last_run_recorded(const struct model *model, int64_t began_ms, bool at_work);

/* Its gates as it tells them: gate, state, valid_until, reason. The caller owns it. */
struct json *last_run_gates(const struct model *model);

/*
 * From the ledger, by the session that reads the run's target; *ret_object is NULL when the ledger has none. The caller
 * owns it.
 */
enum status last_run_in_ledger(struct run *run, struct json **ret_object, struct error *err) MUST_CHECK;

#endif
