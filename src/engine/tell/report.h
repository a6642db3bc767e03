/*
 * The run report: what was planned, what every gate measured, what was applied and how it ended, as Markdown for
 * people, HTML with
 * charts for those with a browser, and JSON for machines. Knows no database: it is told everything.
 */
#ifndef ENGINE_REPORT_H
#define ENGINE_REPORT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/list.h"
#include "base/strbuf.h"
#include "core/flow/gate.h"
#include "core/migration/plan.h"
#include "core/report/series.h"

/* A migration that this run touched on live. */
struct report_applied {
	const char *version, *name;
	const char *outcome; /* "committed", "rolled back", "in doubt", ... */
	int64_t duration_ms; /* -1 = unknown */
};

struct report {
	const char *run_id, *command, *tool_version;
	const char *environment;         /* or NULL */
	const struct target *target;     /* NULL when it was never reached */
	const struct json *plan;         /* the document of plan_json, or NULL when there was none */
	const struct checklist *checklist;
	const struct evidence *evidence; /* GATE_COUNT of them; those without checks were not made */
	const struct series_set *series; /* what was measured meanwhile, or NULL */
	LIST(struct report_applied) applied;
	int64_t started_ms, ended_ms;    /* wall clock */
	enum status status;
	const char *reason;              /* as in the end event */
	const char *hint;                /* or NULL */
	bool again;                      /* made from the record: without the facts that only the gates knew */
};

void report_markdown(struct strbuf *out, const struct report *report);

/* The caller owns it. */
struct json *report_json(const struct report *report);

/* Writes RUN.report.md, .html and .json into the folder, made when missing; *ret_path is the Markdown's. */
enum status report_write(struct arena *arena, const char *folder, const struct report *report, const char **ret_path,
                         struct error *err) MUST_CHECK;

#endif
