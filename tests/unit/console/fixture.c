#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "console/views/views.h"
#include "sys/file.h"

static const struct picture_size SIZES[] = {{80, 22, false}, {160, 48, false}, {60, 14, true}, {0}};

void fixture_open(struct fixture *f, const char *view)
{
	*f = (struct fixture){.model = model_open(), .tick = arena_open(), .view = view_find(view), .sizes = SIZES};
	f->state = arena_alloc(f->tick, f->view->state_bytes);
}

void fixture_close(struct fixture *f)
{
	if (f->view->let_go)
		f->view->let_go(f->state);
	model_close(f->model);
	arena_close(f->tick);
}

struct scene scene_of(const struct fixture *f)
{
	return (struct scene){.model = f->model, .tick = f->tick, .now_ms = f->model->now_ms + 2500};
}

void press(struct fixture *f, enum action action)
{
	struct scene scene = scene_of(f);
	assert_true(f->view->act(f->state, &scene, action));
}

void draw(const struct fixture *f, int columns, int rows, bool ascii, struct strbuf *out)
{
	struct canvas *canvas = canvas_open(rows, columns, ascii);
	struct area area = area_whole(canvas);
	struct scene scene = scene_of(f);

	f->view->draw(f->state, &scene, &area);
	canvas_text(canvas, out);
	canvas_close(canvas);
}

static void compare(const char *path, const char *text)
{
	_cleanup_strbuf_ struct strbuf wanted = {0};
	_cleanup_error_ struct error err = {0};

	if (getenv("UPDATE_SCREENS")) {
		FILE *file = fopen(path, "w");
		assert_non_null(file);
		fputs(text, file);
		assert_int_equal(fclose(file), 0);
		return;
	}
	if (file_read(path, 1 << 20, &wanted, &err) != OK)
		fail_msg("%s; the screen is:\n%s", err.message, text);
	if (strcmp(strbuf_text(&wanted), text) != 0)
		fail_msg("%s is not what is drawn:\n%s", path, text);
}

void compare_all(const char *moment, const struct fixture *f)
{
	for (const struct picture_size *size = f->sizes; size->columns; size++) {
		_cleanup_strbuf_ struct strbuf text = {0}, path = {0};
		strbuf_printf(&path, SOURCE_FOLDER "/tests/unit/console/screens/%s.%s.%dx%d%s", f->view->name, moment,
		              size->columns, size->rows, size->ascii ? ".ascii" : "");
		draw(f, size->columns, size->rows, size->ascii, &text);
		compare(strbuf_text(&path), strbuf_text(&text));
	}
}
