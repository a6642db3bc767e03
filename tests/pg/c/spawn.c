/* spawn OPTION...: starts an attended engine as the console does, and relays its lines to standard output. */
#include <config.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/config.h"
#include "cli/engine_start.h"
#include "cli/setting.h"

int main(int argc, char **argv)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_error_ struct error err = {0};
	struct options options;
	char bytes[65536];
	int fd = -1;

	struct invocation invocation = {.arena = arena, .options = &options};
	if (options_parse(arena, commands_list(), argc, (const char *const *)argv, &options, &err) == OK) {
		invocation.command = options.command;
		settings_init(arena, &invocation.settings);
		const char *path = config_find(arena, options.config);
		if (!path || config_read(arena, path, &invocation.settings, &err) == OK) {
			options_apply(&options, getenv("DATABASE_URL"), &invocation.settings);
			(void)!engine_spawn(&invocation, &fd, &err);
		}
	}
	if (fd < 0) {
		fprintf(stderr, "spawn: %s\n", err.message);
		return 1;
	}
	for (ssize_t got; (got = read(fd, bytes, sizeof(bytes))) > 0;) {
		if (fwrite(bytes, 1, (size_t)got, stdout) != (size_t)got || fflush(stdout))
			return 1;
	}
	return 0;
}
