#include "pg/fingerprint.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/strbuf.h"
#include "pg/query.h"
#include "sys/clock.h"

/* Tables a worker reads in one transaction: each holds a lock to the end of it. */
enum { TABLES_PER_TRANSACTION = 64 };

/* A big heap is read in pieces, so that one table cannot keep all but one worker idle. TID ranges came with 14. */
enum { PIECE_BLOCKS = 32768, PIECES_SINCE = 140000, HASH_RECORD_SINCE = 140000 };
enum { TICK_MS = 1000 };

__extension__ typedef __int128 wide;

struct piece {
	struct relation *relation;
	int64_t first_block, end_block; /* end_block 0: to the end */
	int64_t size_bytes;
};

struct worker {
	struct session *session;
	struct piece *piece;  /* being read, or NULL */
	size_t transaction_tables;
};

struct fingerprint_reader {
	struct loop *loop;
	struct session_options options;
	char *snapshot;
	struct worker *workers;
	size_t count, most; /* that are open, and that may be */
	bool standby;
};

/* What a sum is gathered in while pieces come back; beside the relation, by index. */
struct total {
	wide sum;
	int64_t rows;
	size_t pieces_left;
};

/* Types whose equality is byte equality and that hold no oid: bool, bytea, "char", name, int8, int2, int4, text,
 * varchar, date, time, timestamp, timestamptz, uuid. */
static bool is_native(unsigned type_oid)
{
	static const unsigned native[] = {16, 17, 18, 19, 20, 21, 23, 25, 1043, 1082, 1083, 1114, 1184, 2950};
	for (size_t i = 0; i < sizeof(native) / sizeof(*native); i++)
		if (native[i] == type_oid)
			return true;
	return false;
}

static const char pinned_settings[] =
	"SET search_path = pg_catalog; SET row_security = off; SET datestyle = 'ISO'; SET intervalstyle = 'postgres';"
	" SET timezone = 'UTC'; SET extra_float_digits = 1; SET bytea_output = 'hex'; SET client_encoding = 'UTF8';"
	" SET lc_monetary = 'C'; SET max_parallel_workers_per_gather = 0; SET jit = off;"
	" SET lock_timeout = '10s'";

static enum status begin(const struct fingerprint_reader *reader, struct worker *worker, struct error *err)
{
	worker->transaction_tables = 0;
	if (session_exec(worker->session, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err) != OK)
		return err->status;
	if (!reader->snapshot)
		return OK;
	_cleanup_arena_ struct arena *scratch = arena_open();
	const char *sql = arena_printf(scratch, "SET TRANSACTION SNAPSHOT %s", quote_literal(scratch, reader->snapshot));
	return session_exec(worker->session, sql, err);
}

static enum status open_worker(struct fingerprint_reader *reader, struct error *err)
{
	struct worker *worker = &reader->workers[reader->count];
	if (session_open(reader->loop, &reader->options, &worker->session, err) != OK)
		return err->status;
	reader->count++;
	if (session_script(worker->session, pinned_settings, err) != OK)
		return err->status;
	return begin(reader, worker, err);
}

enum status fingerprint_open(struct loop *loop, const struct session_options *options, const char *snapshot,
                             size_t workers, struct fingerprint_reader **ret_reader, struct error *err)
{
	struct fingerprint_reader *reader = memory_new(sizeof(*reader));
	reader->loop = loop;
	reader->options = *options;
	reader->options.access = SESSION_READ_ONLY;
	reader->options.plain = false;
	reader->snapshot = memory_strdup(snapshot);
	reader->most = workers ? workers : 1;
	reader->workers = memory_new(reader->most * sizeof(*reader->workers));
	enum status status = open_worker(reader, err);

	_cleanup_rows_ struct rows *rows = NULL;
	if (status == OK)
		status = session_query(reader->workers[0].session, "SELECT pg_is_in_recovery()", 0, NULL, &rows, err);
	if (status != OK) {
		fingerprint_close(reader);
		return status;
	}
	reader->standby = rows_true(rows, 0, 0);
	*ret_reader = reader;
	return OK;
}

void fingerprint_close(struct fingerprint_reader *reader)
{
	if (!reader)
		return;
	for (size_t i = 0; i < reader->count; i++) {
		/* A closed connection does not stop a scan on the server. */
		if (reader->workers[i].piece)
			session_cancel(reader->workers[i].session);
		session_close(reader->workers[i].session);
	}
	memory_free(reader->workers);
	memory_free(reader->snapshot);
	memory_free(reader);
}

void fingerprint_cleanup(struct fingerprint_reader **reader)
{
	fingerprint_close(*reader);
}

/* ---- which relations, and what is done with each ---- */

static void set_treatment(struct relation *relation, const char *persistence, const char *extension, bool populated,
                          bool standby)
{
	relation->treatment = FINGERPRINT_COMPARED;
	if (relation->kind == 'p') {
		relation->treatment = FINGERPRINT_NOT_READ;
		relation->why = "partitioned: its rows are in its partitions";
	} else if (relation->kind == 'f') {
		relation->treatment = FINGERPRINT_NOT_READ;
		relation->why = "foreign table: its rows are elsewhere and in no backup";
	} else if (relation->kind == 'm' && !populated) {
		relation->treatment = FINGERPRINT_NOT_READ;
		relation->why = "materialised view that is not populated";
	} else if (relation->kind == 'm') {
		relation->treatment = FINGERPRINT_REPORTED;
		relation->why = "materialised view: a restore computes it anew";
	} else if (extension && !relation->where) {
		relation->treatment = FINGERPRINT_REPORTED;
		relation->why = "belongs to an extension that does not have its rows dumped";
	} else if (persistence[0] == 'u' && standby) {
		relation->treatment = FINGERPRINT_UNPROVEN;
		relation->why = "unlogged: its rows are not on a standby";
	}
}

static struct relation read_relation(struct arena *arena, const struct rows *rows, size_t i, bool standby)
{
	const char *where = rows_get(rows, i, 10), *extension = rows_get(rows, i, 9);
	struct relation relation = {
		.oid = (unsigned)rows_int(rows, i, 0),
		.name = arena_strdup(arena, rows_get(rows, i, 1)),
		.kind = rows_get(rows, i, 2)[0],
		.where = extension ? arena_strdup(arena, where) : NULL,
		.size_bytes = rows_int(rows, i, 4),
		.blocks = rows_int(rows, i, 5),
		.heap = rows_true(rows, i, 6),
		.rows = -1,
	};
	set_treatment(&relation, rows_get(rows, i, 3), extension, rows_true(rows, i, 11), standby);
	return relation;
}

static int by_oid(const void *a, const void *b)
{
	const struct relation *left = *(struct relation *const *)a, *right = *(struct relation *const *)b;
	return (left->oid > right->oid) - (left->oid < right->oid);
}

/* Columns come by the number of their table; the relations by size. */
static void add_columns(struct arena *arena, const struct rows *rows, struct relation_list *relations)
{
	struct relation **sorted = memory_new((relations->count + 1) * sizeof(*sorted));
	for (size_t i = 0; i < relations->count; i++)
		sorted[i] = &relations->items[i];
	qsort(sorted, relations->count, sizeof(*sorted), by_oid);
	for (size_t i = 0; i < rows_count(rows); i++) {
		struct relation key = {.oid = (unsigned)rows_int(rows, i, 0)}, *wanted = &key;
		struct relation **found = bsearch(&wanted, sorted, relations->count, sizeof(*sorted), by_oid);
		if (!found)
			continue;
		*list_add(arena, &(*found)->columns) = (struct fingerprint_column){
			.number = (int)rows_int(rows, i, 1),
			.name = arena_strdup(arena, rows_get(rows, i, 2)),
			.type_oid = (unsigned)rows_int(rows, i, 3),
			.type = arena_strdup(arena, rows_get(rows, i, 4)),
			.collatable = rows_true(rows, i, 5),
		};
	}
	memory_free(sorted);
}

static void add_name(struct strbuf *list, const char *name, size_t *count)
{
	enum { NAMED = 8 };
	if (++*count <= NAMED)
		strbuf_printf(list, "%s%s", *count > 1 ? ", " : "", name);
	else if (*count == NAMED + 1)
		strbuf_puts(list, ", ...");
}

/* Never a silent zero: what this role cannot see as it is refuses the whole proof. */
static enum status check_rights(const struct session *session, const struct rows *rows, struct error *err)
{
	_cleanup_strbuf_ struct strbuf hidden = {0}, denied = {0};
	size_t hidden_count = 0, denied_count = 0;
	for (size_t i = 0; i < rows_count(rows); i++) {
		char kind = rows_get(rows, i, 2)[0];
		if (kind != 'r' && kind != 'm')
			continue;
		if (!rows_true(rows, i, 7))
			add_name(&denied, rows_get(rows, i, 1), &denied_count);
		if (rows_true(rows, i, 8))
			add_name(&hidden, rows_get(rows, i, 1), &hidden_count);
	}
	if (denied_count) {
		error_set(err, FAIL_USAGE, "role %s may not read %zu table(s): %s", session_user(session), denied_count,
		          strbuf_text(&denied));
		return error_hint(err, "Use a role with pg_read_all_data, or grant SELECT on these tables and USAGE on their"
		                       " schemas.");
	}
	if (hidden_count) {
		error_set(err, FAIL_USAGE, "row level security hides rows of %zu table(s) from role %s: %s", hidden_count,
		          session_user(session), strbuf_text(&hidden));
		return error_hint(err, "Give the role BYPASSRLS, or use a superuser, for the backup.");
	}
	return OK;
}

static enum status add_large_objects(struct session *session, struct arena *arena, struct relation_list *relations,
                                     struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	if (session_query(session, "SELECT count(*) FROM pg_largeobject_metadata", 0, NULL, &rows, err) != OK)
		return err->status;
	*list_add(arena, relations) = (struct relation){
		.name = "(large objects)",
		.kind = 'L',
		.treatment = FINGERPRINT_COMPARED,
		.size_bytes = rows_int(rows, 0, 0) * 2048,
		.blocks = rows_int(rows, 0, 0),
		.rows = -1,
	};
	return OK;
}

static enum status failed_to_list(struct error *err)
{
	if (strcmp(err->sqlstate, "55P03") != 0)
		return err->status;
	error_recast(err, FAIL_GATE);
	error_wrap(err, "could not look at the tables");
	return error_hint(err, "Somebody holds a strong lock on a table: run again when it is released.");
}

enum status fingerprint_relations(struct fingerprint_reader *reader, struct arena *arena,
                                  struct relation_list *ret_relations, struct error *err)
{
	struct session *session = reader->workers[0].session;
	_cleanup_rows_ struct rows *rows = NULL, *columns = NULL;
	if (session_query(session, query_fingerprint_relations, 0, NULL, &rows, err) != OK ||
	    session_query(session, query_fingerprint_columns, 0, NULL, &columns, err) != OK)
		return failed_to_list(err);
	if (check_rights(session, rows, err) != OK)
		return err->status;

	struct relation_list relations = {0};
	for (size_t i = 0; i < rows_count(rows); i++)
		list_push(arena, &relations, read_relation(arena, rows, i, reader->standby));
	add_columns(arena, columns, &relations);
	if (add_large_objects(session, arena, &relations, err) != OK)
		return err->status;
	*ret_relations = relations;
	return OK;
}

/* ---- reading ---- */

static void add_column(struct strbuf *sql, struct arena *scratch, const struct fingerprint_column *column)
{
	unsigned oid = column->cast ? column->cast_oid : column->type_oid;
	bool collatable = column->cast ? column->cast_collatable : column->collatable;
	strbuf_puts(sql, quote_ident(scratch, column->name));
	if (column->cast)
		strbuf_printf(sql, "::%s", column->cast);
	if (!is_native(oid))
		strbuf_puts(sql, "::text collate \"C\"");
	else if (collatable)
		strbuf_puts(sql, " collate \"C\"");
}

static void build_query(struct strbuf *sql, struct arena *scratch, const struct piece *piece, int version)
{
	const struct relation *relation = piece->relation;
	strbuf_puts(sql, "SELECT count(*), sum(");
	strbuf_puts(sql, version < HASH_RECORD_SINCE ? "hashtextextended(row(" : "hash_record_extended(row(");
	for (size_t i = 0; i < relation->columns.count; i++) {
		strbuf_puts(sql, i ? ", " : "");
		add_column(sql, scratch, &relation->columns.items[i]);
	}
	strbuf_printf(sql, ")%s, 0))::text FROM ONLY %s", version < HASH_RECORD_SINCE ? "::text collate \"C\"" : "",
	              relation->name);
	if (piece->end_block)
		strbuf_printf(sql, " WHERE ctid >= '(%" PRId64 ",0)'::tid AND ctid < '(%" PRId64 ",0)'::tid",
		              piece->first_block, piece->end_block);
	else if (piece->first_block)
		strbuf_printf(sql, " WHERE ctid >= '(%" PRId64 ",0)'::tid", piece->first_block);
	else if (relation->where)
		strbuf_printf(sql, " %s", relation->where);
}

/* Whole objects, not pages: a sparse object has other pages in a copy. Owner and grants go with the content. */
static void build_large_object_query(struct strbuf *sql, int version)
{
	const char *close = version < HASH_RECORD_SINCE ? ")::text collate \"C\"" : ")";
	strbuf_printf(sql,
	              "SELECT count(*), sum(%s(row(oid::int8, pg_get_userbyid(lomowner) collate \"C\","
	              " (SELECT string_agg(a::text, ',' ORDER BY a::text COLLATE \"C\")"
	              " FROM unnest(coalesce(lomacl, acldefault('L', lomowner))) a) collate \"C\","
	              " lo_get(oid)%s, 0))::text FROM pg_largeobject_metadata",
	              version < HASH_RECORD_SINCE ? "hashtextextended" : "hash_record_extended", close);
}

struct piece_list {
	struct piece *items;
	size_t count;
	size_t room;
};

static void cut_pieces(struct arena *arena, struct relation_list *relations, int version, struct piece_list *pieces,
                       struct total *totals)
{
	for (size_t i = 0; i < relations->count; i++) {
		struct relation *relation = &relations->items[i];
		bool read = relation->treatment == FINGERPRINT_COMPARED || relation->treatment == FINGERPRINT_REPORTED;
		if (!read || relation->hash)
			continue;
		bool cut = version >= PIECES_SINCE && relation->heap && relation->kind == 'r' &&
		           !(relation->where && relation->where[0]) && relation->blocks > 2 * PIECE_BLOCKS;
		int64_t count = cut ? relation->blocks / PIECE_BLOCKS : 1;
		for (int64_t n = 0; n < count; n++)
			*list_add(arena, pieces) = (struct piece){
				.relation = relation,
				.first_block = n * PIECE_BLOCKS,
				.end_block = n + 1 < count ? (n + 1) * PIECE_BLOCKS : 0,
				.size_bytes = relation->size_bytes / count,
			};
		totals[i].pieces_left = (size_t)count;
	}
}

static enum status failed_on(struct error *err, const struct relation *relation)
{
	bool denied = strcmp(err->sqlstate, "42501") == 0;
	if (err->status != FAIL_UNREACHABLE && err->status != FAIL_INTERRUPTED && err->status != FAIL_TERMINATED)
		error_recast(err, FAIL_GATE);
	error_wrap(err, "could not take the fingerprint of %s", relation->name);
	if (denied && relation->kind == 'L')
		return error_hint(err, "Large objects are read by their owner, by roles with SELECT on each, and by superusers:"
		                       " use such a role for the backup.");
	if (strcmp(err->sqlstate, "55P03") == 0)
		return error_hint(err, "Somebody holds a strong lock on that table: run again when it is released.");
	if (denied)
		return error_hint(err, "Give the role SELECT on this table, and BYPASSRLS where it has row level security.");
	return err->status;
}

static enum status send_piece(struct fingerprint_reader *reader, struct worker *worker, struct piece *piece,
                              struct error *err)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	_cleanup_strbuf_ struct strbuf sql = {0};
	int version = session_server_version(worker->session);

	if (worker->transaction_tables >= TABLES_PER_TRANSACTION &&
	    (session_exec(worker->session, "COMMIT", err) != OK || begin(reader, worker, err) != OK))
		return err->status;
	if (piece->relation->kind == 'L')
		build_large_object_query(&sql, version);
	else
		build_query(&sql, scratch, piece, version);
	worker->transaction_tables++;
	worker->piece = piece;
	if (session_send(worker->session, strbuf_text(&sql), 0, NULL, err) != OK)
		return failed_on(err, piece->relation);
	return OK;
}

static wide wide_read(const char *text)
{
	bool negative = *text == '-';
	wide value = 0;
	for (text += negative; *text >= '0' && *text <= '9'; text++)
		value = value * 10 + (*text - '0');
	return negative ? -value : value;
}

static const char *wide_text(struct arena *arena, wide value)
{
	char digits[48];
	size_t at = sizeof(digits) - 1;
	bool negative = value < 0;
	digits[at] = '\0';
	do {
		int digit = (int)(value % 10);
		digits[--at] = (char)('0' + (digit < 0 ? -digit : digit));
		value /= 10;
	} while (value);
	if (negative)
		digits[--at] = '-';
	return arena_strdup(arena, digits + at);
}

struct reading {
	struct fingerprint_reader *reader;
	struct arena *arena;
	struct relation_list *relations;
	struct piece_list pieces;
	struct total *totals;
	size_t next;
	const struct fingerprint_watch *watch;
	struct fingerprint_progress progress;
	int64_t started_ms, tick_ms;
};

static enum status take_result(struct reading *reading, struct worker *worker, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	struct piece *piece = worker->piece;
	worker->piece = NULL;
	if (session_result(worker->session, &rows, err) != OK)
		return failed_on(err, piece->relation);

	struct relation *relation = piece->relation;
	struct total *total = &reading->totals[relation - reading->relations->items];
	total->rows += rows_int(rows, 0, 0);
	if (rows_get(rows, 0, 1))
		total->sum += wide_read(rows_get(rows, 0, 1));
	reading->progress.bytes_done += piece->size_bytes;
	if (--total->pieces_left == 0) {
		relation->rows = total->rows;
		relation->hash = wide_text(reading->arena, total->sum);
		reading->progress.tables_done++;
	}
	return OK;
}

static enum status tick(struct reading *reading, struct error *err)
{
	enum { RATE_AFTER_MS = 2000 };
	struct fingerprint_progress *progress = &reading->progress;
	int64_t now = clock_ms();
	if (!reading->watch || now < reading->tick_ms)
		return OK;
	reading->tick_ms = now + TICK_MS;
	progress->elapsed_ms = now - reading->started_ms;
	progress->remaining_ms = -1;
	progress->rate_bytes = progress->elapsed_ms > 0 ? progress->bytes_done * 1000 / progress->elapsed_ms : 0;
	if (progress->elapsed_ms >= RATE_AFTER_MS && progress->rate_bytes > 0)
		progress->remaining_ms = (progress->bytes_total - progress->bytes_done) * 1000 / progress->rate_bytes;
	return reading->watch->tick(reading->watch->context, progress, err);
}

static enum status keep_busy(struct reading *reading, struct error *err)
{
	struct fingerprint_reader *reader = reading->reader;
	for (size_t i = 0; i < reader->most && reading->next < reading->pieces.count; i++) {
		if (i == reader->count && open_worker(reader, err) != OK)
			return err->status;
		struct worker *worker = &reader->workers[i];
		if (!worker->piece && send_piece(reader, worker, &reading->pieces.items[reading->next++], err) != OK)
			return err->status;
	}
	return OK;
}

static enum status read_all(struct reading *reading, struct error *err)
{
	struct fingerprint_reader *reader = reading->reader;
	_cleanup_arena_ struct arena *scratch = arena_open();
	struct session **busy = arena_alloc(scratch, reader->most * sizeof(struct session *));
	struct worker **of = arena_alloc(scratch, reader->most * sizeof(struct worker *));

	for (;;) {
		size_t count = 0, ready = 0;
		bool timeout = false;
		if (keep_busy(reading, err) != OK)
			return err->status;
		for (size_t i = 0; i < reader->count; i++) {
			if (!reader->workers[i].piece)
				continue;
			of[count] = &reader->workers[i];
			busy[count++] = reader->workers[i].session;
		}
		if (count == 0)
			return OK;
		int64_t deadline = reading->watch ? reading->tick_ms : INT64_MAX;
		if (session_wait_any(reader->loop, busy, count, deadline, &ready, &timeout, err) != OK)
			return err->status;
		if (!timeout && take_result(reading, of[ready], err) != OK)
			return err->status;
		if (tick(reading, err) != OK)
			return err->status;
	}
}

enum status fingerprint_take(struct fingerprint_reader *reader, struct arena *arena, struct relation_list *relations,
                             const struct fingerprint_watch *watch, struct error *err)
{
	struct reading reading = {
		.reader = reader,
		.arena = arena,
		.relations = relations,
		.totals = memory_new((relations->count + 1) * sizeof(struct total)),
		.watch = watch,
		.started_ms = clock_ms(),
		.tick_ms = clock_ms() + TICK_MS,
	};
	cut_pieces(arena, relations, session_server_version(reader->workers[0].session), &reading.pieces, reading.totals);
	for (size_t i = 0; i < relations->count; i++) {
		reading.progress.tables_total += reading.totals[i].pieces_left > 0;
		reading.progress.bytes_total += reading.totals[i].pieces_left > 0 ? relations->items[i].size_bytes : 0;
	}
	enum status status = read_all(&reading, err);
	memory_free(reading.totals);
	return status;
}
