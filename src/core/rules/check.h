/* What one rule sees and says: a statement with its tree, and the plan around it. For core/rules only. */
#ifndef CORE_RULES_CHECK_H
#define CORE_RULES_CHECK_H

#include "core/rules/rule.h"
#include "core/sql/tree.h"

struct rule_check {
	struct arena *arena;
	const struct rule_facts *facts;
	const struct migration *migration;
	const struct script *script;
	const struct statement *statement;
	const PgQuery__Node *tree;       /* NULL for a statement that does not parse, and unless the rule asks for it */
	const struct text_list *created; /* tables that the plan has created so far */
	const struct text_list *dropped; /* indexes that it has dropped so far */
	const struct rule *rule;
	struct finding_list *findings;
};

/* One rule: its row and how it looks. */
struct rule_entry {
	struct rule row;
	const char *tag;  /* statements with this tag only; NULL = all, and then without their trees */
	bool downs;       /* looks at down files too */
	void (*look)(struct rule_check *check);
};

/* Adds a finding at the statement. The message is a sentence's beginning without full stop. */
void rule_find(struct rule_check *check, const char *hint, const char *format, ...) PRINTF_LIKE(3, 4);

/* Whether rows can be there: the plan did not create the table, and live has it as far as is known. */
bool table_is_live(const struct rule_check *check, const PgQuery__RangeVar *table);

/* Whether "schema.name" or "name" of a statement is a "schema.name" of a list. */
bool names_one_of(const char *name, const struct text_list *list);

extern const struct rule_entry transaction_block_rule, invalid_index_rule, index_lock_rule, type_change_rule,
	constraint_scan_rule;

#endif
