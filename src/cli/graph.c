/* `graph`: which migration needs which, and why; from the files alone. */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

#include "cli/screen.h"
#include "core/migration/graph_print.h"
#include "engine/run.h"

static void print_graph(const struct graph *graph, const char *format)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_json_ struct json *document = NULL;

	if (strcmp(format, "dot") == 0) {
		graph_print_dot(&text, graph);
	} else if (strcmp(format, "json") == 0) {
		document = graph_json(graph);
		json_write(&text, document);
		strbuf_putc(&text, '\n');
	} else {
		graph_print_tree(&text, graph, screen_standard().glyphs);
	}
	fwrite(strbuf_text(&text), 1, text.length, stdout);
}

static enum status run_graph(struct invocation *invocation, struct error *err)
{
	_cleanup_loop_ struct loop *loop = NULL;

	if (loop_open(&loop, err) != OK)
		return err->status;
	struct run *run = run_open(loop, &invocation->settings, "graph");
	enum status status = run_read_files(run, err);
	if (status == OK)
		status = migrations_parse(run->arena, &run->set, NULL, err);
	if (status == OK)
		status = graph_build(run->arena, &run->set, &run->graph, err);
	if (status == OK)
		print_graph(&run->graph, invocation->options->format);
	run_close(run);
	return status;
}

const struct command command_graph = {
	.name = "graph",
	.summary = "show which migration needs which, and why",
	.options = OPTION_BIT(OPTION_MIGRATIONS) | OPTION_BIT(OPTION_CONFIG) | OPTION_BIT(OPTION_FORMAT),
	.formats = (const char *const[]){"tree", "dot", "json", NULL},
	.run = run_graph,
};
