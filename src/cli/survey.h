/*
 * How a target's migrations stand and what its newest run does, kept up to date in turns: what `status` would say,
 * taken again from time to time and when a run has ended, and the run's own story in between.
 */
#ifndef CLI_SURVEY_H
#define CLI_SURVEY_H

#include "base/json.h"
#include "cli/command.h"
#include "sys/loop.h"

struct survey;

/* The invocation outlives it. The caller closes it before the loop; NULL does nothing. */
struct survey *survey_open(struct loop *loop, const struct invocation *invocation);
void survey_close(struct survey *survey);
void survey_cleanup(struct survey **survey);
#define _cleanup_survey_ __attribute__((cleanup(survey_cleanup)))

/*
 * One turn: reads what is new, and asks the target where that is due and `reachable` says that it can be asked. Waits
 * in the loop, in bounded time.
 */
void survey_turn(struct survey *survey, bool reachable);

/*
 * looked (when the target was asked), unread (why it could not be, the last time, or null), environment, plan_id,
 * refusal, applied, pending, held, gates, migrations, last_run. The survey's, until its next turn.
 */
const struct json *survey_document(const struct survey *survey);

#endif
