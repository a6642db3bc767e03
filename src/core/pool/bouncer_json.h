/* What PgBouncer's pools were found to be, as it stands in events and documents. Judges nothing. */
#ifndef CORE_POOL_BOUNCER_JSON_H
#define CORE_POOL_BOUNCER_JSON_H

#include "base/json.h"
#include "core/pool/bouncer.h"

/*
 * The newer look and what was judged of it, owned by the caller: place, version, seconds, settings, sums over all
 * databases, and "databases". What is not known is null.
 */
struct json *bouncer_json(const struct bouncer_look *look, const struct bouncer_load_list *loads, double seconds);

#endif
