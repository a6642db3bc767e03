#include "core/sql/identifier.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

/* pg_get_keywords() where catcode <> 'U', of all versions; sorted. */
static const char *const KEYWORDS[] = {
	"all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "authorization",
	"between", "bigint", "binary", "bit", "boolean", "both", "case", "cast", "char", "character", "check",
	"coalesce", "collate", "collation", "column", "concurrently", "constraint", "create", "cross",
	"current_catalog", "current_date", "current_role", "current_schema", "current_time",
	"current_timestamp", "current_user", "dec", "decimal", "default", "deferrable", "desc", "distinct",
	"do", "else", "end", "except", "exists", "extract", "false", "fetch", "float", "for", "foreign",
	"freeze", "from", "full", "grant", "graph_table", "greatest", "group", "grouping", "having", "ilike",
	"in", "initially", "inner", "inout", "int", "integer", "intersect", "interval", "into", "is", "isnull",
	"join", "json", "json_array", "json_arrayagg", "json_exists", "json_object", "json_objectagg",
	"json_query", "json_scalar", "json_serialize", "json_table", "json_value", "lateral", "leading",
	"least", "left", "like", "limit", "localtime", "localtimestamp", "merge_action", "national", "natural",
	"nchar", "none", "normalize", "not", "notnull", "null", "nullif", "numeric", "offset", "on", "only",
	"or", "order", "out", "outer", "overlaps", "overlay", "placing", "position", "precision", "primary",
	"real", "references", "returning", "right", "row", "select", "session_user", "setof", "similar",
	"smallint", "some", "substring", "symmetric", "system_user", "table", "tablesample", "then", "time",
	"timestamp", "to", "trailing", "treat", "trim", "true", "union", "unique", "user", "using", "values",
	"varchar", "variadic", "verbose", "when", "where", "window", "with", "xmlattributes", "xmlconcat",
	"xmlelement", "xmlexists", "xmlforest", "xmlnamespaces", "xmlparse", "xmlpi", "xmlroot", "xmlserialize",
	"xmltable",
};

struct word {
	const char *text;
	size_t length;
};

static int compare_word(const void *key, const void *row)
{
	const struct word *word = key;
	const char *keyword = *(const char *const *)row;
	int order = strncmp(word->text, keyword, word->length);
	return order ? order : -(int)(keyword[word->length] != '\0');
}

bool sql_is_keyword(const char *word, size_t length)
{
	struct word key = {word, length};
	return bsearch(&key, KEYWORDS, sizeof(KEYWORDS) / sizeof(KEYWORDS[0]), sizeof(KEYWORDS[0]), compare_word);
}

static bool is_plain(const char *name)
{
	static const char FIRST[] = "abcdefghijklmnopqrstuvwxyz_";
	static const char REST[] = "abcdefghijklmnopqrstuvwxyz_0123456789";

	return *name && strchr(FIRST, *name) && name[strspn(name, REST)] == '\0' && !sql_is_keyword(name, strlen(name));
}

const char *sql_identifier(struct arena *arena, const char *name)
{
	if (is_plain(name))
		return name;
	_cleanup_strbuf_ struct strbuf text = {0};
	strbuf_putc(&text, '"');
	for (; *name; name++) {
		if (*name == '"')
			strbuf_putc(&text, '"');
		strbuf_putc(&text, *name);
	}
	strbuf_putc(&text, '"');
	return arena_strdup(arena, strbuf_text(&text));
}

const char *sql_qualified(struct arena *arena, const char *schema, const char *name)
{
	if (!schema)
		return sql_identifier(arena, name);
	return arena_printf(arena, "%s.%s", sql_identifier(arena, schema), sql_identifier(arena, name));
}
