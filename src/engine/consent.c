#include "engine/consent.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "engine/evidence_store.h"
#include "engine/execute/trace.h"
#include "engine/rehearse/blocking.h"
#include "engine/watch/guard_forecast.h"
#include "sys/clock.h"

/* More migrations than these: those that harm nobody are only counted. */
enum { ALL_SHOWN = 20, JUST_NOW_MS = 10000, FEW_LINES = 32 };

/* Texts of the rehearsal that have a line of their own here; its other warnings are notes. */
static const char *const OWN_LINES[] = {"rehearsal.changes", "rehearsal.downs", "rehearsal.locks", "rehearsal.loss",
                                        "rehearsal.rewrites"};

struct showing {
	struct run *run;
	struct arena *arena;
	struct evidence *evidence;
	struct trace trace;
	struct blocking_list blocking;
	const struct text_index *live_names;
};

static void tell(struct showing *showing, const char *name, const char *text)
{
	run_check(showing->run, showing->evidence, name, true, NULL, text, "-");
}

static void warn(struct showing *showing, const char *name, const char *text)
{
	run_warn(showing->run, showing->evidence, name, "Consent only if it is meant.", text, "-");
}

static const char *ago(struct showing *showing, int64_t then_ms)
{
	int64_t age_ms = clock_wall_ms() - then_ms;
	return age_ms < JUST_NOW_MS ? "just now"
	                            : arena_printf(showing->arena, "%s ago", text_duration(showing->arena, age_ms));
}

/* ---- the migrations ---- */

static bool blocks(const struct showing *showing, const struct migration_trace *trace)
{
	struct relation_lock_list locks = {0};
	for (size_t s = 0; s < trace->steps.count; s++)
		trace_step_locks(showing->arena, &trace->steps.items[s], &locks);
	for (size_t i = 0; i < locks.count; i++)
		if (locks.items[i].mode > LOCK_SHARE_UPDATE_EXCLUSIVE &&
		    blocking_is_live(showing->live_names, locks.items[i].relation))
			return true;
	return false;
}

static bool rewrites(const struct showing *showing, const struct migration_trace *trace)
{
	for (size_t s = 0; s < trace->steps.count; s++)
		for (size_t t = 0; t < trace->steps.items[s].statements.count; t++) {
			const struct statement_trace *statement = &trace->steps.items[s].statements.items[t];
			const struct text_list *files = &statement_effects_get(statement)->rewrites;
			for (size_t i = 0; i < files->count; i++)
				if (blocking_is_live(showing->live_names, files->items[i]))
					return true;
		}
	return false;
}

static bool changes_rows(const struct migration_trace *trace)
{
	for (size_t s = 0; s < trace->steps.count; s++)
		for (size_t i = 0; i < trace->steps.items[s].changes.count; i++) {
			const struct change_count *count = &trace->steps.items[s].changes.items[i];
			if (count->inserted || count->updated || count->deleted)
				return true;
		}
	return false;
}

/* What one migration does that is worth a word; empty when it harms nobody. */
static void put_marks(const struct showing *showing, const struct migration *migration,
                      const struct migration_trace *trace, struct strbuf *out)
{
	bool down = showing->run->direction == DIRECTION_DOWN;
	const struct script *script = down ? &migration->down : &migration->up;

	if (script->steps.count > 1)
		strbuf_printf(out, ", not atomic (%zu steps)", script->steps.count);
	else if (script->steps.count && !script->steps.items[0].transactional)
		strbuf_puts(out, ", not in a transaction");
	if (!trace)
		return;
	strbuf_puts(out, blocks(showing, trace) ? ", blocks others" : "");
	strbuf_puts(out, rewrites(showing, trace) ? ", rewrites" : "");
	strbuf_puts(out, changes_rows(trace) ? ", changes rows" : "");
}

static void show_migrations(struct showing *showing)
{
	const struct plan *plan = &showing->run->plan;
	size_t hidden = 0;

	for (size_t i = 0; i < plan->pending.count; i++) {
		const struct migration *migration = plan->pending.items[i];
		const struct migration_trace *trace = trace_find(&showing->trace, migration->version);
		_cleanup_strbuf_ struct strbuf marks = {0};

		put_marks(showing, migration, trace, &marks);
		if (plan->pending.count > ALL_SHOWN && !marks.length) {
			hidden++;
			continue;
		}
		tell(showing, "approval.migration",
		     arena_printf(showing->arena, "%s %s: %s%s", migration->version, migration->name,
		                  trace ? text_duration(showing->arena, trace->duration_ms) : "not timed",
		                  strbuf_text(&marks)));
	}
	if (hidden)
		tell(showing, "approval.migration",
		     arena_printf(showing->arena, "%zu more, each in one transaction, that block nobody, rewrite nothing "
		                  "and change no row", hidden));
}

static void show_sum(struct showing *showing)
{
	struct run *run = showing->run;
	const struct evidence *rehearsal = &run->evidence[GATE_REHEARSAL];
	int64_t duration_ms = 0, wal_bytes = 0;

	for (size_t m = 0; m < showing->trace.migrations.count; m++) {
		const struct migration_trace *migration = &showing->trace.migrations.items[m];
		duration_ms += migration->duration_ms;
		for (size_t s = 0; s < migration->steps.count; s++)
			for (size_t t = 0; t < migration->steps.items[s].statements.count; t++) {
				int64_t bytes = migration->steps.items[s].statements.items[t].wal_bytes;
				wal_bytes += bytes > 0 ? bytes : 0;
			}
	}
	tell(showing, "approval.plan",
	     arena_printf(showing->arena, "%s %zu migration%s on database %s%s%s: about %s and %s of WAL, as rehearsed %s",
	                  run->direction == DIRECTION_DOWN ? "undoes" : "applies", run->plan.pending.count,
	                  run->plan.pending.count == 1 ? "" : "s", run->target.database,
	                  run->target.environment && *run->target.environment ? " of " : "",
	                  run->target.environment ? run->target.environment : "",
	                  text_duration(showing->arena, duration_ms), text_bytes(showing->arena, wal_bytes),
	                  ago(showing, rehearsal->taken_ms)));
}

/* ---- what stands behind it ---- */

static void show_backup(struct showing *showing)
{
	const struct evidence *backup = &showing->run->evidence[GATE_BACKUP];

	if (backup->state == GATE_PASSED)
		tell(showing, "approval.backup",
		     arena_printf(showing->arena, "taken %s, restored, and equal to what live held",
		                  ago(showing, backup->taken_ms)));
	else
		warn(showing, "approval.backup",
		     arena_printf(showing->arena, "not proved: %s", backup->reason ? backup->reason : "it did not pass"));
}

/* What the rehearsal said by itself, under a name of ours. */
static void show_checks(struct showing *showing, const char *from, const char *name)
{
	const struct check_list *checks = &showing->run->evidence[GATE_REHEARSAL].checks;

	for (size_t i = 0; i < checks->count; i++) {
		const struct check *check = &checks->items[i];
		if (strcmp(check->name, from) != 0)
			continue;
		if (check->ok)
			tell(showing, name, check->measured);
		else
			warn(showing, name, check->measured);
	}
}

static void show_notes(struct showing *showing)
{
	const struct check_list *checks = &showing->run->evidence[GATE_REHEARSAL].checks;

	for (size_t i = 0; i < checks->count; i++) {
		bool own = false;
		for (size_t j = 0; j < sizeof(OWN_LINES) / sizeof(*OWN_LINES); j++)
			own = own || strcmp(OWN_LINES[j], checks->items[i].name) == 0;
		if (checks->items[i].warning && !own)
			warn(showing, "approval.note", checks->items[i].measured);
	}
}

static void show_held(struct showing *showing)
{
	const struct plan *plan = &showing->run->plan;

	for (size_t i = 0; i < plan->items.count; i++)
		if (plan->items.items[i].state == STATE_HELD)
			warn(showing, "approval.held",
			     arena_printf(showing->arena, "%s %s stays out: %s", plan->items.items[i].migration->version,
			                  plan->items.items[i].migration->name, plan->items.items[i].reason));
}

/* ---- what it does to others ---- */

static void add_changes(struct showing *showing, const struct step_trace *step, struct text_index *tables,
                        struct step_trace *sum)
{
	for (size_t i = 0; i < step->changes.count; i++) {
		const struct change_count *count = &step->changes.items[i];
		size_t at = sum->changes.count;
		if (!text_index_find(tables, count->table, &at)) {
			text_index_put(tables, count->table, at);
			list_add(showing->arena, &sum->changes)->table = count->table;
		}
		struct change_count *known = &sum->changes.items[at];
		known->inserted += count->inserted;
		known->updated += count->updated;
		known->deleted += count->deleted;
	}
}

static void put_count(struct strbuf *out, int64_t count, const char *what)
{
	if (count)
		strbuf_printf(out, "%s%" PRId64 " %s", out->length ? ", " : "", count, what);
}

static void show_rows(struct showing *showing)
{
	struct text_index *tables = text_index_new(showing->arena);
	struct step_trace sum = {0};
	bool any = false;

	for (size_t m = 0; m < showing->trace.migrations.count; m++)
		for (size_t s = 0; s < showing->trace.migrations.items[m].steps.count; s++)
			add_changes(showing, &showing->trace.migrations.items[m].steps.items[s], tables,
			            &sum);
	for (size_t i = 0; i < sum.changes.count; i++) {
		_cleanup_strbuf_ struct strbuf text = {0};
		put_count(&text, sum.changes.items[i].inserted, "inserted");
		put_count(&text, sum.changes.items[i].updated, "updated");
		put_count(&text, sum.changes.items[i].deleted, "deleted");
		if (!text.length)
			continue;
		warn(showing, "approval.rows",
		     arena_printf(showing->arena, "%s: %s", sum.changes.items[i].table, strbuf_text(&text)));
		any = true;
	}
	if (!any)
		tell(showing, "approval.rows", "none is inserted, updated or deleted");
}

static void show_blocking(struct showing *showing)
{
	for (size_t i = 0, next; i < showing->blocking.count; i = next)
		warn(showing, "approval.locks",
		     blocking_text(showing->arena, &showing->blocking, i, &next));
	if (showing->blocking.count == 0)
		tell(showing, "approval.locks", "nobody who reads or writes has to wait");
}

/* What the guard will not let pass while others work: better known now than when it is pulled back. */
static void show_forecast(struct showing *showing)
{
	struct run *run = showing->run;
	struct text_list lines = {0};

	guard_forecast(showing->arena, run->settings, &run->plan, &showing->trace, &run->live_schema, &lines);
	for (size_t i = 0; i < lines.count; i++)
		run_warn(run, showing->evidence, "approval.guard", GUARD_FORECAST_HINT, lines.items[i], "-");
}

/* ---- what was let pass: shown in red ---- */

static void show_waived(struct showing *showing, const char *text, const char *reason)
{
	struct check check = {.name = "approval.waived", .warning = true, .measured = text, .limit = "-",
	                      .waived_because = reason, .hint = "Consent only if it is meant."};
	check.measured = arena_strdup(showing->run->arena, text);
	list_push(showing->run->arena, &showing->evidence->checks, check);
	emit_check(showing->run->emitter, showing->evidence->gate, &check);
}

static void show_all_waived(struct showing *showing)
{
	const struct settings *settings = showing->run->settings;

	for (size_t i = 0; i < settings->waivers.count; i++)
		show_waived(showing, settings->waivers.items[i].check, settings->waivers.items[i].reason);
	const struct check_list *inspected = &showing->run->evidence[GATE_INSPECT].checks;
	for (size_t i = 0; i < inspected->count; i++)
		if (strcmp(inspected->items[i].name, "inspect.accepted") == 0)
			show_waived(showing, arena_printf(showing->arena, "drift of %s", inspected->items[i].measured),
			            "taken as the new base line");
	for (size_t i = 0; i < settings->out_of_order.count; i++)
		show_waived(showing, arena_printf(showing->arena, "the order of migration %s", settings->out_of_order.items[i]),
		            "named with --out-of-order");
}

enum status consent_is_spent(const struct run *run, int64_t given_ms, bool *ret_spent, struct error *err)
{
	struct evidence apply = {0};
	bool there = false;

	*ret_spent = false;
	if (evidence_store_load(run->store, run->arena, GATE_APPLY, &apply, &there, err) != OK)
		return err->status;
	if (!there)
		return OK;
	*ret_spent = apply.state == GATE_PASSED && apply.taken_ms >= given_ms &&
	             strcmp(apply.plan_id, run->plan.id.hex) == 0;
	json_close(apply.data);
	return OK;
}

bool consent_is_for_another(const struct run *run)
{
	return run->settings->approve && !plan_id_matches(&run->plan, run->settings->approve);
}

enum status consent_show(struct run *run, struct evidence *evidence, struct error *err)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct showing showing = {.run = run, .arena = arena, .evidence = evidence};
	const struct json *trace = json_get(run->evidence[GATE_REHEARSAL].data, "trace");

	if (trace_read(arena, trace, &showing.trace, err) != OK)
		return err->status;
	/* A migration that changes rows has two lines: its own, and that of its table. */
	if (evidence->checks.count == 0)
		list_reserve(run->arena, &evidence->checks, 2 * run->plan.pending.count + FEW_LINES);
	showing.live_names = blocking_live_names(arena, &run->live_schema);
	blocking_find(arena, &showing.trace, &run->live_schema, &showing.blocking);
	show_sum(&showing);
	show_migrations(&showing);
	show_checks(&showing, "rehearsal.downs", "approval.way_back");
	show_backup(&showing);
	show_held(&showing);
	show_notes(&showing);
	show_rows(&showing);
	show_checks(&showing, "rehearsal.rewrites", "approval.rewrites");
	show_blocking(&showing);
	show_forecast(&showing);
	show_checks(&showing, "rehearsal.loss", "approval.losses");
	show_all_waived(&showing);
	return OK;
}
