/* A file's bytes as canonical text: valid UTF-8 without BOM, lines ended by LF. Knows nothing of SQL. */
#ifndef CORE_MIGRATION_CANONICAL_H
#define CORE_MIGRATION_CANONICAL_H

#include "core/migration/migration.h"

/*
 * Fills in path, digests, text and length; the text is the file's bytes, made canonical in place. CRs that
 * do not stand before LF are kept. FAIL_REFUSED with file and line for a NUL byte and for invalid UTF-8.
 */
enum status canonical_read(struct arena *arena, const struct source_file *file, struct script *ret_script,
                           struct error *err) MUST_CHECK;

#endif
