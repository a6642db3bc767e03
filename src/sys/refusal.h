/* What the operating system refused, as an error with a hint for the operator. Inside sys only. */
#ifndef SYS_REFUSAL_H
#define SYS_REFUSAL_H

#include "base/error.h"

/* An error from errno with the formatted text before it: its status and hint follow from errno. */
enum status refusal(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
