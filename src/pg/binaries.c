#include "pg/binaries.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/list.h"
#include "sys/child.h"
#include "sys/clock.h"
#include "sys/file.h"

enum { ANSWER_MS = 10000 };

/* "postgres (PostgreSQL) 15.20 (Debian ...)", "... 18beta1": as server_version_num; 0 when there is none. */
static int read_version(const char *output, const char **ret_start)
{
	const char *at = strstr(output, "(PostgreSQL) ");
	if (!at)
		return 0;
	at += strlen("(PostgreSQL) ");
	char *end;
	long major = strtol(at, &end, 10), minor = 0;
	if (*end == '.')
		minor = strtol(end + 1, NULL, 10);
	if (major < 10 || major > 99 || minor < 0 || minor > 99)
		return 0;
	*ret_start = at;
	return (int)(major * 10000 + minor);
}

/* What is looked for: the programs, the one that is asked for its version, and the package they come in. */
struct wanted {
	const char *const *programs;
	const char *what, *package;
};

static const char *const server_programs[] = {"postgres", "initdb", "pg_dump", "pg_restore", NULL};
static const char *const client_programs[] = {"pg_dump", "pg_restore", NULL};
static const struct wanted server_wanted = {server_programs, "server programs", "postgresql"};
static const struct wanted client_wanted = {client_programs, "client programs", "postgresql-client"};

static bool has_programs(struct arena *arena, const char *folder, const struct wanted *wanted)
{
	for (size_t i = 0; wanted->programs[i]; i++)
		if (access(path_join(arena, folder, wanted->programs[i]), X_OK) != 0)
			return false;
	return true;
}

/* The first line of a program's output in the arena, or NULL. */
static const char *ask(struct loop *loop, struct arena *arena, const char *program, const char *question)
{
	const char *argv[] = {program, question, NULL};
	struct child_options options = {.argv = argv, .deadline_ms = clock_ms() + ANSWER_MS};
	_cleanup_child_ struct child_result result = {0};
	_cleanup_error_ struct error ignored = {0};
	if (access(program, X_OK) != 0 || child_run(loop, &options, &result, &ignored) != OK || result.exit_code != 0)
		return NULL;
	const char *text = strbuf_text(&result.output);
	return arena_strndup(arena, text, strcspn(text, "\n"));
}

static bool examine(struct loop *loop, struct arena *arena, const char *folder, const struct wanted *wanted, int major,
                    struct binaries *ret_binaries)
{
	const char *start = NULL;
	if (!folder || !has_programs(arena, folder, wanted))
		return false;
	const char *answer = ask(loop, arena, path_join(arena, folder, wanted->programs[0]), "--version");
	int version = answer ? read_version(answer, &start) : 0;
	if (version == 0 || version / 10000 != major)
		return false;

	const char *libraries = ask(loop, arena, path_join(arena, folder, "pg_config"), "--pkglibdir");
	if (!libraries)
		libraries = path_join(arena, folder, "../lib");
	*ret_binaries = (struct binaries){
		.folder = arena_strdup(arena, folder),
		.library_folder = folder_exists(libraries) ? libraries : NULL,
		.version = version,
		.version_text = arena_strndup(arena, start, strcspn(start, " ")),
	};
	return true;
}

static const char *folder_of(struct arena *arena, const char *program)
{
	const char *path = child_find_program(arena, program);
	return path ? arena_strndup(arena, path, (size_t)(strrchr(path, '/') - path)) : NULL;
}

/* Programs are asked only where the places of packages do not have what is wanted. */
static bool search(struct loop *loop, struct arena *arena, const struct wanted *wanted, int major,
                   struct binaries *ret_binaries)
{
	const char *const packaged[] = {
		arena_printf(arena, "/usr/lib/postgresql/%d/bin", major),
		arena_printf(arena, "/usr/pgsql-%d/bin", major),
		arena_printf(arena, "/usr/libexec/postgresql%d", major),
	};
	for (size_t i = 0; i < sizeof(packaged) / sizeof(*packaged); i++)
		if (examine(loop, arena, packaged[i], wanted, major, ret_binaries))
			return true;
	const char *config = child_find_program(arena, "pg_config");
	const char *named = config ? ask(loop, arena, config, "--bindir") : NULL;
	return examine(loop, arena, named, wanted, major, ret_binaries) ||
	       examine(loop, arena, folder_of(arena, wanted->programs[0]), wanted, major, ret_binaries) ||
	       examine(loop, arena, "/usr/local/pgsql/bin", wanted, major, ret_binaries);
}

static enum status find(struct loop *loop, struct arena *arena, const char *configured, const struct wanted *wanted,
                        int server_version, struct binaries *ret_binaries, struct error *err)
{
	int major = server_version / 10000;
	bool found = configured ? examine(loop, arena, configured, wanted, major, ret_binaries)
	                        : search(loop, arena, wanted, major, ret_binaries);
	if (found)
		return OK;
	if (loop_stop_signal(loop)) /* then nothing was asked to its end */
		return loop_stop_error(loop, err);
	if (configured)
		error_set(err, FAIL_USAGE, "no %s of PostgreSQL %d in \"%s\"", wanted->what, major, configured);
	else
		error_set(err, FAIL_USAGE, "no %s of PostgreSQL %d on this machine", wanted->what, major);
	error_detail(err, "The copy of the target is made on a server of the same major version.");
	if (wanted == &client_wanted)
		return error_hint(err, "Install the package %s-%d.", wanted->package, major);
	return error_hint(err, "Install the package %s-%d, or name a server of that version with --staging.",
	                  wanted->package, major);
}

enum status binaries_find(struct loop *loop, struct arena *arena, const char *configured, int server_version,
                          struct binaries *ret_binaries, struct error *err)
{
	return find(loop, arena, configured, &server_wanted, server_version, ret_binaries, err);
}

enum status binaries_find_client(struct loop *loop, struct arena *arena, const char *configured, int server_version,
                                 struct binaries *ret_binaries, struct error *err)
{
	return find(loop, arena, configured, &client_wanted, server_version, ret_binaries, err);
}

enum status binaries_newest(struct loop *loop, struct arena *arena, struct binaries *ret_binaries, struct error *err)
{
	enum { OLDEST_MAJOR = 13, BEYOND_NEWEST = 30 };

	for (int major = BEYOND_NEWEST; major >= OLDEST_MAJOR; major--) {
		_cleanup_error_ struct error not_this = {0};
		if (find(loop, arena, NULL, &server_wanted, major * 10000, ret_binaries, &not_this) == OK)
			return OK;
	}
	error_set(err, FAIL_USAGE, "no server programs of PostgreSQL on this machine");
	return error_hint(err, "Install the package postgresql, or name a server with --staging.");
}

/*
 * The place of a version in the common rounds of releases, counted in fix levels of 15: all supported majors are
 * released together, each with its own number. 15.5 came with 13.13, 14.10 and 16.1. 0 = unknown.
 */
static int release_round(int version)
{
	static const struct {
		int major, offset;
	} rounds[] = {{13, -8}, {14, -5}, {15, 0}, {16, 4}, {17, 8}, {18, 14}};
	for (size_t i = 0; i < sizeof(rounds) / sizeof(*rounds); i++)
		if (rounds[i].major == version / 10000)
			return version % 10000 + rounds[i].offset;
	return 0;
}

bool binaries_fresh(int version, int server_version)
{
	if (version / 10000 == server_version / 10000)
		return version >= server_version;
	if (version < server_version)
		return false;
	int mine = release_round(version), other = release_round(server_version);
	return mine > 0 && other > 0 && mine >= other;
}
