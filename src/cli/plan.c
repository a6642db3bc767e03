/* `plan`: what `--batch` would do to the target, statement by statement, and the id that approves it. */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/look.h"
#include "cli/screen.h"
#include "engine/rule_findings.h"

static void print_json(const struct look *look)
{
	_cleanup_json_ struct json *document = plan_json(&look->run->plan);
	_cleanup_strbuf_ struct strbuf text = {0};

	json_write(&text, document);
	puts(strbuf_text(&text));
}

static void print_needs(struct screen *screen, const struct plan *plan, const struct migration *migration)
{
	const struct graph *graph = plan->graph;
	size_t index = (size_t)(migration - plan->set->items), low = 0, high = graph->edges.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (graph->edges.items[middle].from < index)
			low = middle + 1;
		else
			high = middle;
	}
	size_t end = low;
	while (end < graph->edges.count && graph->edges.items[end].from == index)
		end++;
	while (low < end) {
		const char *reason = graph->edges.items[low].reason;
		_cleanup_strbuf_ struct strbuf versions = {0};
		for (; low < end && strcmp(graph->edges.items[low].reason, reason) == 0; low++)
			strbuf_printf(&versions, "%s%s", versions.length ? ", " : "",
			              plan->set->items[graph->edges.items[low].to].version);
		screen_line(screen, screen->out, TONE_PLAIN, "", "  needs %s: %s", strbuf_text(&versions), reason);
	}
}

/* The strongest lock on each relation, as predicted from the statement. */
static void put_locks(struct strbuf *out, const struct statement *statement)
{
	for (size_t i = 0; i < statement->objects.count; i++) {
		const struct object_use *use = &statement->objects.items[i];
		if (use->lock > LOCK_ROW_EXCLUSIVE)
			strbuf_printf(out, ", %s on %s", lock_mode_name(use->lock), use->name);
	}
}

static void print_statement(struct screen *screen, const struct statement *statement)
{
	_cleanup_strbuf_ struct strbuf line = {0};

	strbuf_printf(&line, "    line %ld: %s", statement->line, statement->tag);
	put_locks(&line, statement);
	if (!statement->parsed)
		strbuf_puts(&line, ", not checked: the parser is too old for it");
	if (statement->opaque_writes)
		strbuf_puts(&line, ", can change what the text does not show");
	if (statement->cluster_wide)
		strbuf_puts(&line, ", reaches beyond this database");
	if (statement->foreign)
		strbuf_puts(&line, ", reaches another server or a file");
	screen_line(screen, screen->out, TONE_PLAIN, "", "%s", strbuf_text(&line));
}

static void print_steps(struct screen *screen, const struct script *script)
{
	for (size_t i = 0; i < script->steps.count; i++) {
		const struct step *step = &script->steps.items[i];
		if (script->steps.count > 1 || !step->transactional)
			screen_line(screen, screen->out, TONE_CAUTION, "  step", " %zu, %s%s%s", i + 1,
			            step->transactional ? "a transaction" : "outside a transaction",
			            step->reason ? ": " : "", step->reason ? step->reason : "");
		for (size_t j = 0; j < step->count; j++)
			print_statement(screen, &step->statements[j]);
	}
}

/* Rows that it says it changes: what the operator consents to. */
static void print_data_changes(struct screen *screen, struct arena *arena, const struct migration *migration)
{
	struct text_list tables = {0};
	_cleanup_strbuf_ struct strbuf text = {0};

	for (size_t i = 0; i < migration->changes_data.count; i++)
		text_list_add_once(arena, &tables, migration->changes_data.items[i]);
	for (size_t i = 0; i < migration->up.steps.count; i++) {
		const struct step *step = &migration->up.steps.items[i];
		for (size_t j = 0; j < step->count; j++)
			for (size_t k = 0; k < step->statements[j].objects.count; k++)
				if (step->statements[j].objects.items[k].writes)
					text_list_add_once(arena, &tables, step->statements[j].objects.items[k].name);
	}
	for (size_t i = 0; i < tables.count; i++)
		strbuf_printf(&text, "%s%s", i ? ", " : "", tables.items[i]);
	if (tables.count)
		screen_line(screen, screen->out, TONE_CAUTION, "  changes", " rows of %s", strbuf_text(&text));
}

static void print_migration(struct screen *screen, const struct plan *plan, struct arena *arena,
                            const struct migration *migration)
{
	bool atomic = strcmp(migration_transaction(migration), "transactional") == 0 && migration->up.steps.count <= 1;

	screen_line(screen, screen->out, TONE_PLAIN, "", "%s_%s", migration->version, migration->name);
	if (migration->description)
		screen_line(screen, screen->out, TONE_PLAIN, "", "  %s", migration->description);
	if (!atomic)
		screen_line(screen, screen->out, TONE_BAD, "  not atomic", ": what its first steps did stays when a "
		            "later one fails");
	if (!migration->down.path)
		screen_line(screen, screen->out, TONE_CAUTION, "  no way back", ": there is no down file");
	print_needs(screen, plan, migration);
	print_data_changes(screen, arena, migration);
	print_steps(screen, &migration->up);
}

static void print_findings(struct screen *screen, const struct finding_list *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];
		bool refuses = rule_finding_refuses(finding);
		screen_line(screen, screen->out, refuses ? TONE_BAD : TONE_CAUTION, refuses ? "error" : "warning",
		            " %s: %s:%ld: %s%s%s%s", finding->rule, finding->file, finding->line, finding->message,
		            finding->allowed_because ? " (allowed: " : "",
		            finding->allowed_because ? finding->allowed_because : "", finding->allowed_because ? ")" : "");
		if (finding->hint && !finding->allowed_because)
			screen_line(screen, screen->out, TONE_PLAIN, "  hint: ", "%s", finding->hint);
	}
}

static void print_text(const struct look *look, const struct finding_list *findings)
{
	const struct run *run = look->run;
	const struct plan *plan = &run->plan;
	struct screen screen = screen_standard();

	screen_line(&screen, screen.out, TONE_PLAIN, "", "%s: %zu applied, %zu to apply, %zu held", look_target(look),
	            plan->applied_count, plan->pending.count, plan->held_count);
	for (size_t i = 0; i < plan->pending.count; i++)
		print_migration(&screen, plan, run->arena, plan->pending.items[i]);
	for (size_t i = 0; i < plan->items.count; i++)
		if (plan->items.items[i].state == STATE_HELD)
			screen_line(&screen, screen.out, TONE_CAUTION, "held", " %s_%s: %s",
			            plan->items.items[i].migration->version, plan->items.items[i].migration->name,
			            plan->items.items[i].reason);
	print_findings(&screen, findings);
	for (size_t i = 0; i < run->settings->waivers.count; i++)
		screen_line(&screen, screen.out, TONE_BAD, "waived", " %s: %s", run->settings->waivers.items[i].check,
		            run->settings->waivers.items[i].reason);
	for (size_t i = 0; i < run->settings->accept_drift.count; i++)
		screen_line(&screen, screen.out, TONE_BAD, "accepted drift", " %s",
		            run->settings->accept_drift.items[i]);
	if (plan->pending.count)
		screen_line(&screen, screen.out, TONE_PLAIN, "", "plan id %s", plan->id.hex);
	else
		screen_line(&screen, screen.out, TONE_PLAIN, "", "nothing to apply");
}

static enum status run_plan(struct invocation *invocation, struct error *err)
{
	_cleanup_look_ struct look look = {0};
	struct finding_list findings = {0};

	if (look_open(invocation, &look, err) != OK)
		return err->status;
	if (look.refusal.status != OK) {
		error_move(err, &look.refusal);
		return err->status;
	}
	if (strcmp(invocation->options->format, "json") == 0)
		print_json(&look);
	else if (rule_findings_read(look.run->arena, &look.run->plan, look.run->live, &findings, err) == OK)
		print_text(&look, &findings);
	return err->status;
}

const struct command command_plan = {
	.name = "plan",
	.summary = "show what would be applied, statement by statement, and the plan id",
	.options = OPTIONS_PLAN,
	.run = run_plan,
};
