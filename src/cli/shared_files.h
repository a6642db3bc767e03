/* Files that come with the program, wherever it was installed or built. Knows nothing of what is in them. */
#ifndef CLI_SHARED_FILES_H
#define CLI_SHARED_FILES_H

#include "base/arena.h"
#include "base/error.h"

/*
 * The folder that holds share/ and migrations/: $PGSLUICE_DATA, else where `make install` puts them, else the source
 * tree in which, or in a folder of which, the program was built. FAIL_USAGE when it is none of these.
 */
enum status shared_files_find(struct arena *arena, const char **ret_folder, struct error *err) MUST_CHECK;

#endif
