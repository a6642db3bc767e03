#include "engine/rights_check.h"

#include <string.h>

#include "base/strbuf.h"
#include "core/flow/gate.h"
#include "engine/flow.h"
#include "pg/rights.h"

enum { SHOWN = 8, READ_ALL_DATA_SINCE = 140000 };

static const char *const LIMITS[RIGHT_KINDS] = {
	[RIGHT_READ] = "whoever takes the backup may read every table",
	[RIGHT_ROWS] = "whoever takes the backup sees every row",
	[RIGHT_WRITE] = "the ledger can be written when the apply begins",
	[RIGHT_SESSIONS] = "no transaction of another role can stay unseen by preflight",
};

static const char *say(struct arena *arena, enum right_kind kind, const char *role, const char *names)
{
	if (kind == RIGHT_READ)
		return arena_printf(arena, "role %s may not read %s", role, names);
	if (kind == RIGHT_ROWS)
		return arena_printf(arena, "row level security hides rows from role %s: %s", role, names);
	if (kind == RIGHT_SESSIONS)
		return arena_printf(arena, "role %s does not see what other roles' sessions do", role);
	return arena_printf(arena, "role %s may not write the ledger: %s", role, names);
}

static enum status backup_reads(const struct run *run, bool *ret_reads, struct error *err)
{
	const char *backup = gate_get(GATE_BACKUP)->name;
	struct stored stored = {0};

	*ret_reads = !run->settings->source;
	for (size_t i = 0; i < run->settings->waivers.count; i++)
		*ret_reads = *ret_reads && strcmp(run->settings->waivers.items[i].check, backup) != 0;
	if (!*ret_reads)
		return OK;
	if (flow_stored(run, GATE_BACKUP, &stored, err) != OK)
		return err->status;
	json_close(stored.evidence.data);
	*ret_reads = !stored.there || !stored.holds;
	return OK;
}

static void add(struct strbuf *text, const char *separator, const char *item, size_t number)
{
	if (number < SHOWN)
		strbuf_printf(text, "%s%s", number ? separator : "", item);
}

/* All that is missing of one kind is one check, with every statement that gives it. */
static void report(struct run *run, struct evidence *evidence, const struct missing_right_list *missing,
                   enum right_kind kind)
{
	_cleanup_strbuf_ struct strbuf names = {0}, statements = {0};
	const char *role = "", *last = "";
	size_t count = 0, different = 0;

	for (size_t i = 0; i < missing->count; i++) {
		const struct missing_right *right = &missing->items[i];
		if (right->kind != kind)
			continue;
		add(&names, ", ", right->what, count++);
		if (strcmp(right->statement, last) != 0)
			add(&statements, "; ", right->statement, different++);
		last = right->statement;
		role = right->role;
	}
	if (count == 0)
		return;
	if (count > SHOWN)
		strbuf_printf(&names, " and %zu more", count - SHOWN);
	if (different > SHOWN)
		strbuf_printf(&statements, "; and so on");
	if (kind == RIGHT_READ && run->target.server_version >= READ_ALL_DATA_SINCE)
		strbuf_printf(&statements, "; or for all tables: GRANT pg_read_all_data TO %s", role);
	run_check_as(run, evidence, "inspect.rights", false, FAIL_USAGE,
	             arena_printf(run->arena, "Have an administrator run: %s;", strbuf_text(&statements)),
	             say(run->arena, kind, role, strbuf_text(&names)), LIMITS[kind]);
}

/* Sessions that read have a setting of their own for this, so only one that may write shows the server's. */
static enum status check_server_takes_writes(struct run *run, struct evidence *evidence, struct error *err)
{
	_cleanup_session_ struct session *session = NULL;
	struct session_options options = run_session_options(run, "read");
	bool standby = false, read_only = false;

	options.access = SESSION_READ_WRITE;
	if (session_open(run->loop, &options, &session, err) != OK ||
	    session_writable(session, &standby, &read_only, err) != OK)
		return err->status;
	if (read_only)
		run_check_as(run, evidence, "inspect.rights", false, FAIL_USAGE,
		             "Have an administrator run: ALTER SYSTEM RESET default_transaction_read_only; SELECT"
		             " pg_reload_conf(); or log in as a role that has it switched off.",
		             "the target is read-only: default_transaction_read_only is on for the whole server",
		             "the server takes writes");
	return OK;
}

enum status rights_check(struct run *run, struct evidence *evidence, struct error *err)
{
	struct missing_right_list missing = {0};
	size_t before = evidence->checks.count;
	bool reads = false;

	if (backup_reads(run, &reads, err) != OK || rights_missing(run->live, run->arena, &missing, err) != OK ||
	    check_server_takes_writes(run, evidence, err) != OK)
		return err->status;
	for (enum right_kind kind = 0; kind < RIGHT_KINDS; kind++)
		if (reads || kind == RIGHT_WRITE || kind == RIGHT_SESSIONS)
			report(run, evidence, &missing, kind);
	if (evidence->checks.count == before)
		run_check(run, evidence, "inspect.rights", true, NULL,
		          reads ? "every table can be read, and the ledger can be written" : "the ledger can be written",
		          "what the run will read and write on its own account, its roles may");
	return OK;
}
