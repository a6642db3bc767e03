/* What went wrong, in PostgreSQL's parts: status, SQLSTATE, message, detail, hint, where. Prints nothing. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/status.h"

struct error {
	enum status status;
	char sqlstate[6]; /* empty when the error is ours */
	char *message;    /* primary: lower case, no full stop; owned */
	char *detail;     /* sentences, or NULL; owned */
	char *hint;       /* what to do next, or NULL: see error_hint_text; owned */
	char *file;       /* where in the user's files, or NULL; owned */
	long line;        /* 1-based; 0 = unknown */
	long column;      /* 1-based, in characters; 0 = unknown */
};

/* For locals: `_cleanup_error_ struct error err = {0};` */
#define _cleanup_error_ __attribute__((cleanup(error_clear)))

/* Releases the texts; the error is OK again. */
void error_clear(struct error *err);

/* Replaces what is there. All of these return err->status, so that a caller can `return error_set(...)`. */
enum status error_set(struct error *err, enum status status, const char *format, ...) PRINTF_LIKE(3, 4);
/* Other words for the same error: everything else stays. */
enum status error_message(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);
enum status error_detail(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);
enum status error_hint(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Adds a sentence to the detail that is there; the server's own stays. */
enum status error_add_detail(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);
enum status error_where(struct error *err, const char *file, long line, long column);
enum status error_sqlstate(struct error *err, const char *sqlstate);

/* Puts a context before the message: "context: message". */
enum status error_wrap(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Gives the same error another status, where the caller knows better what it means for the run. */
enum status error_recast(struct error *err, enum status status);

/* An error from errno: "could not VERB PATH: strerror". */
enum status error_errno(struct error *err, enum status status, const char *format, ...) PRINTF_LIKE(3, 4);

/* The hint of the error, else the default of its status; NULL only for OK. */
const char *error_hint_text(const struct error *err);

/* Moves the contents; `from` is OK afterwards. */
void error_move(struct error *to, struct error *from);

#endif
