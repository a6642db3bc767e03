#include "core/flow/gate.h"

#include <string.h>

#include "base/stamp.h"
#include "base/text.h"

/* Clocks of two machines may differ a little; evidence from further ahead than this is not believed. */
enum { CLOCK_SKEW_MS = 60000 };

static bool is_waived(const struct check *check)
{
	const char *why;
	return check->waived_because && *check->waived_because && waiver_allowed(check->name, &why);
}

void evidence_judge(struct arena *arena, struct evidence *evidence)
{
	const struct check *failed = NULL, *waived = NULL;

	for (size_t i = 0; i < evidence->checks.count; i++) {
		const struct check *check = &evidence->checks.items[i];
		if (check->ok || check->warning)
			continue;
		if (is_waived(check))
			waived = waived ? waived : check;
		else
			failed = failed ? failed : check;
	}
	evidence->reason = evidence->hint = NULL;
	if (evidence->checks.count == 0) {
		evidence->state = GATE_FAILED;
		evidence->reason = "nothing was checked";
		evidence->hint = "A gate without a single check proves nothing; run it again and read the log.";
	} else if (failed) {
		evidence->state = GATE_FAILED;
		evidence->reason = failed->limit && *failed->limit
		                           ? arena_printf(arena, "%s: %s (limit: %s)", failed->name, failed->measured,
		                                          failed->limit)
		                           : arena_printf(arena, "%s: %s", failed->name, failed->measured);
		evidence->hint = failed->hint;
	} else if (waived) {
		evidence->state = GATE_WAIVED;
		evidence->reason = arena_printf(arena, "%s is waived: %s", waived->name, waived->waived_because);
	} else {
		evidence->state = GATE_PASSED;
	}
}

bool evidence_holds(struct arena *arena, const struct evidence *evidence, const struct digest *binding, int64_t now_ms,
                    const char **ret_why)
{
	if (evidence->state != GATE_PASSED && evidence->state != GATE_WAIVED) {
		*ret_why = evidence->reason ? arena_printf(arena, "It failed: %s.", evidence->reason) : "It failed.";
	} else if (strcmp(evidence->binding.hex, binding->hex) != 0) {
		static const char *const CHANGED[] = {
			[BINDS_PLAN] = "The plan has changed since.",
			[BINDS_LIVE] = "The target's schema has changed since, or it is another target.",
			[BINDS_CANARIES] = "The plan or the canaries have changed since.",
		};
		*ret_why = CHANGED[gate_get(evidence->gate)->binding];
	} else if (evidence->taken_ms > now_ms + CLOCK_SKEW_MS) {
		*ret_why = arena_printf(arena, "It was taken at %s, which is in the future by this machine's clock.",
		                        stamp_text(arena, evidence->taken_ms));
	} else if (gate_get(evidence->gate)->validity_ms == 0) {
		*ret_why = "This gate is always asked anew.";
	} else if (now_ms >= evidence->valid_until_ms) {
		*ret_why = arena_printf(arena, "It expired %s ago.",
		                        text_duration(arena, now_ms - evidence->valid_until_ms));
	} else {
		return true;
	}
	return false;
}

static struct json *check_json(const struct check *check)
{
	struct json *value = json_new_object();
	json_set_text(value, "name", check->name);
	json_set_text(value, "measured", check->measured);
	json_set_text(value, "limit", check->limit);
	json_set_bool(value, "ok", check->ok);
	json_set_bool(value, "warning", check->warning);
	json_set_text(value, "hint", check->hint);
	json_set_text(value, "waived_because", check->waived_because);
	return value;
}

static void add_to_digest(void *stream, const char *bytes, size_t length)
{
	digest_add(stream, bytes, length);
}

struct digest evidence_hash(const struct json *unhashed)
{
	struct digest_stream *stream = digest_open();
	json_stream(unhashed, JSON_CANONICAL, add_to_digest, stream);
	return digest_close(stream);
}

struct json *evidence_json(struct arena *arena, struct evidence *evidence)
{
	struct json *value = json_new_object(), *checks = json_new_array();

	json_set_int(value, "v", 1);
	json_set_text(value, "gate", gate_get(evidence->gate)->name);
	json_set_text(value, "state", gate_state_name(evidence->state));
	json_set_text(value, "run", evidence->run_id);
	json_set_text(value, "plan_id", evidence->plan_id);
	json_set_text(value, "binding", evidence->binding.hex);
	json_set_text(value, "taken_at", stamp_text(arena, evidence->taken_ms));
	json_set_text(value, "valid_until", stamp_text(arena, evidence->valid_until_ms));
	for (size_t i = 0; i < evidence->checks.count; i++)
		json_push(checks, check_json(&evidence->checks.items[i]));
	json_set(value, "checks", checks);
	json_set(value, "data", evidence->data ? json_share(evidence->data) : json_new_object());
	json_set_text(value, "previous", evidence->previous ? evidence->previous : "");

	struct digest hash = evidence_hash(value);
	evidence->hash = arena_strdup(arena, hash.hex);
	json_set_text(value, "hash", hash.hex);
	return value;
}
