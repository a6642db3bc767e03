#include <string.h>

#include "base/json.h"
#include "fuzz.h"

#define BLANKS "                                                                "

enum { LARGE_BYTES = 64 * 1024, ONE_IN = 16 };

static void parse_again(const char *text, size_t length, struct strbuf *out)
{
	_cleanup_json_ struct json *value = NULL;
	_cleanup_error_ struct error err = {0};
	MUST(json_parse(text, length, &value, &err) == OK);
	json_write_canonical(out, value);
}

/* A large document is read in another way; blanks make one of any. */
static void parse_large(const uint8_t *bytes, size_t size, const struct json *expected)
{
	_cleanup_json_ struct json *value = NULL;
	_cleanup_error_ struct error err = {0};
	_cleanup_strbuf_ struct strbuf large = {0};
	_cleanup_strbuf_ struct strbuf once = {0};
	_cleanup_strbuf_ struct strbuf twice = {0};
	if (size % ONE_IN != 0) /* it takes its time */
		return;
	for (size_t i = 0; i < LARGE_BYTES / strlen(BLANKS); i++)
		strbuf_puts(&large, BLANKS);
	strbuf_add(&large, bytes, size);
	bool taken = json_parse(strbuf_text(&large), large.length, &value, &err) == OK;
	MUST(taken == (expected != NULL));
	if (!taken)
		return;
	json_write(&once, expected);
	json_write(&twice, value);
	MUST(twice.length == once.length && memcmp(strbuf_text(&once), strbuf_text(&twice), once.length) == 0);
}

/* json_parse: what it takes it can write, and what is written reads back as the same; a refusal says where. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	_cleanup_json_ struct json *value = NULL;
	_cleanup_error_ struct error err = {0};
	if (json_parse((const char *)bytes, size, &value, &err) != OK) {
		MUST(err.status == FAIL_REFUSED && err.message && err.line > 0);
		parse_large(bytes, size, NULL);
		return 0;
	}
	parse_large(bytes, size, value);
	_cleanup_strbuf_ struct strbuf once = {0};
	_cleanup_strbuf_ struct strbuf twice = {0};
	json_write_canonical(&once, value);
	parse_again(strbuf_text(&once), once.length, &twice);
	MUST(twice.length == once.length && memcmp(strbuf_text(&once), strbuf_text(&twice), once.length) == 0);
	return 0;
}
