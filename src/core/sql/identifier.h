/* Names as SQL takes them. Knows key words of PostgreSQL 13 to 19 and no server. */
#ifndef CORE_SQL_IDENTIFIER_H
#define CORE_SQL_IDENTIFIER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/* Whether an unquoted word in lower case is a key word that cannot name a column everywhere. */
bool sql_is_keyword(const char *word, size_t length);

/* The name, in double quotes where the server would write it so; in arena, or the name itself. */
const char *sql_identifier(struct arena *arena, const char *name);

/* schema.name, both quoted where they must be; without schema the name alone. */
const char *sql_qualified(struct arena *arena, const char *schema, const char *name);

#endif
