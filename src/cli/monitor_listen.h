/* `monitor --listen`: what is known of live and of its migrations, for those who ask by HTTP. */
#ifndef CLI_MONITOR_LISTEN_H
#define CLI_MONITOR_LISTEN_H

#include "cli/command.h"
#include "pg/samplers/samplers.h"

/* Serves until it is stopped, which is the error that it returns. FAIL_USAGE: the address or the token's file. */
enum status monitor_listen(const struct invocation *invocation, struct loop *loop, const struct samplers *samplers,
                           struct error *err) MUST_CHECK;

#endif
