/* What it costs to record a latency: ns per value, plain and corrected, on one line. Values from 1 us to 1 s. */
#include <inttypes.h>
#include <stdio.h>

#include "base/memory.h"
#include "core/latency/histogram.h"
#include "sys/clock.h"

enum { VALUES = 20000000 };

static int64_t next(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (int64_t)(1 + ((*seed >> 44) >> ((*seed >> 40) & 15)));
}

int main(void)
{
	struct histogram *histogram = memory_new(sizeof(*histogram));
	uint64_t seed = 1;
	int64_t sum = 0, start_us = clock_us();

	for (size_t i = 0; i < VALUES; i++)
		sum += next(&seed);
	int64_t values_us = clock_us() - start_us;
	start_us = clock_us();
	for (size_t i = 0; i < VALUES; i++)
		histogram_record(histogram, next(&seed));
	int64_t plain_us = clock_us() - start_us - values_us;
	start_us = clock_us();
	/* As in use: most come within their interval. */
	for (size_t i = 0; i < VALUES; i++)
		histogram_record_corrected(histogram, next(&seed), 500000);
	int64_t corrected_us = clock_us() - start_us - values_us;
	printf("%.1f %.1f\n", (double)plain_us * 1000 / VALUES, (double)corrected_us * 1000 / VALUES);
	/* So that no compiler finds the sums useless. */
	fprintf(stderr, "%" PRId64 " %" PRId64 "\n", sum, histogram->count);
	memory_free(histogram);
	return 0;
}
