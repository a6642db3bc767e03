#include "core/flow/gate.h"

#include <string.h>

#include "base/stamp.h"

static enum status refuse(struct error *err, const char *member)
{
	error_set(err, FAIL_REFUSED, "evidence is not of the form that pgsluice writes: member \"%s\"", member);
	return error_hint(err, "Remove this evidence and let the gate run again.");
}

static bool is_text(const struct json *object, const char *key)
{
	return json_get_text(object, key) != NULL;
}

static bool is_text_or_null(const struct json *object, const char *key)
{
	return json_has(object, key) && (is_text(object, key) || json_kind(json_get(object, key)) == JSON_KIND_NULL);
}

static bool is_bool(const struct json *object, const char *key)
{
	return json_has(object, key) && json_kind(json_get(object, key)) == JSON_KIND_BOOL;
}

static bool is_hash(const char *text)
{
	return strlen(text) == DIGEST_HEX_LENGTH && strspn(text, "0123456789abcdef") == DIGEST_HEX_LENGTH;
}

static bool leave_out_hash(const char *key, const struct json *value, void *copy)
{
	if (strcmp(key, "hash") != 0)
		json_set(copy, key, json_share(value));
	return true;
}

static bool hash_is_right(const struct json *value)
{
	_cleanup_json_ struct json *copy = json_new_object();
	json_each(value, leave_out_hash, copy);
	return strcmp(evidence_hash(copy).hex, json_get_text(value, "hash")) == 0;
}

/* The first member that is missing or of a wrong kind, or NULL. */
static const char *wrong_member(const struct json *value)
{
	static const char *const TEXTS[] = {"gate",     "state",       "run",      "plan_id", "binding",
	                                    "taken_at", "valid_until", "previous", "hash"};
	for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++)
		if (!is_text(value, TEXTS[i]))
			return TEXTS[i];
	if (json_get_int(value, "v") != 1)
		return "v";
	if (!is_hash(json_get_text(value, "binding")))
		return "binding";
	if (*json_get_text(value, "previous") && !is_hash(json_get_text(value, "previous")))
		return "previous";
	if (!json_has(value, "data") || json_kind(json_get(value, "data")) != JSON_KIND_OBJECT)
		return "data";
	if (!json_has(value, "checks") || json_kind(json_get(value, "checks")) != JSON_KIND_ARRAY)
		return "checks";
	return NULL;
}

static bool read_check(struct arena *arena, const struct json *value, struct check *ret_check)
{
	if (json_kind(value) != JSON_KIND_OBJECT || !is_text(value, "name") || !is_text_or_null(value, "measured") ||
	    !is_text_or_null(value, "limit") || !is_bool(value, "ok") || !is_bool(value, "warning") ||
	    !is_text_or_null(value, "hint") || !is_text_or_null(value, "waived_because"))
		return false;
	*ret_check = (struct check){
		.name = arena_strdup(arena, json_get_text(value, "name")),
		.measured = arena_strdup(arena, json_get_text(value, "measured")),
		.limit = arena_strdup(arena, json_get_text(value, "limit")),
		.ok = json_get_bool(value, "ok"),
		.warning = json_get_bool(value, "warning"),
		.hint = arena_strdup(arena, json_get_text(value, "hint")),
		.waived_because = arena_strdup(arena, json_get_text(value, "waived_because")),
	};
	return true;
}

static bool read_checks(struct arena *arena, const struct json *value, struct check_list *ret_checks)
{
	const struct json *checks = json_get(value, "checks");
	for (size_t i = 0; i < json_count(checks); i++)
		if (!read_check(arena, json_at(checks, i), list_add(arena, ret_checks)))
			return false;
	return true;
}

enum status evidence_read(struct arena *arena, const struct json *value, struct evidence *ret_evidence,
                          struct error *err)
{
	struct evidence evidence = {0};
	enum gate_state state;

	if (json_kind(value) != JSON_KIND_OBJECT)
		return refuse(err, "gate");
	const char *wrong = wrong_member(value);
	if (wrong)
		return refuse(err, wrong);
	if (!hash_is_right(value)) {
		error_set(err, FAIL_REFUSED, "evidence of gate %s was altered: its hash does not match",
		          json_get_text(value, "gate"));
		return error_hint(err, "Remove this evidence and let the gate run again.");
	}
	if (!gate_find(json_get_text(value, "gate"), &evidence.gate))
		return refuse(err, "gate");
	if (!stamp_read(json_get_text(value, "taken_at"), &evidence.taken_ms))
		return refuse(err, "taken_at");
	if (!stamp_read(json_get_text(value, "valid_until"), &evidence.valid_until_ms))
		return refuse(err, "valid_until");
	if (!read_checks(arena, value, &evidence.checks))
		return refuse(err, "checks");

	/* The state is never believed: it is what the checks lead to. */
	evidence_judge(arena, &evidence);
	if (!gate_state_find(json_get_text(value, "state"), &state) || state != evidence.state)
		return refuse(err, "state");

	memcpy(evidence.binding.hex, json_get_text(value, "binding"), DIGEST_HEX_LENGTH);
	evidence.run_id = arena_strdup(arena, json_get_text(value, "run"));
	evidence.plan_id = arena_strdup(arena, json_get_text(value, "plan_id"));
	evidence.previous = arena_strdup(arena, json_get_text(value, "previous"));
	evidence.hash = arena_strdup(arena, json_get_text(value, "hash"));
	evidence.data = json_share(json_get(value, "data"));
	*ret_evidence = evidence;
	return OK;
}
