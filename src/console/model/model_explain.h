/* Query plans that were told, by query: the part of the model that knows `explain` events. */
#ifndef CONSOLE_MODEL_EXPLAIN_H
#define CONSOLE_MODEL_EXPLAIN_H

#include "console/model/model.h"

/* Folds an `explain` event. A plan that can't be read is kept as an error of its query. */
void model_add_explain(struct model *model, const struct json *event);

#endif
