/* `demo`: a throw-away cluster with the reference schema half-way, to try everything on; and its end. */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/screen.h"
#include "cli/shared_files.h"
#include "cli/words.h"
#include "engine/demo.h"
#include "pg/scratch.h"
#include "pg/standing.h"
#include "sys/account.h"
#include "sys/file.h"

/* Absolute: programs of the server work in it. */
static enum status find_folder(struct invocation *invocation, const char **ret_folder, struct error *err)
{
	struct arena *arena = invocation->arena;
	const struct text_list *operands = &invocation->options->operands;
	char here[4096];

	if (!operands->count) {
		const char *work;
		if (scratch_folder(arena, invocation->settings.work_dir, &work, err) != OK)
			return err->status;
		*ret_folder = path_join(arena, work, "demo");
	} else if (operands->items[0][0] == '/') {
		*ret_folder = operands->items[0];
	} else if (getcwd(here, sizeof(here))) {
		*ret_folder = path_join(arena, here, operands->items[0]);
	} else {
		return error_errno(err, FAIL_USAGE, "could not tell the working folder");
	}
	return OK;
}

/* The server's account must get to its files through every folder of the path. */
static enum status check_reach(struct arena *arena, const char *folder, struct error *err)
{
	const char *slash = strrchr(folder, '/');
	const char *parent = slash > folder ? arena_strndup(arena, folder, (size_t)(slash - folder)) : "/";
	struct account account;

	if (folder_make(parent, err) != OK || account_find(arena, parent, &account, err) != OK)
		return err->status;
	if (account_reaches(&account, parent))
		return OK;
	error_set(err, FAIL_USAGE, "user %s, who runs the demo's server, cannot get into \"%s\"", account.name, parent);
	return error_hint(err, "Name a folder that this user can reach, as in `pgsluice demo /var/tmp/demo`.");
}

static void tell(void *context, const char *what)
{
	struct screen *screen = context;
	screen_line(screen, screen->out, TONE_PLAIN, "", "%s", what);
}

static void print_next(const struct demo *demo, const char *migrations, const struct options *options)
{
	_cleanup_strbuf_ struct strbuf database = {0};
	_cleanup_strbuf_ struct strbuf folder = {0};
	_cleanup_strbuf_ struct strbuf program = {0};
	_cleanup_strbuf_ struct strbuf place = {0};

	words_quote(&database, demo->conninfo);
	words_quote(&folder, migrations);
	words_quote(&program, options->program ? options->program : "pgsluice");
	if (options->operands.count) {
		strbuf_putc(&place, ' ');
		words_quote(&place, demo->folder);
	}
	printf("\nThe demo runs: PostgreSQL %s, database " DEMO_DATABASE ", 60,000 documents.\n"
	       "Migrations 001 to " DEMO_UNTIL " are applied. Look at it:\n\n"
	       "  export DATABASE_URL=%s\n  %s status -m %s\n\n",
	       demo->server_version, strbuf_text(&database), strbuf_text(&program), strbuf_text(&folder));
	printf("Prove the others. This takes about a minute and stops at the approval, with\n"
	       "all that there is to consent to and the command that applies it:\n\n  %s --batch -m %s\n\n",
	       strbuf_text(&program), strbuf_text(&folder));
	printf("When you have seen enough:\n\n  %s demo --stop%s\n", strbuf_text(&program), strbuf_text(&place));
}

static enum status start(struct invocation *invocation, struct loop *loop, const char *folder, struct error *err)
{
	struct arena *arena = invocation->arena;
	struct screen screen = screen_standard();
	const char *files;

	if (shared_files_find(arena, &files, err) != OK || check_reach(arena, folder, err) != OK)
		return err->status;
	invocation->settings.migrations = path_join(arena, files, "migrations");
	struct demo demo = {
		.folder = folder, .data = path_join(arena, files, "share/demo/data.sql"), .tell = tell, .context = &screen};
	struct run *run = run_open(loop, &invocation->settings, "demo");
	enum status status = demo_start(run, &demo, err);
	if (status == OK)
		print_next(&demo, invocation->settings.migrations, invocation->options);
	run_close(run);
	return status;
}

static enum status stop(struct loop *loop, const char *folder, struct error *err)
{
	bool was_there;

	if (standing_remove(loop, folder, &was_there, err) != OK)
		return err->status;
	printf(was_there ? "the demo in %s was stopped and removed\n" : "there is no demo in %s\n", folder);
	return OK;
}

static enum status run_demo(struct invocation *invocation, struct error *err)
{
	_cleanup_loop_ struct loop *loop = NULL;
	const char *folder;

	if (loop_open(&loop, err) != OK || find_folder(invocation, &folder, err) != OK)
		return err->status;
	return invocation->options->stop ? stop(loop, folder, err) : start(invocation, loop, folder, err);
}

const struct command command_demo = {
	.name = "demo",
	.summary = "start a throw-away server with the reference schema half-way, to try everything on",
	.operands = "[FOLDER]",
	.operands_max = 1,
	.options = OPTION_BIT(OPTION_CONFIG) | OPTION_BIT(OPTION_STOP),
	.run = run_demo,
};
