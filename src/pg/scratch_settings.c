#include "pg/scratch_settings.h"

#include <ctype.h>
#include <string.h>

#include "pg/locale.h"
#include "sys/file.h"

/* Libraries that only watch or check. Others start workers, reach out, or act on the data. */
static const char *const harmless[] = {
	"auto_explain", "passwordcheck", "pg_hint_plan", "pg_qualstats", "pg_stat_kcache", "pg_stat_statements",
	"pg_wait_sampling", "pgaudit",
};

/* No checkpoints, no fsync: nothing here outlives us. No autovacuum: we gather statistics ourselves, and its locks and
 * its work are not what is to be measured. Full page writes, WAL level and checksums stay as on live,
 * for they decide how much WAL a statement is measured to write. */
static const struct name_value fixed[] = {
	{"listen_addresses", ""},
	{"port", "5432"},
	{"unix_socket_permissions", "0700"},
	{"fsync", "off"},
	{"full_page_writes", "on"},
	{"checkpoint_timeout", "1h"},
	{"archive_mode", "off"},
	{"wal_keep_size", "0"},
	{"max_wal_senders", "4"},
	{"max_replication_slots", "4"},
	{"shared_buffers", "256MB"},
	{"maintenance_work_mem", "256MB"},
	{"dynamic_shared_memory_type", "mmap"},
	{"logging_collector", "on"},
	{"log_directory", "."},
	{"log_filename", SCRATCH_LOG},
	{"log_rotation_size", "0"},
	{"log_rotation_age", "0"},
	{"log_statement", "none"},
	{"log_min_messages", "warning"},
	{"log_min_error_statement", "panic"},
	{"lc_messages", "C"},
	{"max_connections", "100"},
	{"autovacuum", "off"},
	{"update_process_title", "off"},
};

static void add(struct strbuf *out, const char *name, const char *value)
{
	strbuf_printf(out, "%s = '", name);
	for (; *value; value++) {
		if (*value == '\'' || *value == '\\')
			strbuf_putc(out, *value);
		strbuf_putc(out, *value);
	}
	strbuf_puts(out, "'\n");
}

static bool is_locale_setting(const char *name)
{
	return strcmp(name, "lc_monetary") == 0 || strcmp(name, "lc_numeric") == 0 || strcmp(name, "lc_time") == 0;
}

static void add_like_live(struct strbuf *out, const struct setting_list *settings, const struct text_list *locales)
{
	for (size_t i = 0; settings && i < settings->count; i++) {
		const struct name_value *setting = &settings->items[i];
		/* These only print; a server with one that is not here does not start. */
		if (is_locale_setting(setting->name) && !locale_exists(setting->value) &&
		    !text_list_has(locales, setting->value))
			continue;
		add(out, setting->name, setting->value);
	}
}

static bool is_harmless(const char *name)
{
	for (size_t i = 0; i < sizeof(harmless) / sizeof(*harmless); i++)
		if (strcmp(harmless[i], name) == 0)
			return true;
	return false;
}

static bool is_installed(struct arena *arena, const struct binaries *binaries, const char *name)
{
	return binaries->library_folder &&
	       file_exists(arena_printf(arena, "%s/%s.so", binaries->library_folder, name));
}

/* shared_preload_libraries is a list with commas; names may be quoted and may carry a path. */
static void add_preload(struct strbuf *out, struct arena *arena, const struct scratch_options *options,
                        struct text_list *ret_left_out)
{
	_cleanup_strbuf_ struct strbuf list = {0};
	const char *preload = options->like && options->like->preload ? options->like->preload : "";
	for (const char *at = preload; *at;) {
		size_t skipped = strspn(at, ", \t\"");
		size_t length = strcspn(at + skipped, ",\"");
		while (length && isspace((unsigned char)at[skipped + length - 1]))
			length--;
		const char *name = arena_strndup(arena, at + skipped, length);
		const char *base = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
		at += skipped + strcspn(at + skipped, ",");
		if (!*base)
			continue;
		if (!is_harmless(base))
			list_push(arena, ret_left_out, arena_printf(arena, "%s is not loaded: it may act on its own", base));
		else if (!is_installed(arena, options->binaries, base))
			list_push(arena, ret_left_out, arena_printf(arena, "%s is not loaded: it is not installed here", base));
		else
			strbuf_printf(&list, "%s%s", list.length ? "," : "", base);
	}
	add(out, "shared_preload_libraries", strbuf_text(&list));
}

/*
 * Room for pg_restore and for plans that lock many tables; there are fewer connections here than on live. Not more than
 * that: reading the locks after every statement walks through all of it.
 */
static int64_t lock_slots(const struct database_facts *like)
{
	enum { LEAST = 64, UNKNOWN = 256, CONNECTIONS = 100, TABLES_PER_SLOT = 50 };
	int64_t slots = LEAST;
	if (!like)
		return UNKNOWN;
	int64_t as_live = (int64_t)like->max_locks * (like->max_connections + like->max_prepared) / CONNECTIONS + 1;
	int64_t for_tables = like->relations / TABLES_PER_SLOT;
	slots = as_live > slots ? as_live : slots;
	return for_tables > slots ? for_tables : slots;
}

/* Few checkpoints, but never so much WAL that the copy has no room. */
static int64_t wal_megabytes(const char *folder)
{
	enum { LEAST = 512, MOST = 16384, SHARE = 10 };
	int64_t megabytes = (folder_free(folder) >> 20) / SHARE;
	return megabytes < LEAST ? LEAST : megabytes > MOST ? MOST : megabytes;
}

void scratch_settings(struct strbuf *out, struct arena *arena, const struct scratch_options *options,
                      const char *socket_folder, const struct text_list *locales, struct text_list *ret_left_out)
{
	strbuf_puts(out, "\n# written by pgsluice: as on live, then what a throw-away cluster needs\n");
	add_like_live(out, options->settings, locales);
	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		add(out, fixed[i].name, fixed[i].value);
	const char *wal_level = options->like ? options->like->wal_level : "replica";
	add(out, "wal_level", wal_level);
	/* The server refuses the two together. */
	if (strcmp(wal_level, "minimal") == 0)
		add(out, "max_wal_senders", "0");
	strbuf_printf(out, "max_wal_size = %lldMB\n", (long long)wal_megabytes(options->folder));
	strbuf_printf(out, "max_locks_per_transaction = %lld\n", (long long)lock_slots(options->like));
	strbuf_printf(out, "max_prepared_transactions = %d\n", options->like ? options->like->max_prepared : 0);
	add(out, "unix_socket_directories", socket_folder);
	add_preload(out, arena, options, ret_left_out);
}
