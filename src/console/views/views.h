/* The rows of the views, one per file. */
#ifndef CONSOLE_VIEWS_VIEWS_H
#define CONSOLE_VIEWS_VIEWS_H

#include "console/view.h"

extern const struct view_row view_migrations, view_graph, view_plans, view_live, view_gates, view_apply, view_log,
	view_runbook;

#endif
