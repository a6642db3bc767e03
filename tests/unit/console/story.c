#include "story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <inttypes.h>
#include <string.h>

#include <cmocka.h>

static void tell_line(struct model *model, const char *line)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_error_ struct error err = {0};
	_cleanup_json_ struct json *event = NULL;
	int64_t seq = model->seq + 1;
	enum event_type type;

	strbuf_printf(&text, "{\"v\":1,\"seq\":%" PRId64 ",\"ts\":\"2026-01-01T%02d:%02d:%02d.000Z\",\"run\":\"r\",%s}",
	              seq, (int)(seq / 3600), (int)(seq / 60 % 60), (int)(seq % 60), line);
	if (event_decode(strbuf_text(&text), text.length, &type, &event, &err) != OK)
		fail_msg("%s: %s", err.message, strbuf_text(&text));
	model_apply(model, type, event);
}

void tell(struct model *model, const char *const *lines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		tell_line(model, lines[i]);
}

#define TARGET "\"target\":{\"system_identifier\":\"77\",\"timeline\":\"1\",\"database_oid\":\"5\"," \
	       "\"database\":\"shop\",\"environment\":\"PROD\",\"server_version\":\"15.14\"}"

void tell_beginning(struct model *model)
{
	TELL(model,
	     "\"type\":\"run\",\"command\":\"batch\"," TARGET ",\"environment\":\"PROD\","
	     "\"plan_id\":\"3f2a9c0011223344\",\"tool_version\":\"0.1.0\"",
	     "\"type\":\"plan\",\"plan_id\":\"3f2a9c0011223344\"," TARGET ",\"migrations\":["
	     "{\"version\":\"006\",\"name\":\"orders\",\"state\":\"applied\",\"transaction\":\"transactional\","
	     "\"requires\":[],\"steps\":[]},"
	     "{\"version\":\"007\",\"name\":\"orders_state\",\"state\":\"pending\",\"transaction\":\"transactional\","
	     "\"requires\":[{\"version\":\"006\",\"reason\":\"alters table orders\"}],"
	     "\"steps\":[{\"transactional\":true,\"statements\":["
	     "{\"tag\":\"ALTER TABLE\",\"line\":3,\"locks\":[{\"relation\":\"orders\",\"mode\":\"ACCESS EXCLUSIVE\"}]},"
	     "{\"tag\":\"INSERT\",\"line\":5,\"locks\":[{\"relation\":\"states\",\"mode\":\"ROW EXCLUSIVE\"}]}]}]},"
	     "{\"version\":\"008\",\"name\":\"orders_state_index\",\"state\":\"pending\",\"transaction\":\"none\","
	     "\"requires\":[{\"version\":\"007\",\"reason\":\"uses column orders.state\"}],"
	     "\"steps\":[{\"transactional\":false,\"reason\":\"CREATE INDEX CONCURRENTLY cannot run in a transaction\","
	     "\"statements\":[{\"tag\":\"CREATE INDEX\",\"line\":2,"
	     "\"locks\":[{\"relation\":\"orders\",\"mode\":\"SHARE UPDATE EXCLUSIVE\"}]}]}]},"
	     "{\"version\":\"009\",\"name\":\"vectors\",\"state\":\"held\","
	     "\"reason\":\"it requires extension vector >= 0.7, and the server has none\","
	     "\"transaction\":\"transactional\",\"requires\":[],\"steps\":[]}]");
}
