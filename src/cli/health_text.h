/* A server's health for people and for plugins, from the document of its samples. Measures and judges nothing. */
#ifndef CLI_HEALTH_TEXT_H
#define CLI_HEALTH_TEXT_H

#include "base/json.h"
#include "cli/screen.h"
#include "core/health/alarm.h"

/* The state, what is wrong and what to do, then what each sampler found, a few lines each. */
void health_print(struct screen *screen, const struct json *document);

/* "WARNING - what is wrong | perfdata", without the newline. */
void health_plugin_line(struct strbuf *out, const struct json *document);

#endif
