#include "console/views/views.h"

#include <string.h>

/* In the order of their digits, which they keep for ever: a digit without a view is free. */
static const struct view_row *const VIEWS[] = {
	&view_migrations,
	&view_graph,
	&view_plans,
	&view_live,
	&view_gates,
	&view_apply,
	&view_log,
	&view_runbook,
	NULL,
};

const struct view_row *const *views_list(void)
{
	return VIEWS;
}

const struct view_row *view_find(const char *name)
{
	for (size_t i = 0; VIEWS[i]; i++)
		if (strcmp(VIEWS[i]->name, name) == 0)
			return VIEWS[i];
	return NULL;
}
