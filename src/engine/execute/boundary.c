#include "engine/execute/boundary.h"

#include <signal.h>
#include <stdlib.h>

void boundary_pass(void)
{
	static long passed;
	const char *crash_at = getenv("PGSLUICE_CRASH_AT");
	passed++;
	if (crash_at && strtol(crash_at, NULL, 10) == passed)
		raise(SIGKILL);
}
