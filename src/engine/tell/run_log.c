#include "engine/tell/run_log.h"

#include <string.h>
#include <unistd.h>

#include "sys/file.h"

struct run_log {
	struct sink sink;
	struct run_log_options options;
	int fd; /* -1 = no more */
	struct error problem;
};

static void stop(struct run_log *log)
{
	if (log->fd >= 0 && log->fd != STDERR_FILENO)
		close(log->fd);
	log->fd = -1;
}

static void write_line(void *context, enum event_type type, const char *line, const struct json *fields)
{
	struct run_log *log = context;
	_cleanup_strbuf_ struct strbuf text = {0};
	struct event_head head;

	if (log->fd < 0 || log_line_level(type, fields) < log->options.least || !event_head_read(line, &head))
		return;
	log_line_write(&text, log->options.form, type, &head, fields);
	if (file_put_line(log->fd, log->options.path, strbuf_text(&text), &log->problem) != OK)
		stop(log);
}

enum status run_log_open(struct arena *arena, const struct run_log_options *options, struct emitter *emitter,
                         struct run_log **ret_log, struct error *err)
{
	struct run_log *log = arena_alloc(arena, sizeof(*log));
	bool standard = strcmp(options->path, "-") == 0;

	*log = (struct run_log){.sink = {.event = write_line, .context = log}, .options = *options, .fd = STDERR_FILENO};
	log->options.path = standard ? "standard error" : arena_strdup(arena, options->path);
	if (!standard && file_extend(log->options.path, &log->fd, err) != OK)
		return error_wrap(err, "--log");
	emitter_add(emitter, &log->sink);
	*ret_log = log;
	return OK;
}

const char *run_log_problem(const struct run_log *log)
{
	return log && log->problem.status ? log->problem.message : NULL;
}

void run_log_close(struct run_log *log)
{
	if (!log)
		return;
	stop(log);
	error_clear(&log->problem);
}
