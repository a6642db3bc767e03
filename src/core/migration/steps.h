/* A script's statements grouped into steps. Knows neither the folder nor the server. */
#ifndef CORE_MIGRATION_STEPS_H
#define CORE_MIGRATION_STEPS_H

#include "core/migration/migration.h"

struct steps_request {
	enum file_kind kind;
	const char *history_table; /* with or without schema; its CREATE and INSERTs are absorbed */
	struct script *script;     /* its header was read; steps are filled in */
};

/*
 * Parses the script's text and makes its steps; see migration_parse for what is refused. The file's own BEGIN, COMMIT
 * and history rows are taken out of the list of statements.
 */
enum status steps_read(struct arena *arena, const struct steps_request *request, struct error *err) MUST_CHECK;

#endif
