#include "core/flow/gate.h"

#include <string.h>

/* Checks that no waiver opens, and why; a row without a dot is a whole gate with all its checks. */
static const struct {
	const char *check;
	const char *why;
} NEVER[] = {
	{"approval", "Consent cannot be waived: it is what the waiver itself would need."},
	{"apply", "What happens on live is a fact and cannot be waived."},
	{"verify", "The proof after the apply cannot be waived: it says what live is now."},
	{"inspect.files", "Checksums cannot be waived: give a changed file a new version instead."},
	{"inspect.unfinished", "A half-way migration cannot be waived: `pgsluice resolve` decides about it."},
	{"rehearsal.plan", "A plan that did not run on the copy cannot run on live."},
};

static bool names(const char *row, const char *check, size_t gate_length)
{
	if (strchr(row, '.'))
		return strcmp(row, check) == 0;
	return strlen(row) == gate_length && strncmp(row, check, gate_length) == 0;
}

static bool find_gate(const char *check, size_t gate_length, enum gate *ret_gate)
{
	for (enum gate gate = 0; gate < GATE_COUNT; gate++) {
		const char *name = gate_get(gate)->name;
		if (strlen(name) == gate_length && strncmp(name, check, gate_length) == 0) {
			*ret_gate = gate;
			return true;
		}
	}
	return false;
}

bool waiver_allowed(const char *check, const char **ret_why)
{
	size_t gate_length = strcspn(check, ".");
	enum gate gate;

	if (!find_gate(check, gate_length, &gate)) {
		*ret_why = "A waiver names a check as GATE.CHECK, and there is no such gate.";
		return false;
	}
	for (size_t i = 0; i < sizeof(NEVER) / sizeof(NEVER[0]); i++) {
		if (names(NEVER[i].check, check, gate_length)) {
			*ret_why = NEVER[i].why;
			return false;
		}
	}
	if (strcmp(check + gate_length, ".carried_out") == 0 && !gate_get(gate)->waivable_whole) {
		*ret_why = "A gate that could not be carried out has established nothing that could be waived.";
		return false;
	}
	if (check[gate_length] == '\0' && !gate_get(gate)->waivable_whole) {
		*ret_why = "This gate cannot be waived as a whole: name the check, as in inspect.drift.";
		return false;
	}
	if (check[gate_length] == '.' && check[gate_length + 1] == '\0') {
		*ret_why = "A waiver names a check as GATE.CHECK, and no check follows the dot.";
		return false;
	}
	return true;
}
