/*
 * Gate 6: an operator consented to exactly this plan, on this database. An id of another plan is refused before the
 * proofs, when there is nothing to show yet. A second person, where policy asks for one,
 * proves himself by logging in to the target under a role of his own.
 */
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "engine/consent.h"
#include "engine/evidence_store.h"
#include "engine/gates/gates.h"
#include "engine/tell/steering.h"

static const char *os_user(struct arena *arena)
{
	const struct passwd *entry = getpwuid(getuid());
	return arena_strdup(arena, entry ? entry->pw_name : "unknown");
}

/* Consents given before for this very plan; those of another plan, or to an apply that finished, are gone with it. */
static enum status earlier_consents(struct run *run, struct json *consents, struct error *err)
{
	struct evidence stored = {0};
	bool there = false, spent = false;

	if (evidence_store_load(run->store, run->arena, GATE_APPROVAL, &stored, &there, err) != OK)
		return err->status;
	if (!there)
		return OK;
	if (consent_is_spent(run, stored.taken_ms, &spent, err) != OK) {
		json_close(stored.data);
		return err->status;
	}
	const struct json *given = json_get(stored.data, "consents");
	bool counts = !spent && strcmp(stored.plan_id, run->plan.id.hex) == 0 && stored.valid_until_ms > clock_wall_ms();
	for (size_t i = 0; counts && i < json_count(given); i++)
		json_push(consents, json_clone(json_at(given, i)));
	json_close(stored.data);
	return OK;
}

static bool has_consented(const struct json *consents, const char *role)
{
	for (size_t i = 0; i < json_count(consents); i++) {
		const char *other = json_get_text(json_at(consents, i), "role");
		if (other && strcmp(other, role) == 0)
			return true;
	}
	return false;
}

/* Through the socket it is another user's word, under the role that this engine logs in as. */
static void consent(struct run *run, struct json *consents, const struct consent *given)
{
	const char *role = session_user(run->live);
	if (has_consented(consents, role))
		return;
	struct json *one = json_new_object();
	json_set_text(one, "role", role);
	json_set_text(one, "os_user", given ? given->os_user : os_user(run->arena));
	if (given && given->reason)
		json_set_text(one, "reason", given->reason);
	json_set_text(one, "at", clock_stamp(clock_wall_ms()).text);
	json_push(consents, one);
}

static const char *approve_hint(struct run *run)
{
	if (consent_is_for_another(run))
		return arena_printf(run->arena,
		                    "Run the same command without --approve: it proves this plan and shows what it does; "
		                    "then consent to it with --approve %.*s.",
		                    PLAN_ID_SHORT, run->plan.id.hex);
	return arena_printf(run->arena,
	                    "If that is what you mean, run the same command with --approve %.*s.",
	                    PLAN_ID_SHORT, run->plan.id.hex);
}

static size_t needed(const struct run *run)
{
	return run->settings->approvals > 1 ? (size_t)run->settings->approvals : 1;
}

static void check_consent(struct run *run, struct evidence *evidence, size_t given)
{
	const struct settings *settings = run->settings;
	size_t wanted = needed(run);
	const char *measured, *hint = approve_hint(run);

	if (consent_is_for_another(run))
		measured = arena_printf(run->arena, "the approval %s is for another plan; this one is %.*s",
		                        settings->approve,
		                        PLAN_ID_SHORT, run->plan.id.hex);
	else if (given == 0)
		measured = arena_printf(run->arena, "nobody consented to plan %.*s", PLAN_ID_SHORT, run->plan.id.hex);
	else
		measured = arena_printf(run->arena, "%zu of %zu consented to plan %.*s", given, wanted, PLAN_ID_SHORT,
		                        run->plan.id.hex);
	if (given > 0 && given < wanted)
		hint = arena_printf(run->arena,
		                    "A second person runs the same command with --approve %.*s, logged in as another role.",
		                    PLAN_ID_SHORT, run->plan.id.hex);
	run_check(run, evidence, "approval.consent", given >= wanted, hint, measured,
	          wanted > 1 ? "two people, each under a role of their own" : "consent to exactly this plan");
}

/* Somebody who watches can still say yes. */
static enum status ask(struct run *run, struct json *consents, struct error *err)
{
	struct consent given = {0};
	bool is_given = false;

	if (json_count(consents) >= needed(run))
		return OK;
	if (steering_ask_consent(run, &is_given, &given, err) != OK)
		return err->status;
	if (is_given)
		consent(run, consents, &given);
	return OK;
}

enum status gate_approval(struct run *run, struct evidence *evidence, struct error *err)
{
	const char *approve = run->settings->approve;
	struct json *consents = json_new_array();
	bool other = consent_is_for_another(run);

	evidence->data = json_new_object();
	json_set(evidence->data, "consents", consents);
	if (earlier_consents(run, consents, err) != OK || (!other && consent_show(run, evidence, err) != OK))
		return err->status;
	if (approve && !other)
		consent(run, consents, NULL);
	else if (!approve && ask(run, consents, err) != OK)
		return err->status;
	json_set_text(evidence->data, "plan_id", run->plan.id.hex);
	json_set_text(evidence->data, "database", run->target.database);
	check_consent(run, evidence, other ? 0 : json_count(consents));
	return OK;
}
