/*
 * The server that the backup reads from, live or a replica of it, held still at one snapshot: who it is, what it held,
 * and who had to wait for us. Inside the backup gate only.
 */
#ifndef ENGINE_BACKUP_SOURCE_H
#define ENGINE_BACKUP_SOURCE_H

#include "core/schema/object.h"
#include "engine/copy/dump.h"
#include "engine/run.h"
#include "pg/fingerprint.h"
#include "pg/sequence.h"

struct backup_source {
	struct run *run;
	struct session_options options; /* of further sessions there */
	struct session *exporter;       /* holds the snapshot */
	struct session *monitor;        /* looks while the others are busy */
	const char *snapshot;
	const char *role;               /* SET ROLE of all of them, or NULL */
	bool standby;
	int64_t lag_bytes;              /* WAL of live that a standby had not replayed yet at the snapshot */
	int64_t lag_ms;                 /* age of what it had replayed last; -1 = unknown */
	const char *paused_at;          /* LSN at which a standby's replay is paused, and so the snapshot's; or NULL */
	const char *feedback, *delay;   /* its hot_standby_feedback and max_standby_streaming_delay */
	int64_t since_ms;               /* clock_ms() of the snapshot */
	struct schema schema;           /* at the snapshot */
	struct sequence_list before;    /* sequences before it */
	int64_t queue_since_ms;         /* clock_ms() since when somebody waits for us; 0 = nobody */
	int64_t sampled_ms;             /* clock_ms() of the last event */
};

/*
 * Connects, reads the sequences, then takes the snapshot and reads the schema at it. With --source the replica must be
 * of the same cluster: FAIL_USAGE when it is not. The caller closes it.
 */
enum status backup_source_open(struct run *run, struct backup_source *ret_source, struct error *err) MUST_CHECK;

/* Ends the snapshot and the sessions. Safe on one that was not opened. */
void backup_source_close(struct backup_source *source);

/*
 * Looks who queues behind us: FAIL_GATE naming the session when one has for too long. Emits what is known of the
 * progress about once a second; `phase` is a word, `progress` may be NULL.
 */
enum status backup_source_watch(struct backup_source *source, const char *phase,
                                const struct fingerprint_progress *progress, struct error *err) MUST_CHECK;

/* Schema and sequences now, on a new snapshot. */
enum status backup_source_after(struct backup_source *source, struct schema *ret_schema,
                                struct sequence_list *ret_sequences, struct error *err) MUST_CHECK;

#endif
