/*
 * Stream sockets with a name in a folder: who may connect is for the folder, the mode and the peer's user to say. Knows
 * nothing of what is sent.
 */
#ifndef SYS_LOCAL_SOCKET_H
#define SYS_LOCAL_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/* Who is at the other end, as the system says. */
struct socket_peer {
	uid_t uid;
	pid_t pid;
};

/* Makes the socket FOLDER/NAME, mode 0600, and listens; accepts and reads of it never wait. The caller closes it. */
enum status socket_listen(const char *folder, const char *name, int *ret_fd, struct error *err) MUST_CHECK;

/* Takes one that waits for being accepted; false when there is none. *ret_fd never waits. */
bool socket_accept(int listener, int *ret_fd) MUST_CHECK;

bool socket_peer(int fd, struct socket_peer *ret_peer) MUST_CHECK;

/* Connects. FAIL_USAGE when nobody listens there. *ret_fd waits on reads and writes. */
enum status socket_connect(const char *folder, const char *name, int *ret_fd, struct error *err) MUST_CHECK;

/* Whether a process still holds the socket of that name; asking disturbs nobody. */
bool socket_is_held(const char *folder, const char *name);

/* A second name for it. False when the name is taken by a socket that is held; one that nobody holds gives way. */
bool socket_claim(const char *folder, const char *name, const char *second) MUST_CHECK;

/* Two ends of one connection, both closed over exec. */
enum status socket_two(int ret_fds[2], struct error *err) MUST_CHECK;

/* Makes a socket wait, or not wait, on reads and writes. */
void socket_set_waiting(int fd, bool waits);

/* Ends the connection; whoever polls it sees that. The descriptor stays to be closed. */
void socket_hang_up(int fd);

/* Bytes sent or received; 0 = not now; -1 = the other end is gone. For sockets that do not wait. */
ssize_t socket_send(int fd, const void *bytes, size_t length);
ssize_t socket_receive(int fd, void *bytes, size_t room);

#endif
