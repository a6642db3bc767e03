/* Whom server programs run as: PostgreSQL refuses root, so root drops to another account. Knows no PostgreSQL. */
#ifndef SYS_ACCOUNT_H
#define SYS_ACCOUNT_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"

struct account {
	uid_t uid;
	gid_t gid;
	const char *name;
	bool drop; /* another one than ours: children must change to it */
};

/*
 * We ourselves; where we are root: `postgres` if the system has it, else the owner of `folder`. FAIL_USAGE when that is
 * root too.
 */
enum status account_find(struct arena *arena, const char *folder, struct account *ret_account,
                         struct error *err) MUST_CHECK;

/* Whether the account may enter each folder of the path, as far as owner, group and others say. */
bool account_reaches(const struct account *account, const char *path);

#endif
