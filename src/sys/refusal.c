#include "sys/refusal.h"

#include <errno.h>
#include <stdarg.h>

#include "base/strbuf.h"

static const struct refusal_row {
	int number;
	enum status status;
	const char *hint;
} ROWS[] = {
	{ENOENT, FAIL_USAGE, "Check the path: it is not there."},
	{ENOTDIR, FAIL_USAGE, "Check the path: a part of it is not a folder."},
	{EISDIR, FAIL_USAGE, "Give the path of a file: this one is a folder."},
	{EACCES, FAIL_USAGE, "Give the user who runs pgsluice the right to this path, or choose another one."},
	{EPERM, FAIL_USAGE, "Give the user who runs pgsluice the right to this path, or choose another one."},
	{EROFS, FAIL_USAGE, "Choose a path on a file system that can be written to."},
	{ELOOP, FAIL_USAGE, "Check the symbolic links on this path."},
	{ENAMETOOLONG, FAIL_USAGE, "Choose a shorter path."},
	{ENOSPC, FAIL_INTERNAL, "Free space on that file system, or choose another folder, then run again."},
	{EDQUOT, FAIL_INTERNAL, "Free space within the disk quota, or choose another folder, then run again."},
	{EFBIG, FAIL_INTERNAL, "Raise the limit of file sizes (ulimit -f), then run again."},
	{EIO, FAIL_INTERNAL, "Check the storage and the system's log before anything else."},
	{EMFILE, FAIL_INTERNAL, "Raise the limit of open files (ulimit -n), then run again."},
	{ENFILE, FAIL_INTERNAL, "Raise the system's limit of open files, then run again."},
};

enum status refusal(struct error *err, const char *format, ...)
{
	int number = errno;
	_cleanup_strbuf_ struct strbuf text = {0};
	va_list args;
	va_start(args, format);
	strbuf_vprintf(&text, format, args);
	va_end(args);

	errno = number;
	error_errno(err, FAIL_INTERNAL, "%s", strbuf_text(&text));
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		if (ROWS[i].number == number) {
			error_recast(err, ROWS[i].status);
			error_hint(err, "%s", ROWS[i].hint);
		}
	}
	return err->status;
}
