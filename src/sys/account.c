#include "sys/account.h"

#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum status account_find(struct arena *arena, const char *folder, struct account *ret_account, struct error *err)
{
	struct account account = {.uid = geteuid(), .gid = getegid(), .name = ""};
	const struct passwd *entry;
	struct stat facts;

	if (account.uid == 0) {
		account.drop = true;
		entry = getpwnam("postgres");
		if (entry) {
			account.uid = entry->pw_uid;
			account.gid = entry->pw_gid;
		} else if (stat(folder, &facts) == 0) {
			account.uid = facts.st_uid;
			account.gid = facts.st_gid;
		}
	}
	if (account.uid == 0) {
		error_set(err, FAIL_USAGE, "no account to run PostgreSQL as: the server refuses root");
		return error_hint(err, "Run as another user, make the account postgres, or set work-dir to a folder that"
		                       " belongs to the account to use.");
	}
	entry = getpwuid(account.uid);
	account.name = entry ? arena_strdup(arena, entry->pw_name) : arena_printf(arena, "%ld", (long)account.uid);
	*ret_account = account;
	return OK;
}

static bool may_enter(const struct account *account, const char *path)
{
	struct stat facts;
	if (stat(path, &facts) != 0)
		return false;
	if (facts.st_uid == account->uid)
		return facts.st_mode & S_IXUSR;
	if (facts.st_gid == account->gid)
		return facts.st_mode & S_IXGRP;
	return facts.st_mode & S_IXOTH;
}

bool account_reaches(const struct account *account, const char *path)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	char *partial = arena_strdup(scratch, path);
	for (char *slash = strchr(partial + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		bool enters = may_enter(account, partial);
		*slash = '/';
		if (!enters)
			return false;
	}
	return may_enter(account, partial);
}
