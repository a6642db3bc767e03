/* Gate 1: files, checksums, graph and rules hold; the history is intact; live has not drifted since the last run. */
#include <string.h>

#include "base/text.h"
#include "engine/gates/gates.h"
#include "engine/rule_findings.h"
#include "pg/ledger.h"

static void check_files(struct run *run, struct evidence *evidence)
{
	run_check(run, evidence, "inspect.files", true, NULL,
	          arena_printf(run->arena, "%zu migrations, %zu applied, %zu pending, %zu held", run->set.count,
	                       run->plan.applied_count, run->plan.pending.count, run->plan.held_count),
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
	const char *measured = arena_printf(run->arena, "%s:%ld: %s", finding->file, finding->line, finding->message);

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

static bool accepted(const struct run *run, const struct schema_difference *difference)
{
	const struct schema_object *object = difference->after ? difference->after : difference->before;
	const char *name = arena_printf(run->arena, "%s %s", object->kind, object->name);
	return text_list_has(&run->settings->accept_drift, name) ||
	       text_list_has(&run->settings->accept_drift, object->name);
}

enum status inspect_drift(struct run *run, struct schema_difference_list *ret_drift, struct error *err)
{
	_cleanup_json_ struct json *document = NULL;
	struct schema baseline = {0};
	struct schema_difference_list differences = {0};

	if (!run->resume.baseline || run->resume.unfinished)
		return OK; /* after a stopped run the rehearsal's promise is the measure,
			not the base line before it */
	if (json_parse(run->resume.baseline, strlen(run->resume.baseline), &document, err) != OK ||
	    schema_read(run->arena, json_get(document, "schema"), &baseline, err) != OK)
		return error_wrap(err, "the ledger's base line is not readable");
	schema_sort(&baseline);
	schema_compare(run->arena, &baseline, &run->live_schema, &differences);
	for (size_t i = 0; i < differences.count; i++)
		if (!accepted(run, &differences.items[i]))
			list_push(run->arena, ret_drift, differences.items[i]);
	return OK;
}

static enum status check_drift(struct run *run, struct evidence *evidence, struct error *err)
{
	struct schema_difference_list drift = {0};
	const char *limit = "live is as the last verified run left it";

	if (inspect_drift(run, &drift, err) != OK)
		return err->status;
	if (!run->resume.baseline)
		run_check(run, evidence, "inspect.drift", true, NULL,
		          "no verified run before this one: nothing to compare",
		          limit);
	else if (drift.count == 0)
		run_check(run, evidence, "inspect.drift", true, NULL, "no drift", limit);
	for (size_t i = 0; i < drift.count; i++)
		run_check(run, evidence, "inspect.drift", false,
		          "Undo the change, or make it the new base line with --accept-drift OBJECT.",
		          schema_difference_text(run->arena, &drift.items[i]), limit);
	return OK;
}

static void check_unfinished(struct run *run, struct evidence *evidence)
{
	const struct resume *resume = &run->resume;
	const char *limit = "no run is left half-way, or this one goes on with it", *state;

	if (!resume->unfinished)
		return;
	if (resume->continued)
		state = "this run continues it";
	else if (resume->resolved)
		state = "the operator decided to go on from there";
	else if (!resume->half_way.version)
		state = "no migration of it is half-way";
	else
		state = NULL;
	if (state)
		run_check(run, evidence, "inspect.unfinished", true, NULL,
		          arena_printf(run->arena, "run %s stopped during apply; %s", resume->run_id, state), limit);
	else
		run_check_as(run, evidence, "inspect.unfinished", false, FAIL_PARTIAL,
		             "Run `pgsluice resolve`: it shows what the catalog proves possible.",
		             arena_printf(run->arena, "migration %s of run %s is half-way (%zu step(s) done) and %s",
		                          resume->half_way.version, resume->run_id, resume->half_way.steps_done,
		                          resume->why_not ? resume->why_not : "it cannot be continued"),
		             limit);
}

enum status gate_inspect(struct run *run, struct evidence *evidence, struct error *err)
{
	check_files(run, evidence);
	check_unfinished(run, evidence);
	if (run->direction == DIRECTION_UP && check_rules(run, evidence, err) != OK)
		return err->status;
	if (check_ledger(run, evidence, err) != OK)
		return err->status;
	return check_drift(run, evidence, err);
}
