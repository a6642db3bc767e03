#include "core/pool/bouncer.h"

#include <stdlib.h>
#include <string.h>

static const char CONSOLE[] = "pgbouncer";

static const int64_t SECOND_US = 1000000;

/* Its number, or SIZE_MAX. */
static size_t column(const struct bouncer_table *table, const char *name)
{
	for (size_t i = 0; i < table->columns; i++)
		if (strcmp(table->names[i], name) == 0)
			return i;
	return SIZE_MAX;
}

/* NULL where there is no such column, too. */
static const char *text_at(const struct bouncer_table *table, size_t row, const char *name)
{
	size_t found = column(table, name);
	return found == SIZE_MAX ? NULL : table->cells[row * table->columns + found];
}

static int64_t number_at(const struct bouncer_table *table, size_t row, const char *name)
{
	const char *text = text_at(table, row, name);
	return text ? strtoll(text, NULL, 10) : 0;
}

static int64_t sum_at(const struct bouncer_table *table, size_t row, const char *const *names)
{
	int64_t sum = 0;
	for (; *names; names++)
		sum += number_at(table, row, *names);
	return sum;
}

static enum status need(const struct bouncer_table *table, const char *const *names, struct error *err)
{
	for (; *names; names++) {
		if (column(table, *names) != SIZE_MAX)
			continue;
		error_set(err, FAIL_USAGE, "%s has no column \"%s\"", table->name, *names);
		return error_hint(err, "Give the console of PgBouncer 1.12 or later, and no other pooler's.");
	}
	return OK;
}

static bool is_console(const struct bouncer_table *table, size_t row, const char *name)
{
	const char *text = text_at(table, row, name);
	return !text || strcmp(text, CONSOLE) == 0;
}

enum status bouncer_read_pools(struct arena *arena, const struct bouncer_table *table, struct bouncer_look *look,
                               struct error *err)
{
	static const char *const NEEDED[] = {"database", "user", "cl_active", "cl_waiting", "sv_active", "sv_idle",
	                                     "maxwait", NULL};
	static const char *const SERVERS[] = {"sv_active", "sv_idle", "sv_used", "sv_tested", "sv_login",
	                                      "sv_active_cancel", "sv_being_canceled", NULL};

	if (need(table, NEEDED, err) != OK)
		return err->status;
	for (size_t row = 0; row < table->rows; row++) {
		if (is_console(table, row, "database"))
			continue;
		*list_add(arena, &look->pools) = (struct bouncer_pool){
			.database = arena_strdup(arena, text_at(table, row, "database")),
			.user = arena_strdup(arena, text_at(table, row, "user")),
			.mode = arena_strdup(arena, text_at(table, row, "pool_mode")),
			.clients = number_at(table, row, "cl_active"),
			.waiting = number_at(table, row, "cl_waiting"),
			.active = number_at(table, row, "sv_active"),
			.servers = sum_at(table, row, SERVERS),
			.longest_us = number_at(table, row, "maxwait") * SECOND_US + number_at(table, row, "maxwait_us"),
		};
	}
	return OK;
}

enum status bouncer_read_databases(struct arena *arena, const struct bouncer_table *table, struct bouncer_look *look,
                                   struct error *err)
{
	/* What 1.24 calls reserve_pool_size is reserve_pool before. */
	static const char *const NEEDED[] = {"name", "pool_size", "max_connections", "paused", NULL};
	static const char *const RESERVE[] = {"reserve_pool", "reserve_pool_size", NULL};

	if (need(table, NEEDED, err) != OK)
		return err->status;
	for (size_t row = 0; row < table->rows; row++) {
		if (is_console(table, row, "name"))
			continue;
		*list_add(arena, &look->databases) = (struct bouncer_database){
			.name = arena_strdup(arena, text_at(table, row, "name")),
			.pool_size = number_at(table, row, "pool_size"),
			.reserve = sum_at(table, row, RESERVE),
			.connections_most = number_at(table, row, "max_connections"),
			.paused = number_at(table, row, "paused") != 0,
			.disabled = number_at(table, row, "disabled") != 0,
		};
	}
	return OK;
}

enum status bouncer_read_stats(struct arena *arena, const struct bouncer_table *table, struct bouncer_look *look,
                               struct error *err)
{
	static const char *const NEEDED[] = {"database", "total_xact_count", "total_xact_time", "total_wait_time", NULL};
	static const char ASSIGNMENTS[] = "total_server_assignment_count";

	if (need(table, NEEDED, err) != OK)
		return err->status;
	bool assigned = column(table, ASSIGNMENTS) != SIZE_MAX;
	for (size_t row = 0; row < table->rows; row++) {
		if (is_console(table, row, "database"))
			continue;
		*list_add(arena, &look->counters) = (struct bouncer_counters){
			.database = arena_strdup(arena, text_at(table, row, "database")),
			.transactions = number_at(table, row, "total_xact_count"),
			.assignments = assigned ? number_at(table, row, ASSIGNMENTS) : -1,
			.transaction_us = number_at(table, row, "total_xact_time"),
			.wait_us = number_at(table, row, "total_wait_time"),
		};
	}
	return OK;
}

static const char *setting(const struct bouncer_table *table, const char *key)
{
	for (size_t row = 0; row < table->rows; row++) {
		const char *text = text_at(table, row, "key");
		if (text && strcmp(text, key) == 0)
			return text_at(table, row, "value");
	}
	return NULL;
}

static int64_t number_setting(const struct bouncer_table *table, const char *key)
{
	const char *text = setting(table, key);
	return text ? strtoll(text, NULL, 10) : -1;
}

enum status bouncer_read_config(struct arena *arena, const struct bouncer_table *table, struct bouncer_look *look,
                                struct error *err)
{
	static const char *const NEEDED[] = {"key", "value", NULL};

	if (need(table, NEEDED, err) != OK)
		return err->status;
	look->settings = (struct bouncer_settings){
		.pool_mode = arena_strdup(arena, setting(table, "pool_mode")),
		.max_client_conn = number_setting(table, "max_client_conn"),
		.default_pool_size = number_setting(table, "default_pool_size"),
		.reserve_pool_size = number_setting(table, "reserve_pool_size"),
		.query_wait_timeout_s = number_setting(table, "query_wait_timeout"),
	};
	return OK;
}
