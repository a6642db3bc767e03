#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"

static void object_is_written_in_the_order_it_was_set(void **state)
{
	_cleanup_json_ struct json *object = json_new_object();
	_cleanup_strbuf_ struct strbuf out = {0};
	struct json *list = json_new_array();
	(void)state;
	json_set_int(object, "v", 1);
	json_set_text(object, "name", "caf\xC3\xA9 \"x\"\n");
	json_set_text(object, "hint", NULL);
	json_set_bool(object, "ok", true);
	json_push_text(list, "003");
	json_set(object, "list", list);
	json_write(&out, object);
	assert_string_equal(strbuf_text(&out), "{\"v\":1,\"name\":\"caf\xC3\xA9 \\\"x\\\"\\n\",\"hint\":null,"
	                                       "\"ok\":true,\"list\":[\"003\"]}");
}

static void canonical_form_sorts_the_members(void **state)
{
	_cleanup_json_ struct json *object = json_new_object();
	_cleanup_strbuf_ struct strbuf out = {0};
	(void)state;
	json_set_int(object, "b", 2);
	json_set_int(object, "a", 1);
	json_write_canonical(&out, object);
	assert_string_equal(strbuf_text(&out), "{\"a\":1,\"b\":2}");
}

static void setting_a_member_again_replaces_it(void **state)
{
	_cleanup_json_ struct json *object = json_new_object();
	(void)state;
	json_set_int(object, "a", 1);
	json_set_text(object, "a", "two");
	assert_string_equal(json_get_text(object, "a"), "two");
	assert_int_equal(json_get_int(object, "a"), 0);
}

static void broken_utf8_becomes_the_replacement_character(void **state)
{
	_cleanup_json_ struct json *object = json_new_object();
	(void)state;
	json_set_text(object, "t", "a\xFF"
	                           "b");
	assert_string_equal(json_get_text(object, "t"), "a\xEF\xBF\xBD"
	                                                "b");
}

static void what_is_not_seen_is_written_as_an_escape_and_read_back_the_same(void **state)
{
	static const char TEXT[] = "\xC3\xA9\x7F\xC2\x9B\xE2\x80\xAE\xF3\xA0\x80\xA0\xE2\x82\xAC";
	_cleanup_json_ struct json *array = json_new_array(), *again = NULL;
	_cleanup_strbuf_ struct strbuf out = {0}, canonical = {0};
	_cleanup_error_ struct error err = {0};
	(void)state;
	json_push_text(array, TEXT);
	json_write(&out, array);
	assert_string_equal(strbuf_text(&out), "[\"\xC3\xA9\\u007F\\u009B\\u202E\\uDB40\\uDC20\xE2\x82\xAC\"]");
	assert_int_equal(json_parse(strbuf_text(&out), out.length, &again, &err), OK);
	assert_string_equal(json_text(json_at(again, 0)), TEXT);
	json_write_canonical(&canonical, array);
	assert_non_null(strstr(strbuf_text(&canonical), TEXT));
}

static void parsed_values_are_read_by_kind(void **state)
{
	static const char TEXT[] = "{\"n\": 9007199254740993, \"t\": \"x\", \"b\": true, \"l\": [1, null]}";
	_cleanup_json_ struct json *value = NULL;
	_cleanup_error_ struct error err = {0};
	(void)state;
	assert_int_equal(json_parse(TEXT, strlen(TEXT), &value, &err), OK);
	assert_true(json_get_int(value, "n") == INT64_C(9007199254740993));
	assert_true(json_get_bool(value, "b"));
	assert_null(json_get_text(value, "n"));
	assert_null(json_get(value, "missing"));
	assert_false(json_has(value, "missing"));
	assert_int_equal(json_count(json_get(value, "l")), 2);
	assert_int_equal(json_kind(json_at(json_get(value, "l"), 1)), JSON_KIND_NULL);
	assert_null(json_at(json_get(value, "l"), 2));
}

static void broken_text_is_refused_with_its_place(void **state)
{
	static const char *const ROWS[] = {"", "{", "{\"a\":}", "[1,]", "{} {}", "nul", "{\"a\":1,\"a\":2}"};
	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		_cleanup_json_ struct json *value = NULL;
		_cleanup_error_ struct error err = {0};
		if (json_parse(ROWS[i], strlen(ROWS[i]), &value, &err) != FAIL_REFUSED || value || err.line != 1)
			fail_msg("\"%s\": status %d, line %ld", ROWS[i], (int)err.status, err.line);
	}
}

static bool count_members(const char *key, const struct json *value, void *context)
{
	int *left = context;
	(void)key;
	(void)value;
	return --*left > 0;
}

/* A document is large with blanks behind it, too. */
static enum status parse_large(const char *document, struct json **ret_value, struct error *err)
{
	_cleanup_strbuf_ struct strbuf large = {0};
	strbuf_puts(&large, document);
	for (int i = 0; i < 3000; i++)
		strbuf_puts(&large, "                                ");
	return json_parse(strbuf_text(&large), large.length, ret_value, err);
}

static void a_large_document_is_read_as_a_small_one(void **state)
{
	static const char *const DOCUMENTS[] = {
		"{}", "[]", " [ ] ", "{ \"a\" : [ ] , \"b\" : { } }",
		"[[[[[[1]]]],2],{\"a\":{\"b\":{\"c\":{\"d\":[0]}}}}]", "1", "-0", "\"\xc3\xa9 \\u00e9\"", "null",
		"[null,true,false,\"\",-1,1.5e3,9007199254740993]",
		"{\"\\u0061\\n\":\"\\ud83d\\ude00\",\"\":{\"plan\":{\"migrations\":[{\"x\":1.10},{\"x\":null}]}}}",
		"\t{\"a\"\r\n:1}\n", "[1,[2,[3,[4,[5]]]]]",
		/* refused */
		"", "{", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1]]", "[1] 2", "{\"a\"}", "{\"a\":}",
		"{\"a\":1,}", "{a:1}", "{1:2}", "{\"a\":1 \"b\":2}", "{\"a\":1,\"a\":1}", "{\"a\":1,\"\\u0061\":2}",
		"{\"a\":[{\"b\":1,\"b\":2}]}", "[1}", "{\"a\":1]", "\"a", "\"\xff\"", "[\"\xc3\"]", "{\"\xff\":1}",
		"[01]", "[1.]", "[tru]", "[99999999999999999999]", "[1e999]", "[\"\\u0000\"]", "{\"\\u0000\":1}",
		"\xef\xbb\xbf{}", "[\"\x01\"]", ",", ":", "}", "[:]", "{,}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(DOCUMENTS) / sizeof(DOCUMENTS[0]); i++) {
		_cleanup_json_ struct json *small = NULL, *large = NULL;
		_cleanup_error_ struct error err = {0}, large_err = {0};
		_cleanup_strbuf_ struct strbuf expected = {0}, found = {0};
		enum status status = json_parse(DOCUMENTS[i], strlen(DOCUMENTS[i]), &small, &err);
		if (parse_large(DOCUMENTS[i], &large, &large_err) != status)
			fail_msg("%s: %s", DOCUMENTS[i], status == OK ? large_err.message : "taken when it is large");
		json_write(&expected, small);
		json_write(&found, large);
		if (status == OK)
			assert_string_equal(strbuf_text(&found), strbuf_text(&expected));
		else if (*DOCUMENTS[i])
			assert_int_equal(large_err.line, err.line);
	}
}

static void visiting_stops_where_the_visitor_says(void **state)
{
	_cleanup_json_ struct json *object = json_new_object();
	int left = 2;
	(void)state;
	json_set_int(object, "a", 1);
	json_set_int(object, "b", 2);
	json_set_int(object, "c", 3);
	assert_false(json_each(object, count_members, &left));
	assert_int_equal(left, 0);
	left = 4;
	assert_true(json_each(object, count_members, &left));
	assert_int_equal(left, 1);
}

static void a_clone_is_a_value_of_its_own(void **state)
{
	_cleanup_json_ struct json *object = json_new_object();
	(void)state;
	json_set_text(object, "a", "first");
	_cleanup_json_ struct json *copy = json_clone(object);
	json_set_text(object, "a", "second");
	assert_string_equal(json_get_text(copy, "a"), "first");
}

static void an_object_of_many_members_finds_each(void **state)
{
	_cleanup_json_ struct json *object = json_new_object();
	char name[32];
	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "member %d", i);
		json_set_int(object, name, i);
	}
	json_set_int(object, "member 500", -1);
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "member %d", i);
		assert_true(json_has(object, name));
		assert_int_equal(json_get_int(object, name), i == 500 ? -1 : i);
	}
	assert_false(json_has(object, "member 1000"));
}

static void a_shared_value_lives_until_its_last_owner(void **state)
{
	struct json *first = json_new_object(), *second = json_new_object(), *inner = json_new_array();
	(void)state;
	json_push_text(inner, "x");
	json_set(first, "inner", inner);
	json_set(second, "inner", json_share(json_get(first, "inner")));
	json_close(first);
	assert_string_equal(json_text(json_at(json_get(second, "inner"), 0)), "x");
	json_close(second);
}

static void the_safe_form_shows_what_is_hidden_and_leaves_out_null(void **state)
{
	_cleanup_json_ struct json *object = json_new_object();
	_cleanup_strbuf_ struct strbuf out = {0};
	(void)state;
	json_set_text(object, "a", "x\x1b[31m\xE2\x80\xAE");
	json_set_text(object, "b", NULL);
	json_write_safe(&out, object);
	assert_string_equal(strbuf_text(&out), "{\"a\":\"x\xE2\x90\x9B[31m<U+202E>\"}");
}

static void the_pretty_form_is_indented_by_two(void **state)
{
	static const char TEXT[] = "{\"a\":[1,{}],\"b\":[],\"c\":{\"d\":null}}";
	_cleanup_json_ struct json *value = NULL;
	_cleanup_error_ struct error err = {0};
	_cleanup_strbuf_ struct strbuf out = {0};
	(void)state;
	assert_int_equal(json_parse(TEXT, strlen(TEXT), &value, &err), OK);
	json_write_pretty(&out, value);
	assert_string_equal(strbuf_text(&out), "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": [],\n  \"c\": {\n"
	                                       "    \"d\": null\n  }\n}");
}

static void put_piece(void *context, const char *bytes, size_t length)
{
	struct strbuf *pieces = context;
	strbuf_add(pieces, bytes, length);
	pieces[1].length++; /* counts the calls */
}

static void what_is_streamed_is_what_is_written(void **state)
{
	_cleanup_json_ struct json *array = json_new_array();
	_cleanup_strbuf_ struct strbuf whole = {0};
	struct strbuf pieces[2] = {0};
	(void)state;
	for (int i = 0; i < 20000; i++)
		json_push(array, i % 2 ? json_new_int(i) : json_new_text("every other one"));
	json_write_canonical(&whole, array);
	json_stream(array, JSON_CANONICAL, put_piece, pieces);
	assert_int_equal(pieces[0].length, whole.length);
	assert_string_equal(strbuf_text(&pieces[0]), strbuf_text(&whole));
	assert_true(pieces[1].length > 2);
	strbuf_clear(&pieces[0]);
}

static void numbers_are_written_as_they_were_read(void **state)
{
	static const char TEXT[] = "[-9223372036854775808,0.5,-2.25,true,false]";
	_cleanup_json_ struct json *value = NULL;
	_cleanup_error_ struct error err = {0};
	_cleanup_strbuf_ struct strbuf out = {0};
	(void)state;
	assert_int_equal(json_parse(TEXT, strlen(TEXT), &value, &err), OK);
	assert_int_equal(json_kind(json_at(value, 1)), JSON_KIND_REAL);
	assert_int_equal(json_int(json_at(value, 1)), 0);
	json_write(&out, value);
	assert_string_equal(strbuf_text(&out), "[-9223372036854775808,0.5,-2.25,true,false]");
}

static void equal_short_texts_are_one_value(void **state)
{
	_cleanup_json_ struct json *array = json_new_array();
	(void)state;
	json_push_text(array, "column");
	json_push_text(array, "index");
	json_push_text(array, "column");
	assert_ptr_equal(json_at(array, 0), json_at(array, 2));
	assert_string_equal(json_text(json_at(array, 2)), "column");
	assert_string_equal(json_text(json_at(array, 1)), "index");
}

static void a_text_outlives_all_that_come_after_it(void **state)
{
	_cleanup_json_ struct json *kept = json_new_array();
	(void)state;
	json_push_text(kept, "first");
	for (int i = 0; i < 20000; i++) {
		char text[16];
		snprintf(text, sizeof(text), "%d", i);
		json_close(json_new_text(text));
	}
	assert_string_equal(json_text(json_at(kept, 0)), "first");
}

static void arrays_of_any_length_hold_what_was_pushed(void **state)
{
	(void)state;
	for (size_t length = 0; length < 20; length++) {
		_cleanup_json_ struct json *array = json_new_array();
		for (size_t i = 0; i < length; i++)
			json_push(array, json_new_int(1000 + (int64_t)i));
		assert_int_equal(json_count(array), length);
		for (size_t i = 0; i < length; i++)
			assert_int_equal(json_int(json_at(array, i)), 1000 + i);
		assert_null(json_at(array, length));
	}
}

static void the_empty_array_may_stand_in_many_places(void **state)
{
	_cleanup_json_ struct json *object = json_new_object();
	_cleanup_strbuf_ struct strbuf out = {0};
	(void)state;
	json_set(object, "a", json_empty_array());
	json_set(object, "b", json_empty_array());
	json_set(object, "a", json_new_int(1));
	_cleanup_json_ struct json *clone = json_clone(object);
	json_write(&out, clone);
	assert_string_equal(strbuf_text(&out), "{\"a\":1,\"b\":[]}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(object_is_written_in_the_order_it_was_set),
		cmocka_unit_test(canonical_form_sorts_the_members),
		cmocka_unit_test(setting_a_member_again_replaces_it),
		cmocka_unit_test(broken_utf8_becomes_the_replacement_character),
		cmocka_unit_test(what_is_not_seen_is_written_as_an_escape_and_read_back_the_same),
		cmocka_unit_test(parsed_values_are_read_by_kind),
		cmocka_unit_test(broken_text_is_refused_with_its_place),
		cmocka_unit_test(a_large_document_is_read_as_a_small_one),
		cmocka_unit_test(visiting_stops_where_the_visitor_says),
		cmocka_unit_test(a_clone_is_a_value_of_its_own),
		cmocka_unit_test(an_object_of_many_members_finds_each),
		cmocka_unit_test(a_shared_value_lives_until_its_last_owner),
		cmocka_unit_test(the_safe_form_shows_what_is_hidden_and_leaves_out_null),
		cmocka_unit_test(the_pretty_form_is_indented_by_two),
		cmocka_unit_test(what_is_streamed_is_what_is_written),
		cmocka_unit_test(equal_short_texts_are_one_value),
		cmocka_unit_test(a_text_outlives_all_that_come_after_it),
		cmocka_unit_test(arrays_of_any_length_hold_what_was_pushed),
		cmocka_unit_test(the_empty_array_may_stand_in_many_places),
		cmocka_unit_test(numbers_are_written_as_they_were_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
