#include "console/model/model_incidents.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct model_incident *model_incident(const struct model_live *live, size_t index)
{
	return &live->incidents[(live->incident_first + index) % MODEL_INCIDENTS_MAX];
}

void model_add_incident(struct model *model, bool bad, const char *format, ...)
{
	struct model_live *live = model_live_of(model);
	_cleanup_strbuf_ struct strbuf text = {0};
	va_list args;

	va_start(args, format);
	strbuf_vprintf(&text, format, args);
	va_end(args);
	if (live->incident_count == MODEL_INCIDENTS_MAX) {
		live->incident_first = (live->incident_first + 1) % MODEL_INCIDENTS_MAX;
		live->incident_count--;
	}
	struct model_incident *incident =
		&live->incidents[(live->incident_first + live->incident_count++) % MODEL_INCIDENTS_MAX];
	*incident = (struct model_incident){.at_ms = model->now_ms, .bad = bad};
	snprintf(incident->text, sizeof(incident->text), "%s", strbuf_text(&text));
}

/* How much a counter grew; 0 when it is not known, and after a restart. */
static int64_t grown(const struct json *before, const struct json *now, const char *counter)
{
	if (!json_has(before, counter) || !json_has(now, counter))
		return 0;
	int64_t by = json_get_int(now, counter) - json_get_int(before, counter);
	return by > 0 ? by : 0;
}

static void look_at_workload(struct model *model, const struct json *before, const struct json *now)
{
	int64_t deadlocks = grown(before, now, "deadlocks_total");

	if (deadlocks > 0)
		model_add_incident(model, true, "%" PRId64 " deadlock%s", deadlocks, deadlocks == 1 ? "" : "s");
}

static void look_at_checkpoints(struct model *model, const struct json *before, const struct json *now)
{
	if (grown(before, now, "requested_total") > 0)
		model_add_incident(model, false, "a checkpoint was requested: max_wal_size was reached, or it was asked for");
}

static void look_at_wal(struct model *model, const struct json *before, const struct json *now)
{
	bool failed = json_get_bool(json_get(before, "archiver"), "failing");
	bool fails = json_get_bool(json_get(now, "archiver"), "failing");

	if (before && failed != fails)
		model_add_incident(model, fails, fails ? "archiving of WAL fails" : "archiving of WAL goes on");
}

static const struct json *named(const struct json *list, const char *name)
{
	for (size_t i = 0; name && i < json_count(list); i++) {
		const char *other = json_get_text(json_at(list, i), "name");
		if (other && strcmp(other, name) == 0)
			return json_at(list, i);
	}
	return NULL;
}

static void look_at_slots(struct model *model, const struct json *before, const struct json *now)
{
	const struct json *then = json_get(before, "slots"), *slots = json_get(now, "slots");

	for (size_t i = 0; i < json_count(then); i++) {
		const char *name = json_get_text(json_at(then, i), "name");
		const char *was = json_get_text(json_at(then, i), "wal_status");
		const struct json *slot = named(slots, name);
		const char *is = json_get_text(slot, "wal_status");
		if (name && !slot)
			model_add_incident(model, true, "slot %s is gone", name);
		else if (name && was && is && strcmp(was, is) != 0 && strcmp(is, "lost") == 0)
			model_add_incident(model, true, "slot %s is lost: WAL that it needs was removed", name);
		else if (name && was && is && strcmp(was, is) != 0 && strcmp(is, "unreserved") == 0)
			model_add_incident(model, true, "slot %s may be lost at the next checkpoint", name);
	}
}

static void look_at_replicas(struct model *model, const struct json *before, const struct json *now)
{
	const struct json *then = json_get(before, "replicas"), *replicas = json_get(now, "replicas");

	for (size_t i = 0; i < json_count(then); i++) {
		const char *name = json_get_text(json_at(then, i), "name");
		if (name && !named(replicas, name))
			model_add_incident(model, true, "standby %s is no longer connected", name);
	}
}

/* One attempt after the other is one incident, whose newest is told: else they would leave no room for others. */
static void drop_attempt(struct model_live *live)
{
	static const char BEGINNING[] = "attempt ";

	if (live->incident_count > 0 &&
	    strncmp(model_incident(live, live->incident_count - 1)->text, BEGINNING, strlen(BEGINNING)) == 0)
		live->incident_count--;
}

static void look_at_retry(struct model *model, const struct json *before, const struct json *now)
{
	const char *blocker = json_get_text(now, "blocker"), *guard = json_get_text(now, "guard");
	(void)before;
	drop_attempt(model_live_of(model));
	model_add_incident(model, false, "attempt %" PRId64 " of our step%s%s%s%s", json_get_int(now, "attempt"),
	                   guard ? ", " : "", guard ? guard : "", blocker ? ", blocked by " : "", blocker ? blocker : "");
}

static const struct {
	const char *sampler;
	void (*look)(struct model *model, const struct json *before, const struct json *now);
} LOOKS[] = {
	{"workload", look_at_workload}, {"checkpoints", look_at_checkpoints}, {"wal", look_at_wal},
	{"slots", look_at_slots},       {"replicas", look_at_replicas},       {"retry", look_at_retry},
};

void model_look_for_incidents(struct model *model, const struct model_sample *sample, const struct json *before)
{
	if (json_has(sample->values, "unavailable") || json_has(before, "unavailable"))
		return;
	for (size_t i = 0; i < sizeof(LOOKS) / sizeof(LOOKS[0]); i++)
		if (strcmp(LOOKS[i].sampler, sample->sampler) == 0)
			LOOKS[i].look(model, before, sample->values);
}
