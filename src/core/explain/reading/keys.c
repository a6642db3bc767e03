#include "core/explain/reading/keys.h"

#include <string.h>

#define NODE(field) .home = KEY_OF_NODE, .offset = offsetof(struct plan_node, field)
#define TEXT(field) NODE(field), .kind = KEY_TEXT
#define NUMBER(field) NODE(field), .kind = KEY_NUMBER
#define KILOBYTES(field) NODE(field), .kind = KEY_KILOBYTES
#define FLAG(field) NODE(field), .kind = KEY_FLAG
#define BUFFERS(field)                                                                                 \
	.home = KEY_OF_BUFFERS, .kind = KEY_NUMBER, .again = KEY_SUM,                                  \
	.offset = offsetof(struct plan_buffers, field), .has = offsetof(struct plan_node, has_buffers)
#define WAL(field)                                                                                     \
	.home = KEY_OF_WAL, .kind = KEY_NUMBER, .offset = offsetof(struct plan_wal, field),            \
	.has = offsetof(struct plan_node, has_wal)
#define WORKER(field) .home = KEY_OF_WORKER, .kind = KEY_NUMBER, .offset = offsetof(struct plan_worker, field)
#define HAS(flag) .has = offsetof(struct plan_node, flag)

/* In the order of the server's source; names that the text form alone has are turned into these by its reader. */
static const struct plan_key table[] = {
	/* what the title says */
	{"Node Type", TEXT(type)},
	{"Strategy", TEXT(strategy)},
	{"Partial Mode", TEXT(partial_mode)},
	{"Operation", TEXT(operation)},
	{"Custom Plan Provider", TEXT(provider)},
	{"Parallel Aware", FLAG(parallel_aware)},
	{"Async Capable", FLAG(async_capable)},
	{"Join Type", TEXT(join_type)},
	{"Command", TEXT(command)},
	{"Scan Direction", TEXT(direction)},
	{"Index Name", TEXT(index)},
	{"Relation Name", TEXT(relation)},
	{"Tuplestore Name", TEXT(relation)},
	{"Function Name", TEXT(function)},
	{"Table Function Name", TEXT(function)},
	{"CTE Name", TEXT(cte)},
	{"Schema", TEXT(schema)},
	{"Alias", TEXT(alias)},

	/* estimates and what was measured */
	{"Startup Cost", NUMBER(startup_cost)},
	{"Total Cost", NUMBER(total_cost)},
	{"Plan Rows", NUMBER(plan_rows)},
	{"Plan Width", NUMBER(width)},
	{"Actual Startup Time", NUMBER(startup_ms)},
	{"Actual Total Time", NUMBER(total_ms), HAS(has_timing)},
	{"Actual Rows", NUMBER(actual_rows)},
	{"Actual Loops", NUMBER(loops), HAS(has_actual)},
	{"Disabled", FLAG(disabled), .shown = KEY_SHOWN_UNLESS_ZERO},
	{"Inner Unique", FLAG(inner_unique)},

	/* conditions and keys */
	{"Filter", TEXT(filter), .shown = KEY_SHOWN},
	{"Join Filter", TEXT(join_filter), .shown = KEY_SHOWN},
	{"Index Cond", TEXT(index_condition), .shown = KEY_SHOWN},
	{"Recheck Cond", TEXT(recheck_condition), .shown = KEY_SHOWN},
	{"Hash Cond", TEXT(hash_condition), .shown = KEY_SHOWN},
	{"Merge Cond", TEXT(merge_condition), .shown = KEY_SHOWN},
	{"Sort Key", TEXT(sort_key), .shown = KEY_SHOWN},
	{"Group Key", TEXT(group_key), .shown = KEY_SHOWN},
	{"Hash Key", TEXT(group_key), .shown = KEY_SHOWN},

	/* counters; the text form leaves out most zeros */
	{"Rows Removed by Filter", NUMBER(removed_by_filter), .shown = KEY_SHOWN_UNLESS_ZERO},
	{"Rows Removed by Join Filter", NUMBER(removed_by_join_filter), .shown = KEY_SHOWN_UNLESS_ZERO},
	{"Rows Removed by Index Recheck", NUMBER(removed_by_recheck), .shown = KEY_SHOWN_UNLESS_ZERO},
	{"Rows Removed by Conflict Filter", .kind = KEY_ANY, .shown = KEY_SHOWN_UNLESS_ZERO},
	{"Heap Fetches", NUMBER(heap_fetches), .shown = KEY_SHOWN},
	{"Index Searches", NUMBER(index_searches), .shown = KEY_SHOWN},
	{"Exact Heap Blocks", NUMBER(exact_blocks), .again = KEY_SUM, .shown = KEY_SHOWN_UNLESS_ZERO},
	{"Lossy Heap Blocks", NUMBER(lossy_blocks), .again = KEY_SUM, .shown = KEY_SHOWN_UNLESS_ZERO},
	{"Tuples Inserted", .kind = KEY_ANY, .shown = KEY_SHOWN_UNLESS_ZERO},
	{"Tuples Updated", .kind = KEY_ANY, .shown = KEY_SHOWN_UNLESS_ZERO},
	{"Tuples Deleted", .kind = KEY_ANY, .shown = KEY_SHOWN_UNLESS_ZERO},
	{"Tuples Skipped", .kind = KEY_ANY, .shown = KEY_SHOWN_UNLESS_ZERO},
	{"Conflicting Tuples", .kind = KEY_ANY, .shown = KEY_SHOWN_UNLESS_ZERO},
	{"Workers Planned", NUMBER(workers_planned), .shown = KEY_SHOWN},
	{"Workers Launched", NUMBER(workers_launched), .shown = KEY_SHOWN, HAS(has_workers_launched)},
	{"Single Copy", .kind = KEY_ANY, .shown = KEY_SHOWN_UNLESS_ZERO},
	{"Subplans Removed", .kind = KEY_ANY, .shown = KEY_SHOWN_UNLESS_ZERO},

	/* memory and disk */
	{"Sort Method", TEXT(sort_method), .shown = KEY_SHOWN},
	{"Sort Space Used", KILOBYTES(sort_space_bytes), .again = KEY_MAX, .shown = KEY_SHOWN},
	{"Hash Buckets", .kind = KEY_ANY, .shown = KEY_SHOWN},
	{"Original Hash Buckets", .kind = KEY_ANY, .shown = KEY_SHOWN},
	{"Hash Batches", NUMBER(hash_batches), .again = KEY_MAX, .shown = KEY_SHOWN},
	{"Original Hash Batches", NUMBER(hash_batches_planned), .again = KEY_MAX, .shown = KEY_SHOWN},
	{"Planned Partitions", .kind = KEY_ANY, .shown = KEY_SHOWN_UNLESS_ZERO},
	{"HashAgg Batches", NUMBER(hash_batches), .again = KEY_MAX, .shown = KEY_SHOWN},
	{"Peak Memory Usage", KILOBYTES(hash_memory_bytes), .again = KEY_MAX, .shown = KEY_SHOWN},
	{"Disk Usage", KILOBYTES(disk_bytes), .again = KEY_SUM, .shown = KEY_SHOWN_UNLESS_ZERO},
	{"Maximum Storage", .kind = KEY_ANY_KILOBYTES, .shown = KEY_SHOWN},
	{"Cache Hits", NUMBER(cache_hits), .again = KEY_SUM, .shown = KEY_SHOWN},
	{"Cache Misses", NUMBER(cache_misses), .again = KEY_SUM, .shown = KEY_SHOWN},
	{"Cache Evictions", NUMBER(cache_evictions), .again = KEY_SUM, .shown = KEY_SHOWN},

	/* blocks; times of shared and local blocks are one before 17 and two since */
	{"Shared Hit Blocks", BUFFERS(shared_hit)},
	{"Shared Read Blocks", BUFFERS(shared_read)},
	{"Shared Dirtied Blocks", BUFFERS(shared_dirtied)},
	{"Shared Written Blocks", BUFFERS(shared_written)},
	{"Local Hit Blocks", BUFFERS(local_hit)},
	{"Local Read Blocks", BUFFERS(local_read)},
	{"Local Dirtied Blocks", BUFFERS(local_dirtied)},
	{"Local Written Blocks", BUFFERS(local_written)},
	{"Temp Read Blocks", BUFFERS(temp_read)},
	{"Temp Written Blocks", BUFFERS(temp_written)},
	{"I/O Read Time", BUFFERS(read_ms)},
	{"I/O Write Time", BUFFERS(write_ms)},
	{"Shared I/O Read Time", BUFFERS(read_ms)},
	{"Shared I/O Write Time", BUFFERS(write_ms)},
	{"Local I/O Read Time", BUFFERS(read_ms)},
	{"Local I/O Write Time", BUFFERS(write_ms)},
	{"Temp I/O Read Time", BUFFERS(temp_read_ms)},
	{"Temp I/O Write Time", BUFFERS(temp_write_ms)},

	{"WAL Records", WAL(records)},
	{"WAL FPI", WAL(full_pages)},
	{"WAL Bytes", WAL(size_bytes)},
	{"WAL Buffers Full", .kind = KEY_ANY, .shown = KEY_SHOWN_UNLESS_ZERO},
};

static const struct plan_key worker_table[] = {
	{"Actual Startup Time", WORKER(startup_ms)},
	{"Actual Total Time", WORKER(total_ms)},
	{"Actual Rows", WORKER(rows)},
	{"Actual Loops", WORKER(loops)},
};

enum { KEY_COUNT = sizeof(table) / sizeof(*table), WORKER_KEY_COUNT = sizeof(worker_table) / sizeof(*worker_table) };

struct plan_keys {
	struct text_index *index;
};

struct plan_keys *plan_keys_new(struct arena *arena)
{
	struct plan_keys *keys = arena_alloc(arena, sizeof(*keys));
	keys->index = text_index_new(arena);
	for (size_t i = 0; i < KEY_COUNT; i++)
		text_index_put(keys->index, table[i].name, i);
	return keys;
}

const struct plan_key *plan_key_find(const struct plan_keys *keys, const char *name, bool of_worker)
{
	size_t at;
	for (size_t i = 0; of_worker && i < WORKER_KEY_COUNT; i++)
		if (strcmp(worker_table[i].name, name) == 0)
			return &worker_table[i];
	return text_index_find(keys->index, name, &at) ? &table[at] : NULL;
}
