#include "core/pool/bouncer_json.h"

#include "base/text.h"

static void set_real(struct json *object, const char *key, bool known, double value)
{
	_cleanup_strbuf_ struct strbuf digits = {0};

	strbuf_printf(&digits, "%.3f", value);
	json_set(object, key, known ? json_new_real(strbuf_text(&digits)) : json_new_text(NULL));
}

static void set_known(struct json *object, const char *key, int64_t value)
{
	json_set(object, key, value < 0 ? json_new_text(NULL) : json_new_int(value));
}

static void set_safe(struct json *object, const char *key, const char *text)
{
	_cleanup_arena_ struct arena *scratch = arena_open();
	json_set_text(object, key, safe_text(scratch, text));
}

static struct json *load_json(const struct bouncer_load *load)
{
	struct json *object = json_new_object();

	set_safe(object, "database", load->database);
	set_safe(object, "mode", load->mode);
	json_set_int(object, "pools", (int64_t)load->pools);
	json_set_int(object, "capacity", load->capacity);
	json_set_int(object, "reserve", load->reserve);
	json_set_int(object, "clients", load->clients);
	json_set_int(object, "waiting", load->waiting);
	json_set_int(object, "longest_wait_ms", load->longest_us / 1000);
	json_set_int(object, "servers", load->servers);
	json_set_int(object, "servers_taken", load->active);
	set_real(object, "busy", load->counted, load->busy);
	set_real(object, "utilisation", load->rated, load->utilisation);
	set_real(object, "transactions_per_s", load->counted, load->transactions);
	set_real(object, "transaction_ms", load->transaction_us >= 0, load->transaction_us / 1000);
	set_real(object, "wait_ms", load->wait_us >= 0, load->wait_us / 1000);
	json_set_text(object, "state", bouncer_level_name(load->level));
	json_set_text(object, "verdict", load->verdict);
	json_set_text(object, "advice", load->advice);
	return object;
}

static struct json *settings_json(const struct bouncer_settings *settings)
{
	struct json *object = json_new_object();

	set_safe(object, "pool_mode", settings->pool_mode);
	set_known(object, "default_pool_size", settings->default_pool_size);
	set_known(object, "reserve_pool_size", settings->reserve_pool_size);
	set_known(object, "max_client_conn", settings->max_client_conn);
	set_known(object, "query_wait_timeout_s", settings->query_wait_timeout_s);
	return object;
}

/* Sums; the waits are the longest of any database. */
static void set_totals(struct json *object, const struct bouncer_load_list *loads)
{
	int64_t clients = 0, waiting = 0, servers = 0, longest_us = 0;
	double busy = 0, transactions = 0, wait_us = -1;
	bool counted = loads->count > 0;

	for (size_t i = 0; i < loads->count; i++) {
		const struct bouncer_load *load = &loads->items[i];
		clients += load->clients;
		waiting += load->waiting;
		servers += load->servers;
		longest_us = load->longest_us > longest_us ? load->longest_us : longest_us;
		counted = counted && load->counted;
		busy += load->busy;
		transactions += load->transactions;
		wait_us = load->wait_us > wait_us ? load->wait_us : wait_us;
	}
	json_set_int(object, "clients", clients);
	json_set_int(object, "waiting", waiting);
	json_set_int(object, "longest_wait_ms", longest_us / 1000);
	json_set_int(object, "servers", servers);
	set_real(object, "busy", counted, busy);
	set_real(object, "transactions_per_s", counted, transactions);
	set_real(object, "wait_ms", wait_us >= 0, wait_us / 1000);
}

struct json *bouncer_json(const struct bouncer_look *look, const struct bouncer_load_list *loads, double seconds)
{
	struct json *object = json_new_object(), *databases = json_new_array();

	set_safe(object, "place", look->place);
	set_safe(object, "version", look->version);
	set_real(object, "seconds", seconds > 0, seconds);
	json_set(object, "settings", settings_json(&look->settings));
	set_totals(object, loads);
	for (size_t i = 0; i < loads->count; i++)
		json_push(databases, load_json(&loads->items[i]));
	json_set(object, "databases", databases);
	return object;
}
