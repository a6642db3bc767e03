/* The target in documents and events: one form everywhere. */
#ifndef CORE_MIGRATION_TARGET_H
#define CORE_MIGRATION_TARGET_H

#include "base/json.h"
#include "core/migration/plan.h"

/* {system_identifier, timeline, database_oid, database, environment, server_version}: texts; the caller owns it. */
struct json *target_json(const struct target *target);

#endif
