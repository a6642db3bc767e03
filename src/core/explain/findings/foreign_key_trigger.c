#include <string.h>

#include "core/explain/figure.h"
#include "core/explain/findings/rules.h"
#include "core/sql/identifier.h"

enum { SHARE_PERCENT = 10, LEAST_MS_PER_CALL = 1 /* an index is searched in a small part of that */ };

/*
 * A key's triggers are named RI_ConstraintTrigger_a_OID on the table that is referenced, and _c_ on the one that
 * references; only the first look for rows, where an index is missed. Without the name, only a DELETE tells which it
 * was.
 */
static bool is_referenced_side(const struct query_plan *plan, const struct plan_trigger *trigger)
{
	static const char REFERENCED[] = "RI_ConstraintTrigger_a_";
	const struct plan_node *root = &plan->nodes.items[0];

	if (!trigger->constraint)
		return false;
	if (trigger->name && strncmp(trigger->name, "RI_", 3) == 0)
		return strncmp(trigger->name, REFERENCED, sizeof(REFERENCED) - 1) == 0;
	return root->operation && strcmp(root->operation, "Delete") == 0;
}

bool is_slow_key(const struct query_plan *plan, const struct plan_trigger *trigger)
{
	return is_referenced_side(plan, trigger) && plan_time_share(plan, trigger->time_ms) * 100 >= SHARE_PERCENT &&
	       trigger->time_ms >= LEAST_MS_PER_CALL * trigger->calls;
}

static const char *literal(struct arena *arena, const char *text)
{
	_cleanup_strbuf_ struct strbuf quoted = {0};
	if (strchr(text, '\\'))
		strbuf_putc(&quoted, 'E');
	strbuf_putc(&quoted, '\'');
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			strbuf_putc(&quoted, *text);
		strbuf_putc(&quoted, *text);
	}
	strbuf_putc(&quoted, '\'');
	return arena_strdup(arena, strbuf_text(&quoted));
}

/* A plan does not say which columns reference, but the catalog does: the query writes the statement. */
static const char *sql_of_index(struct arena *arena, const char *constraint)
{
	return arena_printf(arena,
	                    "SELECT format('CREATE INDEX CONCURRENTLY ON %%s (%%s)', conrelid::regclass, (SELECT "
	                    "string_agg(quote_ident(attname), ', ' ORDER BY n) FROM unnest(conkey) WITH ORDINALITY AS k "
	                    "(attnum, n) JOIN pg_attribute USING (attnum) WHERE attrelid = conrelid)) FROM pg_constraint "
	                    "WHERE contype = 'f' AND conname = %s",
	                    literal(arena, constraint));
}

static void look(struct plan_look *look)
{
	for (size_t i = 0; i < look->plan->triggers.count; i++) {
		const struct plan_trigger *trigger = &look->plan->triggers.items[i];
		double share = plan_time_share(look->plan, trigger->time_ms);
		if (is_slow_key(look->plan, trigger))
			look_find(look, severity_of_share(share), share, sql_of_index(look->arena, trigger->constraint),
			          "the foreign key %s is checked %s in %s, %s of the statement: the table that references "
			          "seems to have no index on the key's columns",
			          trigger->constraint, figure_times(look->arena, trigger->calls),
			          figure_ms(look->arena, trigger->time_ms), figure_share(look->arena, share));
	}
}

const struct plan_rule_entry foreign_key_trigger_rule = {
	.row = {.name = "foreign-key-trigger",
	        .meaning = "looking for rows that reference the changed ones takes 10% or more of the statement, "
	                   "and 1 ms or more for each"},
	.whole = true,
	.look = look,
};
