#include "sys/logout.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sys/file.h"

enum { SETTINGS_BYTES = 64 * 1024 };

static bool is_true(const char *text, size_t length)
{
	static const char *const WORDS[] = {"1", "yes", "y", "true", "t", "on"};
	for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++)
		if (strlen(WORDS[i]) == length && strncasecmp(WORDS[i], text, length) == 0)
			return true;
	return false;
}

/* The last word of a file wins; *kills stays when it has none. */
static void read_settings(const char *path, bool *kills)
{
	static const char KEY[] = "KillUserProcesses";
	_cleanup_error_ struct error ignored = {0};
	_cleanup_strbuf_ struct strbuf content = {0};

	if (!file_exists(path) || file_read(path, SETTINGS_BYTES, &content, &ignored) != OK)
		return;
	for (const char *line = strbuf_text(&content); *line;) {
		size_t length = strcspn(line, "\n");
		const char *at = line + strspn(line, " \t");
		if (strncmp(at, KEY, strlen(KEY)) == 0) {
			at += strlen(KEY);
			at += strspn(at, " \t");
			if (*at == '=') {
				at++;
				at += strspn(at, " \t");
				*kills = is_true(at, strcspn(at, " \t\r\n"));
			}
		}
		line += length + (line[length] != '\0');
	}
}

static void read_folder(struct arena *arena, const char *folder, bool *kills)
{
	_cleanup_error_ struct error ignored = {0};
	struct text_list names = {0};

	if (!folder_exists(folder) || folder_list(arena, folder, &names, &ignored) != OK)
		return;
	for (size_t i = 0; i < names.count; i++) {
		size_t length = strlen(names.items[i]);
		if (length > 5 && strcmp(names.items[i] + length - 5, ".conf") == 0)
			read_settings(path_join(arena, folder, names.items[i]), kills);
	}
}

/* What comes later in the manual's order wins. */
static bool settings_kill(struct arena *arena, const char *root)
{
	static const char *const PLACES[] = {"/usr/lib/systemd/logind.conf", "/etc/systemd/logind.conf"};
	static const char *const FOLDERS[] = {"/usr/lib/systemd/logind.conf.d", "/run/systemd/logind.conf.d",
	                                      "/etc/systemd/logind.conf.d"};
	bool kills = false;

	for (size_t i = 0; i < sizeof(PLACES) / sizeof(PLACES[0]); i++)
		read_settings(arena_printf(arena, "%s%s", root, PLACES[i]), &kills);
	for (size_t i = 0; i < sizeof(FOLDERS) / sizeof(FOLDERS[0]); i++)
		read_folder(arena, arena_printf(arena, "%s%s", root, FOLDERS[i]), &kills);
	return kills;
}

/* Root is spared by KillExcludeUsers, whose default is root. */
bool logout_kills(const char *root, uid_t uid)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	const struct passwd *entry = getpwuid(uid);

	if (uid == 0 || !getenv("XDG_SESSION_ID") || !settings_kill(arena, root))
		return false;
	return !entry || !file_exists(arena_printf(arena, "%s/var/lib/systemd/linger/%s", root, entry->pw_name));
}
