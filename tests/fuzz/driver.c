#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

/*
 * Stands in for libFuzzer: runs a target over its seeds, then over mutations of them. One seed number gives the same
 * inputs on every machine. An input that kills or stalls the target is kept in a file, whose name is printed.
 */

enum { INPUT_LIMIT = 1 << 16, SEED_LIMIT = 4096, SECONDS_PER_INPUT = 20 };

struct input {
	size_t size;
	uint8_t *bytes;
};

static struct input seeds[SEED_LIMIT];
static size_t seed_count;
static uint8_t current[INPUT_LIMIT];
static size_t current_size;
static char kept_path[256];
static uint64_t random_state;

/* xorshift64*. */
static uint64_t random_next(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * UINT64_C(2685821657736338717);
}

static size_t random_below(size_t limit)
{
	return limit ? (size_t)((random_next() >> 16) % limit) : 0;
}

static void complain(const char *text)
{
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		_exit(1);
}

/* Runs inside signal handlers and the sanitizer's last breath: async-signal-safe calls only. */
static void keep_input(void)
{
	int fd = open(kept_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd >= 0 && write(fd, current, current_size) == (ssize_t)current_size) {
		complain("input kept in ");
		complain(kept_path);
		complain("\n");
	}
}

static void on_death(int number)
{
	complain(number == SIGALRM ? "the target stalls\n" : "the target died\n");
	keep_input();
	signal(number, SIG_DFL);
	raise(number);
}

/* There only in sanitized builds. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void watch_for_death(void)
{
	signal(SIGALRM, on_death);
	if (__sanitizer_set_death_callback) {
		__sanitizer_set_death_callback(keep_input);
		return;
	}
	signal(SIGABRT, on_death);
	signal(SIGSEGV, on_death);
	signal(SIGBUS, on_death);
	signal(SIGFPE, on_death);
	signal(SIGILL, on_death);
}

static void run_current(void)
{
	alarm(SECONDS_PER_INPUT);
	/* A copy of exactly this size, so that a sanitizer sees the first byte read beyond it. */
	uint8_t *copy = malloc(current_size ? current_size : 1);
	if (!copy)
		abort();
	memcpy(copy, current, current_size);
	LLVMFuzzerTestOneInput(copy, current_size);
	free(copy);
	alarm(0);
}

static void insert_bytes(size_t at, const uint8_t *bytes, size_t size)
{
	if (current_size + size > INPUT_LIMIT)
		return;
	memmove(current + at + size, current + at, current_size - at);
	memcpy(current + at, bytes, size);
	current_size += size;
}

static void remove_bytes(size_t at, size_t size)
{
	memmove(current + at, current + at + size, current_size - at - size);
	current_size -= size;
}

static void mutate_once(void)
{
	static const char marks[] = "'\"$;-/*\\{}[]:,()\n\r\t\0 \xef\xbb\xbf\xff\x80";
	uint8_t piece[32];
	size_t at = random_below(current_size + 1);
	size_t rest = current_size - at;
	switch (random_below(6)) {
	case 0: /* one bit */
		if (rest)
			current[at] ^= (uint8_t)(1U << random_below(8));
		break;
	case 1: /* a byte that means something to a parser */
		piece[0] = (uint8_t)marks[random_below(sizeof(marks) - 1)];
		insert_bytes(at, piece, 1);
		break;
	case 2: /* less */
		if (rest)
			remove_bytes(at, 1 + random_below(rest < 16 ? rest : 16));
		break;
	case 3: { /* the same again, elsewhere */
		size_t size = rest < sizeof(piece) ? rest : sizeof(piece);
		memcpy(piece, current + at, size);
		insert_bytes(random_below(current_size + 1), piece, size);
		break;
	}
	case 4: { /* something of another seed */
		const struct input *other = &seeds[random_below(seed_count)];
		size_t from = random_below(other->size);
		size_t size = other->size - from;
		insert_bytes(at, other->bytes + from, size < 64 ? size : 64);
		break;
	}
	default: /* cut short */
		current_size = at;
	}
}

static void run_mutation(void)
{
	const struct input *seed = &seeds[random_below(seed_count)];
	current_size = seed->size;
	memcpy(current, seed->bytes, seed->size);
	for (size_t times = 1 + random_below(8); times > 0; times--)
		mutate_once();
	run_current();
}

static void read_seed(const char *folder, const char *name)
{
	char path[4096];
	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path) || seed_count == SEED_LIMIT)
		return;
	FILE *file = fopen(path, "rb");
	if (!file)
		return;
	uint8_t *bytes = malloc(INPUT_LIMIT);
	if (bytes) {
		size_t size = fread(bytes, 1, INPUT_LIMIT, file);
		seeds[seed_count++] = (struct input){.size = size, .bytes = bytes};
	}
	fclose(file);
}

/* In the order of their names, so that a run can be repeated. */
static int read_seeds(const char *folder)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.')
			read_seed(folder, entries[i]->d_name);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return seed_count > 0;
}

/* usage: fuzz_TARGET RUNS SEED-NUMBER SEED-FOLDER */
int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: %s RUNS SEED-NUMBER SEED-FOLDER\n", argv[0]);
		return 2;
	}
	const char *slash = strrchr(argv[0], '/');
	const char *name = slash ? slash + 1 : argv[0];
	unsigned long runs = strtoul(argv[1], NULL, 10);
	unsigned long number = strtoul(argv[2], NULL, 10);
	if (!read_seeds(argv[3])) {
		fprintf(stderr, "%s: no seeds in %s\n", name, argv[3]);
		return 2;
	}
	random_state = UINT64_C(0x9e3779b97f4a7c15) ^ number;
	snprintf(kept_path, sizeof(kept_path), "%s.crash", name);
	printf("%s: seed %lu\n", name, number);
	fflush(stdout);
	watch_for_death();
	for (size_t i = 0; i < seed_count; i++) {
		current_size = seeds[i].size;
		memcpy(current, seeds[i].bytes, seeds[i].size);
		run_current();
	}
	for (unsigned long i = 0; i < runs; i++)
		run_mutation();
	for (size_t i = 0; i < seed_count; i++)
		free(seeds[i].bytes);
	printf("%s: %zu seeds and %lu mutations passed\n", name, seed_count, runs);
	return 0;
}
