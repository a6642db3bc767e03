/*
 * A session of somebody else on live is cancelled or terminated because an operator asked for it by name: its process
 * number, when it began and what it is called, which must all still hold. Asks from inside the loop's waits on a
 * session of its own; knows no viewer and decides nothing.
 */
#ifndef ENGINE_SESSION_SIGNAL_H
#define ENGINE_SESSION_SIGNAL_H

#include "base/json.h"
#include "engine/run.h"

struct session_signal;

/*
 * How it ended: what the session was (NULL: it was not found, or that is not known), and a sentence on why the signal
 * was not sent or one on why nobody knows whether it was; both NULL: it was sent.
 */
struct signal_outcome {
	const char *session, *refused, *unknown;
};

/* Told once, from inside a wait or session_signal_give_up; the texts live during the call. It may close it. */
typedef void session_signal_done(void *context, const struct signal_outcome *outcome);

/*
 * Begins; `fields` are those of the request `signal`. NULL, or a sentence on why not. It is over within ten seconds.
 * The caller closes it, before the run; NULL does nothing.
 */
const char *session_signal_open(struct run *run, const struct json *fields, session_signal_done *done, void *context,
                                struct session_signal **ret_signal);
void session_signal_close(struct session_signal *signal);

/* Waits no longer: tells at once how it stands. Not from inside a wait. */
void session_signal_give_up(struct session_signal *signal);

/*
 * Keeps a signal that was or may have been sent for the evidence of the apply and for the ledger: takes the fields of
 * its event. The next one that is not in the ledger yet, or NULL; and that it is there now.
 */
void session_signal_keep(struct run *run, struct json *event);
const struct json *session_signal_next(const struct run *run);
void session_signal_written(struct run *run);

#endif
