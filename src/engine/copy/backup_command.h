/*
 * The operator's own program in place of pg_dump and pg_restore: it is told the snapshot and where to restore, and what
 * it restored is proved like any other backup.
 *
 *	PGSLUICE_ACTION            "backup": dump on the snapshot, and restore; "restore": restore that backup once more
 *	PGSLUICE_BACKUP            a name for this backup, the same for both actions
 *	PGSLUICE_SNAPSHOT          exported snapshot id (pg_dump --snapshot); only for "backup"
 *	PGSLUICE_LSN               for physical tools: recover up to here, this position itself not included, and what
 *	                           comes out is what the replica of --source holds; unset when that is not paused
 *	PGSERVICEFILE, PGSERVICE,  libpq's own: how to connect to live (or to the replica); only for "backup"
 *	  PGPASSFILE
 *	PGSLUICE_RESTORE_CONNINFO  connection string of a superuser on the server to restore into
 *	PGSLUICE_RESTORE_DATABASE  the database that must be there afterwards
 *	PGSLUICE_RESTORE_CREATED   "yes" when that database is there already, empty; else the program creates it
 */
#ifndef ENGINE_BACKUP_COMMAND_H
#define ENGINE_BACKUP_COMMAND_H

#include "engine/copy/copy_restore.h"
#include "sys/child.h"

/*
 * Starts it: for "backup" with the exporting session and its snapshot, for "restore" with NULL for both; `lsn` is where
 * the source was paused, or NULL. The caller finishes or kills the child.
 */
enum status backup_command_start(struct copy *copy, const char *backup_id, struct session *source, const char *snapshot,
                                 const char *lsn, struct child **ret_child, struct error *err) MUST_CHECK;

/* Waits for it and takes what it restored as the copy. FAIL_GATE when it failed or restored nothing. */
enum status backup_command_finish(struct copy *copy, struct child *child, const struct watch *watch,
                                  struct error *err) MUST_CHECK;

/*
 * Restores the backup that evidence is of once more, and proves every table against the fingerprints kept there.
 * FAIL_GATE naming the table that differs.
 */
enum status backup_command_again(struct copy *copy, const struct json *data, struct error *err) MUST_CHECK;

#endif
