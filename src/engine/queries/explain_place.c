#include "engine/queries/explain_place.h"

#include <string.h>

#include "core/sql/explainable.h"
#include "engine/copy/copy.h"
#include "engine/evidence_store.h"
#include "engine/flow.h"
#include "pg/query.h"

enum status explain_session_on_live(struct loop *loop, const struct settings *settings, const char *run_id,
                                    struct session **ret_session, struct error *err)
{
	struct session_options options = {
		.conninfo = settings->conninfo,
		.role_word = "explain",
		.run_id = run_id,
		.set_role = settings->role,
		.access = SESSION_READ_ONLY,
		.direct = true,
		.plain = true,
	};
	return session_open(loop, &options, ret_session, err);
}

/* A plan that is refused, or has nothing pending, has a backup all the same. */
static enum status read_all(struct run *run, struct error *err)
{
	_cleanup_error_ struct error refusal = {0};

	if (run->live)
		return OK;
	run->only_looks = true;
	if (flow_read(run, &refusal) != OK && (refusal.status != FAIL_REFUSED || !run->live)) {
		error_move(err, &refusal);
		return err->status;
	}
	return OK;
}

static enum status need_backup(struct run *run, struct error *err)
{
	struct stored stored = {0};

	if (!run->store && evidence_store_look(run, &run->store, err) != OK)
		return err->status;
	if (flow_stored(run, GATE_BACKUP, &stored, err) != OK)
		return err->status;
	if (stored.there && stored.holds) {
		run->evidence[GATE_BACKUP] = stored.evidence;
		return OK;
	}
	json_close(stored.evidence.data);
	error_set(err, FAIL_GATE, "there is no valid backup to restore the copy from: %s",
	          stored.why ? stored.why : "no backup was made yet");
	return error_hint(err, "Make one with `pgsluice --batch --stop-before rehearsal`, which touches nothing; or ask "
	                       "live with --on live.");
}

/* Names and rows are those that the operator's role finds on live: under its search path and its row security. */
static enum status open_as_operator(const struct run *run, struct copy *copy, struct session **ret_session,
                                    struct error *err)
{
	const char *path = session_search_path(run->live);
	struct session_options options = copy_options(copy, "explain");
	struct session *session;

	options.plain = true;
	options.set_role = run->settings->role ? run->settings->role : session_user(run->live);
	if (session_open(run->loop, &options, &session, err) != OK)
		return err->status;
	enum status status = session_query(session, query_explain_path, 1, &path, NULL, err);
	if (status)
		session_close(session);
	else
		*ret_session = session;
	return status;
}

enum status explain_session_on_copy(struct run *run, struct session **ret_session, struct error *err)
{
	struct copy *copy;

	if (!run->copy && (read_all(run, err) != OK || need_backup(run, err) != OK))
		return err->status;
	if (copy_need(run, &copy, err) != OK)
		return err->status;
	return open_as_operator(run, copy, ret_session, err);
}

enum status explain_query_of(struct session *session, struct arena *arena, const struct explain_options *options,
                             const char **ret_text, struct error *err)
{
	struct explain_options asked = *options;
	struct explainable query;

	if (explainable_read(arena, NULL, asked.sql, strlen(asked.sql), 0, &query, err) != OK)
		return err->status;
	asked.generic = query.parameters > 0 && !asked.analyze;
	return explain_query(session, arena, &asked, ret_text, err);
}
