#include "core/migration/target.h"

struct json *target_json(const struct target *target)
{
	struct json *value = json_new_object();
	json_set_text(value, "system_identifier", target->system_identifier);
	json_set_text(value, "timeline", target->timeline);
	json_set_text(value, "database_oid", target->database_oid);
	json_set_text(value, "database", target->database);
	json_set_text(value, "environment", target->environment);
	json_set_text(value, "server_version", target->server_version_text);
	return value;
}
