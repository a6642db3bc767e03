/*
 * The copy: live restored on a server of its own (a scratch cluster, or the staging server), kept as restored, and
 * clones of it to work on. A clone has live's name while it lives; one lives at a time.
 */
#ifndef ENGINE_COPY_H
#define ENGINE_COPY_H

#include "base/error.h"
#include "engine/run.h"
#include "pg/relation.h"
#include "pg/session.h"

struct copy;
struct clone;

/*
 * The run's copy: the one that the backup gate restored (run->copy), else, or when that one was used up as a clone of
 * itself, restored again from the dump that the
 * backup's evidence names, after its manifest was checked. Belongs to the run. FAIL_GATE when the dump is gone or
 * damaged.
 */
enum status copy_need(struct run *run, struct copy **ret_copy, struct error *err) MUST_CHECK;

/* Whether the run has a copy that can be asked at once, without restoring one. */
bool copy_is_there(const struct run *run);

/* Drops clones and copy and removes the scratch cluster. NULL does nothing. */
void copy_close(struct copy *copy);

/*
 * What was read of the copy as restored; the list is the run's. NULL where it was restored and not read. For the backup
 * gate, which reads it, to set.
 */
const struct relation_list *copy_content(const struct copy *copy);
void copy_set_content(struct copy *copy, const struct relation_list *content);

/* A session on the copy as restored, as its superuser: for reading only. */
enum status copy_session(struct copy *copy, const char *role_word, struct session **ret_session,
                         struct error *err) MUST_CHECK;

/*
 * Options of read-only superuser sessions on the copy and on a clone, for those who open several. Texts are
 * the copy's.
 */
struct session_options copy_options(struct copy *copy, const char *role_word);
struct session_options clone_options(struct clone *clone, const char *role_word);

/* The same as the operator, plain: as clone_session opens them. */
struct session_options clone_operator_options(struct clone *clone, const char *role_word);

/*
 * Makes a clone with live's name, owner, settings and grants. The caller drops it. Where there is no room for one it is
 * the copy itself under live's name: then there is no copy until it has been dropped and copy_need has restored the
 * copy again. FAIL_GATE when there is no room to work at all.
 */
enum status clone_make(struct copy *copy, struct clone **ret_clone, struct error *err) MUST_CHECK;
bool clone_is_copy(const struct clone *clone);

/* Which of the two it is and why, one sentence for the evidence. */
const char *clone_choice(const struct clone *clone);
void clone_drop(struct clone *clone);

/*
 * A session on the clone. As the operator: by logging in as the target session's role, `plain` or pinned as asked;
 * as superuser: pinned, for proofs.
 */
enum clone_user { CLONE_OPERATOR, CLONE_SUPERUSER };
enum status clone_session(struct clone *clone, enum clone_user user, const char *role_word,
                          enum session_access access,
                          bool plain, struct session **ret_session, struct error *err) MUST_CHECK;

/* NULL-ended environment (PG*) for a program that is to work on the clone; in the arena. */
enum status clone_environment(struct clone *clone, struct arena *arena, const char *const **ret_environment,
                              struct error *err) MUST_CHECK;

/*
 * How the copy is isolated, one sentence for the evidence: own network or not, mapped tablespaces, what was
 * left out.
 */
const char *copy_isolation(const struct copy *copy);

#endif
