#include "engine/evidence_store.h"

#include <assert.h>
#include <string.h>

#include "base/digest.h"
#include "base/stamp.h"
#include "sys/file.h"

enum {
	KEY_LENGTH = 16,
	CHAIN_CEILING_BYTES = 64 * 1024 * 1024,
	EVIDENCE_CEILING_BYTES = 256 * 1024 * 1024,
};

struct evidence_store {
	struct arena *arena;
	const char *folder, *chain;
	int lock;                       /* -1 when only looking */
	const char *head;               /* hash of the last save, "" before the first */
	const char *newest[GATE_COUNT]; /* hash of the last save of each gate, NULL when there is none */
};

static const char *path_of(const struct evidence_store *store, enum gate gate)
{
	return path_join(store->arena, store->folder, arena_printf(store->arena, "%s.json", gate_get(gate)->name));
}

static enum status refuse_file(struct error *err, const char *path)
{
	error_recast(err, FAIL_GATE);
	error_wrap(err, "evidence file \"%s\"", path);
	return error_hint(err, "Remove this file; its gate then runs again and takes new evidence.");
}

static enum status refuse_chain(struct error *err, const char *path, size_t line)
{
	error_set(err, FAIL_GATE, "the chain of evidence in \"%s\" is broken at line %zu", path, line);
	return error_hint(err, "Move the folder of this file away; all gates then run again and take new evidence.");
}

/* A line of the chain, with the hash that it must follow; false when it is not one. */
static bool follow(struct evidence_store *store, const struct json *link)
{
	const char *name = json_get_text(link, "gate"), *hash = json_get_text(link, "hash");
	const char *previous = json_get_text(link, "previous");
	enum gate gate;

	if (!name || !hash || !previous || strlen(hash) != DIGEST_HEX_LENGTH || !gate_find(name, &gate) ||
	    strcmp(previous, store->head) != 0)
		return false;
	store->head = store->newest[gate] = arena_strdup(store->arena, hash);
	return true;
}

/* Follows the chain from its start. *ret_whole is where its last whole line ends: a write may have been cut short. */
static enum status follow_chain(struct evidence_store *store, const struct strbuf *text, size_t *ret_whole,
                                struct error *err)
{
	const char *at = strbuf_text(text), *end;
	for (size_t line = 1; (end = strchr(at, '\n')) != NULL; at = end + 1, line++) {
		_cleanup_json_ struct json *link = NULL;
		_cleanup_error_ struct error unread = {0};
		if (json_parse(at, (size_t)(end - at), &link, &unread) != OK || !follow(store, link))
			return refuse_chain(err, store->chain, line);
	}
	*ret_whole = (size_t)(at - strbuf_text(text));
	return OK;
}

static enum status read_chain(struct evidence_store *store, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	size_t whole = 0;
	if (!file_exists(store->chain))
		return OK;
	if (file_read(store->chain, CHAIN_CEILING_BYTES, &text, err) != OK)
		return err->status;
	if (follow_chain(store, &text, &whole, err) != OK)
		return err->status;
	if (whole < text.length && store->lock >= 0)
		return file_write(store->chain, strbuf_text(&text), whole, err);
	return OK;
}

static enum status add_link(struct evidence_store *store, const struct evidence *evidence, struct error *err)
{
	_cleanup_json_ struct json *link = json_new_object();
	_cleanup_strbuf_ struct strbuf line = {0};

	json_set_int(link, "v", 1);
	json_set_text(link, "gate", gate_get(evidence->gate)->name);
	json_set_text(link, "state", gate_state_name(evidence->state));
	json_set_text(link, "run", evidence->run_id);
	json_set_text(link, "taken_at", stamp_text(store->arena, evidence->taken_ms));
	json_set_text(link, "previous", evidence->previous);
	json_set_text(link, "hash", evidence->hash);
	json_write(&line, link);
	strbuf_putc(&line, '\n');
	return file_append(store->chain, strbuf_text(&line), line.length, err);
}

static void note_saved(struct evidence_store *store, const struct evidence *evidence)
{
	store->head = store->newest[evidence->gate] = arena_strdup(store->arena, evidence->hash);
}

static enum status read_file(const struct evidence_store *store, struct arena *arena, enum gate gate,
                             struct evidence *ret_evidence, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_json_ struct json *value = NULL;
	const char *path = path_of(store, gate);
	struct evidence evidence = {0};

	if (file_read(path, EVIDENCE_CEILING_BYTES, &text, err) != OK)
		return err->status;
	if (json_parse(strbuf_text(&text), text.length, &value, err) != OK ||
	    evidence_read(arena, value, &evidence, err) != OK)
		return refuse_file(err, path);
	if (evidence.gate != gate) {
		error_set(err, FAIL_GATE, "it is evidence of gate %s", gate_get(evidence.gate)->name);
		json_close(evidence.data);
		return refuse_file(err, path);
	}
	*ret_evidence = evidence;
	return OK;
}

static bool is_newest(const struct evidence_store *store, const struct evidence *evidence)
{
	const char *newest = store->newest[evidence->gate];
	return newest && strcmp(newest, evidence->hash) == 0;
}

/* Holds a gate's file against the chain, and completes a save that was cut short between the two. */
static enum status check_file(struct evidence_store *store, enum gate gate, struct error *err)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct evidence evidence;

	if (!file_exists(path_of(store, gate)))
		return OK;
	if (read_file(store, scratch, gate, &evidence, err) != OK)
		return err->status;
	json_close(evidence.data);
	if (is_newest(store, &evidence))
		return OK;
	if (strcmp(evidence.previous, store->head) != 0) {
		error_set(err, FAIL_GATE, "it is not the evidence of gate %s that was saved last",
		          gate_get(gate)->name);
		return refuse_file(err, path_of(store, gate));
	}
	if (store->lock >= 0 && add_link(store, &evidence, err) != OK)
		return err->status;
	note_saved(store, &evidence);
	return OK;
}

/* Whose evidence this is: the folder's name says it to programs only. */
static enum status describe(const struct evidence_store *store, const struct target *target, struct error *err)
{
	_cleanup_json_ struct json *value = json_new_object();
	_cleanup_strbuf_ struct strbuf text = {0};
	const char *path = path_join(store->arena, store->folder, "target.json");

	if (file_exists(path))
		return OK;
	json_set_int(value, "v", 1);
	json_set_text(value, "system_identifier", target->system_identifier);
	json_set_text(value, "database_oid", target->database_oid);
	json_set_text(value, "database", target->database);
	json_write_pretty(&text, value);
	strbuf_putc(&text, '\n');
	return file_write(path, strbuf_text(&text), text.length, err);
}

/* Where nothing can be kept, be it that the disk is full, no gate can pass. */
static enum status take_folder(struct evidence_store *store, const struct target *target, struct error *err)
{
	if (folder_make(store->folder, err) == OK &&
	    file_lock(path_join(store->arena, store->folder, "lock"), &store->lock, err) == OK &&
	    describe(store, target, err) == OK)
		return OK;
	if (err->status == FAIL_BUSY)
		return error_hint(err,
		                  "Wait for the other run on this target to end; its lock ends with its process.");
	return err->status == FAIL_INTERNAL ? error_recast(err, FAIL_GATE) : err->status;
}

static enum status find_folder(const struct run *run, const char **ret_folder, struct error *err)
{
	const char *base = run->settings->evidence;
	if (!base) {
		const char *state;
		if (state_folder_path(run->arena, &state, err) != OK)
			return err->status;
		base = path_join(run->arena, state, "evidence");
	}
	struct digest_stream *stream = digest_open();
	digest_add_field(stream, run->target.system_identifier);
	digest_add_field(stream, run->target.database_oid);
	struct digest key = digest_close(stream);
	*ret_folder = path_join(run->arena, base, arena_printf(run->arena, "%.*s", (int)KEY_LENGTH, key.hex));
	return OK;
}

static enum status open_store(const struct run *run, bool to_write, struct evidence_store **ret_store,
                              struct error *err)
{
	struct evidence_store *store = arena_alloc(run->arena, sizeof(*store));
	*store = (struct evidence_store){.arena = run->arena, .lock = -1, .head = ""};
	if (find_folder(run, &store->folder, err) != OK)
		return err->status;
	store->chain = path_join(store->arena, store->folder, "chain.jsonl");

	enum status status = to_write ? take_folder(store, &run->target, err) : OK;
	if (status == OK)
		status = read_chain(store, err);
	for (enum gate gate = 0; status == OK && gate < GATE_COUNT; gate++)
		status = check_file(store, gate, err);
	if (status != OK) {
		evidence_store_close(store);
		return status;
	}
	*ret_store = store;
	return OK;
}

enum status evidence_store_open(const struct run *run, struct evidence_store **ret_store, struct error *err)
{
	return open_store(run, true, ret_store, err);
}

enum status evidence_store_look(const struct run *run, struct evidence_store **ret_store, struct error *err)
{
	return open_store(run, false, ret_store, err);
}

void evidence_store_close(struct evidence_store *store)
{
	if (!store)
		return;
	file_unlock(store->lock);
	store->lock = -1;
}

const char *evidence_store_folder(const struct evidence_store *store)
{
	return store->folder;
}

enum status evidence_store_load(const struct evidence_store *store, struct arena *arena, enum gate gate,
                                struct evidence *ret_evidence, bool *ret_there, struct error *err)
{
	struct evidence evidence;
	const char *path = path_of(store, gate);

	if (!file_exists(path)) {
		*ret_there = false;
		return OK;
	}
	if (read_file(store, arena, gate, &evidence, err) != OK)
		return err->status;
	if (!is_newest(store, &evidence)) {
		json_close(evidence.data);
		error_set(err, FAIL_GATE, "it is not the evidence of gate %s that was saved last",
		          gate_get(gate)->name);
		return refuse_file(err, path);
	}
	*ret_evidence = evidence;
	*ret_there = true;
	return OK;
}

/* What could not be read back must not be written: it would block the next run. */
static enum status check_readable(struct arena *arena, const struct json *value, struct error *err)
{
	struct evidence back;
	if (evidence_read(arena, value, &back, err) != OK)
		return error_recast(err, FAIL_INTERNAL);
	json_close(back.data);
	return OK;
}

static void put_piece(void *writer, const char *bytes, size_t length)
{
	file_writer_put(writer, bytes, length);
}

static enum status write_pretty(const char *path, const struct json *value, struct error *err)
{
	struct file_writer *writer;
	if (file_writer_open(path, &writer, err) != OK)
		return err->status;
	json_stream(value, JSON_PRETTY, put_piece, writer);
	file_writer_put(writer, "\n", 1);
	return file_writer_close(writer, err);
}

enum status evidence_store_save(struct evidence_store *store, struct arena *arena, struct evidence *evidence,
                                struct error *err)
{
	assert(store->lock >= 0);

	evidence->previous = arena_strdup(arena, store->head);
	_cleanup_json_ struct json *value = evidence_json(arena, evidence);
	if (check_readable(arena, value, err) != OK)
		return err->status;
	if (write_pretty(path_of(store, evidence->gate), value, err) != OK ||
	    add_link(store, evidence, err) != OK)
		return evidence->gate < GATE_APPLY ? error_recast(err, FAIL_GATE) : error_recast(err, FAIL_INTERNAL);
	note_saved(store, evidence);
	return OK;
}
