#include "core/rules/check.h"

static void look(struct rule_check *check)
{
	const struct statement *statement = check->statement;
	if (statement->class != CLASS_OUTSIDE || !statement->in_block)
		return;
	rule_find(check,
	          "End the block with COMMIT before the statement, or remove the file's BEGIN and COMMIT: the statement is "
	          "a step of its own then.",
	          "%s%s cannot run inside BEGIN", statement->tag, statement->concurrent_index ? " CONCURRENTLY" : "");
}

const struct rule_entry transaction_block_rule = {
	.row = {.name = "transaction-block",
	        .severity = SEVERITY_ERROR,
	        .meaning = "a statement that cannot run in a transaction stands inside the file's own BEGIN"},
	.downs = true,
	.look = look,
};
