#include "pg/locale.h"

#include <locale.h>
#include <string.h>

#include "sys/child.h"
#include "sys/clock.h"
#include "sys/file.h"

enum { MAKING_MS = 120000 };

bool locale_exists(const char *name)
{
	locale_t found = newlocale(LC_ALL_MASK, name, (locale_t)0);
	if (found == (locale_t)0)
		return false;
	freelocale(found);
	return true;
}

/* These are in the C library itself and are found under any LOCPATH. */
static bool is_built_in(const char *name)
{
	return !*name || strcmp(name, "C") == 0 || strcmp(name, "POSIX") == 0;
}

/* "en_US.utf8@euro" is source "en_US@euro" with charmap "UTF-8". */
static void split_name(struct arena *arena, const char *name, const char **ret_source, const char **ret_charmap)
{
	size_t base = strcspn(name, ".@");
	const char *dot = strchr(name, '.'), *at = strchr(name, '@');
	*ret_source = arena_printf(arena, "%.*s%s", (int)base, name, at ? at : "");
	*ret_charmap = dot ? arena_strndup(arena, dot + 1, strcspn(dot + 1, "@")) : "ISO-8859-1";
	if (strcasecmp(*ret_charmap, "utf8") == 0)
		*ret_charmap = "UTF-8";
}

static enum status make(struct loop *loop, struct arena *arena, const char *name, const char *folder, struct error *err)
{
	const char *source, *charmap;
	split_name(arena, name, &source, &charmap);
	const char *argv[] = {"localedef", "-i", source, "-f", charmap, path_join(arena, folder, name), NULL};
	struct child_options options = {.argv = argv, .deadline_ms = clock_ms() + MAKING_MS};
	_cleanup_child_ struct child_result result = {0};
	_cleanup_error_ struct error reason = {0};

	/* localedef ends with 1 after mere warnings: what counts is that the locale is there. */
	enum status status = child_run(loop, &options, &result, &reason);
	if (status == FAIL_INTERRUPTED || status == FAIL_TERMINATED) {
		error_move(err, &reason);
		return status;
	}
	if (status == OK && file_exists(arena_printf(arena, "%s/%s/LC_COLLATE", folder, name)))
		return OK;
	error_set(err, FAIL_USAGE, "the live database needs the locale \"%s\", which this machine does not have", name);
	if (status == OK && result.errors.length)
		error_detail(err, "localedef: %.300s", strbuf_text(&result.errors));
	return error_hint(err, "Install the package locales (or locales-all): then it is made when it is needed.");
}

enum status locale_provide(struct loop *loop, struct arena *arena, const struct text_list *names, const char *folder,
                           const char **ret_path, struct error *err)
{
	bool all = true;
	for (size_t i = 0; i < names->count; i++)
		all = all && (is_built_in(names->items[i]) || locale_exists(names->items[i]));
	*ret_path = NULL;
	if (all)
		return OK;

	/* With LOCPATH the system's own archive is not looked at, so all of them are made. */
	const char *own = path_join(arena, folder, "locale");
	if (folder_make(own, err) != OK)
		return err->status;
	for (size_t i = 0; i < names->count; i++)
		if (!is_built_in(names->items[i]) && make(loop, arena, names->items[i], own, err) != OK)
			return err->status;
	*ret_path = own;
	return OK;
}
