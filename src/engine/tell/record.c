#include "engine/tell/record.h"

#include <string.h>

#include "sys/file.h"

/* One of the two files; fd -1 when there is none, or no more. */
struct record_file {
	const char *path;
	int fd;
};

enum { RUN_FILE, COPY_FILE, FILE_COUNT };

struct record {
	struct sink sink;
	struct record_file files[FILE_COUNT];
	struct error problem; /* the first failed write */
	bool told;
};

static void note_problem(struct record *record, struct record_file *file, struct error *err)
{
	_cleanup_error_ struct error later = {0};
	if (record->problem.status == OK) {
		error_move(&record->problem, err);
		error_recast(&record->problem, FAIL_INTERNAL);
	}
	/* A record with a hole would look whole to a reader that does not count. */
	if (file->fd >= 0 && file_close(file->fd, file->path, &later) != OK)
		error_clear(&later);
	file->fd = -1;
}

static void write_line(void *context, enum event_type type, const char *line, const struct json *fields)
{
	struct record *record = context;
	_cleanup_error_ struct error err = {0};
	(void)type;
	(void)fields;

	for (int i = 0; i < FILE_COUNT; i++) {
		struct record_file *file = &record->files[i];
		if (file->fd >= 0 && file_put_line(file->fd, file->path, line, &err) != OK)
			note_problem(record, file, &err);
	}
}

enum status record_open(struct arena *arena, const char *run_id, const char *copy, struct record **ret_record,
                        struct error *err)
{
	struct record *record = arena_alloc(arena, sizeof(*record));
	const char *state;

	*record = (struct record){
		.sink = {.event = write_line, .context = record},
		.files = {[RUN_FILE] = {.fd = -1}, [COPY_FILE] = {.path = arena_strdup(arena, copy), .fd = -1}},
	};
	if (state_folder(arena, &state, err) != OK)
		return err->status;
	const char *folder = path_join(arena, state, "runs");
	if (folder_make(folder, err) != OK)
		return err->status;
	struct record_file *run = &record->files[RUN_FILE], *other = &record->files[COPY_FILE];
	run->path = path_join(arena, folder, arena_printf(arena, "%s.jsonl", run_id));
	if (file_create(run->path, &run->fd, err) != OK)
		return err->status;
	if (copy && file_create(other->path, &other->fd, err) != OK) {
		_cleanup_error_ struct error unclosed = {0};
		if (file_close(run->fd, run->path, &unclosed) != OK)
			error_clear(&unclosed);
		file_remove(run->path);
		return err->status;
	}
	*ret_record = record;
	return OK;
}

struct sink *record_sink(struct record *record)
{
	return &record->sink;
}

const char *record_path(const struct record *record)
{
	return record->files[RUN_FILE].path;
}

bool record_is_whole(const struct record *record)
{
	return record->files[RUN_FILE].fd >= 0;
}

enum status record_check(const struct record *record, struct error *err)
{
	const struct error *problem = &record->problem;
	if (problem->status == OK)
		return OK;
	error_set(err, problem->status, "the record of the run is incomplete: %s", problem->message);
	return error_hint(err, "%s", error_hint_text(problem));
}

void record_warn(struct record *record, struct emitter *emitter)
{
	_cleanup_error_ struct error err = {0};
	if (record->told || record_check(record, &err) == OK)
		return;
	record->told = true;
	emit_log(emitter, LOG_WARNING, "%s", err.message);
}

enum status record_close(struct record *record, struct error *err)
{
	_cleanup_error_ struct error unclosed = {0};
	for (int i = 0; i < FILE_COUNT; i++) {
		struct record_file *file = &record->files[i];
		if (file->fd < 0)
			continue;
		int fd = file->fd;
		file->fd = -1;
		if (file_close(fd, file->path, &unclosed) != OK)
			note_problem(record, file, &unclosed);
	}
	enum status status = record_check(record, err);
	error_clear(&record->problem);
	return status;
}
