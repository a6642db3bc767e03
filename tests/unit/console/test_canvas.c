#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <locale.h>
#include <string.h>

#include <cmocka.h>

#include "console/terminal/canvas.h"

struct fixture {
	struct canvas *canvas;
	struct area area;
	struct strbuf text;
};

static struct fixture canvas_of(int rows, int columns, bool ascii)
{
	struct canvas *canvas = canvas_open(rows, columns, ascii);
	return (struct fixture){.canvas = canvas, .area = area_whole(canvas)};
}

static const char *seen(struct fixture *f)
{
	strbuf_reset(&f->text);
	canvas_text(f->canvas, &f->text);
	return strbuf_text(&f->text);
}

static void end_test(struct fixture *f)
{
	strbuf_clear(&f->text);
	canvas_close(f->canvas);
}

static void text_is_cut_at_the_edge_of_its_area(void **state)
{
	struct fixture f = canvas_of(2, 10, false);
	(void)state;
	struct area part = area_part(&f.area, 0, 2, 1, 4);
	assert_int_equal(area_put(&part, 0, 0, STYLE_TEXT, "abcdefgh"), 4);
	area_put(&part, 1, 0, STYLE_TEXT, "outside");
	area_put(&part, -1, 0, STYLE_TEXT, "outside");
	assert_string_equal(seen(&f), "  abcd\n\n");
	end_test(&f);
}

static void what_begins_left_of_an_area_shows_its_rest(void **state)
{
	struct fixture f = canvas_of(1, 10, false);
	(void)state;
	area_put(&f.area, 0, -3, STYLE_TEXT, "abcdef");
	assert_string_equal(seen(&f), "def\n");
	end_test(&f);
}

static void a_width_outside_of_its_area_is_not_drawn(void **state)
{
	struct fixture f = canvas_of(2, 6, false);
	(void)state;
	area_put_width(&f.area, 7, 0, 4, STYLE_TEXT, "below");
	area_put_width(&f.area, 0, 8, 4, STYLE_TEXT, "right of it");
	area_put_width(&f.area, 1, 4, 9, STYLE_TEXT, "ab is cut");
	assert_string_equal(seen(&f), "\n    ab\n");
	end_test(&f);
}

static void wide_and_combining_characters_take_the_columns_of_a_terminal(void **state)
{
	struct fixture f = canvas_of(1, 8, false);
	(void)state;
	assert_int_equal(area_put(&f.area, 0, 0, STYLE_TEXT, "日本e\xcc\x81x"), 6);
	assert_string_equal(seen(&f), "日本e\xcc\x81x\n");
	area_put(&f.area, 0, 1, STYLE_TEXT, "-");
	assert_string_equal(seen(&f), " -本e\xcc\x81x\n");
	assert_int_equal(text_columns("日本e\xcc\x81x"), 6);
	end_test(&f);
}

static void a_wide_character_that_does_not_fit_is_left_out(void **state)
{
	struct fixture f = canvas_of(1, 3, false);
	(void)state;
	area_put(&f.area, 0, 0, STYLE_TEXT, "日本");
	assert_string_equal(seen(&f), "日\n");
	end_test(&f);
}

static void hostile_text_reaches_no_cell_raw(void **state)
{
	struct fixture f = canvas_of(1, 60, false);
	(void)state;
	area_put(&f.area, 0, 0, STYLE_TEXT, "a\x1b[31mb\xe2\x80\xae\xe2\x80\x8b\xff\n");
	assert_string_equal(seen(&f), "a␛[31mb<U+202E><U+200B>\xef\xbf\xbd␊\n");
	end_test(&f);
}

static void a_terminal_of_ascii_gets_nothing_else(void **state)
{
	struct fixture f = canvas_of(2, 12, true);
	(void)state;
	area_put(&f.area, 0, 0, STYLE_TEXT, "dé日e\xcc\x81");
	area_put_glyph(&f.area, 0, 6, STYLE_TEXT, GLYPH_PASSED);
	area_rule(&f.area, 1, STYLE_TEXT, NULL);
	assert_string_equal(seen(&f), "d??e  o\n------------\n");
	end_test(&f);
}

static void text_in_a_width_is_cut_with_an_ellipsis_or_filled(void **state)
{
	struct fixture f = canvas_of(2, 12, false);
	(void)state;
	area_put(&f.area, 0, 0, STYLE_TEXT, "xxxxxxxxxxxx");
	assert_int_equal(area_put_width(&f.area, 0, 0, 6, STYLE_TEXT, "abc"), 6);
	assert_int_equal(area_put_width(&f.area, 1, 0, 6, STYLE_TEXT, "abcdefgh"), 6);
	assert_string_equal(seen(&f), "abc   xxxxxx\nabcde…\n");
	end_test(&f);
}

static void a_frame_and_its_title_fit_any_size(void **state)
{
	(void)state;
	for (int rows = 1; rows < 8; rows++) {
		for (int columns = 1; columns < 20; columns++) {
			struct fixture f = canvas_of(rows, columns, false);
			area_frame(&f.area, STYLE_TEXT, "a title");
			area_bar(&f.area, rows - 1, 0, columns, STYLE_TEXT, 1, 2);
			end_test(&f);
		}
	}
	struct fixture f = canvas_of(3, 12, true);
	area_frame(&f.area, STYLE_TEXT, "it");
	assert_string_equal(seen(&f), "+- it -----+\n|          |\n`----------'\n");
	end_test(&f);
}

static void a_bar_shows_part_of_whole_and_nothing_of_the_unknown(void **state)
{
	struct fixture f = canvas_of(4, 4, true);
	(void)state;
	area_bar(&f.area, 0, 0, 4, STYLE_TEXT, 1, 2);
	area_bar(&f.area, 1, 0, 4, STYLE_TEXT, 9, 2);
	area_bar(&f.area, 2, 0, 4, STYLE_TEXT, 5, 0);
	area_bar(&f.area, 3, 0, 4, STYLE_TEXT, INT64_MAX / 2, INT64_MAX);
	assert_string_equal(seen(&f), "##..\n####\n....\n##..\n");
	end_test(&f);
}

static void a_new_size_is_blank(void **state)
{
	struct fixture f = canvas_of(2, 4, false);
	(void)state;
	area_put(&f.area, 0, 0, STYLE_TEXT, "abcd");
	canvas_resize(f.canvas, 0, 0);
	assert_int_equal(canvas_rows(f.canvas), 1);
	assert_string_equal(seen(&f), "\n");
	end_test(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_cut_at_the_edge_of_its_area),
		cmocka_unit_test(what_begins_left_of_an_area_shows_its_rest),
		cmocka_unit_test(a_width_outside_of_its_area_is_not_drawn),
		cmocka_unit_test(wide_and_combining_characters_take_the_columns_of_a_terminal),
		cmocka_unit_test(a_wide_character_that_does_not_fit_is_left_out),
		cmocka_unit_test(hostile_text_reaches_no_cell_raw),
		cmocka_unit_test(a_terminal_of_ascii_gets_nothing_else),
		cmocka_unit_test(text_in_a_width_is_cut_with_an_ellipsis_or_filled),
		cmocka_unit_test(a_frame_and_its_title_fit_any_size),
		cmocka_unit_test(a_bar_shows_part_of_whole_and_nothing_of_the_unknown),
		cmocka_unit_test(a_new_size_is_blank),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
