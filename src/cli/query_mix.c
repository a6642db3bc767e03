#include "cli/query_mix.h"

#include <string.h>

#include "cli/explain_source.h"
#include "engine/queries/canaries.h"

static bool wants_canaries(const struct options *options)
{
	const struct text_list *operands = &options->operands;
	return (operands->count == 0 && !options->file) ||
	       (operands->count == 1 && strcmp(operands->items[0], "canaries") == 0);
}

static enum status read_file(struct invocation *invocation, struct canary_list *list, struct error *err)
{
	struct arena *arena = invocation->arena;
	const char *path = invocation->options->file, *text;

	if (explain_source_read(arena, path, &text, err) != OK)
		return err->status;
	return canary_read(arena, strcmp(path, "-") == 0 ? "standard input" : path, text, strlen(text),
	                   list_add(arena, list), err);
}

static enum status read_canaries(struct invocation *invocation, struct canary_list *list, struct error *err)
{
	const char *folder = invocation->settings.migrations;

	if (canaries_read(invocation->arena, folder, list, err) != OK || list->count > 0)
		return err->status;
	error_set(err, FAIL_USAGE, "there is nothing to run: \"%s\" has no canaries",
	          canaries_folder(invocation->arena, folder));
	return error_hint(err, "Give a query, or a file with -f, or write canaries: see pgsluice-migration(5).");
}

static void add_canaries(struct invocation *invocation, struct screen *screen, const struct canary_list *canaries,
                         struct smoke_query_list *list)
{
	for (size_t i = 0; i < canaries->count; i++)
		if (canaries->items[i].generic)
			screen_line(screen, screen->log, TONE_CAUTION, "left out", " %s: it has parameters, and no values are "
			            "given for them", canaries->items[i].name);
	smoke_add_canaries(invocation->arena, canaries, list);
}

static void add_operands(struct invocation *invocation, struct smoke_query_list *list)
{
	const struct text_list *operands = &invocation->options->operands;
	for (size_t i = 0; i < operands->count; i++) {
		struct smoke_query query = {.name = arena_printf(invocation->arena, "query %zu", i + 1),
		                            .sql = operands->items[i],
		                            .budget_ms = CANARY_BUDGET_MS};
		list_push(invocation->arena, list, query);
	}
}

enum status query_mix_read(struct invocation *invocation, struct screen *screen, struct smoke_query_list *list,
                           struct error *err)
{
	const struct options *options = invocation->options;
	struct canary_list canaries = {0};
	bool all_canaries = wants_canaries(options);

	if ((all_canaries && read_canaries(invocation, &canaries, err) != OK) ||
	    (options->file && read_file(invocation, &canaries, err) != OK))
		return err->status;
	add_canaries(invocation, screen, &canaries, list);
	if (!all_canaries)
		add_operands(invocation, list);
	for (size_t i = 0; i < list->count && options->budget_ms; i++)
		list->items[i].budget_ms = options->budget_ms;
	if (list->count)
		return OK;
	error_set(err, FAIL_USAGE, "there is nothing to run: no query has values for its parameters");
	return error_hint(err, "Write them above the query, as in: -- parameters: 42, 'x'");
}
