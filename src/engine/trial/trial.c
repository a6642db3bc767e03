#include "engine/trial/trial.h"

#include <string.h>

#include "base/text.h"
#include "engine/execute/place.h"
#include "engine/execute/sql_file.h"
#include "engine/execute/verify_scripts.h"
#include "engine/trial/trial_rules.h"
#include "engine/trial/trial_server.h"
#include "pg/history.h"
#include "pg/pipeline.h"
#include "pg/query.h"

/* What all of the trial share. */
struct ground {
	struct run *run;
	struct trial *trial;
	struct trial_server server;
	struct executor executor; /* on the server's work database, while one is open */
	struct schema before;     /* of the migration that is tried */
	struct schema after;
	const char *stopped_at;   /* version that does not run at all; NULL = none */
};

/* ---- findings ---- */

static struct trial_finding *add_finding(struct ground *ground, const char *check, const struct migration *migration,
                                         const char *file, const char *message, const char *hint)
{
	struct trial_finding *finding = list_add(ground->run->arena, &ground->trial->findings);
	*finding = (struct trial_finding){.check = check,
	                                  .version = migration ? migration->version : NULL,
	                                  .file = file,
	                                  .message = message,
	                                  .hint = hint};
	ground->trial->error_count++;
	return finding;
}

static void add_warning(struct ground *ground, const char *check, const struct migration *migration,
                        const char *message, const char *hint)
{
	add_finding(ground, check, migration, migration->up.path, message, hint)->warning = true;
	ground->trial->error_count--;
}

/* What the server said against a migration; the error is consumed. A stop and a lost server stay errors. */
static enum status find_error(struct ground *ground, const char *check, const struct migration *migration,
                              const struct script *script, const char *hint, struct error *err)
{
	struct arena *arena = ground->run->arena;
	bool said_by_server = *err->sqlstate && err->status != FAIL_UNREACHABLE;
	bool ours = err->status == FAIL_UNREACHABLE || err->status == FAIL_INTERNAL;
	if (loop_stop_signal(ground->run->loop) || (ours && !said_by_server))
		return err->status;
	const char *text = *err->sqlstate ? arena_printf(arena, "%s [%s]", err->message, err->sqlstate)
	                                  : arena_strdup(arena, err->message);
	struct trial_finding *finding =
		add_finding(ground, check, migration, script->path, text, err->hint ? arena_strdup(arena, err->hint) : hint);
	finding->line = err->line;
	error_clear(err);
	return OK;
}

static size_t find_differences(struct ground *ground, const char *check, const struct migration *migration,
                               const struct script *script, const struct schema *wanted, const struct schema *found,
                               const char *hint)
{
	struct schema_difference_list differences = {0};

	schema_compare(ground->run->arena, wanted, found, &differences);
	for (size_t i = 0; i < differences.count; i++)
		add_finding(ground, check, migration, script->path,
		            schema_difference_text(ground->run->arena, &differences.items[i]), hint);
	return differences.count;
}

/* ---- the database that is worked on ---- */

static enum status read_schema(struct ground *ground, struct schema *ret_schema, struct error *err)
{
	return run_schema_of(ground->run, ground->executor.watch, ground->run->arena, ret_schema, err);
}

/* A fresh work database, as far as we came. */
static enum status open_work(struct ground *ground, struct error *err)
{
	struct trial_server *server = &ground->server;

	place_close(&ground->executor);
	if (trial_server_make(server, server->work, server->main, err) != OK)
		return err->status;
	struct session_options options = trial_server_options(server, server->work);
	return place_on_scratch(ground->run, &options, &ground->executor, err);
}

static enum status keep_work(struct ground *ground, struct error *err)
{
	place_close(&ground->executor);
	return trial_server_keep(&ground->server, err);
}

static enum status carry_out(struct ground *ground, const struct migration *migration, enum direction direction,
                             struct error *err)
{
	struct migration_trace ignored;
	ground->executor.direction = direction;
	return execute_migration(&ground->executor, migration, 0, &ignored, err);
}

/* Makes the migration count as not applied, so that it can run a second time. */
static enum status forget(struct ground *ground, const struct migration *migration, struct error *err)
{
	struct pipeline_item item = history_delete(ground->run->arena, ground->executor.history, migration->version);
	size_t failed;
	long position;
	return pipeline_run(ground->executor.ledger, &item, 1, NULL, NULL, &failed, &position, err);
}

/* ---- what is tried ---- */

static enum status try_verify(struct ground *ground, const struct migration *migration, const char *when,
                              struct error *err)
{
	struct run *run = ground->run;
	struct evidence evidence = {.gate = GATE_VERIFY};
	struct text_list versions = {0};

	list_push(run->arena, &versions, migration->version);
	if (verify_scripts_run(run, &evidence, "verify.scripts", &versions, ground->executor.session, err) != OK)
		return err->status;
	for (size_t i = 0; i < evidence.checks.count; i++)
		if (!evidence.checks.items[i].ok)
			add_finding(ground, "verify", migration, NULL,
			            arena_printf(run->arena, "%s%s", evidence.checks.items[i].measured, when),
			            evidence.checks.items[i].hint);
	return OK;
}

/* *ret_clean is false when the work database is no longer as the migration left it. */
static enum status try_twice(struct ground *ground, const struct migration *migration, bool *ret_clean,
                             struct error *err)
{
	static const char hint[] = "Make it do nothing where all is there: IF NOT EXISTS, IF EXISTS, ON CONFLICT, WHERE.";
	struct schema again;

	*ret_clean = false;
	if (forget(ground, migration, err) != OK)
		return err->status;
	if (carry_out(ground, migration, DIRECTION_UP, err) != OK)
		return find_error(ground, "twice", migration, &migration->up, hint, err);
	if (read_schema(ground, &again, err) != OK)
		return err->status;
	*ret_clean = find_differences(ground, "twice", migration, &migration->up, &ground->after, &again, hint) == 0;
	return OK;
}

static enum status try_back(struct ground *ground, const struct migration *migration, bool *ret_clean,
                            struct error *err)
{
	static const char hint[] = "Correct the down file: it must bring back exactly what was there before.";
	struct schema back, again;

	*ret_clean = false;
	if (carry_out(ground, migration, DIRECTION_DOWN, err) != OK)
		return find_error(ground, "down", migration, &migration->down, hint, err);
	if (read_schema(ground, &back, err) != OK)
		return err->status;
	if (find_differences(ground, "down", migration, &migration->down, &ground->before, &back, hint))
		return OK;
	if (carry_out(ground, migration, DIRECTION_UP, err) != OK)
		return find_error(ground, "again", migration, &migration->up, hint, err);
	if (read_schema(ground, &again, err) != OK)
		return err->status;
	*ret_clean = find_differences(ground, "again", migration, &migration->up, &ground->after, &again, hint) == 0;
	return OK;
}

/* Forward once more in a fresh database, where what was tried had left its own traces. */
static enum status redo(struct ground *ground, const struct migration *migration, struct error *err)
{
	if (open_work(ground, err) != OK)
		return err->status;
	if (carry_out(ground, migration, DIRECTION_UP, err) != OK)
		return error_wrap(err, "it ran before and now it does not");
	return OK;
}

static void note_missing_files(struct ground *ground, const struct migration *migration)
{
	if (!migration->down.path)
		add_warning(ground, "down", migration, "there is no down file",
		            "Write one, unless nothing can bring the former state back.");
	if (!migration->verify.path)
		add_warning(ground, "verify", migration, "there is no verify file",
		            "Write one: it asks for what must be true afterwards.");
}

static enum status try_all(struct ground *ground, const struct migration *migration, struct error *err)
{
	bool clean = false;

	if (open_work(ground, err) != OK ||
	    trial_rules(ground->run, ground->trial, migration, ground->executor.watch, err) != OK ||
	    read_schema(ground, &ground->before, err) != OK)
		return err->status;
	if (carry_out(ground, migration, DIRECTION_UP, err) != OK) {
		ground->stopped_at = migration->version;
		return find_error(ground, "up", migration, &migration->up, "Correct the migration.", err);
	}
	if (read_schema(ground, &ground->after, err) != OK || try_verify(ground, migration, "", err) != OK ||
	    try_twice(ground, migration, &clean, err) != OK || (!clean && redo(ground, migration, err) != OK))
		return err->status;
	clean = true;
	if (migration->down.path && try_back(ground, migration, &clean, err) != OK)
		return err->status;
	note_missing_files(ground, migration);
	if (!clean && redo(ground, migration, err) != OK)
		return err->status;
	return keep_work(ground, err);
}

/* ---- the way through ---- */

static enum status prepare(struct ground *ground, struct error *err)
{
	struct run *run = ground->run;
	_cleanup_session_ struct session *session = NULL;
	_cleanup_error_ struct error shared = {0};
	struct session_options options = trial_server_options(&ground->server, ground->server.main);

	if (session_open(run->loop, &options, &session, err) != OK ||
	    catalog_target(session, run->arena, "", &run->target, err) != OK ||
	    history_read(session, run->arena, run->settings->history_table, &run->history, err) != OK)
		return err->status;
	struct plan_options nothing = {.schema_digest = ""};
	/* Nothing is applied here, so all that can be refused is sharing one plan; and here each has its own. */
	(void)!plan_build(run->arena, &run->set, &run->graph, &run->history, &run->target, &nothing, &run->plan, &shared);
	ground->trial->server_version = run->target.server_version_text;
	ground->trial->place = ground->server.place;
	return OK;
}

/* On a server that others use, a migration must keep to its database. */
static enum status refuse_wide(const struct run *run, struct error *err)
{
	for (size_t m = 0; run->settings->staging && m < run->set.count; m++) {
		const struct script *script = &run->set.items[m].up;
		for (size_t i = 0; i < script->steps.count; i++)
			for (size_t j = 0; j < script->steps.items[i].count; j++) {
				const struct statement *statement = &script->steps.items[i].statements[j];
				if (!statement->cluster_wide)
					continue;
				error_set(err, FAIL_REFUSED, "%s reaches beyond its database", statement->tag);
				error_hint(err, "Leave out --staging: on a scratch cluster it can do no harm.");
				return error_where(err, script->path, statement->line, statement->column);
			}
	}
	return OK;
}

static enum status try_one(struct ground *ground, struct trial_row *row, struct error *err)
{
	size_t errors = ground->trial->error_count;
	int64_t start_ms = clock_ms();

	if (try_all(ground, row->migration, err) != OK)
		return err->status;
	row->duration_ms = clock_ms() - start_ms;
	row->outcome = ground->trial->error_count > errors ? TRIAL_FOUND : TRIAL_GOOD;
	return OK;
}

static enum status try_each(struct ground *ground, struct error *err)
{
	struct run *run = ground->run;
	struct trial *trial = ground->trial;

	for (size_t i = 0; i < run->plan.items.count; i++) {
		const struct plan_item *item = &run->plan.items.items[i];
		struct trial_row *row = list_add(run->arena, &trial->rows);
		*row = (struct trial_row){.migration = item->migration};
		if (item->state == STATE_HELD) {
			row->outcome = TRIAL_HELD;
			row->reason = item->reason;
		} else if (ground->stopped_at) {
			row->outcome = TRIAL_NOT_REACHED;
			row->reason = arena_printf(run->arena, "%s does not run", ground->stopped_at);
		} else if (try_one(ground, row, err) != OK) {
			return err->status;
		}
		if (trial->tried)
			trial->tried(trial->context, row);
	}
	return OK;
}

/* What a verify file asks for must outlive the later migrations. */
static enum status try_verify_at_end(struct ground *ground, struct error *err)
{
	struct trial *trial = ground->trial;

	for (size_t i = 0; i < trial->rows.count; i++) {
		const struct migration *migration = trial->rows.items[i].migration;
		bool failed_before = false;
		for (size_t j = 0; j < trial->findings.count; j++)
			failed_before = failed_before || (strcmp(trial->findings.items[j].check, "verify") == 0 &&
			                                  trial->findings.items[j].version == migration->version);
		if (trial->rows.items[i].outcome != TRIAL_HELD && !failed_before &&
		    try_verify(ground, migration, ", when all migrations have run", err) != OK)
			return err->status;
	}
	return OK;
}

/* ---- the fresh install ---- */

/* A fresh install that records nothing, or too little, would run migrations over what is there. */
static enum status try_record(struct ground *ground, struct session *session, struct error *err)
{
	struct run *run = ground->run;
	struct trial *trial = ground->trial;
	struct history history = {0};

	if (history_read(session, run->arena, run->settings->history_table, &history, err) != OK)
		return err->status;
	for (size_t i = 0; i < trial->rows.count; i++) {
		const char *version = trial->rows.items[i].migration->version;
		bool recorded = false;
		for (size_t j = 0; j < history.rows.count; j++)
			recorded = recorded || version_compare(history.rows.items[j].version, version) == 0;
		if (recorded || trial->rows.items[i].outcome == TRIAL_HELD)
			continue;
		add_finding(ground, "init", NULL, trial->init,
		            arena_printf(run->arena, "it does not record migration %s as applied", version),
		            "Let it end with a history row for every migration that its schema contains.");
	}
	return OK;
}

static enum status compare_fresh(struct ground *ground, const struct schema *whole, struct error *err)
{
	static const char hint[] = "Change the file for fresh installs and the migrations in the same way.";
	const struct script file = {.path = ground->trial->init};
	struct trial_server *server = &ground->server;
	struct schema fresh;

	if (trial_server_make(server, server->fresh, NULL, err) != OK)
		return err->status;
	struct session_options options = trial_server_options(server, server->fresh);
	place_close(&ground->executor);
	ground->executor.run = ground->run;
	options.access = SESSION_READ_WRITE;
	options.plain = true;
	if (session_open(ground->run->loop, &options, &ground->executor.session, err) != OK)
		return err->status;
	int64_t ceiling = ground->run->settings->file_ceiling_bytes;
	if (sql_file_run(ground->executor.session, ground->trial->init, ceiling, err) != OK)
		return find_error(ground, "init", NULL, &file, "Correct the file: it must run on an empty database.", err);
	options.access = SESSION_READ_ONLY;
	options.plain = false;
	if (session_open(ground->run->loop, &options, &ground->executor.watch, err) != OK ||
	    read_schema(ground, &fresh, err) != OK)
		return err->status;
	find_differences(ground, "init", NULL, &file, whole, &fresh, hint);
	return try_record(ground, ground->executor.watch, err);
}

static enum status try_whole(struct ground *ground, struct error *err)
{
	struct schema whole;

	if (ground->stopped_at)
		return OK;
	if (open_work(ground, err) != OK || read_schema(ground, &whole, err) != OK ||
	    try_verify_at_end(ground, err) != OK)
		return err->status;
	return ground->trial->init ? compare_fresh(ground, &whole, err) : OK;
}

enum status trial_run(struct run *run, struct trial *trial, struct error *err)
{
	struct ground ground = {.run = run, .trial = trial};

	if (run_read_files(run, err) != OK || migrations_parse(run->arena, &run->set, NULL, err) != OK ||
	    graph_build(run->arena, &run->set, &run->graph, err) != OK || refuse_wide(run, err) != OK)
		return err->status;
	enum status status = trial_server_open(run, &ground.server, err);
	if (status == OK)
		status = prepare(&ground, err);
	if (status == OK)
		status = try_each(&ground, err);
	if (status == OK)
		status = try_whole(&ground, err);
	place_close(&ground.executor);
	trial_server_close(&ground.server);
	return status;
}
