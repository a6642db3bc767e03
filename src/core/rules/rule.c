#include "core/rules/rule.h"

#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "core/rules/check.h"

/* migration_parse refuses what does not parse; its allowance has a row so that it can be listed and found. */
static const struct rule_entry unparsed_rule = {
	.row = {.name = "unparsed",
	        .severity = SEVERITY_ERROR,
	        .meaning = "a statement that the packaged parser does not take: its rules and locks are not checked"},
};

static const struct rule_entry *const RULES[] = {
	&transaction_block_rule, &invalid_index_rule, &index_lock_rule,
	&type_change_rule,       &constraint_scan_rule, &unparsed_rule,
};

enum { RULE_COUNT = sizeof(RULES) / sizeof(RULES[0]) };

const struct rule *rule_at(size_t number)
{
	return number < RULE_COUNT ? &RULES[number]->row : NULL;
}

/* ---- for the rules ---- */

static const struct allowance *find_allowance(const struct script *script, const char *rule)
{
	for (size_t i = 0; i < script->allowances.count; i++)
		if (strcmp(script->allowances.items[i].rule, rule) == 0)
			return &script->allowances.items[i];
	return NULL;
}

void rule_find(struct rule_check *check, const char *hint, const char *format, ...)
{
	const struct allowance *allowance = find_allowance(check->script, check->rule->name);
	struct finding *finding = list_add(check->arena, check->findings);
	va_list args;

	va_start(args, format);
	*finding = (struct finding){
		.rule = check->rule->name,
		.severity = check->rule->severity,
		.version = check->migration->version,
		.file = check->script->path,
		.line = check->statement->line,
		.column = check->statement->column,
		.message = arena_vprintf(check->arena, format, args),
		.hint = hint,
		.allowed_because = allowance ? allowance->reason : NULL,
	};
	va_end(args);
}

/* A name without schema is any schema's: which one the search path finds is not known here. */
static bool same_name(const char *a, const char *b)
{
	const char *dot_a = strchr(a, '.'), *dot_b = strchr(b, '.');
	if (dot_a && dot_b)
		return strcmp(a, b) == 0;
	return strcmp(dot_a ? dot_a + 1 : a, dot_b ? dot_b + 1 : b) == 0;
}

bool names_one_of(const char *name, const struct text_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (same_name(name, list->items[i]))
			return true;
	return false;
}

bool table_is_live(const struct rule_check *check, const PgQuery__RangeVar *table)
{
	const char *name = tree_relation_name(check->arena, table);
	if (names_one_of(name, check->created))
		return false;
	return !check->facts->tables || names_one_of(name, check->facts->tables);
}

/* ---- the run ---- */

struct rules_run {
	struct rule_check check;
	struct tree_parser *parser;
	struct text_list created, dropped;
};

static bool wants(const struct rule_entry *rule, const struct rule_check *check)
{
	if (!rule->look || (check->script == &check->migration->down && !rule->downs))
		return false;
	return !rule->tag || (check->statement->parsed && strcmp(check->statement->tag, rule->tag) == 0);
}

static void look_at_statement(struct rules_run *run, const struct statement *statement)
{
	struct rule_check *check = &run->check;
	check->statement = statement;
	check->tree = NULL;
	for (size_t i = 0; i < RULE_COUNT; i++) {
		struct tree_problem problem;
		if (!wants(RULES[i], check))
			continue;
		if (RULES[i]->tag && !check->tree)
			check->tree = tree_parse(run->parser, statement->sql, &problem);
		if (RULES[i]->tag && !check->tree)
			continue;
		check->rule = &RULES[i]->row;
		RULES[i]->look(check);
	}
}

/* A rename creates a name and no table, unless the plan made the one with the old name. */
static bool is_new_table(const struct rules_run *run, const struct statement *statement, const char *name)
{
	const struct text_list *live = run->check.facts->tables;
	if (strncmp(statement->tag, "ALTER", 5) != 0)
		return !(statement->if_not_exists && live && names_one_of(name, live));
	for (size_t i = 0; i < statement->objects.count; i++)
		if (statement->objects.items[i].drops && names_one_of(statement->objects.items[i].name, &run->created))
			return true;
	return false;
}

static void remember_objects(struct rules_run *run, const struct statement *statement)
{
	for (size_t i = 0; i < statement->objects.count; i++) {
		const struct object_use *use = &statement->objects.items[i];
		if (use->creates && strcmp(use->kind, "table") == 0 && is_new_table(run, statement, use->name))
			list_push(run->check.arena, &run->created, use->name);
		if (use->drops && strcmp(use->kind, "index") == 0)
			list_push(run->check.arena, &run->dropped, use->name);
	}
}

static bool has_unparsed(const struct script *script)
{
	for (size_t s = 0; s < script->steps.count; s++)
		for (size_t i = 0; i < script->steps.items[s].count; i++)
			if (!script->steps.items[s].statements[i].parsed)
				return true;
	return false;
}

static bool is_used(const struct rules_run *run, const struct allowance *allowance, size_t first_finding)
{
	const struct finding_list *findings = run->check.findings;
	if (strcmp(allowance->rule, unparsed_rule.row.name) == 0)
		return has_unparsed(run->check.script);
	for (size_t i = first_finding; i < findings->count; i++)
		if (strcmp(findings->items[i].rule, allowance->rule) == 0)
			return true;
	return false;
}

static void add_allowance_finding(struct rules_run *run, const struct allowance *allowance, struct finding finding)
{
	finding.version = run->check.migration->version;
	finding.file = run->check.script->path;
	finding.line = allowance->line;
	list_push(run->check.arena, run->check.findings, finding);
}

static void judge_allowance(struct rules_run *run, const struct allowance *allowance, size_t first_finding)
{
	struct arena *arena = run->check.arena;
	const char *names[RULE_COUNT];
	bool known = false;

	for (size_t i = 0; i < RULE_COUNT; i++) {
		names[i] = RULES[i]->row.name;
		known |= strcmp(names[i], allowance->rule) == 0;
	}
	if (!known) {
		const char *nearest = text_nearest(allowance->rule, names, RULE_COUNT);
		struct finding unknown = {.rule = "unknown-rule", .severity = SEVERITY_ERROR};
		unknown.message = arena_printf(arena, "there is no rule \"%s\" to allow", allowance->rule);
		unknown.hint = nearest ? arena_printf(arena, "Did you mean \"%s\"?", nearest)
		                       : "pgsluice-migration(5) lists the rules.";
		add_allowance_finding(run, allowance, unknown);
	} else if (!is_used(run, allowance, first_finding)) {
		struct finding unused = {.rule = "unused-allow", .severity = SEVERITY_WARNING};
		unused.message = arena_printf(arena, "nothing in the file needs `allow %s`", allowance->rule);
		unused.hint = "Remove the line: it would cover a later mistake.";
		add_allowance_finding(run, allowance, unused);
	}
}

static void look_at_script(struct rules_run *run, const struct script *script)
{
	size_t first_finding = run->check.findings->count;
	run->check.script = script;
	for (size_t s = 0; s < script->steps.count; s++)
		for (size_t i = 0; i < script->steps.items[s].count; i++) {
			const struct statement *statement = &script->steps.items[s].statements[i];
			look_at_statement(run, statement);
			if (script == &run->check.migration->up)
				remember_objects(run, statement);
		}
	for (size_t i = 0; i < script->allowances.count; i++)
		judge_allowance(run, &script->allowances.items[i], first_finding);
}

void rules_check(struct arena *arena, const struct plan *plan, const struct rule_facts *facts,
                 struct finding_list *ret_findings)
{
	_cleanup_tree_parser_ struct tree_parser *parser = tree_parser_open();
	struct finding_list findings = {0};
	struct rules_run run = {.parser = parser};

	run.check = (struct rule_check){.arena = arena,
	                                .facts = facts,
	                                .created = &run.created,
	                                .dropped = &run.dropped,
	                                .findings = &findings};
	for (size_t i = 0; i < plan->pending.count; i++) {
		run.check.migration = plan->pending.items[i];
		look_at_script(&run, &run.check.migration->up);
		look_at_script(&run, &run.check.migration->down);
		look_at_script(&run, &run.check.migration->verify);
	}
	*ret_findings = findings;
}
