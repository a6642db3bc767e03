#include "cli/look.h"

#include "base/text.h"
#include "engine/evidence_store.h"
#include "engine/flow.h"

/* Under the flow's own name: whether a stopped run can be continued depends on the command. */
static struct run *run_for(const struct look *look, const struct invocation *invocation)
{
	struct run *run = run_open(look->loop, &invocation->settings, "batch");

	run->only_looks = true;
	return run;
}

static enum status look_at(struct look *ret_look, struct error *err)
{
	struct run *run = ret_look->run;

	if (flow_read(run, err) != OK) {
		if (run->plan.items.count == 0 || err->status != FAIL_REFUSED)
			return err->status;
		error_move(&ret_look->refusal, err);
		return OK;
	}
	if (!run->resume.unfinished)
		return OK;
	if (evidence_store_look(run, &run->store, err) != OK || resume_continue(run, err) != OK)
		return err->status;
	return OK;
}

enum status look_open(const struct invocation *invocation, struct look *ret_look, struct error *err)
{
	*ret_look = (struct look){.own_loop = true};
	if (loop_open(&ret_look->loop, err) != OK)
		return err->status;
	ret_look->run = run_for(ret_look, invocation);
	return look_at(ret_look, err);
}

enum status look_open_in(struct loop *loop, const struct invocation *invocation, int64_t limit_ms,
                         const char *address, struct look *ret_look, struct error *err)
{
	*ret_look = (struct look){.loop = loop};
	ret_look->run = run_for(ret_look, invocation);
	ret_look->run->look_limit_ms = limit_ms;
	ret_look->run->look_address = arena_strdup(ret_look->run->arena, address);
	return look_at(ret_look, err);
}

void look_close(struct look *look)
{
	run_close(look->run);
	if (look->own_loop)
		loop_close(look->loop);
	error_clear(&look->refusal);
}

const char *look_target(const struct look *look)
{
	const struct target *target = &look->run->target;
	bool named = target->environment && *target->environment;

	return arena_printf(look->run->arena, "database %s%s%s%s, PostgreSQL %s",
	                    safe_text(look->run->arena, target->database), named ? " (" : "",
	                    named ? safe_text(look->run->arena, target->environment) : "", named ? ")" : "",
	                    safe_text(look->run->arena, target->server_version_text));
}
