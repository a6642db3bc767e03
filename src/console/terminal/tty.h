/*
 * What a process owes its terminal: the settings given back on every way out, and signals turned into flags. Knows no
 * curses. One per process.
 */
#ifndef CONSOLE_TTY_H
#define CONSOLE_TTY_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/* What has happened since it was last looked at; set by signal handlers. */
struct tty_flags {
	volatile sig_atomic_t resized, hung_up, terminated, stop_wanted, continued;
};
extern struct tty_flags tty_flags;

/* Keeps the terminal's settings, to be given back: before curses changes them. */
void tty_remember(void);

/*
 * Takes over the terminal's signals, which are blocked but in ppoll with *ret_open; tty_remember came before.
 * `farewell` is what is written to the terminal when the process crashes; it is copied.
 */
void tty_take(const char *farewell, size_t length, sigset_t *ret_open);

/* Back to what was; a SIGHUP stays without effect when the terminal is gone. */
void tty_give_back(bool gone);

/* Stops the process group as the terminal's own C-z does; returns when it was continued. */
void tty_stop(void);

#endif
