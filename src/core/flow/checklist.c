#include "core/flow/gate.h"

#include <assert.h>

#define TO(state) (1U << (state))

/*
 * Where a gate may go from each state. Waiting goes straight to an end state when stored evidence is judged (fresh,
 * stale) or the whole gate is waived; an end state runs again when it is asked anew (preflight under leadership) and
 * turns stale when what it depends on changed.
 */
static const unsigned MOVES[] = {
	[GATE_WAITING] = TO(GATE_RUNNING) | TO(GATE_PASSED) | TO(GATE_STALE) | TO(GATE_WAIVED),
	[GATE_RUNNING] = TO(GATE_PASSED) | TO(GATE_FAILED) | TO(GATE_WAIVED),
	[GATE_PASSED] = TO(GATE_RUNNING) | TO(GATE_STALE),
	[GATE_FAILED] = TO(GATE_RUNNING),
	[GATE_STALE] = TO(GATE_RUNNING) | TO(GATE_WAIVED),
	[GATE_WAIVED] = TO(GATE_RUNNING) | TO(GATE_STALE),
};

bool checklist_can_move(const struct checklist *checklist, enum gate gate, enum gate_state state)
{
	assert((unsigned)gate < GATE_COUNT);
	if (state == GATE_WAIVED && (gate == GATE_APPROVAL || gate == GATE_APPLY || gate == GATE_VERIFY))
		return false;
	return MOVES[checklist->states[gate]] & TO(state);
}

void checklist_move(struct checklist *checklist, enum gate gate, enum gate_state state)
{
	assert(checklist_can_move(checklist, gate, state));
	checklist->states[gate] = state;
}

bool checklist_allows(struct arena *arena, const struct checklist *checklist, enum gate gate, const char **ret_why)
{
	for (enum gate before = 0; before < gate; before++) {
		enum gate_state state = checklist->states[before];
		if (state == GATE_PASSED || state == GATE_WAIVED)
			continue;
		*ret_why = arena_printf(arena, "Gate %s has not passed: it is %s.", gate_get(before)->name,
		                        gate_state_name(state));
		return false;
	}
	return true;
}
