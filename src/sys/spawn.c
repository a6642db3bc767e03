#include "sys/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/refusal.h"

enum { KEPT_MAX = 8 };

enum stage { STAGE_RUNNING, STAGE_DESCRIPTORS, STAGE_USER, STAGE_NAMESPACE, STAGE_FOLDER, STAGE_EXECUTE };

/* What the child tells its parent before it becomes the program. */
struct report {
	enum stage stage;
	int number; /* errno */
	struct isolation isolation;
};

/* All that the child needs, made ready before the fork: after it only async-signal-safe calls are allowed. */
struct birth {
	const struct spawn_options *options;
	int report_fd;
	pid_t parent;
	char uid_map[64], gid_map[64];
};

static void fail(const struct birth *birth, enum stage stage)
{
	struct report report = {.stage = stage, .number = errno};
	ssize_t written = write(birth->report_fd, &report, sizeof(report));
	_exit(written == (ssize_t)sizeof(report) ? 127 : 126);
}

static void reset_signals(void)
{
	struct sigaction standard = {.sa_handler = SIG_DFL};
	for (int number = 1; number < NSIG; number++)
		sigaction(number, &standard, NULL);
}

static bool put_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool done = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return done;
}

/* Servers before 15 keep their statistics through a loopback socket; it leads nowhere else. */
static void raise_loopback(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)!ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
}

static int namespaces(const struct spawn_options *options)
{
	return options->hidden ? CLONE_NEWNET | CLONE_NEWNS : CLONE_NEWNET;
}

static bool make_folders(const char *path)
{
	char folder[PATH_MAX];
	size_t length = strlen(path);
	if (length >= sizeof(folder))
		return false;
	for (size_t i = 1; i <= length; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(folder, path, i);
		folder[i] = '\0';
		if (mkdir(folder, 0755) != 0 && errno != EEXIST)
			return false;
	}
	return true;
}

/*
 * Sockets are reached through the file system, whatever the network: empty folders cover those that hold them. What is
 * kept is taken in hand before and put back where it was.
 */
static bool hide(const struct spawn_options *options)
{
	int kept[KEPT_MAX];
	size_t count = 0;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return false;
	for (; options->kept && options->kept[count]; count++)
		if (count == KEPT_MAX ||
		    (kept[count] = open_tree(AT_FDCWD, options->kept[count],
		                             OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE)) < 0)
			return false;
	for (const char *const *path = options->hidden; *path; path++)
		if (mount("none", *path, "tmpfs", MS_NOSUID | MS_NODEV, "size=64k,mode=755") != 0 && errno != ENOENT)
			return false; /* not there: below one that is hidden already */
	for (size_t i = 0; i < count; i++)
		if (!make_folders(options->kept[i]) ||
		    move_mount(kept[i], "", AT_FDCWD, options->kept[i], MOVE_MOUNT_F_EMPTY_PATH) != 0)
			return false;
	return true;
}

static bool set_read_only(const char *path, bool read_only)
{
	struct mount_attr change = {.attr_set = read_only ? MOUNT_ATTR_RDONLY : 0,
	                            .attr_clr = read_only ? 0 : MOUNT_ATTR_RDONLY};
	return mount_setattr(AT_FDCWD, path, AT_RECURSIVE, &change, sizeof(change)) == 0;
}

/* What is kept is a mount of its own by now. Kernels before 5.12 cannot do it, and change nothing then. */
static bool protect(const struct birth *birth)
{
	const char *const *path = birth->options->kept;
	if (!set_read_only("/", true))
		return false;
	for (; path && *path; path++)
		if (!set_read_only(*path, false))
			fail(birth, STAGE_NAMESPACE);
	return true;
}

/*
 * Without the right to a network namespace a user namespace gives it, with our own uid mapped to itself. Half-way
 * there is no way back, so a refused map ends this process and the parent starts another one without.
 */
static bool enter_user_namespace(const struct birth *birth)
{
	/* A process that changed its uid does not own its own /proc entries until it says so. */
	prctl(PR_SET_DUMPABLE, 1);
	if (unshare(CLONE_NEWUSER | namespaces(birth->options)) != 0)
		return false;
	if (!put_text("/proc/self/setgroups", "deny") || !put_text("/proc/self/uid_map", birth->uid_map) ||
	    !put_text("/proc/self/gid_map", birth->gid_map))
		fail(birth, STAGE_NAMESPACE);
	return true;
}

static void drop_user(const struct birth *birth)
{
	const struct spawn_options *options = birth->options;
	if (geteuid() == options->uid && getuid() == options->uid)
		return;
	if (setgroups(1, &options->gid) != 0 || setgid(options->gid) != 0 || setuid(options->uid) != 0)
		fail(birth, STAGE_USER);
}

static void close_others(void)
{
	if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		return;
	for (int fd = 3; fd < 1024; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void enter_namespaces(const struct birth *birth, struct isolation *isolation)
{
	isolation->network = isolation->hidden = true;
	raise_loopback();
	if (!birth->options->hidden)
		return;
	if (!hide(birth->options))
		fail(birth, STAGE_NAMESPACE);
	isolation->read_only = protect(birth);
}

__attribute__((noreturn)) static void become(const struct birth *birth)
{
	const struct spawn_options *options = birth->options;
	struct report report = {.stage = STAGE_RUNNING};
	sigset_t none;

	reset_signals();
	setpgid(0, 0);
	if (dup2(options->input, 0) < 0 || dup2(options->output, 1) < 0 || dup2(options->errors, 2) < 0)
		fail(birth, STAGE_DESCRIPTORS);
	if (options->own_network && unshare(namespaces(options)) == 0)
		enter_namespaces(birth, &report.isolation);
	if (options->drop_user)
		drop_user(birth);
	if (options->own_network && !report.isolation.network && enter_user_namespace(birth))
		enter_namespaces(birth, &report.isolation);
	/* After the last change of user, which would clear it; the parent may have died before. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != birth->parent)
		_exit(127);
	if (options->folder && chdir(options->folder) != 0)
		fail(birth, STAGE_FOLDER);
	close_others();
	if (write(birth->report_fd, &report, sizeof(report)) != (ssize_t)sizeof(report))
		_exit(126);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(options->path, (char *const *)(uintptr_t)options->argv, (char *const *)(uintptr_t)options->env);
	fail(birth, STAGE_EXECUTE);
	_exit(127);
}

/* The last report before the program took over: it replaces what the child said before. */
static struct report read_report(int fd)
{
	struct report report = {.stage = STAGE_EXECUTE, .number = ECHILD}, next;
	for (;;) {
		ssize_t got = read(fd, &next, sizeof(next));
		if (got == (ssize_t)sizeof(next))
			report = next;
		else if (got >= 0 || errno != EINTR)
			return report;
	}
}

static enum status report_error(const struct spawn_options *options, const struct report *report,
                                struct error *err)
{
	errno = report->number;
	switch (report->stage) {
	case STAGE_FOLDER:
		return refusal(err, "could not enter folder \"%s\"", options->folder);
	case STAGE_USER:
		return refusal(err, "could not run \"%s\" as user %ld", options->path, (long)options->uid);
	case STAGE_DESCRIPTORS:
	case STAGE_NAMESPACE:
		return refusal(err, "could not prepare a process for \"%s\"", options->path);
	case STAGE_EXECUTE:
	case STAGE_RUNNING:
	default:
		error_errno(err, FAIL_USAGE, "could not execute \"%s\"", options->path);
		return error_hint(err, "Check that it is a program that this user may execute.");
	}
}

static pid_t fork_blocked(struct birth *birth)
{
	/* Until the child has reset its signals, ours must not be handled in it. */
	sigset_t all, before;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	birth->parent = getpid();
	pid_t pid = fork();
	if (pid == 0)
		become(birth);
	int number = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = number;
	return pid;
}

enum status spawn(const struct spawn_options *options, pid_t *ret_pid, struct isolation *ret_isolation,
                  struct error *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return refusal(err, "could not open a pipe for \"%s\"", options->path);

	struct birth birth = {.options = options, .report_fd = ends[1]};
	long uid = (long)(options->drop_user ? options->uid : geteuid());
	long gid = (long)(options->drop_user ? options->gid : getegid());
	snprintf(birth.uid_map, sizeof(birth.uid_map), "%ld %ld 1\n", uid, uid);
	snprintf(birth.gid_map, sizeof(birth.gid_map), "%ld %ld 1\n", gid, gid);

	pid_t pid = fork_blocked(&birth);
	int number = errno;
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		errno = number;
		return refusal(err, "could not start a process for \"%s\"", options->path);
	}
	setpgid(pid, pid);
	struct report report = read_report(ends[0]);
	close(ends[0]);
	if (report.stage == STAGE_RUNNING) {
		*ret_pid = pid;
		*ret_isolation = report.isolation;
		return OK;
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (report.stage != STAGE_NAMESPACE)
		return report_error(options, &report, err);
	/* What the system refuses is left out: first the view of the files, then the network. */
	struct spawn_options without = *options;
	without.own_network = options->hidden != NULL;
	without.hidden = NULL;
	if (spawn(&without, ret_pid, ret_isolation, err) != OK)
		return err->status;
	ret_isolation->hidden = false;
	return OK;
}
