/* The rules, each in the file of its name. For the table only. */
#ifndef CORE_EXPLAIN_FINDINGS_RULES_H
#define CORE_EXPLAIN_FINDINGS_RULES_H

#include "core/explain/findings/look.h"

extern const struct plan_rule_entry selective_scan_rule, filter_waste_rule, inner_side_rule, cartesian_product_rule,
	estimate_rule, sort_on_disk_rule, hash_batches_rule, spill_rule, temporary_files_rule, lossy_bitmap_rule,
	heap_fetches_rule, index_searches_rule, foreign_key_trigger_rule, trigger_time_rule, jit_time_rule,
	planning_time_rule, unattributed_time_rule, planner_switch_rule, disabled_node_rule, workers_missing_rule,
	own_time_rule;

/* What one rule tells another one leaves out. */
bool is_selective_scan(const struct plan_node *node);
bool is_slow_key(const struct query_plan *plan, const struct plan_trigger *trigger);

#endif
