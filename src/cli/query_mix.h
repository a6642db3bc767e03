/* The queries that a command is to run, from its operands, its file, or the canaries. Runs nothing. */
#ifndef CLI_QUERY_MIX_H
#define CLI_QUERY_MIX_H

#include "cli/command.h"
#include "cli/screen.h"
#include "engine/watch/smoke.h"

/*
 * The canaries when there are neither operands nor --file, or when the one operand says so. Those that have no values
 * are told on the screen's log and left out. With --budget that is the budget of each. FAIL_USAGE when nothing is left.
 */
enum status query_mix_read(struct invocation *invocation, struct screen *screen, struct smoke_query_list *list,
                           struct error *err) MUST_CHECK;

#endif
