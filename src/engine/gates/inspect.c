/* Gate 1: files, checksums, graph and rules hold; the history is intact; live has not drifted since the last run. */
#include <string.h>

#include "base/text.h"
#include "engine/drift.h"
#include "engine/gates/gates.h"
#include "engine/rights_check.h"
#include "engine/rule_findings.h"
#include "pg/ledger.h"

static void check_files(struct run *run, struct evidence *evidence)
{
	run_check(run, evidence, "inspect.files", true, NULL,
	          arena_printf(run->arena, "%zu migrations, %zu applied, %zu %s, %zu held", run->set.count,
	                       run->plan.applied_count, run->plan.pending.count,
	                       run->direction == DIRECTION_DOWN ? "to undo" : "pending", run->plan.held_count),
	          "every file is readable, every applied file is unchanged, the order holds");
	for (size_t i = 0; i < run->plan.items.count; i++) {
		const struct plan_item *item = &run->plan.items.items[i];
		if (item->state == STATE_HELD)
			run_warn(run, evidence, "inspect.held",
			         "Install what is missing, then run again; the rest goes on.",
			         arena_printf(run->arena, "migration %s is held: %s", item->migration->version,
												item->reason), "-");
	}
}

static void check_finding(struct run *run, struct evidence *evidence, const struct finding *finding)
{
	const char *name = arena_printf(run->arena, "inspect.%s", finding->rule);
	const char *column = finding->column ? arena_printf(run->arena, ":%ld", finding->column) : "";
	const char *measured = arena_printf(run->arena, "%s:%ld%s: %s", finding->file, finding->line, column,
	                                    finding->message);

	if (finding->allowed_because)
		run_warn(run, evidence, name, finding->hint,
		         arena_printf(run->arena, "%s (allowed: %s)", measured, finding->allowed_because), "-");
	else if (finding->severity == SEVERITY_WARNING)
		run_warn(run, evidence, name, finding->hint, measured, "-");
	else
		run_check(run, evidence, name, false, finding->hint, measured, "no error of this rule");
}

static enum status check_rules(struct run *run, struct evidence *evidence, struct error *err)
{
	struct finding_list findings = {0};
	size_t errors = 0;

	if (rule_findings_read(run->arena, &run->plan, run->live, &findings, err) != OK)
		return err->status;
	for (size_t i = 0; i < findings.count; i++) {
		check_finding(run, evidence, &findings.items[i]);
		errors += rule_finding_refuses(&findings.items[i]);
	}
	if (!errors)
		run_check(run, evidence, "inspect.rules", true, NULL,
		          arena_printf(run->arena, "%zu finding(s), none of them an error", findings.count),
		          "no error");
	return OK;
}

static enum status check_ledger(struct run *run, struct evidence *evidence, struct error *err)
{
	if (!run->resume.ledger)
		return OK;
	_cleanup_error_ struct error broken = {0};
	enum status status = ledger_check_chain(run->live, &broken);
	if (status != OK && status != FAIL_REFUSED) {
		error_move(err, &broken);
		return err->status;
	}
	run_check(run, evidence, "inspect.ledger", status == OK,
	          "Somebody changed the ledger: find out who before anything else runs here.",
	          status == OK ? "every row follows from the one before" : broken.message, "an unbroken chain");
	return OK;
}

static enum status check_drift(struct run *run, struct evidence *evidence, struct error *err)
{
	struct drift drift = {0};
	const char *limit = "live is as the last verified run left it";

	if (drift_find(run, &drift, err) != OK)
		return err->status;
	if (drift.unnamed)
		run_check(run, evidence, "inspect.drift", false,
		          "Find out what changed since; when it is meant to be so: --waive inspect.drift --reason TEXT.",
		          drift.unnamed, limit);
	else if (drift.differences.count == 0)
		run_check(run, evidence, "inspect.drift", true, NULL, drift.held_to, limit);
	for (size_t i = 0; i < drift.accepted.count; i++)
		run_warn(run, evidence, "inspect.accepted", "It is the new base line when this run is verified.",
		         schema_difference_text(run->arena, &drift.accepted.items[i]), "-");
	for (size_t i = 0; i < drift.differences.count; i++)
		run_check(run, evidence, "inspect.drift", false,
		          "Undo the change, or make it the new base line with --accept-drift OBJECT.",
		          schema_difference_text(run->arena, &drift.differences.items[i]), limit);
	return OK;
}

/* A rollback goes on with a down that an earlier one left half-way, unless the file is another one now. */
static bool takes_over(const struct run *run)
{
	const struct resume *resume = &run->resume;
	const struct migration *next = run->plan.pending.count ? run->plan.pending.items[0] : NULL;

	if (run->direction != DIRECTION_DOWN || !next || !resume_half_way(run, next->version))
		return false;
	for (size_t i = 0; i < resume->planned.count && i < resume->checksums.count; i++)
		if (version_compare(resume->planned.items[i], next->version) == 0)
			return strcmp(resume->checksums.items[i], next->down.canonical->hex) == 0;
	return false;
}

static const char *unfinished_state(const struct run *run)
{
	const struct resume *resume = &run->resume;
	if (resume->continued)
		return "this run continues it";
	if (!resume->half_way.version)
		return "no migration of it is half-way";
	if (takes_over(run))
		return "this rollback goes on from there";
	return resume->resolved ? "the operator decided to go on from there" : NULL;
}

static void check_unfinished(struct run *run, struct evidence *evidence)
{
	const struct resume *resume = &run->resume;
	const char *limit = "no run is left half-way, or this one goes on with it", *state = unfinished_state(run);

	if (!resume->unfinished)
		return;
	if (state) {
		run_check(run, evidence, "inspect.unfinished", true, NULL,
		          arena_printf(run->arena, "run %s stopped during apply; %s", resume->run_id, state), limit);
		return;
	}
	run_check_as(run, evidence, "inspect.unfinished", false, FAIL_PARTIAL,
	             resume->down ? "Go on with `pgsluice rollback`, or run `pgsluice resolve`."
	                          : "Run `pgsluice resolve`: it shows what the catalog proves possible.",
	             arena_printf(run->arena, "%s %s of run %s is half-way (%zu step(s) done) and %s",
	                          resume->down ? "the down of migration" : "migration", resume->half_way.version,
	                          resume->run_id, resume->half_way.steps_done,
	                          resume->why_not ? resume->why_not : "it cannot be continued"),
	             limit);
}

enum status gate_inspect(struct run *run, struct evidence *evidence, struct error *err)
{
	check_files(run, evidence);
	check_unfinished(run, evidence);
	if (rights_check(run, evidence, err) != OK)
		return err->status;
	if (run->direction == DIRECTION_UP && check_rules(run, evidence, err) != OK)
		return err->status;
	if (check_ledger(run, evidence, err) != OK)
		return err->status;
	return check_drift(run, evidence, err);
}
