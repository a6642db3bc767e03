#include "console/terminal/tty.h"

#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { FAREWELL_MAX = 256 };

struct tty_flags tty_flags;

static const int CRASHES[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
static const int FLAGGED[] = {SIGWINCH, SIGHUP, SIGTERM, SIGINT, SIGQUIT, SIGTSTP, SIGCONT};
enum {
	CRASH_COUNT = sizeof(CRASHES) / sizeof(CRASHES[0]),
	FLAGGED_COUNT = sizeof(FLAGGED) / sizeof(FLAGGED[0]),
};

static struct {
	bool taken;
	struct termios settings;
	char farewell[FAREWELL_MAX];
	size_t farewell_length;
	sigset_t mask;
	struct sigaction crashes[CRASH_COUNT], flagged[FLAGGED_COUNT];
} saved;

/* Only what is safe in a signal handler. */
static void restore_now(void)
{
	ssize_t written = write(STDOUT_FILENO, saved.farewell, saved.farewell_length);
	(void)written;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &saved.settings);
}

/* The terminal first, then the crash takes its course, with the handler that was there. */
static void crash(int number)
{
	restore_now();
	for (size_t i = 0; i < CRASH_COUNT; i++)
		if (CRASHES[i] == number)
			sigaction(number, &saved.crashes[i], NULL);
	raise(number); /* comes when this handler returns */
}

static void set_flag(int number)
{
	switch (number) {
	case SIGWINCH: tty_flags.resized = 1; break;
	case SIGHUP: tty_flags.hung_up = 1; break;
	case SIGTSTP: tty_flags.stop_wanted = 1; break;
	case SIGCONT: tty_flags.continued = 1; break;
	default: tty_flags.terminated = 1; break;
	}
}

void tty_remember(void)
{
	tcgetattr(STDIN_FILENO, &saved.settings);
}

void tty_take(const char *farewell, size_t length, sigset_t *ret_open)
{
	struct sigaction action = {.sa_handler = crash};
	sigset_t blocked;

	saved.farewell_length = length < FAREWELL_MAX ? length : 0;
	memcpy(saved.farewell, farewell, saved.farewell_length);
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < CRASH_COUNT; i++)
		sigaction(CRASHES[i], &action, &saved.crashes[i]);
	action.sa_handler = set_flag;
	sigemptyset(&blocked);
	for (size_t i = 0; i < FLAGGED_COUNT; i++) {
		sigaction(FLAGGED[i], &action, &saved.flagged[i]);
		sigaddset(&blocked, FLAGGED[i]);
	}
	sigprocmask(SIG_BLOCK, &blocked, &saved.mask);
	*ret_open = saved.mask;
	for (size_t i = 0; i < FLAGGED_COUNT; i++)
		sigdelset(ret_open, FLAGGED[i]);
	saved.taken = true;
}

void tty_give_back(bool gone)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	if (!saved.taken)
		return;
	saved.taken = false;
	for (size_t i = 0; i < CRASH_COUNT; i++)
		sigaction(CRASHES[i], &saved.crashes[i], NULL);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &saved.settings);
	for (size_t i = 0; i < FLAGGED_COUNT; i++) /* forgets those that came while they were blocked */
		sigaction(FLAGGED[i], &ignore, NULL);
	sigprocmask(SIG_SETMASK, &saved.mask, NULL);
	for (size_t i = 0; i < FLAGGED_COUNT; i++)
		if (!gone || FLAGGED[i] != SIGHUP)
			sigaction(FLAGGED[i], &saved.flagged[i], NULL);
}

void tty_stop(void)
{
	struct sigaction fallback = {.sa_handler = SIG_DFL}, ours;
	sigset_t stop, before;

	tcsetattr(STDIN_FILENO, TCSADRAIN, &saved.settings);
	sigemptyset(&fallback.sa_mask);
	sigaction(SIGTSTP, &fallback, &ours);
	kill(0, SIGTSTP);
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &stop, &before); /* here we stop, and here we go on */
	sigprocmask(SIG_SETMASK, &before, NULL);
	sigaction(SIGTSTP, &ours, NULL);
	tty_flags.stop_wanted = 0;
}
