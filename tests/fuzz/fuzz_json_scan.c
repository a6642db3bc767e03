#include <string.h>

#include "base/json_scan.h"
#include "fuzz.h"

static void same_tree(const struct json_node *a, const struct json_node *b)
{
	MUST(a->kind == b->kind && a->flag == b->flag && a->count == b->count);
	MUST((a->key == NULL) == (b->key == NULL) && (!a->key || strcmp(a->key, b->key) == 0));
	if (a->kind == JSON_KIND_TEXT)
		MUST(a->length == b->length && strcmp(a->text, b->text) == 0);
	if (a->kind == JSON_KIND_INT || a->kind == JSON_KIND_REAL)
		MUST(!(a->number < b->number) && !(a->number > b->number));
	const struct json_node *x = a->first, *y = b->first;
	for (; x && y; x = x->next, y = y->next)
		same_tree(x, y);
	MUST(!x && !y);
}

/* The library is stricter on purpose: it keeps numbers in 64 bits, and members once. */
static bool is_only_stricter(const char *message)
{
	static const char *const reasons[] = {"too big integer", "too big negative integer", "real number overflow",
	                                      "duplicate object key", "maximum parsing depth"};
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (strstr(message, reasons[i]))
			return true;
	return false;
}

/* json_scan: takes what the library takes and makes the same of it, and takes nothing else. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const char *text = (const char *)bytes;
	_cleanup_arena_ struct arena *arena = arena_open();
	_cleanup_json_ struct json *value = NULL;
	_cleanup_error_ struct error err = {0};
	_cleanup_error_ struct error library_err = {0};
	const struct json_node *scanned = NULL;
	size_t used = 0;
	enum status status = json_scan(arena, text, size, &scanned, &used, &err);
	if (memchr(text, '\0', size)) { /* which the library takes for a blank in some places */
		MUST(status != OK || used <= strlen(text));
		return 0;
	}
	if (json_parse(text, size, &value, &library_err) == OK) {
		MUST(status == OK && used <= size);
		same_tree(scanned, json_scan_value(arena, value));
		return 0;
	}
	if (status != OK) {
		MUST(err.status == FAIL_REFUSED && err.message && err.line > 0 && err.column > 0);
		return 0;
	}
	MUST(used <= size);
	/* Something stands behind the value, which is no business of json_scan. */
	_cleanup_error_ struct error again = {0};
	MUST(json_parse(text, used, &value, &again) == OK || is_only_stricter(again.message));
	return 0;
}
