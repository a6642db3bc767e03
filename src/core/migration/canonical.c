#include "core/migration/canonical.h"

#include <string.h>

#include "base/text.h"

static const char BOM[] = "\xEF\xBB\xBF";
enum { BOM_BYTES = 3 };

static enum status refuse_byte(const struct source_file *file, size_t offset, struct error *err)
{
	long line = 1;
	for (size_t at = 0; at < offset; at++)
		line += file->bytes[at] == '\n';
	return error_where(err, file->path, line, 0);
}

static enum status check_bytes(const struct source_file *file, struct error *err)
{
	size_t valid = text_valid_prefix(file->bytes, file->length);
	const char *nul = memchr(file->bytes, '\0', file->length);

	if (valid < file->length && (!nul || valid < (size_t)(nul - file->bytes))) {
		error_set(err, FAIL_REFUSED, "invalid UTF-8 in %s at byte %zu", file->name, valid + 1);
		error_hint(err, "Save the file as UTF-8, for example with `iconv -f LATIN1 -t UTF-8`.");
		return refuse_byte(file, valid, err);
	}
	if (nul) {
		size_t offset = (size_t)(nul - file->bytes);
		error_set(err, FAIL_REFUSED, "NUL byte in %s at byte %zu", file->name, offset + 1);
		error_hint(err, "PostgreSQL takes no NUL in text: remove the byte, or save the file as UTF-8.");
		return refuse_byte(file, offset, err);
	}
	return OK;
}

/*
 * Moves the text to its new place without the CRs that stand before LF; returns its length. A file that was converted
 * twice has several: canonical text read again must be itself.
 */
static size_t move_lines(char *to, const char *from, size_t length)
{
	size_t size = 0;
	while (length > 0) {
		const char *cr = memchr(from, '\r', length);
		size_t run = cr ? (size_t)(cr - from) : length;
		memmove(to + size, from, run);
		size += run;
		from += run;
		length -= run;
		size_t returns = 0;
		while (returns < length && from[returns] == '\r')
			returns++;
		if (returns == length || from[returns] != '\n') {
			memmove(to + size, from, returns);
			size += returns;
		}
		from += returns;
		length -= returns;
	}
	return size;
}

static const struct digest *keep_digest(struct arena *arena, const char *bytes, size_t length)
{
	struct digest *digest = arena_alloc(arena, sizeof(*digest));
	*digest = digest_of(bytes, length);
	return digest;
}

enum status canonical_read(struct arena *arena, const struct source_file *file, struct script *ret_script,
                           struct error *err)
{
	if (check_bytes(file, err) != OK)
		return err->status;

	size_t skipped = 0;
	while (file->length - skipped >= BOM_BYTES && memcmp(file->bytes + skipped, BOM, BOM_BYTES) == 0)
		skipped += BOM_BYTES;
	ret_script->path = arena_strdup(arena, file->path);
	ret_script->raw = keep_digest(arena, file->bytes, file->length);
	ret_script->text = file->bytes;
	ret_script->length = move_lines(file->bytes, file->bytes + skipped, file->length - skipped);
	ret_script->text[ret_script->length] = '\0';
	ret_script->canonical = ret_script->length == file->length
	                                ? ret_script->raw
	                                : keep_digest(arena, ret_script->text, ret_script->length);
	return OK;
}
