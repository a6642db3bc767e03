#include "engine/watch/disk_space.h"

#include <stdlib.h>
#include <string.h>

#include "sys/file.h"

const char *const *disk_command_words(struct arena *arena, const struct settings *settings)
{
	const struct text_list *command = &settings->disk_command;

	if (command->count == 0)
		return NULL;
	const char **words = arena_alloc(arena, (command->count + 1) * sizeof(*words));
	memcpy(words, command->items, command->count * sizeof(*words));
	return words;
}

int64_t disk_command_answer(struct arena *arena, const struct child_result *result, const char **ret_why)
{
	const char *text = strbuf_text(&result->output);
	size_t digits = strspn(text, "0123456789"), rest = strspn(text + digits, " \t\r\n");

	if (result->exit_code == 0 && digits > 0 && digits <= 18 && text[digits + rest] == '\0')
		return strtoll(text, NULL, 10);
	if (result->exit_code != 0)
		*ret_why = arena_printf(arena, "disk-command ended with %d", result->exit_code);
	else
		*ret_why = arena_printf(arena, "disk-command printed \"%.*s\", which is no number of bytes",
		                        (int)strcspn(text, "\r\n"), text);
	return -1;
}

int64_t disk_free_at(const char *data_folder)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	int64_t data = folder_free(data_folder), wal = folder_free(path_join(arena, data_folder, "pg_wal"));
	return wal >= 0 && wal < data ? wal : data;
}
