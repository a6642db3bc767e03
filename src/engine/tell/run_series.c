#include "engine/tell/run_series.h"

#include "base/stamp.h"

static void take_event(void *context, enum event_type type, const char *line, const struct json *fields)
{
	struct run_series *series = context;
	struct event_head head;
	int64_t at_ms;

	if (event_head_read(line, &head) && stamp_read(head.ts, &at_ms))
		series_take(series->set, at_ms, type, fields);
}

void run_series_init(struct run_series *series, struct emitter *emitter)
{
	*series = (struct run_series){.sink = {.event = take_event, .context = series}, .set = series_open()};
	emitter_add(emitter, &series->sink);
}

void run_series_clear(struct run_series *series)
{
	series_close(series->set);
	series->set = NULL;
}
