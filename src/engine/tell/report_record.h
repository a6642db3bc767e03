/*
 * A report made again from the event lines of a run: of one that was killed before it could write its own, of a copy
 * that somebody sent. Knows no file. What the lines do not have, the gates' own facts, it has not either.
 */
#ifndef ENGINE_REPORT_RECORD_H
#define ENGINE_REPORT_RECORD_H

#include <stddef.h>

#include "engine/tell/report.h"

struct report_record;

struct report_record *report_record_open(void);
void report_record_close(struct report_record *record);

/* Takes the next line, without its newline. FAIL_REFUSED when it is none, or of another run than those before. */
enum status report_record_take(struct report_record *record, const char *line, size_t length,
                               struct error *err) MUST_CHECK;

/* The report of all lines so far; it belongs to the record. NULL when there was none. */
const struct report *report_record_report(struct report_record *record);

#endif
