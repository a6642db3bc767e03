#include "cli/shared_files.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/file.h"

#ifndef PKGDATADIR
#error "the build says where data files are installed"
#endif

static bool is_it(struct arena *arena, const char *folder)
{
	return folder && file_exists(path_join(arena, folder, "share/demo/data.sql")) &&
	       folder_exists(path_join(arena, folder, "migrations"));
}

/* `steps` folders above the program itself. */
static const char *above_program(struct arena *arena, int steps)
{
	char path[4096];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (length <= 0)
		return NULL;
	path[length] = '\0';
	for (; steps > 0; steps--) {
		char *slash = strrchr(path, '/');
		if (!slash || slash == path)
			return NULL;
		*slash = '\0';
	}
	return arena_strdup(arena, path);
}

enum status shared_files_find(struct arena *arena, const char **ret_folder, struct error *err)
{
	const char *named = getenv("PGSLUICE_DATA");
	const char *const places[] = {PKGDATADIR, above_program(arena, 1), above_program(arena, 2)};

	if (named && *named) {
		if (!is_it(arena, named)) {
			error_set(err, FAIL_USAGE, "$PGSLUICE_DATA names \"%s\", which has no share/demo/data.sql and"
			          " migrations/", named);
			return error_hint(err, "Name the source tree, or the folder of the installed files.");
		}
		*ret_folder = arena_strdup(arena, named);
		return OK;
	}
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (is_it(arena, places[i])) {
			*ret_folder = places[i];
			return OK;
		}
	error_set(err, FAIL_USAGE, "the files of the demo are not in \"%s\"", PKGDATADIR);
	return error_hint(err, "Install the program with `make install`, or name the source tree in $PGSLUICE_DATA.");
}
