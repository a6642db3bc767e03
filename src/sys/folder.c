#include "sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/memory.h"
#include "sys/refusal.h"

bool folder_exists(const char *path)
{
	struct stat facts;
	return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

/* True when the folder is there afterwards. */
static bool make_one(const char *path)
{
	if (mkdir(path, 0700) == 0)
		return true;
	int number = errno;
	if (folder_exists(path))
		return true;
	errno = number == EEXIST ? ENOTDIR : number;
	return false;
}

enum status folder_make(const char *path, struct error *err)
{
	char *partial = memory_strdup(path);
	bool made = true;
	for (char *slash = strchr(partial + (partial[0] == '/'), '/'); slash && made; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		made = make_one(partial);
		*slash = '/';
	}
	made = made && make_one(partial);
	int number = errno;
	memory_free(partial);
	errno = number;
	return made ? OK : refusal(err, "could not make folder \"%s\"", path);
}

enum status folder_add(const char *path, struct error *err)
{
	if (mkdir(path, 0777) == 0 || folder_exists(path))
		return OK;
	return refusal(err, "could not make folder \"%s\"", path);
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

enum status folder_list(struct arena *arena, const char *path, struct text_list *ret_names, struct error *err)
{
	struct text_list names = {0};
	DIR *folder = opendir(path);
	if (!folder)
		return refusal(err, "could not read folder \"%s\"", path);
	const struct dirent *entry;
	while ((errno = 0, entry = readdir(folder)) != NULL)
		if (entry->d_name[0] != '.')
			list_push(arena, &names, arena_strdup(arena, entry->d_name));
	int number = errno;
	closedir(folder);
	errno = number;
	if (number)
		return refusal(err, "could not read folder \"%s\"", path);
	if (names.count)
		qsort(names.items, names.count, sizeof(*names.items), by_bytes);
	*ret_names = names;
	return OK;
}

/*
 * Visits a name and, before it, all below it; descends into folders only, never through a symbolic link. What
 * vanishes meanwhile is passed over. False with errno at the first failure of ours or of visit.
 */
struct walk {
	bool (*visit)(struct walk *walk, int parent, const char *name, const struct stat *facts);
	uid_t uid;
	gid_t gid;
	int64_t size_bytes;
};

static bool walk_name(struct walk *walk, int parent, const char *name);

static bool walk_entries(struct walk *walk, DIR *folder)
{
	const struct dirent *entry;
	while ((errno = 0, entry = readdir(folder)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    !walk_name(walk, dirfd(folder), entry->d_name))
			return false;
	return errno == 0;
}

static bool walk_below(struct walk *walk, int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return false;
	DIR *folder = fdopendir(fd);
	if (!folder) {
		close(fd);
		return false;
	}
	bool done = walk_entries(walk, folder);
	int number = errno;
	closedir(folder);
	errno = number;
	return done;
}

static bool walk_name(struct walk *walk, int parent, const char *name)
{
	struct stat facts;
	if (fstatat(parent, name, &facts, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT;
	if (S_ISDIR(facts.st_mode) && !walk_below(walk, parent, name))
		return errno == ENOENT;
	return walk->visit(walk, parent, name, &facts) || errno == ENOENT;
}

static bool remove_name(struct walk *walk, int parent, const char *name, const struct stat *facts)
{
	(void)walk;
	return unlinkat(parent, name, S_ISDIR(facts->st_mode) ? AT_REMOVEDIR : 0) == 0;
}

enum status folder_remove(const char *path, struct error *err)
{
	/* A process that is just ending can still add a file behind our back. */
	for (int tries = 0; tries < 5; tries++) {
		if (walk_name(&(struct walk){.visit = remove_name}, AT_FDCWD, path))
			return OK;
		if (errno != ENOTEMPTY && errno != EEXIST)
			break;
	}
	return refusal(err, "could not remove folder \"%s\"", path);
}

static bool add_size(struct walk *walk, int parent, const char *name, const struct stat *facts)
{
	(void)parent;
	(void)name;
	if (S_ISREG(facts->st_mode))
		walk->size_bytes += (int64_t)facts->st_size;
	return true;
}

int64_t folder_size(const char *path)
{
	struct walk walk = {.visit = add_size};
	if (!folder_exists(path) || !walk_name(&walk, AT_FDCWD, path))
		return -1;
	return walk.size_bytes;
}

int64_t folder_free(const char *path)
{
	struct statvfs facts;
	if (statvfs(path, &facts) != 0)
		return -1;
	return (int64_t)facts.f_bavail * (int64_t)facts.f_frsize;
}

static bool give_name(struct walk *walk, int parent, const char *name, const struct stat *facts)
{
	if (facts->st_uid == walk->uid && facts->st_gid == walk->gid)
		return true;
	return fchownat(parent, name, walk->uid, walk->gid, AT_SYMLINK_NOFOLLOW) == 0;
}

enum status folder_give(const char *path, uid_t uid, gid_t gid, struct error *err)
{
	struct walk walk = {.visit = give_name, .uid = uid, .gid = gid};
	if (!folder_exists(path)) {
		errno = ENOENT;
		return refusal(err, "could not give folder \"%s\" to user %ld", path, (long)uid);
	}
	if (!walk_name(&walk, AT_FDCWD, path))
		return refusal(err, "could not give folder \"%s\" to user %ld", path, (long)uid);
	return OK;
}

const char *path_join(struct arena *arena, const char *folder, const char *name)
{
	size_t length = strlen(folder);
	while (length > 1 && folder[length - 1] == '/')
		length--;
	bool is_root = length == 1 && folder[0] == '/';
	return arena_printf(arena, "%.*s%s%s", (int)length, folder, is_root || !length ? "" : "/", name);
}

static const char *home_folder(void)
{
	const char *home = getenv("HOME");
	if (home && home[0] == '/')
		return home;
	const struct passwd *user = getpwuid(geteuid());
	return user && user->pw_dir && user->pw_dir[0] == '/' ? user->pw_dir : NULL;
}

/* A folder of ours in the one that an XDG variable names, else in that one of the home. */
static enum status xdg_folder(struct arena *arena, const char *variable, const char *base, const char *in_home,
                              const char *what, const char **ret_path, struct error *err)
{
	/* The XDG rules say that a relative path in the variable counts as not set. */
	if (!base || base[0] != '/') {
		const char *home = home_folder();
		if (!home) {
			error_set(err, FAIL_USAGE, "no folder for %s: neither %s nor HOME is set", what, variable);
			return error_hint(err, "Set HOME or %s to an absolute path.", variable);
		}
		base = path_join(arena, home, in_home);
	}
	*ret_path = path_join(arena, base, "pgsluice");
	return OK;
}

enum status state_folder_path(struct arena *arena, const char **ret_path, struct error *err)
{
	return xdg_folder(arena, "XDG_STATE_HOME", getenv("XDG_STATE_HOME"), ".local/state", "state", ret_path, err);
}

enum status state_folder(struct arena *arena, const char **ret_path, struct error *err)
{
	const char *path;
	if (state_folder_path(arena, &path, err) != OK || folder_make(path, err) != OK)
		return err->status;
	*ret_path = path;
	return OK;
}

enum status cache_folder(struct arena *arena, const char **ret_path, struct error *err)
{
	const char *path;
	const char *base = getenv("XDG_CACHE_HOME");
	if (xdg_folder(arena, "XDG_CACHE_HOME", base, ".cache", "caches", &path, err) != OK ||
	    folder_make(path, err) != OK)
		return err->status;
	*ret_path = path;
	return OK;
}

static bool is_own_folder(const char *path)
{
	struct stat facts;
	return path && path[0] == '/' && stat(path, &facts) == 0 && S_ISDIR(facts.st_mode) &&
	       facts.st_uid == geteuid();
}

/* In a folder of somebody else, or behind his link, he could put a socket of his own in the place of ours. */
static enum status close_to_others(const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat facts;

	if (fd < 0)
		return refusal(err, "could not use folder \"%s\"", path);
	bool own = fstat(fd, &facts) == 0 && facts.st_uid == geteuid();
	bool closed = own && fchmod(fd, 0700) == 0;
	int number = errno;
	close(fd);
	errno = number;
	if (own)
		return closed ? OK : refusal(err, "could not close folder \"%s\" to others", path);
	error_set(err, FAIL_USAGE, "folder \"%s\" belongs to another user", path);
	return error_hint(err, "Remove it, or set XDG_RUNTIME_DIR to a folder that nobody else can write in.");
}

enum status runtime_folder(struct arena *arena, const char **ret_path, struct error *err)
{
	const char *base = getenv("XDG_RUNTIME_DIR"), *path, *state = NULL;

	if (!is_own_folder(base))
		base = arena_printf(arena, "/run/user/%ld", (long)geteuid());
	if (is_own_folder(base)) {
		path = path_join(arena, base, "pgsluice");
	} else {
		if (state_folder(arena, &state, err) != OK)
			return err->status;
		path = path_join(arena, state, "run");
	}
	if (folder_make(path, err) != OK || close_to_others(path, err) != OK)
		return err->status;
	*ret_path = path;
	return OK;
}
