/* Files and folders: whole reads with a ceiling, atomic durable writes, locks, trees. Knows no content. */
#ifndef SYS_FILE_H
#define SYS_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/list.h"
#include "base/strbuf.h"

/*
 * Reads a whole regular file. FAIL_REFUSED when it is over the ceiling, FAIL_USAGE when it is not there or not
 * readable; the message names the path.
 */
enum status file_read(const char *path, size_t ceiling_bytes, struct strbuf *ret_content,
                      struct error *err) MUST_CHECK;

/*
 * Reads what there is from an offset on, at most so many bytes, in place of the buffer's content; nothing at the end of
 * the file. For files that grow.
 */
enum status file_read_at(const char *path, int64_t offset_bytes, size_t most_bytes, struct strbuf *ret_piece,
                         struct error *err) MUST_CHECK;

/* Writes through a temporary file with fsync and rename, mode 0600: the old or the new content, never half. */
enum status file_write(const char *path, const void *bytes, size_t length, struct error *err) MUST_CHECK;

/*
 * The same for content that comes in pieces, over as many calls as it takes. What went wrong is said at the end, which
 * always releases the writer.
 */
struct file_writer;
enum status file_writer_open(const char *path, struct file_writer **ret_writer, struct error *err) MUST_CHECK;
void file_writer_put(struct file_writer *writer, const void *bytes, size_t length);
enum status file_writer_close(struct file_writer *writer, struct error *err) MUST_CHECK;

/* Appends one record with fsync; creates the file with mode 0600. */
enum status file_append(const char *path, const void *bytes, size_t length, struct error *err) MUST_CHECK;

/*
 * A file that grows line by line: made with mode 0600 (a file of that name loses its content, a device or pipe is
 * taken as it is), each line written with its newline, whole or not at all, made durable by file_close, which always
 * closes. The path is for the messages.
 */
enum status file_create(const char *path, int *ret_fd, struct error *err) MUST_CHECK;
enum status file_extend(const char *path, int *ret_fd, struct error *err) MUST_CHECK; /* what is in it stays */
enum status file_put_line(int fd, const char *path, const char *line, struct error *err) MUST_CHECK;
enum status file_close(int fd, const char *path, struct error *err) MUST_CHECK;

/*
 * A new file in the user's own tree, with the mode that the umask leaves. FAIL_USAGE when there is something of that
 * name; then, and after a failed write, nothing was changed.
 */
enum status file_add(const char *path, const void *bytes, size_t length, struct error *err) MUST_CHECK;

bool file_exists(const char *path);
bool folder_exists(const char *path);
int64_t file_size(const char *path); /* bytes, -1 when it is not there */
int64_t file_changed_ms(const char *path); /* wall clock, -1 when it is not there */
void file_remove(const char *path);

/* Makes a folder and its parents, mode 0700. */
enum status folder_make(const char *path, struct error *err) MUST_CHECK;

/* A folder in the user's own tree, with the mode that the umask leaves; one that is there is fine. */
enum status folder_add(const char *path, struct error *err) MUST_CHECK;

/* Names in a folder, sorted by bytes, without dot files; in the arena. FAIL_USAGE when it is not readable. */
enum status folder_list(struct arena *arena, const char *path, struct text_list *ret_names,
                        struct error *err) MUST_CHECK;

/* Removes a folder with all in it; follows no symbolic links; missing is fine. */
enum status folder_remove(const char *path, struct error *err) MUST_CHECK;

/* Total size of the regular files below; and bytes free for us on the file system of a path. -1 when unknown. */
int64_t folder_size(const char *path);
int64_t folder_free(const char *path);

/* Gives a folder and all in it to a user. */
enum status folder_give(const char *path, uid_t uid, gid_t gid, struct error *err) MUST_CHECK;

/*
 * An exclusive lock on a file, held until file_unlock or the end of the process. FAIL_BUSY at once when another
 * process holds it; the detail carries what that one wrote (our pid and host are written).
 */
enum status file_lock(const char *path, int *ret_fd, struct error *err) MUST_CHECK;
void file_unlock(int fd);

/*
 * A lock that many processes may share, or one have alone, until file_unlock or the end of the process. Waits up to
 * wait_ms for those who hold it otherwise; then FAIL_BUSY.
 */
enum status file_lock_shared(const char *path, int wait_ms, int *ret_fd, struct error *err) MUST_CHECK;
enum status file_lock_alone(const char *path, int wait_ms, int *ret_fd, struct error *err) MUST_CHECK;

/* SHA-256 of a file's bytes as 64 hex digits in `ret_hex[65]`. */
enum status file_digest(const char *path, char *ret_hex, struct error *err) MUST_CHECK;

/* "a/b" with one slash between. */
const char *path_join(struct arena *arena, const char *folder, const char *name);

/* The state folder ($XDG_STATE_HOME/pgsluice, else ~/.local/state/pgsluice), made when missing. */
enum status state_folder(struct arena *arena, const char **ret_path, struct error *err) MUST_CHECK;

/* The same for those who only look: it may not be there. */
enum status state_folder_path(struct arena *arena, const char **ret_path, struct error *err) MUST_CHECK;

/* The cache folder ($XDG_CACHE_HOME/pgsluice, else ~/.cache/pgsluice), made when missing, mode 0700. */
enum status cache_folder(struct arena *arena, const char **ret_path, struct error *err) MUST_CHECK;

/*
 * Where sockets live: the folder pgsluice in $XDG_RUNTIME_DIR, else in /run/user/UID, else `run` in the state folder;
 * the first that is there and ours. Made when missing, mode 0700; one that others may enter is closed to them.
 */
enum status runtime_folder(struct arena *arena, const char **ret_path, struct error *err) MUST_CHECK;

#endif
