#include "engine/sources.h"

#include "sys/file.h"

static enum status read_one(struct arena *arena, const char *folder, const char *name, int64_t ceiling_bytes,
                            struct source_list *list, struct error *err)
{
	_cleanup_strbuf_ struct strbuf content = {0};
	const char *path = path_join(arena, folder, name);

	if (file_read(path, (size_t)ceiling_bytes, &content, err) != OK)
		return err->status;
	*list_add(arena, list) = (struct source_file){
		.name = arena_strdup(arena, name),
		.path = path,
		.bytes = arena_strndup(arena, strbuf_text(&content), content.length),
		.length = content.length,
	};
	return OK;
}

enum status sources_read(struct arena *arena, const char *folder, int64_t ceiling_bytes, struct source_list *ret_list,
                         struct error *err)
{
	struct text_list names = {0};

	if (folder_list(arena, folder, &names, err) != OK) {
		error_wrap(err, "cannot read the migrations");
		return error_hint(err, "Name the folder with -m DIR; it must be readable.");
	}
	list_reserve(arena, ret_list, names.count);
	for (size_t i = 0; i < names.count; i++)
		if (file_kind_of(names.items[i]) != FILE_IGNORED &&
		    read_one(arena, folder, names.items[i], ceiling_bytes, ret_list, err) != OK)
			return err->status;
	return OK;
}
