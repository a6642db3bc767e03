#include "cli/health_document.h"

#include "base/text.h"
#include "sys/clock.h"

struct json *health_document(const struct samplers *samplers, const struct alarm_limits *limits)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	const struct error *trouble = samplers_trouble(samplers);
	struct json *samples = samplers_document(samplers), *document = json_new_object();
	struct alarm_finding findings[ALARM_COUNT];
	size_t count = alarms_judge(arena, limits, json_get(samples, "samplers"), findings);

	json_set_int(document, "v", 1);
	json_set_text(document, "taken", clock_stamp(clock_wall_ms()).text);
	json_set_text(document, "trouble", trouble->status == OK ? NULL : safe_text(arena, trouble->message));
	alarms_report(document, limits, findings, count);
	json_set(document, "server", json_clone(json_get(samples, "server")));
	json_set(document, "cost", json_clone(json_get(samples, "cost")));
	json_set(document, "samplers", json_clone(json_get(samples, "samplers")));
	json_close(samples);
	return document;
}
