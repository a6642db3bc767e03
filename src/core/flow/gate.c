#include "core/flow/gate.h"

#include <assert.h>
#include <string.h>

enum { SECOND_MS = 1000, HOUR_MS = 3600 * SECOND_MS };

static const struct gate_row ROWS[GATE_COUNT] = {
	[GATE_INSPECT] = {.name = "inspect",
	                  .title = "Inspect",
	                  .question = "Do files, checksums, graph, rules and history hold, and has live not drifted?",
	                  .binding = BINDS_PLAN,
	                  .validity_ms = 0,
	                  .failure = FAIL_REFUSED},
	[GATE_BACKUP] = {.name = "backup",
	                 .title = "Backup",
	                 .question = "Was a backup taken, restored, and found to hold what live held?",
	                 .binding = BINDS_LIVE,
	                 .validity_ms = 24 * HOUR_MS,
	                 .waivable_whole = true,
	                 .failure = FAIL_GATE},
	[GATE_REHEARSAL] = {.name = "rehearsal",
	                    .title = "Rehearsal",
	                    .question = "Did the whole plan run on a fresh copy of live, and do no more than it says?",
	                    .binding = BINDS_PLAN,
	                    .validity_ms = 24 * HOUR_MS,
	                    .failure = FAIL_GATE},
	[GATE_PLANS] = {.name = "plans",
	                .title = "Plans",
	                .question = "Do the canary queries keep their plans and budgets where the plan has run?",
	                .binding = BINDS_CANARIES,
	                .validity_ms = 24 * HOUR_MS,
	                .waivable_whole = true,
	                .failure = FAIL_GATE},
	[GATE_PREFLIGHT] = {.name = "preflight",
	                    .title = "Preflight",
	                    .question = "Is live ready now: window, locks, old transactions, room, replicas?",
	                    .binding = BINDS_PLAN,
	                    .validity_ms = 30 * SECOND_MS,
	                    .failure = FAIL_NOT_READY},
	[GATE_APPROVAL] = {.name = "approval",
	                   .title = "Approval",
	                   .question = "Did an operator say yes to exactly this plan?",
	                   .binding = BINDS_PLAN,
	                   .validity_ms = 4 * HOUR_MS,
	                   .failure = FAIL_NOT_APPROVED},
	[GATE_APPLY] = {.name = "apply",
	                .title = "Apply",
	                .question = "Did every migration commit on live together with its history row?",
	                .binding = BINDS_PLAN,
	                .validity_ms = 0,
	                .writes_to_live = true,
	                .failure = FAIL_MIGRATION},
	[GATE_VERIFY] = {.name = "verify",
	                 .title = "Verify",
	                 .question = "Did live become what the rehearsal promised?",
	                 .binding = BINDS_PLAN,
	                 .validity_ms = 0,
	                 .failure = FAIL_VERIFY},
};

static const char *const STATES[] = {
	[GATE_WAITING] = "waiting", [GATE_RUNNING] = "running", [GATE_PASSED] = "passed",
	[GATE_FAILED] = "failed",   [GATE_STALE] = "stale",     [GATE_WAIVED] = "waived",
};

const struct gate_row *gate_get(enum gate gate)
{
	assert((unsigned)gate < GATE_COUNT);
	return &ROWS[gate];
}

bool gate_find(const char *name, enum gate *ret_gate)
{
	for (enum gate gate = 0; gate < GATE_COUNT; gate++) {
		if (strcmp(ROWS[gate].name, name) == 0) {
			*ret_gate = gate;
			return true;
		}
	}
	return false;
}

const char *gate_state_name(enum gate_state state)
{
	assert((unsigned)state < sizeof(STATES) / sizeof(STATES[0]));
	return STATES[state];
}

bool gate_state_find(const char *name, enum gate_state *ret_state)
{
	for (size_t i = 0; i < sizeof(STATES) / sizeof(STATES[0]); i++) {
		if (strcmp(STATES[i], name) == 0) {
			*ret_state = (enum gate_state)i;
			return true;
		}
	}
	return false;
}
