#include "engine/queries/canaries.h"

#include <string.h>

#include "sys/file.h"

enum { CEILING_BYTES = 1024 * 1024 };

const char *canaries_folder(struct arena *arena, const char *folder)
{
	return path_join(arena, folder, "canaries");
}

static bool is_canary(const char *name)
{
	size_t length = strlen(name);
	return length > 4 && strcmp(name + length - 4, ".sql") == 0;
}

static enum status read_one(struct arena *arena, const char *path, struct canary_list *list, struct error *err)
{
	_cleanup_strbuf_ struct strbuf content = {0};

	if (file_read(path, CEILING_BYTES, &content, err) != OK)
		return err->status;
	return canary_read(arena, path, strbuf_text(&content), content.length, list_add(arena, list), err);
}

enum status canaries_read(struct arena *arena, const char *folder, struct canary_list *ret_list, struct error *err)
{
	const char *own = canaries_folder(arena, folder);
	struct text_list names = {0};
	struct canary_list list = {0};

	if (!folder_exists(own))
		return OK;
	if (folder_list(arena, own, &names, err) != OK)
		return error_wrap(err, "cannot read the canaries");
	for (size_t i = 0; i < names.count; i++) {
		const char *path = path_join(arena, own, names.items[i]);
		if (is_canary(names.items[i]) && !folder_exists(path) && read_one(arena, path, &list, err) != OK)
			return err->status;
	}
	if (canaries_check_names(&list, err) != OK)
		return err->status;
	*ret_list = list;
	return OK;
}
