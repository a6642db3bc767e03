#include "sys/local_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sys/refusal.h"

enum { WAITING_VIEWERS = 16 };

/* A folder held open, so that a socket in it has a short name however long the folder's is. */
struct place {
	int folder;
	struct sockaddr_un address;
};

static bool place_open(struct place *place, const char *folder, const char *name)
{
	*place = (struct place){.address = {.sun_family = AF_UNIX}};
	place->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (place->folder < 0)
		return false;
	int length = snprintf(place->address.sun_path, sizeof(place->address.sun_path), "/proc/self/fd/%d/%s",
	                      place->folder, name);
	if (length > 0 && (size_t)length < sizeof(place->address.sun_path))
		return true;
	close(place->folder);
	errno = ENAMETOOLONG;
	return false;
}

static void place_close(struct place *place)
{
	int number = errno;
	close(place->folder);
	errno = number;
}

static bool make(struct place *place, const char *name, int fd)
{
	/* The mode is the socket's from its first moment on; the folder keeps others out anyway. */
	mode_t before = umask(0177);
	bool bound = bind(fd, (struct sockaddr *)&place->address, sizeof(place->address)) == 0;
	umask(before);
	if (bound && listen(fd, WAITING_VIEWERS) == 0)
		return true;
	int number = errno;
	if (bound)
		unlinkat(place->folder, name, 0);
	errno = number;
	return false;
}

enum status socket_listen(const char *folder, const char *name, int *ret_fd, struct error *err)
{
	struct place place;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return refusal(err, "could not open a socket");
	bool opened = place_open(&place, folder, name);
	bool made = opened && make(&place, name, fd);
	if (opened)
		place_close(&place);
	if (made) {
		*ret_fd = fd;
		return OK;
	}
	refusal(err, "could not make socket \"%s/%s\"", folder, name);
	close(fd);
	return err->status;
}

bool socket_accept(int listener, int *ret_fd)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return false;
	*ret_fd = fd;
	return true;
}

bool socket_peer(int fd, struct socket_peer *ret_peer)
{
	struct ucred credentials;
	socklen_t length = sizeof(credentials);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0)
		return false;
	*ret_peer = (struct socket_peer){.uid = credentials.uid, .pid = credentials.pid};
	return true;
}

enum status socket_connect(const char *folder, const char *name, int *ret_fd, struct error *err)
{
	struct place place;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return refusal(err, "could not open a socket");
	bool opened = place_open(&place, folder, name);
	bool connected = opened && connect(fd, (struct sockaddr *)&place.address, sizeof(place.address)) == 0;
	if (opened)
		place_close(&place);
	if (connected) {
		*ret_fd = fd;
		return OK;
	}
	refusal(err, "could not connect to socket \"%s/%s\"", folder, name);
	close(fd);
	return error_recast(err, FAIL_USAGE);
}

/* A connection of another type is refused otherwise by a socket that is held than by one that nobody holds (Linux). */
bool socket_is_held(const char *folder, const char *name)
{
	struct place place;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return true;
	bool held = false;
	if (place_open(&place, folder, name)) {
		held = connect(fd, (struct sockaddr *)&place.address, sizeof(place.address)) == 0 ||
		       (errno != ECONNREFUSED && errno != ENOENT);
		place_close(&place);
	}
	close(fd);
	return held;
}

bool socket_claim(const char *folder, const char *name, const char *second)
{
	int at = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool claimed = false;

	if (at < 0)
		return false;
	for (int attempt = 0; attempt < 2 && !claimed; attempt++) {
		claimed = linkat(at, name, at, second, 0) == 0;
		if (claimed || errno != EEXIST || socket_is_held(folder, second))
			break;
		unlinkat(at, second, 0);
	}
	close(at);
	return claimed;
}

enum status socket_two(int ret_fds[2], struct error *err)
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ret_fds) != 0)
		return refusal(err, "could not open a pair of sockets");
	return OK;
}

void socket_set_waiting(int fd, bool waits)
{
	int flags = fcntl(fd, F_GETFL);
	if (flags >= 0)
		(void)fcntl(fd, F_SETFL, waits ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

void socket_hang_up(int fd)
{
	(void)shutdown(fd, SHUT_RDWR);
}

static bool not_now(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

ssize_t socket_send(int fd, const void *bytes, size_t length)
{
	ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
	return sent >= 0 ? sent : not_now() ? 0 : -1;
}

ssize_t socket_receive(int fd, void *bytes, size_t room)
{
	ssize_t got = recv(fd, bytes, room, MSG_DONTWAIT);
	return got > 0 ? got : got < 0 && not_now() ? 0 : -1;
}
