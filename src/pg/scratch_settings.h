/* A scratch cluster's configuration: like live where it matters, cheap where it does not. Inside pg only. */
#ifndef PG_SCRATCH_SETTINGS_H
#define PG_SCRATCH_SETTINGS_H

#include "base/strbuf.h"
#include "pg/scratch.h"

#define SCRATCH_LOG "server.log" /* in the data folder */

/*
 * Appends the lines; `locales` can be used beside the system's own. Preloaded libraries of live that are not loaded
 * here go to *ret_left_out as sentences.
 */
void scratch_settings(struct strbuf *out, struct arena *arena, const struct scratch_options *options,
                      const char *socket_folder, const struct text_list *locales, struct text_list *ret_left_out);

#endif
