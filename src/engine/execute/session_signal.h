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
 * How it ended, told once from inside a wait: what the session was (NULL: it was not found), and NULL or a sentence on
 * why the signal was not sent. Both live during the call. It may be closed from inside.
 */
typedef void session_signal_done(void *context, const char *session, const char *refused);

/*
 * Begins; `fields` are those of the request `signal`. NULL, or a sentence on why not. It is over within ten seconds.
 * The caller closes it, before the run; NULL does nothing.
 */
const char *session_signal_open(struct run *run, const struct json *fields, session_signal_done *done, void *context,
                                struct session_signal **ret_signal);
void session_signal_close(struct session_signal *signal);

/*
 * Keeps a signal that was sent for the evidence of the apply and for the ledger: takes the fields of its event. The
 * next one that is not in the ledger yet, or NULL; it is from then on.
 */
void session_signal_keep(struct run *run, struct json *event);
const struct json *session_signal_next(struct run *run);

#endif
