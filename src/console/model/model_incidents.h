/* Incidents found in what samples of live tell: what differs from the sample before. The model's own, not for views. */
#ifndef CONSOLE_MODEL_INCIDENTS_H
#define CONSOLE_MODEL_INCIDENTS_H

#include "console/model/model_live.h"

/* Notes what happened between two samples of one sampler; `before` may be NULL. */
void model_look_for_incidents(struct model *model, const struct model_sample *sample, const struct json *before);

/* What is kept of live, begun where there is none yet. */
struct model_live *model_live_of(struct model *model);

#endif
