/* Whether logging out ends what was started in this login, and what helps. Knows systemd's settings, and no engine. */
#ifndef SYS_LOGOUT_H
#define SYS_LOGOUT_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * True where systemd kills a user's processes when his last session ends (KillUserProcesses=yes), he does not linger
 * and this process belongs to such a session. `root` stands before the paths of the settings, "" for the system's own.
 */
bool logout_kills(const char *root, uid_t uid);

#endif
