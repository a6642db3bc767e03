/* What `monitor` tells of a server's health: the newest samples and what is judged of them, as one document. */
#ifndef CLI_HEALTH_DOCUMENT_H
#define CLI_HEALTH_DOCUMENT_H

#include "base/json.h"
#include "core/health/alarm.h"
#include "pg/samplers/samplers.h"

/* v, taken, trouble, state, checks, server, cost, samplers. The caller owns it. */
struct json *health_document(const struct samplers *samplers, const struct alarm_limits *limits);

#endif
