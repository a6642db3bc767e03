/* What the safety rules find in a migration that is tried. Inside the engine's trial only. */
#ifndef ENGINE_TRIAL_RULES_H
#define ENGINE_TRIAL_RULES_H

#include "engine/trial/trial.h"

/* Adds findings for the migration alone, on the database of the session: what earlier ones made is there already. */
enum status trial_rules(struct run *run, struct trial *trial, const struct migration *migration,
                        struct session *session, struct error *err) MUST_CHECK;

#endif
