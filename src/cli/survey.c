#include "cli/survey.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "cli/last_run.h"
#include "cli/record_follower.h"
#include "cli/status_document.h"
#include "engine/tell/control.h"
#include "sys/clock.h"

/* All of the schema is read each time: seldom, never while a run is at work, and not for ever. */
enum { LOOK_AGAIN_MS = 30000, LOOK_AFTER_FAILURE_MS = 10000, LOOK_LIMIT_MS = 20000 };

struct survey {
	struct loop *loop;
	const struct invocation *invocation;
	struct record_follower *follower;
	struct arena *arena;        /* of the target */
	struct target target;       /* once it is known */
	char *address;              /* of the newest look that succeeded: asking a name server would be a wait; or NULL */
	struct json *status;        /* of the newest look that succeeded, or NULL */
	struct json *ledger_run;    /* of the same look, or NULL */
	struct json *document;
	struct json *unread;        /* why the newest look failed; NULL = it did not, or none was taken */
	int64_t due_ms;             /* when to look again; clock_ms() */
	bool at_work;               /* a run that is recorded here */
	char *run_seen;             /* the newest one that had ended at a look, or NULL */
};

struct survey *survey_open(struct loop *loop, const struct invocation *invocation)
{
	struct survey *survey = memory_new(sizeof(*survey));

	*survey = (struct survey){
		.loop = loop,
		.invocation = invocation,
		.follower = record_follower_open(loop),
		.arena = arena_open(),
		.document = json_new_object(),
	};
	return survey;
}

void survey_close(struct survey *survey)
{
	if (!survey)
		return;
	record_follower_close(survey->follower);
	json_close(survey->status);
	json_close(survey->ledger_run);
	json_close(survey->document);
	json_close(survey->unread);
	memory_free(survey->run_seen);
	memory_free(survey->address);
	arena_close(survey->arena);
	memory_free(survey);
}

void survey_cleanup(struct survey **survey)
{
	survey_close(*survey);
}

const struct json *survey_document(const struct survey *survey)
{
	return survey->document;
}

/* ---- a look ---- */

static bool is_same(const char *one, const char *other)
{
	return one && other ? strcmp(one, other) == 0 : one == other;
}

/* Another server may answer at the same address one day: the runs that were followed are not its own. */
static void keep_target(struct survey *survey, const struct target *target)
{
	if (is_same(survey->target.system_identifier, target->system_identifier) &&
	    is_same(survey->target.database_oid, target->database_oid))
		return;
	struct arena *arena = arena_open();

	record_follower_close(survey->follower);
	survey->follower = record_follower_open(survey->loop);
	survey->target = (struct target){
		.system_identifier = arena_strdup(arena, target->system_identifier),
		.database_oid = arena_strdup(arena, target->database_oid),
	};
	arena_close(survey->arena);
	survey->arena = arena;
}

/* For the next look, until one fails or the connection of the samples is lost: the name may lead elsewhere then. */
static void keep_address(struct survey *survey, const char *address)
{
	char *copy = memory_strdup(address);
	memory_free(survey->address);
	survey->address = copy;
}

static struct json *error_json(const struct error *err)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct json *object = json_new_object();

	json_set_text(object, "message", safe_text(arena, err->message));
	json_set_text(object, "hint", safe_text(arena, error_hint_text(err)));
	json_set_text(object, "file", safe_text(arena, err->file));
	json_set(object, "line", err->line ? json_new_int(err->line) : json_new_text(NULL));
	return object;
}

static struct json *status_of(const struct look *look, const struct gate_view *views)
{
	struct arena *arena = look->run->arena;
	const char *environment = look->run->target.environment;
	struct json *status = status_document(look, views);

	json_set_text(status, "looked", clock_stamp(clock_wall_ms()).text);
	json_set_text(status, "environment", environment && *environment ? safe_text(arena, environment) : NULL);
	json_set_text(status, "plan_id", look->run->plan.id.hex[0] ? look->run->plan.id.hex : NULL);
	json_set(status, "refusal", look->refusal.status == OK ? json_new_text(NULL) : error_json(&look->refusal));
	return status;
}

static enum status take_look(struct survey *survey, struct error *err)
{
	_cleanup_look_ struct look look = {0};
	_cleanup_error_ struct error shut = {0};
	struct gate_view views[GATE_COUNT];
	struct json *ledger_run = NULL;

	if (look_open_in(survey->loop, survey->invocation, LOOK_LIMIT_MS, survey->address, &look, err) != OK ||
	    last_run_in_ledger(look.run, &ledger_run, err) != OK)
		return err->status;
	/* Why every gate is shut then is said with each. */
	if (gates_view(look.run, views, &shut) != OK)
		error_clear(&shut);
	keep_target(survey, &look.run->target);
	keep_address(survey, session_address(look.run->live));
	json_close(survey->status);
	json_close(survey->ledger_run);
	survey->status = status_of(&look, views);
	survey->ledger_run = ledger_run;
	return OK;
}

static void give_up(struct loop_timer *timer)
{
	loop_cancel(timer->context, "the time limit of a look at the migrations");
}

/* A server that stops answering in the middle of it must not hold up all that is told besides. */
static void look(struct survey *survey)
{
	struct loop_timer limit = {.due_ms = clock_ms() + LOOK_LIMIT_MS, .due = give_up, .context = survey->loop};
	_cleanup_error_ struct error err = {0};

	loop_add_timer(survey->loop, &limit);
	bool taken = take_look(survey, &err) == OK;
	loop_remove_timer(survey->loop, &limit);
	loop_go_on(survey->loop);
	json_close(survey->unread);
	survey->unread = taken ? NULL : error_json(&err);
	if (err.status == FAIL_UNREACHABLE)
		keep_address(survey, NULL);
	const struct model *model = record_follower_model(survey->follower);
	if (model && model->ended) {
		memory_free(survey->run_seen);
		survey->run_seen = memory_strdup(model->run_id);
	}
	survey->due_ms = clock_ms() + (taken ? LOOK_AGAIN_MS : LOOK_AFTER_FAILURE_MS);
}

/* ---- turns ---- */

/* The later one of the two that are known; of the same run the record tells more. */
static struct json *choose_run(const struct survey *survey)
{
	const struct model *model = record_follower_model(survey->follower);
	struct json *recorded = NULL;

	if (model)
		recorded = last_run_recorded(model, record_follower_began_ms(survey->follower), survey->at_work);
	if (!survey->ledger_run)
		return recorded;
	const char *began = json_get_text(survey->ledger_run, "began"), *other = json_get_text(recorded, "began");
	if (recorded && (!began || !other || strcmp(other, began) >= 0 ||
	                 is_same(json_get_text(recorded, "run"), json_get_text(survey->ledger_run, "run"))))
		return recorded;
	json_close(recorded);
	return json_clone(survey->ledger_run);
}

static void set_told(struct json *document, const struct model *model)
{
	struct json *list = json_new_array();

	for (size_t i = 0; i < model->migrations.count; i++) {
		const struct model_migration *told = &model->migrations.items[i];
		struct json *item = json_new_object();
		json_set_text(item, "version", told->version);
		json_set_text(item, "name", told->name);
		json_set_text(item, "state", told->state);
		json_set_text(item, "reason", told->reason);
		json_set_text(item, "checksum", told->checksum);
		json_push(list, item);
	}
	json_set_text(document, "looked", clock_stamp(model->now_ms).text);
	json_set_text(document, "environment", model->environment && *model->environment ? model->environment : NULL);
	json_set_text(document, "plan_id", model->plan_id);
	json_set_int(document, "applied", (int64_t)model->applied_count);
	json_set_int(document, "pending", (int64_t)model->pending_count);
	json_set_int(document, "held", (int64_t)model->held_count);
	json_set(document, "gates", last_run_gates(model));
	json_set(document, "migrations", list);
}

/* While a run is at work it tells itself how its migrations and gates stand. */
static void compose(struct survey *survey)
{
	static const char *const FROM_STATUS[] = {"looked", "environment", "plan_id", "refusal", "applied",
	                                          "pending", "held",       "gates",   "migrations"};
	const struct model *model = record_follower_model(survey->follower);
	struct json *document = json_new_object(), *run = choose_run(survey);
	bool told = survey->at_work && model->migrations.count > 0;

	json_set(document, "unread", survey->unread && !told ? json_share(survey->unread) : json_new_text(NULL));
	for (size_t i = 0; i < sizeof(FROM_STATUS) / sizeof(FROM_STATUS[0]); i++) {
		const struct json *value = survey->status ? json_get(survey->status, FROM_STATUS[i]) : NULL;
		json_set(document, FROM_STATUS[i], value ? json_share(value) : json_new_text(NULL));
	}
	if (told)
		set_told(document, model);
	json_set(document, "last_run", run ? run : json_new_text(NULL));
	json_close(survey->document);
	survey->document = document;
}

/* What the record says, and whether somebody goes on with it. */
static const struct model *follow(struct survey *survey)
{
	if (!survey->target.system_identifier)
		return NULL;
	int64_t claimed_since_ms = control_claimed_since_ms(&survey->target);
	record_follower_read(survey->follower, &survey->target, claimed_since_ms);
	const struct model *model = record_follower_model(survey->follower);
	survey->at_work = model && !model->ended && claimed_since_ms > 0;
	return model;
}

void survey_turn(struct survey *survey, bool reachable)
{
	const struct model *model = follow(survey);
	bool changed = model && model->ended && !survey->unread && !is_same(model->run_id, survey->run_seen);

	if (!reachable)
		keep_address(survey, NULL);
	if (reachable && !survey->at_work && (changed || clock_ms() >= survey->due_ms)) {
		look(survey);
		(void)follow(survey);
	}
	compose(survey);
}
