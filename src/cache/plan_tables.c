#include "cache/plan_tables.h"

/* Wide columns come last, so that reading the others does not touch their pages. */
static const char FORM_1[] =
	"CREATE TABLE series ("
	" id INTEGER PRIMARY KEY,"
	" fingerprint TEXT NOT NULL,"
	" system_identifier TEXT NOT NULL,"
	" database TEXT NOT NULL,"
	" place TEXT NOT NULL,"
	" phase TEXT NOT NULL,"
	" newest INTEGER NOT NULL DEFAULT 0," /* id of its newest plan */
	" sql TEXT NOT NULL,"
	" UNIQUE (fingerprint, system_identifier, database, place, phase));"
	"CREATE INDEX series_newest ON series (newest);"
	"CREATE TABLE plan ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" series INTEGER NOT NULL REFERENCES series (id),"
	" taken_ms INTEGER NOT NULL,"
	" shape TEXT NOT NULL,"
	" changed INTEGER NOT NULL," /* the one before it in the series has another shape */
	" ended INTEGER NOT NULL DEFAULT 0," /* the one behind it has */
	" wall_ms REAL NOT NULL,"
	" pages REAL NOT NULL,"
	" temp_pages REAL NOT NULL,"
	" cost REAL NOT NULL,"
	" p95_ms REAL NOT NULL,"
	" expected_rows REAL NOT NULL,"
	" server_version TEXT,"
	" schema_digest TEXT,"
	" run_id TEXT,"
	" canary TEXT,"
	" settings TEXT,"
	" relations TEXT,"
	" document TEXT);"
	"CREATE INDEX plan_series ON plan (series, id);"
	"CREATE INDEX plan_changed ON plan (id) WHERE changed";

static const char *const STEPS[] = {FORM_1};

/* The application id is "PgPc" in ASCII. */
const struct store_form PLAN_TABLES = {
	.what = "plan cache",
	.application_id = 0x50675063,
	.steps = STEPS,
	.count = sizeof(STEPS) / sizeof(STEPS[0]),
};

const char PLAN_SERIES_NEED[] =
	"INSERT INTO series (fingerprint, system_identifier, database, place, phase, sql) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
	" ON CONFLICT (fingerprint, system_identifier, database, place, phase) DO UPDATE SET sql = excluded.sql"
	" RETURNING id";

const char PLAN_NEWEST_SHAPE[] = "SELECT id, shape FROM plan WHERE series = ?1 ORDER BY id DESC LIMIT 1";

const char PLAN_MARK_ENDED[] = "UPDATE plan SET ended = 1 WHERE id = ?1";

const char PLAN_INSERT[] =
	"INSERT INTO plan (series, taken_ms, shape, changed, wall_ms, pages, temp_pages, cost, p95_ms, expected_rows,"
	" server_version, schema_digest, run_id, canary, settings, relations, document)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";

const char PLAN_SERIES_NEWEST[] = "UPDATE series SET newest = ?2 WHERE id = ?1";

#define BEHIND " id < (SELECT id FROM plan WHERE series = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)"

const char PLAN_DROP_BETWEEN[] = "DELETE FROM plan WHERE series = ?1 AND NOT changed AND NOT ended AND" BEHIND;

const char PLAN_DROP_BEYOND[] = "DELETE FROM plan WHERE series = ?1 AND" BEHIND;

const char PLAN_DROP_OLDEST[] =
	"DELETE FROM plan WHERE id IN (SELECT id FROM plan WHERE id <> ?1 ORDER BY id LIMIT ?2)";

/* The oldest went first: a series whose newest plan is older than the oldest one has none. */
const char PLAN_SERIES_DROP_EMPTY[] = "DELETE FROM series WHERE newest < (SELECT min(id) FROM plan)";

/* PLAN_COLUMN_COUNT of them. */
#define COLUMNS(plan)                                                                                             \
	" " plan ".id, s.fingerprint, s.system_identifier, s.database, s.place, s.phase, s.sql, " plan ".taken_ms, "  \
	plan ".shape, " plan ".wall_ms, " plan ".pages, " plan ".temp_pages, " plan ".cost, " plan ".p95_ms, " plan   \
	".run_id, " plan ".canary, " plan ".expected_rows, " plan ".server_version, " plan ".schema_digest, " plan    \
	".settings, " plan ".relations"

const char PLAN_HISTORY[] = "SELECT" COLUMNS("p") " FROM series s JOIN plan p ON p.series = s.id WHERE true";

const char PLAN_HISTORY_ORDER[] = " ORDER BY p.id DESC LIMIT ?6";

const char PLAN_NEWEST[] = "SELECT" COLUMNS("p") " FROM series s JOIN plan p ON p.id = s.newest WHERE true";

const char PLAN_NEWEST_ORDER[] = " ORDER BY s.newest DESC LIMIT ?6";

const char PLAN_CHANGES[] =
	"SELECT" COLUMNS("p") "," COLUMNS("b")
	" FROM plan p JOIN series s ON s.id = p.series"
	" JOIN plan b ON b.id = (SELECT max(q.id) FROM plan q WHERE q.series = p.series AND q.id < p.id)"
	" WHERE p.changed AND b.shape <> p.shape AND s.phase <> 'what-if'";

const char PLAN_DOCUMENT[] = "SELECT document FROM plan WHERE id = ?1";
