#include "cli/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ini.h>

#include "base/list.h"
#include "cli/setting.h"
#include "sys/file.h"

struct entry {
	const char *key, *value;
	long line;
};

struct reading {
	struct arena *arena;
	FILE *file;
	long line;
	bool indented;     /* the line just read begins with a blank: it continues the value before it */
	const char *wrong; /* what is wrong with the line, or NULL */
	const char *advice;
	LIST(struct entry) entries;
};

const char *config_find(struct arena *arena, const char *given)
{
	if (given)
		return given;
	if (file_exists("./pgsluice.conf"))
		return "./pgsluice.conf";
	const char *folder = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	if (!folder || *folder != '/')
		folder = home && *home ? path_join(arena, home, ".config") : NULL;
	if (!folder)
		return NULL;
	const char *path = path_join(arena, folder, "pgsluice/pgsluice.conf");
	return file_exists(path) ? path : NULL;
}

static bool begins_with_key(struct arena *arena, const char *text)
{
	size_t length = strcspn(text, " \t=:");
	const char *after = text + length + strspn(text + length, " \t");
	return *after == '=' && setting_find(arena_strndup(arena, text, length));
}

/* What the INI library would take silently for something else than it looks. */
static void look_at(struct reading *reading, const char *text, bool whole)
{
	const char *start = text + strspn(text, " \t\r\n");
	reading->indented = start > text;
	if (!whole) {
		reading->wrong = "the line is too long";
		reading->advice = "Break it: a line that begins with a blank continues the one before it.";
	} else if (*start == '\0' || *start == '#' || *start == ';') {
		return;
	} else if (*start == '[') {
		reading->wrong = "there are no sections in this file";
		reading->advice = "Remove the line in brackets.";
	} else if (strstr(start, " ;") || strstr(start, "\t;")) {
		reading->wrong = "a comment must stand on a line of its own";
		reading->advice = "Move the comment, or remove the blank before the semicolon.";
	} else if (reading->indented && begins_with_key(reading->arena, start)) {
		reading->wrong = "a line that begins with a blank continues the one before it";
		reading->advice = "Remove the blanks before the key.";
	}
}

static char *read_line(char *line, int size, void *context)
{
	struct reading *reading = context;
	if (reading->wrong || !fgets(line, size, reading->file))
		return NULL;
	reading->line++;
	look_at(reading, line, strchr(line, '\n') || feof(reading->file));
	return reading->wrong ? NULL : line;
}

static int take_entry(void *context, const char *section, const char *name, const char *value)
{
	struct reading *reading = context;
	(void)section;
	if (reading->indented && reading->entries.count) {
		struct entry *last = &reading->entries.items[reading->entries.count - 1];
		last->value = arena_printf(reading->arena, "%s%s%s", last->value, *last->value ? " " : "", value);
		return 1;
	}
	struct entry entry = {.key = arena_strdup(reading->arena, name),
	                      .value = arena_strdup(reading->arena, value ? value : ""),
	                      .line = reading->line};
	list_push(reading->arena, &reading->entries, entry);
	return 1;
}

static enum status parse(struct reading *reading, const char *path, struct error *err)
{
	int bad_line = ini_parse_stream(read_line, reading, take_entry, reading);
	if (reading->wrong) {
		error_set(err, FAIL_USAGE, "%s", reading->wrong);
		error_hint(err, "%s", reading->advice);
		return error_where(err, path, reading->line, 0);
	}
	if (bad_line) {
		error_set(err, FAIL_USAGE, "the line is not of the form key = value");
		error_hint(err, "pgsluice.conf(5) shows the form of the file.");
		return error_where(err, path, bad_line, 0);
	}
	if (ferror(reading->file))
		return error_errno(err, FAIL_USAGE, "could not read %s", path);
	return OK;
}

/* Whoever can write this file can run programs as us. */
static enum status check_owner(const struct reading *reading, const char *path, const struct entry *entry,
                               struct error *err)
{
	struct stat info;
	if (fstat(fileno(reading->file), &info))
		return error_errno(err, FAIL_USAGE, "could not read %s", path);
	bool ours = info.st_uid == 0 || info.st_uid == geteuid();
	if (ours && !(info.st_mode & (S_IWGRP | S_IWOTH)))
		return OK;
	if (ours)
		error_set(err, FAIL_USAGE, "%s names a command in a file that others can write", entry->key);
	else
		error_set(err, FAIL_USAGE, "%s names a command in a file that another user owns", entry->key);
	error_hint(err, "Give the file to yourself or root and run: chmod go-w %s", path);
	return error_where(err, path, entry->line, 0);
}

static enum status check_twice(const struct reading *reading, size_t index, const char *path, struct error *err)
{
	const struct entry *entry = &reading->entries.items[index];
	for (size_t i = 0; i < index; i++) {
		if (strcmp(reading->entries.items[i].key, entry->key) != 0)
			continue;
		error_set(err, FAIL_USAGE, "key \"%s\" is given twice", entry->key);
		error_hint(err, "Remove one: line %ld gives it too.", reading->entries.items[i].line);
		return error_where(err, path, entry->line, 0);
	}
	return OK;
}

static enum status apply_entry(const struct reading *reading, size_t index, const char *path,
                               struct settings *settings, struct error *err)
{
	const struct entry *entry = &reading->entries.items[index];
	enum status status = setting_set(reading->arena, settings, entry->key, entry->value, err);
	if (status)
		return error_where(err, path, entry->line, 0);
	status = check_twice(reading, index, path, err);
	const struct setting_row *row = setting_find(entry->key);
	if (!status && row && row->kind == SETTING_COMMAND)
		status = check_owner(reading, path, entry, err);
	return status;
}

static enum status apply(const struct reading *reading, const char *path, struct settings *settings,
                         struct error *err)
{
	for (size_t i = 0; i < reading->entries.count; i++) {
		enum status status = apply_entry(reading, i, path, settings, err);
		if (status)
			return status;
	}
	return settings_check(settings, err) ? error_where(err, path, 0, 0) : OK;
}

enum status config_read(struct arena *arena, const char *path, struct settings *settings, struct error *err)
{
	struct reading reading = {.arena = arena, .file = fopen(path, "re")};
	if (!reading.file)
		return error_errno(err, FAIL_USAGE, "could not read %s", path);
	enum status status = parse(&reading, path, err);
	if (!status)
		status = apply(&reading, path, settings, err);
	fclose(reading.file);
	return status;
}
