/* `status`: what is applied, pending and held, and how far the gates are; for people, scripts and start-up checks. */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/local_time.h"
#include "cli/screen.h"
#include "cli/status_document.h"
#include "engine/execute/leader.h"

/* Applied migrations that are listed one by one; of those before them only the number is shown. */
enum { APPLIED_SHOWN = 5 };

/* ---- what is shown ---- */

static void print_json(const struct look *look, const struct gate_view *views)
{
	_cleanup_json_ struct json *document = status_document(look, views);
	_cleanup_strbuf_ struct strbuf text = {0};

	json_write(&text, document);
	puts(strbuf_text(&text));
}

static enum tone tone_of_item(enum migration_state state)
{
	return state == STATE_APPLIED || state == STATE_PENDING ? TONE_PLAIN
	       : state == STATE_HELD                            ? TONE_CAUTION
	                                                        : TONE_BAD;
}

static enum tone tone_of_gate(enum gate_state state)
{
	return state == GATE_PASSED                             ? TONE_GOOD
	       : state == GATE_FAILED || state == GATE_WAIVED   ? TONE_BAD
	       : state == GATE_STALE                            ? TONE_CAUTION
	                                                        : TONE_PLAIN;
}

static void print_item(struct screen *screen, const struct plan_item *item)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	const char *when = item->state == STATE_APPLIED ? local_time_text(scratch, item->applied->applied_at) : NULL;
	screen_line(screen, screen->out, tone_of_item(item->state), migration_state_name(item->state), " %s %s%s%s%s%s",
	            item_version(item), item_name(item), when ? ", " : "", when ? when : "", item->reason ? ": " : "",
	            item->reason ? item->reason : "");
}

static void print_items(struct screen *screen, const struct plan *plan)
{
	size_t applied = 0, hidden = 0;

	for (size_t i = 0; i < plan->items.count; i++)
		applied += plan->items.items[i].state == STATE_APPLIED;
	for (size_t i = 0; i < plan->items.count; i++) {
		const struct plan_item *item = &plan->items.items[i];
		if (item->state == STATE_APPLIED && hidden + APPLIED_SHOWN < applied) {
			hidden++;
			continue;
		}
		if (hidden) {
			screen_line(screen, screen->out, TONE_PLAIN, "", "%zu applied before these", hidden);
			applied -= hidden;
			hidden = 0;
		}
		print_item(screen, item);
	}
}

static void print_gate(struct screen *screen, enum gate gate, const struct gate_view *view)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	const char *until = local_time_text(scratch, view->valid_until);

	screen_line(screen, screen->out, tone_of_gate(view->state), gate_state_name(view->state), " %s%s%s%s%s",
	            gate_get(gate)->name, until ? ", valid until " : "", until ? until : "", view->reason ? ": " : "",
	            view->reason ? view->reason : "");
}

static void print_gates(struct screen *screen, const struct look *look, const struct options *options,
                        const struct gate_view *views)
{
	_cleanup_strbuf_ struct strbuf next = {0};

	screen_line(screen, screen->out, TONE_PLAIN, "", "plan id %s", look->run->plan.id.hex);
	for (enum gate gate = 0; gate < GATE_COUNT; gate++)
		print_gate(screen, gate, &views[gate]);
	options_flow(&next, options);
	if (views[GATE_APPROVAL].state == GATE_PASSED)
		screen_line(screen, screen->out, TONE_CAUTION, "consented", ": the next run applies this plan");
	screen_command(screen, screen->out, "next: ", strbuf_text(&next));
}

/* A run that has not ended: it is at work while it holds the leadership, and was stopped when nobody does. */
static void print_unfinished(struct screen *screen, struct run *run)
{
	_cleanup_error_ struct error unknown = {0};
	const struct resume *resume = &run->resume;
	const char *holder = NULL;

	if (leader_find(run, &holder, &unknown) == OK && holder)
		screen_line(screen, screen->out, TONE_CAUTION, "running", " another run is at work: %s", holder);
	else if (resume->unfinished)
		screen_line(screen, screen->out, TONE_BAD, "unfinished", " run %s stopped during its apply%s%s",
		            resume->run_id, resume->why_not ? "; it cannot be continued: " : "",
		            resume->why_not ? resume->why_not : "");
}

static void print_text(const struct look *look, const struct options *options, const struct gate_view *views)
{
	struct run *run = look->run;
	struct status_counts counts = status_count(&run->plan);
	struct screen screen = screen_standard();

	screen_line(&screen, screen.out, TONE_PLAIN, "", "%s: %zu applied, %zu pending, %zu held", look_target(look),
	            counts.applied, counts.pending, counts.held);
	print_unfinished(&screen, run);
	print_items(&screen, &run->plan);
	if (counts.pending > 0 && look->refusal.status == OK)
		print_gates(&screen, look, options, views);
}

/* ---- what is judged ---- */

static bool is_held(const struct resume *resume, const char *version)
{
	for (size_t i = 0; i < resume->held.count; i++)
		if (version_compare(resume->held.items[i], version) == 0)
			return true;
	return false;
}

/* A version counts as reached by its own row, or by a later one when nothing says that it was passed over. */
static enum status judge_at_least(const struct run *run, const char *version, struct error *err)
{
	const struct history *history = &run->history;
	const char *highest = history->rows.count ? history->rows.items[history->rows.count - 1].version : NULL;
	const char *half_way = run->resume.half_way.version;

	for (size_t i = 0; i < history->rows.count; i++)
		if (version_compare(history->rows.items[i].version, version) == 0)
			return OK;
	if (!highest)
		return error_set(err, FAIL_PENDING, "version %s is not reached: nothing is applied", version);
	if (half_way && version_compare(half_way, version) == 0)
		return error_set(err, FAIL_PENDING, "version %s is not reached: a run stopped inside it", version);
	if (is_held(&run->resume, version))
		return error_set(err, FAIL_PENDING, "version %s is not reached: it was held when later ones were applied",
		                 version);
	if (version_compare(highest, version) < 0)
		return error_set(err, FAIL_PENDING, "version %s is not reached: the highest applied one is %s", version,
		                 safe_text(run->arena, highest));
	return OK;
}

static enum status judge(struct look *look, const struct options *options, struct error *err)
{
	if (look->refusal.status != OK) {
		error_move(err, &look->refusal);
		return err->status;
	}
	size_t pending = status_count(&look->run->plan).pending;
	if (options->at_least && judge_at_least(look->run, options->at_least, err) != OK)
		return err->status;
	if (options->check && pending)
		return error_set(err, FAIL_PENDING, "%zu migration%s pending", pending, pending == 1 ? " is" : "s are");
	return OK;
}

/* For an application's start: asks the target alone; the migrations' files need not be here. */
static enum status run_at_least(struct invocation *invocation, struct error *err)
{
	_cleanup_loop_ struct loop *loop = NULL;

	if (loop_open(&loop, err) != OK)
		return err->status;
	struct run *run = run_open(loop, &invocation->settings, "batch");
	run->only_looks = true;
	enum status status = run_read_target(run, err);
	if (status == OK)
		status = judge_at_least(run, invocation->options->at_least, err);
	if (status == OK)
		printf("version %s is reached\n", invocation->options->at_least);
	run_close(run);
	return status;
}

static enum status run_status(struct invocation *invocation, struct error *err)
{
	const struct options *options = invocation->options;
	bool json = strcmp(options->format, "json") == 0;
	_cleanup_look_ struct look look = {0};
	_cleanup_error_ struct error unread = {0};
	struct gate_view views[GATE_COUNT];

	if (options->at_least && !options->check && !json)
		return run_at_least(invocation, err);
	if (look_open(invocation, &look, err) != OK)
		return err->status;
	enum status evidence = gates_view(look.run, views, &unread);
	if (json)
		print_json(&look, views);
	else
		print_text(&look, options, views);
	if (judge(&look, options, err) != OK || evidence == OK)
		return err->status;
	error_move(err, &unread);
	return err->status;
}

const struct command command_status = {
	.name = "status",
	.summary = "show what is applied, pending and held, and how far the gates are",
	.options = OPTIONS_PLAN | OPTION_BIT(OPTION_CHECK) | OPTION_BIT(OPTION_AT_LEAST),
	.run = run_status,
};
