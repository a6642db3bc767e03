/*
 * A migration that is about to be written: its number, its names and the first text of its files. Pure: the folder's
 * names, the template and the date come from outside.
 */
#ifndef CORE_MIGRATION_DRAFT_H
#define CORE_MIGRATION_DRAFT_H

#include "base/arena.h"
#include "base/error.h"
#include "base/list.h"
#include "core/sql/index_proposal.h"

struct draft {
	const char *version;
	const char *up_name, *down_name, *verify_name; /* file names, without the folder */
	const char *up, *down, *verify;                /* their texts */
};

/* What the author says. */
struct draft_request {
	const char *name;                 /* what stands after the version */
	const char *task;                 /* replaces TASK-0; NULL leaves it to be filled in */
	const char *date;                 /* YYYY-MM-DD */
	const char *template;             /* text of TEMPLATE.sql, or NULL for the built-in one */
	const struct text_list *siblings; /* names of the files that are in the folder */
	const struct index_proposal *index; /* what the migration builds, or NULL: then the template stays to be filled */
};

/*
 * The number is the highest of the folder plus one, in as many digits as that one has (001 in an empty folder). In
 * the template NNN_name, YYYY-MM-DD and TASK-0 are replaced. The down and the verify file fail until they are written;
 * for an index all three are written, and the template is not used. Texts are in the arena. FAIL_USAGE for a name that
 * cannot be one, or is another migration's already.
 */
enum status draft_make(struct arena *arena, const struct draft_request *request, struct draft *ret_draft,
                       struct error *err) MUST_CHECK;

/* A name for the migration that builds this index: "add_" and the index's, of characters that such a name has. */
const char *draft_index_name(struct arena *arena, const struct index_proposal *index);

#endif
