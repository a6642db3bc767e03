#include "core/migration/name.h"

#include <string.h>

#include "core/migration/migration.h"

static const char *significant(const char *version, size_t *ret_length)
{
	while (version[0] == '0' && version[1])
		version++;
	*ret_length = strlen(version);
	return version;
}

int version_compare(const char *a, const char *b)
{
	size_t length_a, length_b;
	a = significant(a, &length_a);
	b = significant(b, &length_b);
	if (length_a != length_b)
		return length_a < length_b ? -1 : 1;
	return memcmp(a, b, length_a);
}

static bool ends_with(const char *name, size_t length, const char *suffix)
{
	size_t size = strlen(suffix);
	return length >= size && memcmp(name + length - size, suffix, size) == 0;
}

static const struct {
	const char *suffix;
	enum file_kind kind;
} SUFFIXES[] = {
	{".down.sql", FILE_DOWN},
	{".verify.sql", FILE_VERIFY},
	{".sql", FILE_UP},
};

enum file_kind name_read(const char *name, struct file_name *ret_name)
{
	size_t length = strlen(name), digits = strspn(name, "0123456789");

	if (name[0] == '.' || !ends_with(name, length, ".sql") || strcmp(name, "TEMPLATE.sql") == 0)
		return FILE_IGNORED;
	for (size_t i = 0; i < sizeof(SUFFIXES) / sizeof(SUFFIXES[0]); i++) {
		size_t suffix = strlen(SUFFIXES[i].suffix);
		if (!ends_with(name, length, SUFFIXES[i].suffix))
			continue;
		if (digits == 0 || name[digits] != '_' || digits + 1 + suffix >= length)
			return FILE_BAD_NAME;
		*ret_name = (struct file_name){
			.version_length = digits, .name = name + digits + 1, .name_length = length - digits - 1 - suffix};
		return SUFFIXES[i].kind;
	}
	return FILE_BAD_NAME;
}

enum file_kind file_kind_of(const char *name)
{
	struct file_name ignored;
	return name_read(name, &ignored);
}
