/* What a fuzz target is: one function, with libFuzzer's name so that it runs under libFuzzer too. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Feeds the bytes to the parser and returns 0; it aborts where a promise of the parser is broken. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Like assert, and never compiled out. */
#define MUST(promise)            \
	do {                     \
		if (!(promise))  \
			abort(); \
	} while (0)

#endif
