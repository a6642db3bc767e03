/*
 * Gate 2: a backup was taken at a known snapshot and restored, and what was restored is what live held. Straight down:
 * the server for the copy, room, the snapshot with all that is read at it, the restore, and the comparison.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "engine/copy/backup_command.h"
#include "engine/copy/backup_source.h"
#include "engine/copy/canonical.h"
#include "engine/copy/copy_restore.h"
#include "engine/evidence_store.h"
#include "engine/gates/gates.h"
#include "pg/catalog.h"
#include "sys/file.h"

enum { LOCK_WAIT_MS = 10000, RATE_AFTER_MS = 3000, SHOWN_DIFFERENCES = 5, RESERVE_BYTES = 256 * 1024 * 1024 };

#define DUMP_PREFIX "dump-"

struct backup {
	struct run *run;
	struct evidence *evidence;
	struct backup_source source;
	struct copy *copy;
	struct fingerprint_reader *reader;
	struct dumping *dumping;               /* pg_dump at work, or */
	struct child *command;                 /* the operator's own program, which restores too */
	const char *dump_folder;               /* where pg_dump writes */
	struct dump dump;
	bool dumped;                           /* `dump` is there */
	struct relation_list held, restored;   /* at the snapshot, and in the copy */
	struct schema schema_after;
	struct sequence_list sequences_after, sequences_restored;
	int64_t started_ms;
	int64_t restoring_ms;                  /* when the restore began */
};

static struct arena *arena_of(const struct backup *backup)
{
	return backup->run->arena;
}

static bool verdict(struct backup *backup, const char *name, bool ok, const char *hint, const char *measured,
                    const char *limit)
{
	const struct check *check = run_check(backup->run, backup->evidence, name, ok, hint, measured, limit);
	return check->ok || check->waived_because;
}

/* "a; b; c; and 4 more" */
static const char *shown(struct arena *arena, const struct text_list *list)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	for (size_t i = 0; i < list->count && i < SHOWN_DIFFERENCES; i++)
		strbuf_printf(&text, "%s%s", i ? "; " : "", list->items[i]);
	if (list->count > SHOWN_DIFFERENCES)
		strbuf_printf(&text, "; and %zu more", list->count - SHOWN_DIFFERENCES);
	return arena_strdup(arena, strbuf_text(&text));
}

static const char *shown_schema(struct arena *arena, const struct schema_difference_list *differences)
{
	struct text_list texts = {0};
	for (size_t i = 0; i < differences->count; i++)
		list_push(arena, &texts, schema_difference_text(arena, &differences->items[i]));
	return shown(arena, &texts);
}

/* ---- room ---- */

static bool same_file_system(const char *a, const char *b)
{
	struct stat first, second;
	return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev;
}

static const char *free_text(struct arena *arena, const char *folder, int64_t free)
{
	return free < 0 ? arena_printf(arena, "free space in \"%s\" cannot be told", folder)
	                : arena_printf(arena, "%s free in \"%s\"", text_bytes(arena, free), folder);
}

static bool check_room(struct backup *backup, const char *what, const char *folder, int64_t needed)
{
	struct arena *arena = arena_of(backup);
	int64_t free = folder_free(folder);
	return verdict(backup, "backup.space", free >= needed,
	               "Free space there, or choose other folders with --evidence and work-dir.",
	               free_text(arena, folder, free),
	               arena_printf(arena, "%s for %s", text_bytes(arena, needed), what));
}

/* Without room for a clone the rehearsal works on the copy itself. */
static bool check_room_for_copies(struct backup *backup, const char *before, const char *folder, int64_t least,
                                  int64_t clone)
{
	struct arena *arena = arena_of(backup);
	int64_t free = folder_free(folder);
	if (free >= least + clone)
		return check_room(backup, arena_printf(arena, "%scopy and clone", before), folder, least + clone);
	return verdict(backup, "backup.space", free >= least,
	               "Free space there, or choose other folders with --evidence and work-dir.",
	               arena_printf(arena, "%s%s", free_text(arena, folder, free),
	                            free >= least ? ": no room for a clone, so the plan is rehearsed on the copy itself,"
	                                            " which is restored again afterwards" : ""),
	               arena_printf(arena, "%s for %scopy, and better %s more for a clone", text_bytes(arena, least),
	                            before, text_bytes(arena, clone)));
}

/* A dump is compressed, the copy has no bloat: the live size is more than either needs. */
static bool check_space(struct backup *backup)
{
	int64_t size = copy_facts(backup->copy)->size_bytes;
	const char *evidence = evidence_store_folder(backup->run->store), *place = copy_place(backup->copy);
	int64_t dump = size / 2 + RESERVE_BYTES, copy = size + RESERVE_BYTES;
	if (!run_checks(backup->run, backup->evidence, "backup.space"))
		return true;
	if (!place)
		return check_room(backup, "the dump", evidence, dump);
	if (same_file_system(evidence, place))
		return check_room_for_copies(backup, "dump, ", place, dump + copy, size);
	bool enough = check_room(backup, "the dump", evidence, dump);
	return check_room_for_copies(backup, "", place, copy, size) && enough;
}

/* ---- what a dump does not carry ---- */

static const struct {
	const char *kind, *means;
} FINDINGS[] = {
	{"invalid index", "a dump leaves it out; drop it, or build it anew with REINDEX INDEX CONCURRENTLY"},
	{"disabled foreign key", "a restore enables it again, and stops if rows violate it"},
	{"comment on row type", "a dump leaves it out"},
	{"subscription", "it is not restored in the copy, and its password is in the dump"},
	{"foreign table", "its rows are elsewhere and in no backup"},
	{"user mapping", "it is taken out of the copy, and its password is in the dump"},
	{"unlogged table", "it is empty after a crash and on every replica"},
	{"prepared transaction", "a dump leaves it out"},
	{"replication slot", "a dump leaves it out"},
};

static const char *meaning(const char *kind)
{
	for (size_t i = 0; i < sizeof(FINDINGS) / sizeof(*FINDINGS); i++)
		if (strcmp(FINDINGS[i].kind, kind) == 0)
			return FINDINGS[i].means;
	return "a dump does not carry it as it is";
}

static enum status report_findings(struct backup *backup, struct error *err)
{
	struct finding_list findings;
	struct arena *arena = arena_of(backup);
	if (catalog_findings(backup->source.exporter, arena, &findings, err) != OK)
		return err->status;
	for (size_t from = 0, to; from < findings.count; from = to) {
		const char *kind = findings.items[from].kind;
		struct text_list names = {0};
		for (to = from; to < findings.count && strcmp(findings.items[to].kind, kind) == 0; to++)
			list_push(arena, &names, findings.items[to].name);
		run_warn(backup->run, backup->evidence, "backup.findings", meaning(kind),
		         arena_printf(arena, "%s on live: %s", kind, shown(arena, &names)), "-");
	}
	return OK;
}

/* ---- reading live ---- */

static void report_source(struct backup *backup)
{
	const struct backup_source *source = &backup->source;
	struct arena *arena = arena_of(backup);
	if (!source->standby)
		return;
	run_warn(backup->run, backup->evidence, "backup.source",
	         "Where recovery cancels the backup, set hot_standby_feedback = on or a longer max_standby_streaming_delay"
	         " on the replica.",
	         arena_printf(arena, "read from a replica that was %s%s of WAL behind live%s; hot_standby_feedback = %s,"
	                      " max_standby_streaming_delay = %s",
	                      source->paused_at ? arena_printf(arena, "paused at %s, ", source->paused_at) : "",
	                      text_bytes(arena, source->lag_bytes),
	                      source->lag_ms >= 0 ? arena_printf(arena, ", its last transaction %s old",
	                                                         text_duration(arena, source->lag_ms))
	                                          : "",
	                      source->feedback, source->delay),
	         "-");
}

/* The plan was made for this schema, and the proof must be of it. */
static bool check_schema_known(struct backup *backup)
{
	struct schema_difference_list differences;
	schema_compare(arena_of(backup), &backup->run->live_schema, &backup->source.schema, &differences);
	return verdict(backup, "backup.snapshot", differences.count == 0,
	               backup->source.standby ? "Wait until the replica has caught up, then run again."
	                                      : "Somebody changed the schema meanwhile: run again.",
	               differences.count ? shown_schema(arena_of(backup), &differences)
	                                 : arena_printf(arena_of(backup), "snapshot %s", backup->source.snapshot),
	               "the schema at the snapshot is the one the plan was made for");
}

static enum status tick_dumping(void *context, struct error *err)
{
	struct backup *backup = context;
	struct fingerprint_progress progress = {.remaining_ms = -1};
	if (backup->dump_folder)
		progress.bytes_done = folder_size(backup->dump_folder);
	return backup_source_watch(&backup->source, "dump", &progress, err);
}

static enum status finish_dump(struct backup *backup, struct error *err)
{
	struct watch watch = {.tick = tick_dumping, .context = backup};
	struct text_list warnings = {0};
	struct dumping *dumping = backup->dumping;
	backup->dumping = NULL;
	if (dump_finish(dumping, &watch, &backup->dump, &warnings, err) != OK)
		return err->status;
	backup->dumped = true;
	for (size_t i = 0; i < warnings.count; i++)
		run_warn(backup->run, backup->evidence, "backup.dump", "pg_dump says so; the content is proved all the same.",
		         warnings.items[i], "-");
	return OK;
}

/* A dump that failed ends the reading too, and so does a copy that cannot be: that is found as early as it can be. */
static enum status tick_reading(void *context, const struct fingerprint_progress *progress, struct error *err)
{
	struct backup *backup = context;
	if (copy_can_start(backup->copy) && copy_start(backup->copy, err) != OK)
		return err->status;
	if (backup->dumping && dump_ended(backup->dumping) && finish_dump(backup, err) != OK)
		return err->status;
	return backup_source_watch(&backup->source, "fingerprints", progress, err);
}

static const char *dump_folder(const struct backup *backup)
{
	struct arena *arena = arena_of(backup);
	const char *folder = path_join(arena, evidence_store_folder(backup->run->store),
	                               arena_printf(arena, DUMP_PREFIX "%s", backup->run->id.text));
	char *base = realpath(evidence_store_folder(backup->run->store), NULL);
	if (base)
		folder = path_join(arena, arena_strdup(arena, base), strrchr(folder, '/') + 1);
	free(base);
	return folder;
}

static enum status start_backup(struct backup *backup, struct error *err)
{
	struct run *run = backup->run;
	const struct backup_source *source = &backup->source;
	if (run->settings->backup_by_command)
		return copy_start(backup->copy, err) != OK
		               ? err->status
		               : backup_command_start(backup->copy, run->id.text, source->exporter, source->snapshot,
		                                      source->paused_at, &backup->command, err);
	struct dump_options options = {
		.loop = run->loop,
		.binaries = copy_binaries(backup->copy),
		.source = source->exporter,
		.snapshot = source->snapshot,
		.role = source->role,
		.folder = backup->dump_folder = dump_folder(backup),
		.jobs = run->settings->jobs,
		.lock_wait_ms = LOCK_WAIT_MS,
	};
	return dump_start(run->arena, &options, &backup->dumping, err);
}

static enum status finish_command(struct backup *backup, struct error *err)
{
	struct watch watch = {.tick = tick_dumping, .context = backup};
	struct child *child = backup->command;
	backup->command = NULL;
	if (backup_command_finish(backup->copy, child, &watch, err) != OK)
		return err->status;
	verdict(backup, "backup.restore", true, NULL,
	        arena_printf(arena_of(backup), "dumped and restored by %s in %s: %s",
	                     backup->run->settings->backup_command.items[0],
	                     text_duration(arena_of(backup), clock_ms() - backup->started_ms),
	                     copy_isolation(backup->copy)),
	        "backup-command ends with 0 and the database is there");
	return OK;
}

/* The backup and the fingerprints read at the same time, on the same snapshot. */
static enum status read_live(struct backup *backup, struct error *err)
{
	struct run *run = backup->run;
	struct backup_source *source = &backup->source;
	size_t workers = run->settings->jobs > 0 ? (size_t)run->settings->jobs : 1;
	struct fingerprint_watch reading = {.tick = tick_reading, .context = backup};

	if (fingerprint_open(run->loop, &source->options, source->snapshot, workers, &backup->reader, err) != OK ||
	    fingerprint_relations(backup->reader, run->arena, &backup->held, err) != OK ||
	    start_backup(backup, err) != OK ||
	    fingerprint_take(backup->reader, run->arena, &backup->held, &reading, err) != OK ||
	    copy_start(backup->copy, err) != OK)
		return err->status;
	if (backup->dumping && finish_dump(backup, err) != OK)
		return err->status;
	if (backup->command && finish_command(backup, err) != OK)
		return err->status;
	return backup_source_after(source, &backup->schema_after, &backup->sequences_after, err);
}

static bool check_schema_stable(struct backup *backup)
{
	struct schema_difference_list differences;
	schema_compare(arena_of(backup), &backup->source.schema, &backup->schema_after, &differences);
	return differences.count == 0 ||
	       verdict(backup, "backup.snapshot", false, "Somebody changed the schema meanwhile: run again.",
	               shown_schema(arena_of(backup), &differences), "no change of the schema while the backup is taken");
}

/* ---- restoring ---- */

static enum status tick_restoring(void *context, struct error *err)
{
	struct backup *backup = context;
	int64_t now = 0;
	if (copy_size(backup->copy, &now, err) != OK)
		return err->status;
	int64_t total = copy_facts(backup->copy)->size_bytes, elapsed_ms = clock_ms() - backup->restoring_ms;
	/* Live's size says little when it is reached: indexes of the copy have no bloat, and rows can be wider. */
	struct fingerprint_progress progress = {
		.bytes_done = now, .bytes_total = now < total ? total : 0, .remaining_ms = -1};
	if (elapsed_ms >= RATE_AFTER_MS && now > 0) {
		progress.rate_bytes = now * 1000 / elapsed_ms;
		progress.remaining_ms = now < total ? (total - now) * elapsed_ms / now : -1;
	}
	return backup_source_watch(&backup->source, "restore", &progress, err);
}

static enum status tick_comparing(void *context, const struct fingerprint_progress *progress, struct error *err)
{
	struct backup *backup = context;
	return backup_source_watch(&backup->source, "comparison", progress, err);
}

static enum status restore(struct backup *backup, struct error *err)
{
	struct run *run = backup->run;
	struct watch watch = {.tick = tick_restoring, .context = backup};
	int64_t started = clock_ms();
	struct arena *arena = arena_of(backup);

	if (dump_check(run->loop, &backup->dump, err) != OK)
		return err->status;
	verdict(backup, "backup.dump", true, NULL,
	        arena_printf(arena, "%zu files, %s, by pg_dump %s in %s", backup->dump.files,
	                     text_bytes(arena, backup->dump.size_bytes), backup->dump.tool,
	                     text_duration(arena, started - backup->started_ms)),
	        "every file has the SHA-256 of the manifest");
	backup->restoring_ms = clock_ms();
	if (copy_restore(backup->copy, &backup->dump, &watch, err) != OK)
		return err->status;
	verdict(backup, "backup.restore", true, NULL,
	        arena_printf(arena, "restored in %s: %s", text_duration(arena, clock_ms() - started),
	                     copy_isolation(backup->copy)),
	        "pg_restore writes not one line to its error output");
	return OK;
}

static enum status read_copy(struct backup *backup, struct session *session, struct error *err)
{
	struct run *run = backup->run;
	_cleanup_fingerprint_ struct fingerprint_reader *reader = NULL;
	struct session_options options = copy_options(backup->copy, "proof");
	struct fingerprint_watch watch = {.tick = tick_comparing, .context = backup};
	size_t workers = run->settings->jobs > 0 ? (size_t)run->settings->jobs : 1;

	if (fingerprint_open(run->loop, &options, NULL, workers, &reader, err) != OK ||
	    fingerprint_relations(reader, run->arena, &backup->restored, err) != OK ||
	    fingerprint_take(reader, run->arena, &backup->restored, &watch, err) != OK)
		return err->status;
	copy_set_content(backup->copy, &backup->restored);
	return sequences_read(session, run->arena, &backup->sequences_restored, err);
}

/* ---- comparing ---- */

static void check_content(struct backup *backup)
{
	struct arena *arena = arena_of(backup);
	struct text_list differences = {0}, objects = {0}, tables = {0}, unproven = {0};
	int64_t rows = 0;
	size_t compared = 0;

	relations_compare(arena, &backup->held, &backup->restored, &differences);
	for (size_t i = 0; i < differences.count; i++)
		list_push(arena, differences.items[i][0] == '(' ? &objects : &tables, differences.items[i]);
	const struct relation *large = relation_find(&backup->held, "(large objects)");
	for (size_t i = 0; i < backup->held.count; i++) {
		const struct relation *relation = &backup->held.items[i];
		if (relation->treatment == FINGERPRINT_UNPROVEN)
			list_push(arena, &unproven, arena_printf(arena, "%s (%s)", relation->name, relation->why));
		if (relation == large || relation->treatment != FINGERPRINT_COMPARED)
			continue;
		rows += relation->rows;
		compared++;
	}
	/* It starts; whether it is of another moment or broken, nobody can tell. */
	bool starts_only = backup->run->settings->backup_by_command && !backup->source.paused_at;
	verdict(backup, "backup.content", tables.count == 0,
	        starts_only ? "The backup does not hold what live held at the snapshot. A tool that takes no snapshot is"
	                      " proved against a replica that is paused: name one with --source, and recover up to"
	                      " PGSLUICE_LSN."
	                    : "The backup does not hold what live holds: find out why before anything else.",
	        tables.count ? shown(arena, &tables)
	                     : arena_printf(arena, "%zu table(s), %" PRId64 " row(s), all equal", compared, rows),
	        "every table's row count and content fingerprint is the snapshot's");
	verdict(backup, "backup.large_objects", objects.count == 0,
	        "The backup does not hold what live holds: find out why before anything else.",
	        objects.count ? shown(arena, &objects)
	                      : arena_printf(arena, "%" PRId64 " large object(s), all equal", large->rows),
	        "content, owner and grants of every large object are the snapshot's");
	if (unproven.count)
		verdict(backup, "backup.unlogged", false, "Take the backup from the primary, or make the tables logged.",
		        arena_printf(arena, "not proven: %s", shown(arena, &unproven)), "every table that has rows is proved");
}

static void check_sequences(struct backup *backup)
{
	struct arena *arena = arena_of(backup);
	struct text_list differences = {0};
	sequences_compare(arena, &backup->source.before, &backup->sequences_after, &backup->sequences_restored,
	                  &differences);
	verdict(backup, "backup.sequences", differences.count == 0,
	        "Sequences are not transactional; run again, and if it stays, find out who sets them.",
	        differences.count ? shown(arena, &differences)
	                          : arena_printf(arena, "%zu sequence(s) lie between before and after",
	                                         backup->source.before.count),
	        "each restored value lies between the one before the snapshot and the one after the dump");
}

/* Indexes that are not valid on live are findings; a dump leaves them out. */
static void leave_out_invalid(struct arena *arena, const struct schema *schema, const struct finding_list *findings,
                              struct schema *ret_schema)
{
	struct schema kept = {0};
	for (size_t i = 0; i < schema->count; i++) {
		bool invalid = false;
		for (size_t j = 0; j < findings->count && strcmp(schema->items[i].kind, "index") == 0 && !invalid; j++)
			invalid = strcmp(findings->items[j].kind, "invalid index") == 0 &&
			          strcmp(findings->items[j].name, schema->items[i].name) == 0;
		if (!invalid)
			list_push(arena, &kept, schema->items[i]);
	}
	*ret_schema = kept;
}

/* A database of another name on a staging server has grants and limits of its own. */
static void leave_out_database(struct schema_difference_list *differences)
{
	size_t kept = 0;
	for (size_t i = 0; i < differences->count; i++) {
		const struct schema_difference *difference = &differences->items[i];
		const struct schema_object *object = difference->before ? difference->before : difference->after;
		if (strcmp(object->kind, "database") != 0)
			differences->items[kept++] = *difference;
	}
	differences->count = kept;
}

static enum status check_schema(struct backup *backup, struct session *session, struct error *err)
{
	struct run *run = backup->run;
	struct schema restored, expected;
	struct finding_list findings;
	struct schema_difference_list differences;

	if (run_schema_of(run, session, run->arena, &restored, err) != OK ||
	    catalog_findings(backup->source.monitor, run->arena, &findings, err) != OK)
		return err->status;
	leave_out_invalid(run->arena, &backup->source.schema, &findings, &expected);
	if (canonical_compare(run, backup->copy, backup->source.monitor, &expected, session, &restored, &differences,
	                      err) != OK)
		return err->status;
	if (!copy_place(backup->copy))
		leave_out_database(&differences);
	verdict(backup, "backup.schema", differences.count == 0,
	        "The restored schema is not live's: mend the objects that are named.",
	        differences.count ? shown_schema(run->arena, &differences)
	                          : arena_printf(run->arena, "%zu object(s), all equal", expected.count),
	        "the restored schema equals live's, object by object");
	return OK;
}

static enum status check_roles(struct backup *backup, struct error *err)
{
	struct run *run = backup->run;
	struct schema live, here;
	struct schema_difference_list differences;
	if (!copy_place(backup->copy))
		return OK;
	if (catalog_roles(run->live, run->arena, &live, err) != OK ||
	    catalog_roles(copy_admin(backup->copy), run->arena, &here, err) != OK)
		return err->status;
	schema_compare(run->arena, &live, &here, &differences);
	verdict(backup, "backup.roles", differences.count == 0,
	        "The copy's server must have live's roles: run again if roles were changed meanwhile.",
	        differences.count ? shown_schema(run->arena, &differences)
	                          : arena_printf(run->arena, "%zu role(s), memberships and settings, all equal",
	                                         live.count),
	        "roles, memberships and role settings are live's (without passwords)");
	return OK;
}

static enum status prove(struct backup *backup, struct error *err)
{
	_cleanup_session_ struct session *session = NULL;
	if (copy_session(backup->copy, "proof", &session, err) != OK || read_copy(backup, session, err) != OK)
		return err->status;
	check_content(backup);
	check_sequences(backup);
	if (check_schema(backup, session, err) != OK)
		return err->status;
	return check_roles(backup, err);
}

/* ---- all ---- */

static int64_t validity_ms(const struct run *run)
{
	int64_t configured = run->settings->validity_ms[GATE_BACKUP];
	return configured ? configured : gate_get(GATE_BACKUP)->validity_ms;
}

/* Only the dump that stored evidence names is kept, as long as it is valid; killed and failed runs leave others. */
static void remove_others(struct run *run)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	_cleanup_error_ struct error ignored = {0};
	const char *folder = evidence_store_folder(run->store), *kept = NULL;
	struct text_list names = {0};
	struct evidence stored = {0};
	bool there = false;

	if (evidence_store_load(run->store, scratch, GATE_BACKUP, &stored, &there, &ignored) != OK ||
	    folder_list(scratch, folder, &names, &ignored) != OK)
		return;
	if (there && stored.valid_until_ms > clock_wall_ms())
		kept = json_get_text(json_get(stored.data, "dump"), "folder");
	for (size_t i = 0; i < names.count; i++)
		if (strncmp(names.items[i], DUMP_PREFIX, strlen(DUMP_PREFIX)) == 0 && !(kept && strstr(kept, names.items[i])))
			(void)!folder_remove(path_join(scratch, folder, names.items[i]), &ignored);
	json_close(stored.data);
}

static void fill_data(struct backup *backup)
{
	struct json *data = json_new_object();
	if (backup->dumped)
		json_set(data, "dump", dump_json(&backup->dump));
	else
		json_set_text(data, "command_backup", backup->run->id.text);
	json_set_text(data, "kept_until", clock_stamp(clock_wall_ms() + validity_ms(backup->run)).text);
	json_set_text(data, "snapshot", backup->source.snapshot);
	if (backup->source.paused_at)
		json_set_text(data, "source_lsn", backup->source.paused_at);
	json_set_text(data, "reach", "content");
	json_set_text(data, "isolation", copy_isolation(backup->copy));
	json_set_text(data, "schema_digest", schema_digest(&backup->source.schema).hex);
	json_set(data, "tables", relations_json(&backup->held));
	json_set_int(data, "duration_ms", clock_ms() - backup->started_ms);
	backup->evidence->data = data;
}

static enum status take(struct backup *backup, struct error *err)
{
	struct run *run = backup->run;
	if (copy_begin(run, &backup->copy, err) != OK)
		return err->status;
	if (!check_space(backup))
		return OK;
	if (backup_source_open(run, &backup->source, err) != OK)
		return err->status;
	report_source(backup);
	if (!check_schema_known(backup))
		return OK;
	if (report_findings(backup, err) != OK || read_live(backup, err) != OK)
		return err->status;
	/* Live's old rows are free to go from here on. */
	fingerprint_close(backup->reader);
	backup->reader = NULL;
	session_close(backup->source.exporter);
	backup->source.exporter = NULL;
	if (!check_schema_stable(backup))
		return OK;
	if (backup->dumped && restore(backup, err) != OK)
		return err->status;
	if (prove(backup, err) != OK)
		return copy_explain(backup->copy, err);
	fill_data(backup);
	return copy_harden(backup->copy, err) == OK ? OK : copy_explain(backup->copy, err);
}

static bool all_hold(const struct evidence *evidence)
{
	for (size_t i = 0; i < evidence->checks.count; i++) {
		const struct check *check = &evidence->checks.items[i];
		if (!check->ok && !check->warning && !check->waived_because)
			return false;
	}
	return evidence->data != NULL;
}

enum status gate_backup(struct run *run, struct evidence *evidence, struct error *err)
{
	struct backup backup = {.run = run, .evidence = evidence, .started_ms = clock_ms()};
	_cleanup_error_ struct error ignored = {0};

	copy_close(run->copy);
	run->copy = NULL;
	remove_others(run);
	enum status status = take(&backup, err);
	fingerprint_close(backup.reader);
	dump_drop(backup.dumping);
	child_kill(backup.command);
	backup_source_close(&backup.source);
	bool good = status == OK && all_hold(evidence);
	if (good) {
		run->copy = backup.copy;
		return OK;
	}
	/* A backup that is not proved is not one. */
	json_close(evidence->data);
	evidence->data = NULL;
	if (backup.dumped)
		(void)!folder_remove(backup.dump.folder, &ignored);
	copy_close(backup.copy);
	return status;
}
