#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/memory.h"
#include "sys/clock.h"
#include "sys/refusal.h"

enum { CHUNK_BYTES = 64 * 1024 };

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
#define _cleanup_fd_ __attribute__((cleanup(close_fd)))

/* Opens a regular file for reading; a pipe or device under that name must not block or feed us for ever. */
static enum status open_regular(const char *path, int *ret_fd, struct stat *ret_stat, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return refusal(err, "could not open file \"%s\"", path);
	if (fstat(fd, ret_stat) != 0) {
		refusal(err, "could not look at file \"%s\"", path);
		close(fd);
		return err->status;
	}
	if (!S_ISREG(ret_stat->st_mode)) {
		close(fd);
		error_set(err, FAIL_USAGE, "\"%s\" is not a regular file", path);
		return error_hint(err, "Give the path of a regular file.");
	}
	*ret_fd = fd;
	return OK;
}

static enum status refuse_size(struct error *err, const char *path, size_t ceiling_bytes)
{
	error_set(err, FAIL_REFUSED, "file \"%s\" is larger than the allowed %zu bytes", path, ceiling_bytes);
	return error_hint(err, "Make the file smaller, or raise the limit in the configuration.");
}

/* -1 with errno at an error, else the bytes read; 0 at the end. */
static ssize_t read_some(int fd, void *bytes, size_t length)
{
	ssize_t got;
	do
		got = read(fd, bytes, length);
	while (got < 0 && errno == EINTR);
	return got;
}

enum status file_read(const char *path, size_t ceiling_bytes, struct strbuf *ret_content, struct error *err)
{
	_cleanup_fd_ int fd = -1;
	_cleanup_strbuf_ struct strbuf content = {0};
	char chunk[CHUNK_BYTES];
	struct stat facts;
	ssize_t got;

	if (open_regular(path, &fd, &facts, err) != OK)
		return err->status;
	if ((uint64_t)facts.st_size > ceiling_bytes)
		return refuse_size(err, path, ceiling_bytes);
	strbuf_reserve(&content, (size_t)facts.st_size);
	while ((got = read_some(fd, chunk, sizeof(chunk))) > 0) {
		if (content.length + (size_t)got > ceiling_bytes)
			return refuse_size(err, path, ceiling_bytes);
		strbuf_add(&content, chunk, (size_t)got);
	}
	if (got < 0)
		return refusal(err, "could not read file \"%s\"", path);
	strbuf_clear(ret_content);
	*ret_content = content;
	content = (struct strbuf){0};
	return OK;
}

enum status file_read_at(const char *path, int64_t offset_bytes, size_t most_bytes, struct strbuf *ret_piece,
                         struct error *err)
{
	_cleanup_fd_ int fd = -1;
	char chunk[CHUNK_BYTES];
	struct stat facts;

	if (open_regular(path, &fd, &facts, err) != OK)
		return err->status;
	strbuf_reset(ret_piece);
	while (ret_piece->length < most_bytes) {
		size_t left = most_bytes - ret_piece->length;
		ssize_t got = pread(fd, chunk, left < sizeof(chunk) ? left : sizeof(chunk),
		                    offset_bytes + (int64_t)ret_piece->length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return refusal(err, "could not read file \"%s\"", path);
		if (got == 0)
			break;
		strbuf_add(ret_piece, chunk, (size_t)got);
	}
	return OK;
}

enum status file_digest(const char *path, char *ret_hex, struct error *err)
{
	_cleanup_fd_ int fd = -1;
	char chunk[CHUNK_BYTES];
	struct stat facts;
	ssize_t got;

	if (open_regular(path, &fd, &facts, err) != OK)
		return err->status;
	struct digest_stream *stream = digest_open();
	while ((got = read_some(fd, chunk, sizeof(chunk))) > 0)
		digest_add(stream, chunk, (size_t)got);
	int number = errno;
	struct digest digest = digest_close(stream);
	errno = number;
	if (got < 0)
		return refusal(err, "could not read file \"%s\"", path);
	memcpy(ret_hex, digest.hex, sizeof(digest.hex));
	return OK;
}

static bool write_all(int fd, const void *bytes, size_t length)
{
	for (const char *at = bytes; length > 0;) {
		ssize_t done = write(fd, at, length);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return false;
		at += done;
		length -= (size_t)done;
	}
	return true;
}

/* The folder part of a path, on the heap. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = memory_strdup(slash ? path : ".");
	if (slash)
		folder[slash == path ? 1 : slash - path] = '\0';
	return folder;
}

/* Makes a new or renamed name last through a power cut. File systems that cannot do it say EINVAL. */
static bool sync_folder_of(const char *path)
{
	char *folder = folder_of(path);
	_cleanup_fd_ int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	memory_free(folder);
	return fd >= 0 && (fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP);
}

/* A dot file beside the path, so that a half-written one is in nobody's list. */
static void add_temporary_name(struct strbuf *name, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t folder_length = slash ? (size_t)(slash - path) + 1 : 0;
	strbuf_add(name, path, folder_length);
	strbuf_printf(name, ".%s.XXXXXX", path + folder_length);
}

/* A file on its way: under its temporary name until it is whole. */
struct file_writer {
	char *path;
	struct strbuf name;
	int fd, number; /* errno of the first write that failed, 0 = none */
};

enum status file_writer_open(const char *path, struct file_writer **ret_writer, struct error *err)
{
	struct strbuf name = {0};
	add_temporary_name(&name, path);
	int fd = mkostemp(name.data, O_CLOEXEC);
	if (fd < 0) {
		strbuf_clear(&name);
		return refusal(err, "could not create file \"%s\"", path);
	}
	struct file_writer *writer = memory_new(sizeof(*writer));
	*writer = (struct file_writer){.path = memory_strdup(path), .name = name, .fd = fd};
	*ret_writer = writer;
	return OK;
}

void file_writer_put(struct file_writer *writer, const void *bytes, size_t length)
{
	if (writer->number == 0 && !write_all(writer->fd, bytes, length))
		writer->number = errno;
}

/* Makes the new content the file's; 0, or errno. */
static int put_in_place(struct file_writer *writer)
{
	int number = writer->number;
	if (number == 0 && fsync(writer->fd) != 0)
		number = errno;
	/* Some file systems report a failed write only at the close. */
	if (close(writer->fd) != 0 && number == 0)
		number = errno;
	if (number == 0 && rename(writer->name.data, writer->path) != 0)
		number = errno;
	if (number)
		unlink(writer->name.data);
	return number;
}

enum status file_writer_close(struct file_writer *writer, struct error *err)
{
	int number = put_in_place(writer);
	enum status status = OK;

	errno = number;
	if (number)
		status = refusal(err, "could not write file \"%s\"", writer->path);
	else if (!sync_folder_of(writer->path))
		status = refusal(err, "could not make file \"%s\" durable", writer->path);
	strbuf_clear(&writer->name);
	memory_free(writer->path);
	memory_free(writer);
	return status;
}

enum status file_write(const char *path, const void *bytes, size_t length, struct error *err)
{
	struct file_writer *writer;
	if (file_writer_open(path, &writer, err) != OK)
		return err->status;
	file_writer_put(writer, bytes, length);
	return file_writer_close(writer, err);
}

/* Sizes are -1 for what cannot be cut back: a pipe or a device. */
static int64_t regular_size(int fd)
{
	struct stat facts;
	return fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) ? (int64_t)facts.st_size : -1;
}

/* A write failed: what the next reader finds ends with the last whole piece. Keeps errno. */
static void cut_back(int fd, int64_t size_bytes)
{
	int number = errno;
	/* Where even the cutting back fails, the error of the write says enough. */
	if (size_bytes >= 0)
		(void)!ftruncate(fd, size_bytes);
	errno = number;
}

enum status file_append(const char *path, const void *bytes, size_t length, struct error *err)
{
	_cleanup_fd_ int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	if (fd < 0)
		return refusal(err, "could not open file \"%s\"", path);
	int64_t before = regular_size(fd);
	if (!write_all(fd, bytes, length) || fsync(fd) != 0) {
		cut_back(fd, before);
		return refusal(err, "could not append to file \"%s\"", path);
	}
	if (before == 0 && !sync_folder_of(path))
		return refusal(err, "could not make file \"%s\" durable", path);
	return OK;
}

enum status file_create(const char *path, int *ret_fd, struct error *err)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0600);
	if (fd < 0)
		return refusal(err, "could not create file \"%s\"", path);
	*ret_fd = fd;
	return OK;
}

enum status file_extend(const char *path, int *ret_fd, struct error *err)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	if (fd < 0)
		return refusal(err, "could not open file \"%s\"", path);
	*ret_fd = fd;
	return OK;
}

/* One call for both, as long as the system takes them: who reads along sees whole lines. */
static bool write_line(int fd, const char *line, size_t length)
{
	struct iovec parts[] = {{.iov_base = (void *)(uintptr_t)line, .iov_len = length},
	                        {.iov_base = (void *)(uintptr_t)"\n", .iov_len = 1}};
	ssize_t done;
	do
		done = writev(fd, parts, 2);
	while (done < 0 && errno == EINTR);
	if (done < 0)
		return false;
	size_t written = (size_t)done;
	if (written < length && !write_all(fd, line + written, length - written))
		return false;
	return written > length || write_all(fd, "\n", 1);
}

enum status file_put_line(int fd, const char *path, const char *line, struct error *err)
{
	int64_t before = regular_size(fd);
	if (write_line(fd, line, strlen(line)))
		return OK;
	cut_back(fd, before);
	return refusal(err, "could not write file \"%s\"", path);
}

enum status file_close(int fd, const char *path, struct error *err)
{
	bool is_regular = regular_size(fd) >= 0;
	bool durable = !is_regular || (fsync(fd) == 0 && sync_folder_of(path));
	int number = errno;
	if (close(fd) != 0 && durable) {
		number = errno;
		durable = false;
	}
	errno = number;
	return durable ? OK : refusal(err, "could not make file \"%s\" durable", path);
}

enum status file_add(const char *path, const void *bytes, size_t length, struct error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0666);
	if (fd < 0 && errno == EEXIST) {
		error_set(err, FAIL_USAGE, "file \"%s\" is there already", path);
		return error_hint(err, "Choose another name, or remove that file.");
	}
	if (fd < 0)
		return refusal(err, "could not create file \"%s\"", path);
	bool written = write_all(fd, bytes, length);
	int number = errno;
	if (close(fd) != 0 && written) {
		number = errno;
		written = false;
	}
	if (written)
		return OK;
	unlink(path);
	errno = number;
	return refusal(err, "could not write file \"%s\"", path);
}

bool file_exists(const char *path)
{
	struct stat facts;
	return stat(path, &facts) == 0 && !S_ISDIR(facts.st_mode);
}

int64_t file_size(const char *path)
{
	struct stat facts;
	return stat(path, &facts) == 0 ? (int64_t)facts.st_size : -1;
}

int64_t file_changed_ms(const char *path)
{
	struct stat facts;
	return stat(path, &facts) == 0 ? (int64_t)facts.st_mtim.tv_sec * 1000 + facts.st_mtim.tv_nsec / 1000000 : -1;
}

void file_remove(const char *path)
{
	unlink(path);
}

static enum status refuse_lock(struct error *err, int fd, const char *path)
{
	char holder[256];
	ssize_t got = pread(fd, holder, sizeof(holder) - 1, 0);
	holder[got > 0 ? got : 0] = '\0';
	holder[strcspn(holder, "\n")] = '\0';
	error_set(err, FAIL_BUSY, "another run holds the lock file \"%s\"", path);
	if (holder[0])
		error_detail(err, "The holder is %s.", holder);
	return FAIL_BUSY;
}

enum status file_lock(const char *path, int *ret_fd, struct error *err)
{
	_cleanup_fd_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	if (fd < 0)
		return refusal(err, "could not open lock file \"%s\"", path);
	/* Of the open file, not of the process: it holds against ourselves too, and outlives other closes. */
	struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	if (fcntl(fd, F_OFD_SETLK, &all) != 0) {
		if (errno == EAGAIN || errno == EACCES)
			return refuse_lock(err, fd, path);
		return refusal(err, "could not lock file \"%s\"", path);
	}
	char host[256] = "", text[320];
	gethostname(host, sizeof(host) - 1);
	int length = snprintf(text, sizeof(text), "process %ld on host %s\n", (long)getpid(), host);
	if (ftruncate(fd, 0) != 0 || !write_all(fd, text, (size_t)length))
		return refusal(err, "could not write lock file \"%s\"", path);
	*ret_fd = fd;
	fd = -1;
	return OK;
}

/* Looks again and again: a lock request that blocks cannot be given up in time. */
static enum status lock_within(const char *path, short type, int wait_ms, int *ret_fd, struct error *err)
{
	enum { LOOK_AGAIN_MS = 2 };
	_cleanup_fd_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	if (fd < 0)
		return refusal(err, "could not open lock file \"%s\"", path);
	struct flock all = {.l_type = type, .l_whence = SEEK_SET};
	int64_t until_ms = clock_ms() + wait_ms;
	while (fcntl(fd, F_OFD_SETLK, &all) != 0) {
		if (errno != EAGAIN && errno != EACCES)
			return refusal(err, "could not lock file \"%s\"", path);
		if (clock_ms() >= until_ms)
			return error_set(err, FAIL_BUSY, "another process holds the lock file \"%s\"", path);
		poll(NULL, 0, LOOK_AGAIN_MS);
	}
	*ret_fd = fd;
	fd = -1;
	return OK;
}

enum status file_lock_shared(const char *path, int wait_ms, int *ret_fd, struct error *err)
{
	return lock_within(path, F_RDLCK, wait_ms, ret_fd, err);
}

enum status file_lock_alone(const char *path, int wait_ms, int *ret_fd, struct error *err)
{
	return lock_within(path, F_WRLCK, wait_ms, ret_fd, err);
}

void file_unlock(int fd)
{
	if (fd < 0)
		return;
	/* The name stays: removing it would let two runs each hold a lock file of that name. */
	(void)!ftruncate(fd, 0);
	close(fd);
}
