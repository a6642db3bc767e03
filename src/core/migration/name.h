/* The name of a migration's file, taken apart. Knows no folder. */
#ifndef CORE_MIGRATION_NAME_H
#define CORE_MIGRATION_NAME_H

#include <stddef.h>

#include "core/migration/migration.h"

struct file_name {
	size_t version_length; /* the version is the first digits of the file's name */
	const char *name;      /* between the version and .sql, .down.sql, .verify.sql: points into the file's name */
	size_t name_length;
};

/* The kind of a file, as file_kind_of; *ret_name is filled in for up, down and verify files. */
enum file_kind name_read(const char *name, struct file_name *ret_name);

#endif
