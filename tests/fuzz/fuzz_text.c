#include <string.h>

#include "base/strbuf.h"
#include "base/text.h"
#include "fuzz.h"

/* text_safe: whatever comes in, what comes out is valid UTF-8 without control characters, and is safe already. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	_cleanup_strbuf_ struct strbuf once = {0};
	_cleanup_strbuf_ struct strbuf twice = {0};
	text_safe(&once, (const char *)bytes, size, false);
	const char *text = strbuf_text(&once);
	MUST(text_valid_prefix(text, once.length) == once.length);
	for (size_t i = 0; i < once.length; i++)
		MUST((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
	text_safe(&twice, text, once.length, false);
	MUST(twice.length == once.length && memcmp(strbuf_text(&twice), text, once.length) == 0);
	return 0;
}
