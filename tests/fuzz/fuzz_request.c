#include <string.h>

#include "core/event/request.h"
#include "fuzz.h"

static bool of_the_request(const char *key, const struct json *value, void *fields)
{
	if (strcmp(key, "v") != 0 && strcmp(key, "request") != 0)
		json_set(fields, key, json_clone(value));
	return true;
}

/* request_decode: what it takes can be encoded, and that line decodes to the same line; a refusal says why. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	_cleanup_json_ struct json *request = NULL, *again = NULL, *fields = json_new_object();
	_cleanup_strbuf_ struct strbuf once = {0}, twice = {0};
	_cleanup_error_ struct error err = {0};
	enum request_type type, second;

	if (request_decode((const char *)bytes, size, &type, &request, &err) != OK) {
		MUST(err.status == FAIL_REFUSED && err.message && !request);
		return 0;
	}
	json_each(request, of_the_request, fields);
	request_encode(&once, type, fields);
	MUST(request_decode(strbuf_text(&once), once.length, &second, &again, &err) == OK && second == type);
	request_encode(&twice, second, fields);
	MUST(strcmp(strbuf_text(&once), strbuf_text(&twice)) == 0);
	return 0;
}
