/*
 * A migration that stopped between its steps: shows what the catalog proves and carries out what the operator
 * decides.
 * Each decision has an id of its own to consent to.
 */
#ifndef ENGINE_RESOLVE_H
#define ENGINE_RESOLVE_H

#include "engine/run.h"

enum resolve_action {
	RESOLVE_LOOK,        /* say what is possible; writes nothing */
	RESOLVE_GO_ON,       /* the next run goes on from the step that was not done,
		though files or schema changed since */
	RESOLVE_RECORD_DONE, /* the open step is done: the catalog proves it */
	RESOLVE_CLEAN_UP,    /* what the open step left is removed */
	RESOLVE_GIVE_UP,     /* the run is closed; what it did stays, and the migration is pending from its start */
	RESOLVE_COUNT,
};

struct resolve_row {
	const char *name;    /* as the command takes it: "go-on" */
	const char *meaning;
};
const struct resolve_row *resolve_get(enum resolve_action action);

/*
 * Reads files, target and ledger and looks, or acts. FAIL_NOT_APPROVED when the action's id was not consented to (the
 * message carries it), FAIL_REFUSED for an action that the catalog does not allow.
 */
enum status resolve_run(struct run *run, enum resolve_action action, struct error *err) MUST_CHECK;

#endif
