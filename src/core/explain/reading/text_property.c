#include "core/explain/reading/text_property.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* ---- "Buckets: 1024 (originally 512)  Batches: 1  Memory Usage: 44kB" ---- */

/* A part's own key in the text form, and JSON's. */
struct part {
	const char *label, *key;
	const char *original; /* key of "(originally n)", which is left out where it is the same; or NULL */
};

struct packed {
	const char *key; /* of the line */
	struct part parts[6];
};

static const struct packed packed[] = {
	{"Sort Method", {{"Sort Method", "Sort Method", NULL}}},
	{"Buckets",
	 {{"Buckets", "Hash Buckets", "Original Hash Buckets"},
	  {"Batches", "Hash Batches", "Original Hash Batches"},
	  {"Memory Usage", "Peak Memory Usage", NULL}}},
	{"Planned Partitions",
	 {{"Planned Partitions", "Planned Partitions", NULL},
	  {"Batches", "HashAgg Batches", NULL},
	  {"Memory Usage", "Peak Memory Usage", NULL},
	  {"Disk Usage", "Disk Usage", NULL}}},
	{"Batches",
	 {{"Batches", "HashAgg Batches", NULL},
	  {"Memory Usage", "Peak Memory Usage", NULL},
	  {"Disk Usage", "Disk Usage", NULL}}},
	{"Hits",
	 {{"Hits", "Cache Hits", NULL},
	  {"Misses", "Cache Misses", NULL},
	  {"Evictions", "Cache Evictions", NULL},
	  {"Overflows", "Cache Overflows", NULL},
	  {"Memory Usage", "Peak Memory Usage", NULL}}},
	{"Storage", {{"Storage", "Storage", NULL}, {"Maximum Storage", "Maximum Storage", NULL}}},
};

static const struct part *find_part(const struct packed *line, const char *label)
{
	for (size_t i = 0; i < COUNT(line->parts) && line->parts[i].label; i++)
		if (strcmp(line->parts[i].label, label) == 0)
			return &line->parts[i];
	return NULL;
}

/* What is known as a number or a flag is one; everything else is text. */
static void put_value(const struct text_owner *owner, const char *key, const char *value)
{
	const struct plan_key *known = plan_key_find(owner->builder->keys, key, false);
	bool is_text = !known || known->kind == KEY_TEXT;
	bool is_true = strcmp(value, "true") == 0, is_false = strcmp(value, "false") == 0;
	char *end;
	double number = plan_number_read(value, &end);
	if (!is_text && end != value)
		plan_builder_number(owner->builder, owner->place, key, number);
	else if (!is_text && (is_true || is_false))
		plan_builder_flag(owner->builder, owner->place, key, is_true);
	else
		plan_builder_text(owner->builder, owner->place, key, value);
}

static void put_sort_space(const struct text_owner *owner, const char *kind, const char *value)
{
	put_value(owner, "Sort Space Used", value);
	plan_builder_text(owner->builder, owner->place, "Sort Space Type", kind);
}

static void put_part(const struct text_owner *owner, const struct packed *line, const char *label, char *value)
{
	const struct part *part = find_part(line, label);
	if (!part) {
		if (strcmp(line->key, "Sort Method") == 0)
			put_sort_space(owner, label, value);
		else
			put_value(owner, label, value);
		return;
	}
	char *originally = part->original ? strstr(value, " (originally ") : NULL;
	if (originally) {
		*originally = '\0';
		originally += sizeof(" (originally ") - 1;
		originally[strcspn(originally, ")")] = '\0';
	}
	put_value(owner, part->key, value);
	if (part->original)
		put_value(owner, part->original, originally ? originally : value);
}

static void read_packed(const struct text_owner *owner, const struct packed *line, const char *value)
{
	char *rest = arena_printf(owner->builder->arena, "%s: %s", line->key, value);
	while (rest && *rest) {
		char *next = strstr(rest, "  ");
		if (next) {
			*next = '\0';
			next += 2 + strspn(next + 2, " ");
		}
		char *colon = strstr(rest, ": ");
		if (colon) {
			*colon = '\0';
			put_part(owner, line, rest, colon + 2);
		}
		rest = next;
	}
}

/* ---- "shared hit=3 read=1, temp written=2" ---- */

static void put_block(const struct text_owner *owner, const char *key, double number)
{
	if (owner->blocks)
		plan_builder_blocks(owner->builder, owner->blocks, key, number);
	else
		plan_builder_number(owner->builder, owner->place, key, number);
}

/* "hit" -> "Hit" */
static const char *capital(struct arena *arena, const char *word, size_t length)
{
	char *copy = arena_strndup(arena, word, length);
	*copy = (char)toupper((unsigned char)*copy);
	return copy;
}

/* Times of shared and local blocks are one before 17: "shared/local", or no word at all before 15. */
static const char *block_key(struct arena *arena, const char *group, const char *word, bool is_time)
{
	bool unnamed = !*group || strchr(group, '/');
	if (is_time)
		return arena_printf(arena, "%s%sI/O %s Time", unnamed ? "" : group, unnamed ? "" : " ", word);
	return arena_printf(arena, "%s %s Blocks", group, word);
}

static void read_blocks(const struct text_owner *owner, const char *value, bool is_time)
{
	struct arena *arena = owner->builder->arena;
	const char *group = "";
	for (const char *at = value; *at;) {
		size_t length = strcspn(at, " =,");
		if (length == 0) {
			at++;
			continue;
		}
		if (at[length] != '=') {
			group = capital(arena, at, length);
			at += length;
			continue;
		}
		char *end;
		const char *word = capital(arena, at, length);
		double number = plan_number_read(at + length + 1, &end);
		put_block(owner, block_key(arena, group, word, is_time), number);
		at = end;
	}
}

/* ---- "records=3 fpi=1 bytes=193 buffers full=2", and others like it ---- */

struct counter {
	const char *word, *key;
};

static const struct counter wal_counters[] = {
	{"records", "WAL Records"}, {"fpi", "WAL FPI"}, {"bytes", "WAL Bytes"}, {"buffers full", "WAL Buffers Full"},
	{NULL, NULL}};
static const struct counter heap_counters[] = {
	{"exact", "Exact Heap Blocks"}, {"lossy", "Lossy Heap Blocks"}, {NULL, NULL}};
static const struct counter tuple_counters[] = {{"inserted", "Tuples Inserted"},
                                                {"updated", "Tuples Updated"},
                                                {"deleted", "Tuples Deleted"},
                                                {"skipped", "Tuples Skipped"},
                                                {NULL, NULL}};

static const char *counter_key(struct arena *arena, const struct counter *counters, const char *line,
                               const char *word)
{
	for (; counters->word; counters++)
		if (strcmp(counters->word, word) == 0)
			return counters->key;
	return arena_printf(arena, "%s %s", line, word);
}

static void read_counters(const struct text_owner *owner, const struct counter *counters, const char *line,
                          const char *value)
{
	struct arena *arena = owner->builder->arena;
	for (const char *at = value; *at;) {
		size_t length = strcspn(at, "=");
		if (at[length] != '=')
			return;
		char *end;
		double number = plan_number_read(at + length + 1, &end);
		plan_builder_number(owner->builder, owner->place,
		                    counter_key(arena, counters, line, arena_strndup(arena, at, length)), number);
		at = end + strcspn(end, " ");
		at += strspn(at, " ");
	}
}

/* ---- "Sampling: bernoulli ('10'::real) REPEATABLE ('1'::double precision)" ---- */

static void put_cut(const struct text_owner *owner, const char *key, const char *text, size_t length)
{
	plan_builder_text(owner->builder, owner->place, key, arena_strndup(owner->builder->arena, text, length));
}

static void read_sampling(const struct text_owner *owner, const char *value)
{
	static const char repeatable[] = ") REPEATABLE (";
	const char *open = strstr(value, " (");
	if (!open) {
		put_value(owner, "Sampling Method", value);
		return;
	}
	const char *seed = strstr(open, repeatable);
	const char *end = seed ? seed : value + strlen(value) - (value[strlen(value) - 1] == ')');
	put_cut(owner, "Sampling Method", value, (size_t)(open - value));
	put_cut(owner, "Sampling Parameters", open + 2, end > open + 2 ? (size_t)(end - open - 2) : 0);
	if (!seed)
		return;
	seed += sizeof(repeatable) - 1;
	put_cut(owner, "Repeatable Seed", seed, *seed ? strlen(seed) - 1 : 0);
}

/* ---- all of them ---- */

static bool read_block_line(const struct text_owner *owner, const char *key, const char *value)
{
	bool is_time = strcmp(key, "I/O Timings") == 0;
	if (!is_time && strcmp(key, "Buffers") != 0)
		return false;
	read_blocks(owner, value, is_time);
	return true;
}

bool text_property_read(const struct text_owner *owner, const char *key, const char *value)
{
	if (read_block_line(owner, key, value))
		return true;
	if (owner->blocks)
		return false;
	for (size_t i = 0; i < COUNT(packed); i++)
		if (strcmp(packed[i].key, key) == 0) {
			read_packed(owner, &packed[i], value);
			return true;
		}
	if (strcmp(key, "WAL") == 0)
		read_counters(owner, wal_counters, key, value);
	else if (strcmp(key, "Heap Blocks") == 0)
		read_counters(owner, heap_counters, key, value);
	else if (strcmp(key, "Tuples") == 0)
		read_counters(owner, tuple_counters, key, value);
	else if (strcmp(key, "Sampling") == 0)
		read_sampling(owner, value);
	else if (strcmp(key, "Full-sort Groups") == 0 || strcmp(key, "Pre-sorted Groups") == 0)
		plan_builder_sort_groups(owner->builder, owner->place, key, value);
	else
		put_value(owner, key, value);
	return true;
}
