/*
 * A query's plan as EXPLAIN printed it, in JSON or text, by PostgreSQL 13 to 19: one tree of nodes, with the figures
 * that are derived from what was printed. Pure; knows no server and no screen.
 *
 * "plan" alone means the pending migrations everywhere else, so these are query plans and plan nodes. All texts and
 * nodes live in the arena of the reader. Figures are doubles because servers print fractions where they once printed
 * whole numbers; what was not printed is 0, and the has_* flags say which groups were.
 */
#ifndef CORE_EXPLAIN_QUERY_PLAN_H
#define CORE_EXPLAIN_QUERY_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/list.h"

enum plan_link {
	PLAN_ROOT,
	PLAN_OUTER,
	PLAN_INNER,
	PLAN_MEMBER,   /* of Append, ModifyTable, BitmapAnd and their like */
	PLAN_SUBQUERY,
	PLAN_SUBPLAN,
	PLAN_INITPLAN,
	PLAN_CTE,      /* an InitPlan that is named "CTE x" */
};

/* A property as printed that has no field of its own, or one to be shown: "Filter", "Sort Key", whatever comes. */
struct plan_detail {
	const char *name, *value; /* a list is joined with ", " */
};

/* Blocks, summed over all loops and processes as the server does. Times are there with track_io_timing only. */
struct plan_buffers {
	double shared_hit, shared_read, shared_dirtied, shared_written;
	double local_hit, local_read, local_dirtied, local_written;
	double temp_read, temp_written;
	double read_ms, write_ms;           /* shared and local together */
	double temp_read_ms, temp_write_ms;
};

struct plan_wal {
	double records, full_pages, size_bytes;
};

struct plan_worker {
	int number;                         /* -1 = the leader */
	double startup_ms, total_ms, rows, loops; /* per loop, as printed */
	struct plan_buffers buffers;
};

/* What is computed by query_plan_derive. */
struct plan_figures {
	double processes;        /* that ran it side by side: loops of Gather's child / loops of Gather; nested multiply */
	double rows;             /* of all loops */
	double cpu_ms;           /* total_ms * loops, settled: of all processes together (see rounding.h) */
	double wall_ms;          /* cpu_ms / processes: what passed on the clock */
	double self_cpu_ms, self_wall_ms; /* without children, CTEs shared out among their scans, InitPlans at first use */
	double self_share;       /* of the execution time, 0..1; of the pages where there is no timing */
	double self_cost;        /* total cost without the children's */
	struct plan_buffers self_buffers;
	double self_pages;       /* blocks hit and read, shared and local, and of temporary files: this node's own */
	double estimate_factor;  /* max(1, actual) / max(1, planned) per loop; over-estimates are < 1; 0 = not known */
	bool estimate_starts;    /* 10-fold wrong here, and below it was not */
	double removed_share;    /* of the rows looked at, those that filters threw away, 0..1 */
	bool inconsistent;       /* the children's time is more than its own by more than the rounding */
};

struct plan_node {
	size_t parent;           /* index; SIZE_MAX for the root */
	LIST(size_t) children;   /* indexes in printed order */
	size_t depth;            /* root 0 */
	enum plan_link link;

	const char *type;        /* "Seq Scan", "Custom Scan": as in JSON, also when read from text */
	const char *subplan;     /* "InitPlan 1", "SubPlan 2", "CTE x", or NULL */
	const char *returns;     /* the parameters that it sets, "$0,$1", as servers before 17 told; or NULL */
	const char *provider;    /* of a Custom Scan, or NULL */
	const char *schema, *relation, *alias, *index; /* or NULL */
	const char *cte, *function;                    /* what a CTE Scan or Function Scan reads, or NULL */
	const char *join_type, *strategy, *partial_mode, *operation, *command, *direction; /* or NULL */
	bool parallel_aware, async_capable, disabled, inner_unique; /* disabled: also by the cost of servers before 18 */

	double startup_cost, total_cost, plan_rows, width;
	bool has_actual;         /* it was run with ANALYZE; with `never` it was not reached */
	bool never;
	bool has_timing;
	double startup_ms, total_ms, actual_rows, loops; /* per loop, as printed */

	const char *filter, *join_filter, *index_condition, *recheck_condition, *hash_condition, *merge_condition;
	const char *sort_key, *group_key, *sort_method;    /* or NULL */
	double removed_by_filter, removed_by_join_filter, removed_by_recheck; /* per loop, as printed */
	double heap_fetches, index_searches;
	double exact_blocks, lossy_blocks;
	bool sort_on_disk;
	double sort_space_bytes;
	double hash_batches, hash_batches_planned, hash_memory_bytes;
	double disk_bytes;       /* of Memoize, HashAggregate, Materialize: spilled */
	double cache_hits, cache_misses, cache_evictions; /* of Memoize */
	double workers_planned, workers_launched;
	bool has_workers_launched;
	LIST(struct plan_worker) workers;

	bool has_buffers, has_wal;
	struct plan_buffers buffers; /* with its children's, as printed */
	struct plan_wal wal;
	LIST(struct plan_detail) details; /* all that was printed and is not cost, time or block counts, in its order */

	struct plan_figures figures;
};

struct plan_trigger {
	const char *name, *relation; /* "" where the text form did not tell it */
	const char *constraint;      /* or NULL */
	double time_ms, calls;
};

struct query_plan {
	const char *query;       /* "Query Text" of a log entry, or NULL */
	const char *query_id;    /* or NULL */
	LIST(struct plan_node) nodes; /* in preorder: node 0 is the root, a child stands behind its parent */
	LIST(struct plan_trigger) triggers;
	LIST(struct plan_detail) settings; /* changed from the default */
	LIST(struct plan_detail) details;  /* beside the tree, with no field here */

	bool analyzed;           /* run, not only planned */
	bool has_timing, has_buffers, has_wal;
	double planning_ms, execution_ms; /* execution 0 = not told: then the root's wall time stands for it */
	struct plan_buffers planning_buffers;
	bool has_jit;
	double jit_functions, jit_ms;
	double serialization_ms, serialization_bytes;
	struct plan_buffers serialization_buffers;
	double trigger_ms;
	double unattributed_ms;  /* derived: execution without tree, triggers, serialization; never below 0 */
	double wall_ms;          /* derived: execution, else the root's */
};

/*
 * Reads what EXPLAIN printed: JSON or text, alone, in psql's frame, or as an entry of the server's log (auto_explain).
 * Derives the figures. FAIL_USAGE with what was expected and where for what is no plan, or is too deep (1,000 levels)
 * or too big (64 MiB).
 */
enum status query_plan_read(struct arena *arena, const char *text, size_t length, struct query_plan **ret_plan,
                            struct error *err) MUST_CHECK;

/* The same of parsed JSON: the array that EXPLAIN prints, or the object in it. */
enum status query_plan_read_json(struct arena *arena, const struct json *value, struct query_plan **ret_plan,
                                 struct error *err) MUST_CHECK;

/* Fills in all figures. The readers have called it. */
void query_plan_derive(struct arena *arena, struct query_plan *plan);

/* Blocks hit and read, shared and local, and of temporary files. */
double plan_buffers_pages(const struct plan_buffers *buffers);

/* "Seq Scan on orders o", "Index Scan using orders_pkey on orders": as people know it from the text form; in arena. */
const char *plan_node_title(struct arena *arena, const struct plan_node *node);

#endif
