#include "base/json_key.h"

#include <stdint.h>
#include <string.h>

#include "base/memory.h"

struct key {
	struct key *next; /* in its slot */
	uint32_t hash, references;
	char text[];
};

static struct {
	struct key **slots;
	size_t slot_count, count;
} table;

enum { FIRST_SLOTS = 64 };

static uint32_t hash_of(const char *text)
{
	uint32_t hash = UINT32_C(2166136261);
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT32_C(16777619);
	return hash;
}

static struct key **slot_of(uint32_t hash)
{
	return &table.slots[hash & (table.slot_count - 1)];
}

static struct key *find(const char *text, uint32_t hash)
{
	struct key *key = table.slots ? *slot_of(hash) : NULL;
	while (key && (key->hash != hash || strcmp(key->text, text) != 0))
		key = key->next;
	return key;
}

static void grow(void)
{
	struct key **old = table.slots;
	size_t old_count = table.slot_count;

	table.slot_count = old_count ? old_count * 2 : FIRST_SLOTS;
	table.slots = memory_new(table.slot_count * sizeof(struct key *));
	for (size_t i = 0; i < old_count; i++)
		for (struct key *key = old[i], *next; key; key = next) {
			struct key **slot = slot_of(key->hash);
			next = key->next;
			key->next = *slot;
			*slot = key;
		}
	memory_free(old);
}

const char *json_key_take(const char *text)
{
	uint32_t hash = hash_of(text);
	struct key *key = find(text, hash);
	if (!key) {
		if (table.count == table.slot_count)
			grow();
		size_t size = strlen(text) + 1;
		struct key **slot = slot_of(hash);
		key = memory_new(sizeof(*key) + size);
		memcpy(key->text, text, size);
		key->hash = hash;
		key->next = *slot;
		*slot = key;
		table.count++;
	}
	key->references++;
	return key->text;
}

void json_key_release(const char *text)
{
	struct key *key = (struct key *)(uintptr_t)(text - offsetof(struct key, text));
	if (--key->references > 0)
		return;
	struct key **link = slot_of(key->hash);
	while (*link != key)
		link = &(*link)->next;
	*link = key->next;
	memory_free(key);
	if (--table.count == 0) {
		memory_free(table.slots);
		table.slots = NULL;
		table.slot_count = 0;
	}
}

const char *json_key_find(const char *text)
{
	const struct key *key = find(text, hash_of(text));
	return key ? key->text : NULL;
}
