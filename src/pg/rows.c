#include <assert.h>
#include <libpq-fe.h>
#include <stdlib.h>

#include "base/memory.h"
#include "pg/wire.h"

struct rows *rows_new(PGresult *result)
{
	struct rows *rows = memory_new(sizeof(*rows));
	rows->result = result;
	return rows;
}

size_t rows_count(const struct rows *rows)
{
	return (size_t)PQntuples(rows->result);
}

const char *rows_get(const struct rows *rows, size_t row, size_t column)
{
	assert(row < rows_count(rows) && column < (size_t)PQnfields(rows->result));
	if (PQgetisnull(rows->result, (int)row, (int)column))
		return NULL;
	return PQgetvalue(rows->result, (int)row, (int)column);
}

int64_t rows_int(const struct rows *rows, size_t row, size_t column)
{
	const char *text = rows_get(rows, row, column);
	return text ? strtoll(text, NULL, 10) : 0;
}

bool rows_true(const struct rows *rows, size_t row, size_t column)
{
	const char *text = rows_get(rows, row, column);
	return text && text[0] == 't';
}

int64_t rows_affected(const struct rows *rows)
{
	return strtoll(PQcmdTuples(rows->result), NULL, 10);
}

const char *rows_tag(const struct rows *rows)
{
	return PQcmdStatus(rows->result);
}

void rows_close(struct rows *rows)
{
	if (!rows)
		return;
	PQclear(rows->result);
	memory_free(rows);
}

void rows_cleanup(struct rows **rows)
{
	rows_close(*rows);
}
