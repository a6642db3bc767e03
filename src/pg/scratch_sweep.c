#include "pg/scratch_sweep.h"

#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "pg/scratch.h"
#include "sys/clock.h"
#include "sys/file.h"

enum { GONE_MS = 10000, POLL_MS = 10, NOTE_CEILING = 4096 };

/* A folder that has no lock yet may belong to a process that is just making it. */
enum { BIRTH_MS = 60000 };

/* Servers work in their data folder, and so does what they start. Signals them; returns how many there are. */
static size_t signal_inhabitants(struct arena *arena, const char *folder, int signal_number)
{
	size_t count = 0, length = strlen(folder);
	DIR *processes = opendir("/proc");
	if (!processes)
		return 0;
	for (const struct dirent *entry; (entry = readdir(processes)) != NULL;) {
		char place[4096];
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		ssize_t got = readlink(arena_printf(arena, "/proc/%s/cwd", entry->d_name), place, sizeof(place) - 1);
		if (got <= 0)
			continue;
		place[got] = '\0';
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
		if (strncmp(place, folder, length) == 0 && place[length] == '/' && pid != getpid()) {
			kill(pid, signal_number);
			count++;
		}
	}
	closedir(processes);
	return count;
}

/* A killed server leaves the small segment that keeps a second server out: the last number of its pid file's line 7. */
static void remove_shared_memory(struct arena *arena, const char *folder)
{
	enum { SHARED_MEMORY_LINE = 7 };
	_cleanup_strbuf_ struct strbuf content = {0};
	_cleanup_error_ struct error ignored = {0};
	const char *path = arena_printf(arena, "%s/data/postmaster.pid", folder);
	if (!file_exists(path) || file_read(path, NOTE_CEILING, &content, &ignored) != OK)
		return;
	const char *at = strbuf_text(&content);
	for (int line = 1; at && line < SHARED_MEMORY_LINE; line++) {
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	char *end;
	if (!at || strtoul(at, &end, 10) == 0)
		return;
	long id = strtol(end, &end, 10);
	struct shmid_ds facts;
	if (id >= 0 && shmctl((int)id, IPC_STAT, &facts) == 0 && facts.shm_nattch == 0)
		shmctl((int)id, IPC_RMID, NULL);
}

static void remove_socket_folder(struct arena *arena, const char *folder)
{
	static const char ours[] = "/tmp/pgsluice-";
	_cleanup_strbuf_ struct strbuf path = {0};
	_cleanup_error_ struct error ignored = {0};
	const char *note = path_join(arena, folder, SCRATCH_SOCKET);
	if (!file_exists(note) || file_read(note, NOTE_CEILING, &path, &ignored) != OK)
		return;
	if (strncmp(strbuf_text(&path), ours, strlen(ours)) == 0 && !strchr(strbuf_text(&path) + strlen(ours), '/'))
		(void)!folder_remove(strbuf_text(&path), &ignored);
}

void scratch_wipe(struct loop *loop, const char *folder)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_error_ struct error ignored = {0};
	char *real = realpath(folder, NULL);
	const char *place = arena_strdup(arena, real ? real : folder);
	free(real);

	loop_shield(loop);
	for (int64_t deadline = clock_ms() + GONE_MS; signal_inhabitants(arena, place, SIGKILL) && clock_ms() < deadline;)
		(void)!loop_sleep(loop, POLL_MS);
	remove_shared_memory(arena, folder);
	remove_socket_folder(arena, folder);
	(void)!folder_remove(folder, &ignored);
	loop_unshield(loop);
}

static bool is_abandoned(struct arena *arena, const char *folder)
{
	_cleanup_error_ struct error ignored = {0};
	const char *lock_path = path_join(arena, folder, SCRATCH_LOCK);
	struct stat facts;
	int lock;

	if (!file_exists(lock_path))
		return stat(folder, &facts) == 0 && clock_wall_ms() - (int64_t)facts.st_mtime * 1000 > BIRTH_MS;
	if (file_lock(lock_path, &lock, &ignored) != OK)
		return false;
	file_unlock(lock);
	return true;
}

enum status scratch_sweep(struct loop *loop, const char *folder, size_t *ret_swept, struct error *err)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct text_list names = {0};
	size_t swept = 0;

	if (folder_list(arena, folder, &names, err) != OK)
		return err->status;
	for (size_t i = 0; i < names.count; i++) {
		if (strncmp(names.items[i], SCRATCH_PREFIX, strlen(SCRATCH_PREFIX)) != 0)
			continue;
		const char *path = path_join(arena, folder, names.items[i]);
		if (!is_abandoned(arena, path))
			continue;
		scratch_wipe(loop, path);
		swept++;
	}
	if (ret_swept)
		*ret_swept = swept;
	return OK;
}
