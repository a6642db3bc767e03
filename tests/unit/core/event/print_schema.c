#include <stdio.h>

#include "core/event/event.h"

/* What share/event.schema.json must hold: `make update-event-schema` writes it there. */
int main(void)
{
	_cleanup_json_ struct json *schema = event_schema();
	_cleanup_strbuf_ struct strbuf text = {0};
	json_write_pretty(&text, schema);
	return puts(strbuf_text(&text)) < 0;
}
