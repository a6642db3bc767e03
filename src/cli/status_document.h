/* What `status` shows, as values and as its JSON document: counts, gates by the evidence that is there, migrations. */
#ifndef CLI_STATUS_DOCUMENT_H
#define CLI_STATUS_DOCUMENT_H

#include "base/json.h"
#include "cli/look.h"

struct gate_view {
	enum gate_state state;
	const char *reason;       /* or NULL */
	const char *valid_until;  /* or NULL */
};

/* Evidence that cannot be read proves nothing: then every gate is shut, and the error says why. */
enum status gates_view(struct run *run, struct gate_view *ret_views, struct error *err) MUST_CHECK;

struct status_counts {
	size_t applied, pending, held;
};

struct status_counts status_count(const struct plan *plan);

/* The version and name of an item, of its file or, where that is gone, of the history. */
const char *item_version(const struct plan_item *item);
const char *item_name(const struct plan_item *item);

/* v, applied, pending, held, gates, migrations. The caller owns it. */
struct json *status_document(const struct look *look, const struct gate_view *views);

#endif
