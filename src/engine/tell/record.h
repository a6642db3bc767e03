/*
 * The record of a run: its event lines as they were emitted, in STATE/runs/RUN.jsonl and, where asked for, in a copy.
 * Knows lines, not what they say.
 */
#ifndef ENGINE_RECORD_H
#define ENGINE_RECORD_H

#include "base/arena.h"
#include "base/error.h"
#include "engine/tell/emit.h"

struct record;

/*
 * Makes the files; `copy` is a path or NULL, a file of that name is replaced. What cannot be made is an error that
 * names it. The caller adds the sink to the emitter and closes the record after it; texts live in the arena.
 */
enum status record_open(struct arena *arena, const char *run_id, const char *copy, struct record **ret_record,
                        struct error *err) MUST_CHECK;

/* Every line is with the operating system when the sink returns. After a failed write a file gets no more lines. */
struct sink *record_sink(struct record *record);

/* Path of RUN.jsonl, for the end of the run. */
const char *record_path(const struct record *record);

/* Whether RUN.jsonl has every line so far. */
bool record_is_whole(const struct record *record);

/* FAIL_INTERNAL when a line could not be written since the start: before the apply this ends the run. */
enum status record_check(const struct record *record, struct error *err) MUST_CHECK;

/* For the time of the apply: says once in the log that the record is incomplete, and the run goes on. */
void record_warn(struct record *record, struct emitter *emitter);

/* Makes the lines durable and closes the files. FAIL_INTERNAL when that, or a line before, failed. */
enum status record_close(struct record *record, struct error *err) MUST_CHECK;

#endif
