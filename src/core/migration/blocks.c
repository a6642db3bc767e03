#include "core/migration/blocks.h"

static enum status follow_begin(struct blocks *blocks, const struct statement *statement, enum block_event *ret_event,
                                struct error *err)
{
	if (blocks->state == BLOCKS_OWN) {
		error_set(err, FAIL_REFUSED, "BEGIN inside a transaction");
		error_detail(err, "PostgreSQL only warns, and the first COMMIT ends both: what follows it would be outside.");
		error_hint(err, "Remove this BEGIN and its COMMIT, or use SAVEPOINT.");
		return error_where(err, blocks->file, statement->line, statement->column);
	}
	*ret_event = blocks->state == BLOCKS_OUTSIDE ? BLOCK_ENDS_STEP : BLOCK_ABSORBED;
	blocks->state = BLOCKS_OWN;
	blocks->begin.line = statement->line;
	blocks->begin.column = statement->column;
	return OK;
}

static enum status refuse_commit(const struct blocks *blocks, long line, long column, struct error *err)
{
	error_set(err, FAIL_REFUSED, "COMMIT without BEGIN");
	error_hint(err, "Remove it, or put the BEGIN that it ends before it: the file is one transaction without both.");
	return error_where(err, blocks->file, line, column);
}

static enum status follow_commit(struct blocks *blocks, const struct statement *statement,
                                 enum block_event *ret_event, struct error *err)
{
	if (blocks->state == BLOCKS_OUTSIDE)
		return refuse_commit(blocks, statement->line, statement->column, err);
	if (blocks->state == BLOCKS_RUNNER) {
		blocks->slipped = true;
		blocks->slip.line = statement->line;
		blocks->slip.column = statement->column;
	}
	blocks->state = BLOCKS_OUTSIDE;
	*ret_event = BLOCK_ENDS_STEP;
	return OK;
}

static enum status refuse_rollback(const struct blocks *blocks, const struct statement *statement, struct error *err)
{
	error_set(err, FAIL_REFUSED, "%s in a migration", statement->tag);
	error_detail(err, "A migration ends with what it did committed, together with its history row.");
	error_hint(err, "Remove it; to try a migration out, run the rehearsal: --stop-before preflight.");
	return error_where(err, blocks->file, statement->line, statement->column);
}

enum status blocks_follow(struct blocks *blocks, const struct statement *statement, enum block_event *ret_event,
                          struct error *err)
{
	switch (statement->class) {
	case CLASS_BEGIN:
		return follow_begin(blocks, statement, ret_event, err);
	case CLASS_COMMIT:
		return follow_commit(blocks, statement, ret_event, err);
	case CLASS_ROLLBACK:
		if (blocks->rollback_ends && blocks->state != BLOCKS_OUTSIDE)
			return follow_commit(blocks, statement, ret_event, err);
		return refuse_rollback(blocks, statement, err);
	case CLASS_TRANSACTIONAL:
	case CLASS_OUTSIDE:
	case CLASS_SAVEPOINT:
		*ret_event = BLOCK_INSIDE;
		return OK;
	}
	return OK;
}

enum status blocks_finish(const struct blocks *blocks, struct error *err)
{
	if (blocks->state == BLOCKS_OWN && !blocks->slipped) {
		error_set(err, FAIL_REFUSED, "BEGIN without COMMIT");
		error_detail(err, "psql would roll everything behind it back without a word.");
		error_hint(err, "End the file with COMMIT, or remove the BEGIN: the file is one transaction without it.");
		return error_where(err, blocks->file, blocks->begin.line, blocks->begin.column);
	}
	if (blocks->state == BLOCKS_OUTSIDE && blocks->slipped)
		return refuse_commit(blocks, blocks->slip.line, blocks->slip.column, err);
	return OK;
}
