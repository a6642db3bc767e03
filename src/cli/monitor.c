/*
 * `monitor`: how live is, outside a run: once, again and again, as the line of a monitoring plugin, or for those who
 * ask by HTTP.
 */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/health_document.h"
#include "cli/health_text.h"
#include "cli/monitor_listen.h"
#include "cli/screen.h"
#include "pg/samplers/samplers.h"
#include "sys/clock.h"

enum { ONCE_LIMIT_MS = 20000, INTERVAL_MS = 5000, INTERVAL_LEAST_MS = 200 };

/* What monitoring plugins end with. */
static const int PLUGIN_EXITS[] = {[LEVEL_OK] = 0, [LEVEL_WARNING] = 1, [LEVEL_CRITICAL] = 2, [LEVEL_UNKNOWN] = 3};

struct monitor {
	const struct invocation *invocation;
	struct loop *loop;
	struct samplers *samplers;
	struct screen screen;
};

static enum status check_names(const struct text_list *names, struct error *err)
{
	const char *known[32];
	size_t count;
	const struct sampler *const *list = samplers_list(&count);

	for (size_t i = 0; i < count; i++)
		known[i] = list[i]->name;
	for (size_t i = 0; i < names->count; i++) {
		if (sampler_find(names->items[i]))
			continue;
		const char *nearest = text_nearest(names->items[i], known, count);
		error_set(err, FAIL_USAGE, "there is no sampler \"%s\"", names->items[i]);
		if (nearest)
			return error_hint(err, "Did you mean \"%s\"?", nearest);
		return error_hint(err, "pgsluice(1), section HEALTH, lists the samplers.");
	}
	return OK;
}

static enum status check_options(const struct options *options, struct error *err)
{
	bool prints = options->once || options->watch || options->plugin || strcmp(options->format, "json") == 0;

	if (options->watch && (options->once || options->plugin)) {
		error_set(err, FAIL_USAGE, "--watch goes on, and --%s ends", options->once ? "once" : "plugin");
		return error_hint(err, "Give one of them.");
	}
	if (options->listen && prints) {
		error_set(err, FAIL_USAGE, "--listen prints nothing of what it measures");
		return error_hint(err, "Leave out --once, --watch, --plugin and --format, or --listen.");
	}
	if ((options->token_file || options->migrations || options->evidence) && !options->listen) {
		error_set(err, FAIL_USAGE, "--%s is for --listen", options->token_file   ? "token-file"
		                                                   : options->migrations ? "migrations"
		                                                                         : "evidence");
		return error_hint(err, "Give --listen, too, or leave it out.");
	}
	if (options->plugin && strcmp(options->format, "json") == 0) {
		error_set(err, FAIL_USAGE, "--plugin prints its one line, and no JSON");
		return error_hint(err, "Give --plugin or --format json.");
	}
	if (options->interval_ms && (!options->watch || options->interval_ms < INTERVAL_LEAST_MS)) {
		error_set(err, FAIL_USAGE, "--interval is for --watch, and at least 200 ms");
		return error_hint(err, "Give --watch --interval 2s.");
	}
	if (text_list_has(&options->operands, sampler_pools.name) && !options->bouncer) {
		error_set(err, FAIL_USAGE, "the sampler pools needs --bouncer");
		return error_hint(err, "Write for example --bouncer 'host=localhost port=6432 user=stats'.");
	}
	return check_names(&options->operands, err);
}

static bool is_complete(void *context)
{
	const struct monitor *monitor = context;
	return samplers_complete(monitor->samplers);
}

static struct json *make_document(const struct monitor *monitor)
{
	return health_document(monitor->samplers, &monitor->invocation->settings.alarms);
}

static void print_document(struct monitor *monitor)
{
	_cleanup_json_ struct json *document = make_document(monitor);
	_cleanup_strbuf_ struct strbuf text = {0};

	if (strcmp(monitor->invocation->options->format, "json") == 0) {
		json_write(&text, document);
		puts(strbuf_text(&text));
	} else {
		health_print(&monitor->screen, document);
	}
	fflush(stdout);
}

static enum status trouble_of(const struct monitor *monitor, struct error *err)
{
	const struct error *trouble = samplers_trouble(monitor->samplers);

	if (trouble->status == OK)
		return error_set(err, FAIL_UNREACHABLE, "the server did not answer in time");
	error_set(err, trouble->status, "%s", trouble->message);
	if (trouble->sqlstate[0])
		error_sqlstate(err, trouble->sqlstate);
	if (trouble->detail)
		error_detail(err, "%s", trouble->detail);
	return error_hint(err, "%s", error_hint_text(trouble));
}

static enum status stopped(const struct monitor *monitor, struct error *err)
{
	loop_stop_error(monitor->loop, err);
	return error_hint(err, "It measures until it is stopped, and leaves nothing behind.");
}

/* All samplers have said what they can; an error when none could, for there is no server. */
static enum status take(struct monitor *monitor, struct error *err)
{
	enum loop_outcome outcome = loop_until(monitor->loop, is_complete, monitor, clock_ms() + ONCE_LIMIT_MS);

	if (outcome == LOOP_STOPPED)
		return stopped(monitor, err);
	return samplers_connected(monitor->samplers) ? OK : trouble_of(monitor, err);
}

static enum status once(struct monitor *monitor, struct error *err)
{
	if (take(monitor, err) == OK)
		print_document(monitor);
	return err->status;
}

/* A server that is not there now can be there next time. */
static enum status watch(struct monitor *monitor, struct error *err)
{
	int64_t given_ms = monitor->invocation->options->interval_ms, interval_ms = given_ms ? given_ms : INTERVAL_MS;

	if (loop_until(monitor->loop, is_complete, monitor, clock_ms() + interval_ms) == LOOP_STOPPED)
		return stopped(monitor, err);
	for (;;) {
		print_document(monitor);
		if (loop_sleep(monitor->loop, interval_ms) == LOOP_STOPPED)
			return stopped(monitor, err);
	}
}

static enum status listen_until_stopped(struct monitor *monitor, struct error *err)
{
	if (monitor_listen(monitor->invocation, monitor->loop, monitor->samplers, err) == OK ||
	    !loop_stop_signal(monitor->loop))
		return err->status;
	return stopped(monitor, err);
}

/* The one line and its exit code, whatever happens: who called reads nothing else. */
static enum status plugin(struct monitor *monitor, int *ret_exit, struct error *err)
{
	_cleanup_strbuf_ struct strbuf line = {0};
	enum alarm_level level;

	if (take(monitor, err) != OK) {
		if (err->status == FAIL_UNREACHABLE) {
			printf("CRITICAL - %s\n", err->message);
			*ret_exit = PLUGIN_EXITS[LEVEL_CRITICAL];
			error_clear(err);
		}
		return err->status;
	}
	_cleanup_json_ struct json *document = make_document(monitor);
	health_plugin_line(&line, document);
	puts(strbuf_text(&line));
	for (level = LEVEL_CRITICAL; level > LEVEL_OK; level--)
		if (strcmp(alarm_level_name(level), json_get_text(document, "state")) == 0)
			break;
	*ret_exit = PLUGIN_EXITS[level];
	return OK;
}

static enum status run_monitor(struct invocation *invocation, struct error *err)
{
	const struct options *options = invocation->options;
	_cleanup_loop_ struct loop *loop = NULL;
	_cleanup_samplers_ struct samplers *samplers = NULL;
	struct samplers_options how = {
		.conninfo = invocation->settings.conninfo, .role_word = "monitor", .bouncer = options->bouncer,
		.names = &options->operands};

	if (check_options(options, err) != OK || loop_open(&loop, err) != OK ||
	    samplers_open(loop, &how, &samplers, err) != OK)
		return err->status;
	struct monitor monitor = {
		.invocation = invocation, .loop = loop, .samplers = samplers, .screen = screen_standard()};
	if (options->listen)
		return listen_until_stopped(&monitor, err);
	if (options->plugin)
		return plugin(&monitor, &invocation->exit_code, err);
	return options->watch ? watch(&monitor, err) : once(&monitor, err);
}

const struct command command_monitor = {
	.name = "monitor",
	.summary = "measure how the server is: sessions, locks, WAL, replicas, vacuum, sizes",
	.operands = "[SAMPLER...]",
	.operands_max = 32,
	.options = OPTIONS_TARGET | OPTION_BIT(OPTION_ONCE) | OPTION_BIT(OPTION_WATCH) | OPTION_BIT(OPTION_INTERVAL) |
	           OPTION_BIT(OPTION_PLUGIN) | OPTION_BIT(OPTION_FORMAT) | OPTION_BIT(OPTION_BOUNCER) |
	           OPTION_BIT(OPTION_LISTEN) | OPTION_BIT(OPTION_TOKEN_FILE),
	.run = run_monitor,
};
