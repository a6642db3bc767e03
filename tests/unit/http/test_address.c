#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "http/address.h"

static void an_address_is_read_and_shown_with_its_reach(void **state)
{
	static const struct {
		const char *text, *shown;
		bool loopback;
	} ROWS[] = {
		{"9187", "127.0.0.1:9187", true},
		{":9187", "127.0.0.1:9187", true},
		{"localhost:0", "127.0.0.1:0", true},
		{"127.8.9.1:65535", "127.8.9.1:65535", true},
		{"192.0.2.7:9187", "192.0.2.7:9187", false},
		{"0.0.0.0:9187", "0.0.0.0:9187", false},
		{"*:9187", "[::]:9187", false},
		{"[::1]:9187", "[::1]:9187", true},
		{"[2001:db8::7]:80", "[2001:db8::7]:80", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		_cleanup_error_ struct error err = {0};
		struct address address;
		if (address_read(ROWS[i].text, &address, &err) != OK)
			fail_msg("%s: %s", ROWS[i].text, err.message);
		assert_string_equal(address_show(&address).text, ROWS[i].shown);
		if (address.loopback != ROWS[i].loopback)
			fail_msg("%s is taken for the other", ROWS[i].text);
	}
}

static void every_address_has_the_same_port_without_ipv6(void **state)
{
	_cleanup_error_ struct error err = {0};
	struct address address;
	(void)state;
	assert_int_equal(address_read("[::]:9187", &address, &err), OK);
	assert_false(address.every);
	assert_int_equal(address_read("*:9187", &address, &err), OK);
	assert_true(address.every);
	address_every_v4(&address);
	assert_string_equal(address_show(&address).text, "0.0.0.0:9187");
	assert_int_equal(address.length, sizeof(struct sockaddr_in));
	assert_false(address.loopback);
}

static void what_is_no_numeric_address_and_port_is_refused(void **state)
{
	static const char *const TEXTS[] = {
		"",           ":",        "65536",     "127.0.0.1",      "127.0.0.1:", "127.0.0.1:-1", "db.example:9187",
		"::1:9187",   "[::1]",    "[]:9187",   "[::1:9187",      "::1]:9187",  "127.0.0.1:+1", "127.0.0.1:9187 ",
		"1.2.3:9187", "[::g]:80", "99999999999", "127.0.0.1:0x50", "[:9187",
		"[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb]:9187",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
		_cleanup_error_ struct error err = {0};
		struct address address;
		if (address_read(TEXTS[i], &address, &err) != FAIL_USAGE)
			fail_msg("\"%s\" is taken for %s", TEXTS[i], address_show(&address).text);
		assert_non_null(strstr(err.message, "is not an address to listen on"));
		assert_non_null(strstr(err.hint, "[::1]:9187"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_read_and_shown_with_its_reach),
		cmocka_unit_test(every_address_has_the_same_port_without_ipv6),
		cmocka_unit_test(what_is_no_numeric_address_and_port_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
