#include "base/panic.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void panic(const char *what)
{
	fprintf(stderr, "pgsluice: %s: %s\n", what, strerror(errno));
	abort();
}
