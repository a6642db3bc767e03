/* The leading comment block of a file: `-- Key: value` lines and directives. Knows no statements. */
#ifndef CORE_MIGRATION_HEADER_H
#define CORE_MIGRATION_HEADER_H

#include "core/migration/migration.h"

/* A directive is a line comment that begins with this. */
#define DIRECTIVE_MARKER "pgsluice:"

/*
 * Reads the header of one of the migration's scripts, whose text is there: sets script->body and the fields that the
 * directives speak of. FAIL_REFUSED with file, line and column for an unknown directive (naming the nearest), one that
 * belongs into the up file, one that is said twice, and a value that cannot be read.
 */
enum status header_read(struct arena *arena, enum file_kind kind, struct migration *migration, struct script *script,
                        struct error *err) MUST_CHECK;

#endif
