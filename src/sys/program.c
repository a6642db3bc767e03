#include "sys/program.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/list.h"
#include "sys/child.h"

/* libpq's variables are those that start with PG, which other programs' are too: pgBackRest's have to stay. */
static bool is_dropped(const char *entry)
{
	static const char *const DROPPED[] = {"DATABASE_URL=", "POSTGRES_PASSWORD=", "POSTGRES_URL="};
	if (strncmp(entry, "PG", 2) == 0)
		return strncmp(entry, "PGBACKREST_", strlen("PGBACKREST_")) != 0;
	for (size_t i = 0; i < sizeof(DROPPED) / sizeof(DROPPED[0]); i++)
		if (strncmp(entry, DROPPED[i], strlen(DROPPED[i])) == 0)
			return true;
	return false;
}

static bool is_replaced(const char *entry, const char *const *added)
{
	size_t name_length = strcspn(entry, "=") + 1;
	for (; added && *added; added++)
		if (strncmp(entry, *added, name_length) == 0)
			return true;
	return false;
}

const char *const *program_environment(struct arena *arena, const char *const *added)
{
	struct text_list list = {0};
	for (char **entry = environ; *entry; entry++)
		if (!is_dropped(*entry) && !is_replaced(*entry, added))
			list_push(arena, &list, *entry);
	for (; added && *added; added++)
		list_push(arena, &list, *added);
	list_push(arena, &list, NULL);
	return list.items;
}

static bool is_program(const char *path)
{
	struct stat facts;
	return stat(path, &facts) == 0 && S_ISREG(facts.st_mode) && access(path, X_OK) == 0;
}

static const char *absolute(struct arena *arena, const char *path)
{
	if (path[0] == '/')
		return path;
	char *folder = getcwd(NULL, 0);
	const char *full = folder ? arena_printf(arena, "%s/%s", folder, path) : NULL;
	free(folder);
	return full;
}

const char *child_find_program(struct arena *arena, const char *name)
{
	if (strchr(name, '/'))
		return is_program(name) ? absolute(arena, arena_strdup(arena, name)) : NULL;
	const char *path = getenv("PATH");
	for (const char *at = path ? path : "/usr/local/bin:/usr/bin:/bin"; *at;) {
		size_t length = strcspn(at, ":");
		/* A relative folder on PATH is a way to run what somebody left in the working folder. */
		if (at[0] == '/') {
			const char *candidate = arena_printf(arena, "%.*s/%s", (int)length, at, name);
			if (is_program(candidate))
				return candidate;
		}
		at += length + (at[length] == ':');
	}
	return NULL;
}

enum status program_find(struct arena *arena, const char *name, const char **ret_path, struct error *err)
{
	*ret_path = child_find_program(arena, name);
	if (*ret_path)
		return OK;
	if (strchr(name, '/'))
		error_set(err, FAIL_USAGE, "program \"%s\" is not there or may not be executed", name);
	else
		error_set(err, FAIL_USAGE, "program \"%s\" was not found on PATH", name);
	return error_hint(err, "Install the program, or correct PATH or the configuration that names it.");
}
