#include "engine/rehearse/losses.h"

static const struct relation *by_oid(const struct relation_list *relations, unsigned oid)
{
	for (size_t i = 0; i < relations->count; i++)
		if (relations->items[i].oid == oid)
			return &relations->items[i];
	return NULL;
}

static bool has_column(const struct relation *relation, int number)
{
	for (size_t i = 0; i < relation->columns.count; i++)
		if (relation->columns.items[i].number == number)
			return true;
	return false;
}

/* column is NULL for the whole table. Most plans drop nothing: *session is opened by the first that is reported. */
static enum status report(struct run *run, struct copy *copy, struct session **session, struct evidence *evidence,
                          const char *table, const char *column, struct error *err)
{
	_cleanup_rows_ struct rows *rows = NULL;
	const char *counted = column ? quote_ident(run->arena, column) : "*";
	const char *sql = arena_printf(run->arena, "select pg_catalog.count(%s) from only %s", counted, table);

	if ((!*session && copy_session(copy, "proof", session, err) != OK) ||
	    session_query(*session, sql, 0, NULL, &rows, err) != OK)
		return error_wrap(err, "cannot count what is lost in %s", table);
	const char *what = column ? arena_printf(run->arena, "column %s of %s with %s value(s)", column, table,
	                                         rows_get(rows, 0, 0))
	                          : arena_printf(run->arena, "table %s with %s row(s)", table, rows_get(rows, 0, 0));
	run_warn(run, evidence, "rehearsal.loss", "After the apply only the backup has them.",
	         arena_printf(run->arena, "the plan drops %s", what), "-");
	return OK;
}

enum status losses_report(struct run *run, struct copy *copy, struct evidence *evidence,
                          const struct relation_list *before, const struct relation_list *after, struct error *err)
{
	_cleanup_session_ struct session *session = NULL;

	for (size_t i = 0; i < before->count; i++) {
		const struct relation *relation = &before->items[i], *now = by_oid(after, relation->oid);
		if (relation->kind != 'r')
			continue;
		if (!now && report(run, copy, &session, evidence, relation->name, NULL, err) != OK)
			return err->status;
		for (size_t c = 0; now && c < relation->columns.count; c++)
			if (!has_column(now, relation->columns.items[c].number) &&
			    report(run, copy, &session, evidence, relation->name, relation->columns.items[c].name,
			           err) != OK)
				return err->status;
	}
	return OK;
}
