/* `new NAME`: the files of the next migration, from the folder's template. */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

#include "core/migration/draft.h"
#include "sys/clock.h"
#include "sys/file.h"

enum { TEMPLATE_CEILING_BYTES = 1024 * 1024, DATE_LENGTH = sizeof("YYYY-MM-DD") - 1 };

static enum status read_template(struct arena *arena, const char *folder, const char **ret_text, struct error *err)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const char *path = path_join(arena, folder, "TEMPLATE.sql");

	if (!file_exists(path))
		return OK;
	if (file_read(path, TEMPLATE_CEILING_BYTES, &text, err) != OK)
		return err->status;
	*ret_text = arena_strndup(arena, strbuf_text(&text), text.length);
	return OK;
}

/* All three or none: half a migration would be refused by every other command. */
static enum status write_files(struct arena *arena, const char *folder, const struct draft *draft, struct error *err)
{
	const struct {
		const char *name, *text;
	} files[] = {{draft->up_name, draft->up}, {draft->down_name, draft->down}, {draft->verify_name, draft->verify}};
	enum { COUNT = sizeof(files) / sizeof(*files) };
	const char *paths[COUNT];

	for (size_t i = 0; i < COUNT; i++) {
		paths[i] = path_join(arena, folder, files[i].name);
		if (file_add(paths[i], files[i].text, strlen(files[i].text), err) == OK)
			continue;
		while (i-- > 0)
			file_remove(paths[i]);
		return err->status;
	}
	for (size_t i = 0; i < COUNT; i++)
		printf("%s\n", paths[i]);
	return OK;
}

static enum status run_new(struct invocation *invocation, struct error *err)
{
	struct arena *arena = invocation->arena;
	const char *folder = invocation->settings.migrations;
	const struct options *options = invocation->options;
	const struct text_list *operands = &options->operands;
	struct index_proposal index;
	struct text_list siblings = {0};
	struct draft_request request = {
		.name = operands->count > 0 ? operands->items[0] : NULL,
		.task = operands->count > 1 ? operands->items[1] : NULL,
		.date = arena_strndup(arena, clock_stamp(clock_wall_ms()).text, DATE_LENGTH),
		.siblings = &siblings,
	};
	struct draft draft;

	if (options->index) {
		if (index_proposal_read(arena, options->index, &index, err) != OK)
			return err->status;
		request.index = &index;
		request.name = request.name ? request.name : draft_index_name(arena, &index);
	}
	if (!request.name) {
		error_set(err, FAIL_USAGE, "pgsluice new needs NAME [TASK], or --index SQL");
		return error_hint(err, "`pgsluice new --help` shows what it takes.");
	}
	if (folder_list(arena, folder, &siblings, err) != OK) {
		error_wrap(err, "cannot look for the next number");
		return error_hint(err, "Name the folder of the migrations with -m DIR; make it first when it is new.");
	}
	if (read_template(arena, folder, &request.template, err) != OK ||
	    draft_make(arena, &request, &draft, err) != OK)
		return err->status;
	return write_files(arena, folder, &draft, err);
}

const struct command command_new = {
	.name = "new",
	.summary = "make the files of the next migration",
	.operands = "[NAME [TASK]]",
	.operands_max = 2,
	.options = OPTION_BIT(OPTION_MIGRATIONS) | OPTION_BIT(OPTION_INDEX) | OPTION_BIT(OPTION_CONFIG),
	.run = run_new,
};
