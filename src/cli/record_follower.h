/*
 * Follows the newest record of a run on a target, while it is written and after it: the same fold of event lines as the
 * console's. Knows only the records of this user on this machine.
 */
#ifndef CLI_RECORD_FOLLOWER_H
#define CLI_RECORD_FOLLOWER_H

#include "console/model/model.h"
#include "core/migration/plan.h"
#include "sys/loop.h"

struct record_follower;

/* The caller closes it; NULL does nothing. */
struct record_follower *record_follower_open(struct loop *loop);
void record_follower_close(struct record_follower *follower);

/*
 * Reads what was written since the last time, of a newer run where there is one and the one that is followed is not at
 * work; `claimed_since_ms` is as control_claimed_since_ms has it. The loop is served meanwhile; a stop ends it early. A
 * record that cannot be read is passed over. The target stays the same.
 */
void record_follower_read(struct record_follower *follower, const struct target *target, int64_t claimed_since_ms);

/* The newest run's story so far, until the next call; NULL = there is no record of one. */
const struct model *record_follower_model(const struct record_follower *follower);

/* Wall clock of its first line. */
int64_t record_follower_began_ms(const struct record_follower *follower);

#endif
