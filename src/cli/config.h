/*
 * The configuration file: finds it, reads it as INI, and fills the settings. The only user of the INI library. Knows
 * no key: those are cli/setting.h's.
 */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include "base/arena.h"
#include "base/error.h"
#include "engine/settings.h"

/*
 * The file to read: `given` when not NULL, else ./pgsluice.conf when it is there, else pgsluice/pgsluice.conf in
 * $XDG_CONFIG_HOME (~/.config) when it is there, else NULL.
 */
const char *config_find(struct arena *arena, const char *given);

/*
 * Reads a file over the defaults. FAIL_USAGE with file and line: an unknown key, a bad value, a key given twice, a
 * line of another form; a file that names commands and is not owned by us or root, or is writable by others.
 */
enum status config_read(struct arena *arena, const char *path, struct settings *settings,
                        struct error *err) MUST_CHECK;

#endif
