/*
 * The evidence folder of one target: each gate's newest evidence as a file, and the chain of all that was ever saved.
 * Knows files and hashes, not what a gate measures.
 *
 *	FOLDER/KEY/GATE.json    the newest evidence of a gate
 *	FOLDER/KEY/chain.jsonl  one line per save, each with the hash of the one before
 *	FOLDER/KEY/target.json  whose evidence this is, for people
 *	FOLDER/KEY/lock         held by the run that writes here
 *
 * KEY is a short hash of system identifier and database oid. A save writes the gate's file first and the chain's line
 * after it; a file that goes on exactly where the chain ends is a save that was cut short, and is taken as complete.
 */
#ifndef ENGINE_EVIDENCE_STORE_H
#define ENGINE_EVIDENCE_STORE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "core/flow/gate.h"
#include "engine/run.h"

struct evidence_store;

/*
 * Opens the folder of the run's target (settings->evidence, else STATE/evidence) for writing: makes it, takes its
 * lock
 * and checks all that is in it. FAIL_BUSY when another run holds it; FAIL_GATE naming the file when one was altered.
 * The caller closes it before the run's arena.
 */
enum status evidence_store_open(const struct run *run, struct evidence_store **ret_store,
                                struct error *err) MUST_CHECK;

/* The same for looking only: makes nothing, locks nothing; a missing folder is an empty store. */
enum status evidence_store_look(const struct run *run, struct evidence_store **ret_store,
                                struct error *err) MUST_CHECK;

/* Releases the lock; NULL does nothing. */
void evidence_store_close(struct evidence_store *store);

/* The target's folder; gates keep what belongs to their evidence (a dump) below it. */
const char *evidence_store_folder(const struct evidence_store *store);

/* The newest evidence of a gate, in the arena; *ret_there is false when there is none. The caller closes its data. */
enum status evidence_store_load(const struct evidence_store *store, struct arena *arena, enum gate gate,
                                struct evidence *ret_evidence, bool *ret_there, struct error *err) MUST_CHECK;

/*
 * Saves judged evidence durably, filling in `previous` and `hash`. Only for a store that was opened for writing. An
 * error of the disk is FAIL_GATE before the apply, FAIL_INTERNAL from then on.
 */
enum status evidence_store_save(struct evidence_store *store, struct arena *arena, struct evidence *evidence,
                                struct error *err) MUST_CHECK;

#endif
