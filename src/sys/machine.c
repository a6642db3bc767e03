#include "sys/machine.h"

#include <unistd.h>

int64_t machine_cores(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	return cores > 0 ? cores : 0;
}
