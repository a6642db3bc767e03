/* The console without a terminal: keys in, a canvas and requests out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "console/desk.h"
#include "story.h"

struct fixture {
	struct console *console;
	int engine; /* the other end of the socket */
	struct strbuf screen;
	char line[1024];
};

static struct console_options options;

static const struct model *model(const struct fixture *f)
{
	return f->console->model;
}

static struct fixture opened(int rows, int columns)
{
	struct fixture f = {0};
	_cleanup_error_ struct error err = {0};
	int ends[2];

	options = (struct console_options){.ascii = true};
	assert_int_equal(desk_open(&options, &f.console, &err), OK);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	f.console->story = story_of_socket(ends[0]);
	f.engine = ends[1];
	canvas_resize(f.console->canvas, rows, columns);
	return f;
}

static void end_test(struct fixture *f)
{
	struct story *story = f->console->story;
	desk_close(f->console);
	story_close(story);
	close(f->engine);
	strbuf_clear(&f->screen);
}

static const char *screen(struct fixture *f)
{
	frame_draw(f->console);
	strbuf_reset(&f->screen);
	canvas_text(f->console->canvas, &f->screen);
	return strbuf_text(&f->screen);
}

static void see(struct fixture *f, const char *text)
{
	if (!strstr(screen(f), text))
		fail_msg("\"%s\" is not on the screen:\n%s", text, strbuf_text(&f->screen));
}

static void see_not(struct fixture *f, const char *text)
{
	if (strstr(screen(f), text))
		fail_msg("\"%s\" is on the screen:\n%s", text, strbuf_text(&f->screen));
}

static void press(struct fixture *f, const char *keys)
{
	for (; *keys; keys++)
		desk_press(f->console, *keys == '\n' ? KEY_ENTER_KEY : *keys == '\b' ? KEY_BACKSPACE_KEY : *keys, 0, 0);
}

/* What the engine was asked since the last look; "" = nothing. */
static const char *asked(struct fixture *f)
{
	ssize_t got = recv(f->engine, f->line, sizeof(f->line) - 1, MSG_DONTWAIT);
	f->line[got > 0 ? got : 0] = '\0';
	return f->line;
}

static void engine_is(struct fixture *f, const char *state, const char *gate)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_json_ struct json *event = NULL;
	_cleanup_error_ struct error err = {0};
	enum event_type type;

	strbuf_printf(&text,
	              "{\"v\":1,\"seq\":0,\"ts\":\"2026-01-01T00:01:00.000Z\",\"run\":\"r\",\"type\":\"engine\","
	              "\"pid\":7,\"command\":\"console\",\"state\":\"%s\",\"gate\":\"%s\",\"attended\":true,"
	              "\"viewers\":1,\"tool_version\":\"0.1.0\"}",
	              state, gate);
	if (event_decode(strbuf_text(&text), text.length, &type, &event, &err) != OK)
		fail_msg("%s", err.message);
	desk_take_event(f->console, type, event);
}

/* What became of an approve. */
static void engine_answers(struct fixture *f, const char *answer)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	_cleanup_json_ struct json *event = NULL;
	_cleanup_error_ struct error err = {0};
	enum event_type type;

	strbuf_printf(&text,
	              "{\"v\":1,\"seq\":99,\"ts\":\"2026-01-01T00:02:00.000Z\",\"run\":\"r\",\"type\":\"request\","
	              "\"request\":\"approve\",%s,\"user\":\"dba\",\"uid\":7,\"pid\":7}",
	              answer);
	if (event_decode(strbuf_text(&text), text.length, &type, &event, &err) != OK)
		fail_msg("%s", err.message);
	desk_take_event(f->console, type, event);
}

static void pass_up_to_approval(struct fixture *f)
{
	TELL(f->console->model, "\"type\":\"gate\",\"gate\":\"inspect\",\"state\":\"passed\"",
	     "\"type\":\"gate\",\"gate\":\"backup\",\"state\":\"passed\"",
	     "\"type\":\"gate\",\"gate\":\"rehearsal\",\"state\":\"passed\"",
	     "\"type\":\"gate\",\"gate\":\"plans\",\"state\":\"passed\"",
	     "\"type\":\"gate\",\"gate\":\"preflight\",\"state\":\"passed\"");
}

static void the_environment_the_lock_and_the_plan_are_on_the_screen(void **state)
{
	struct fixture f = opened(24, 80);
	(void)state;
	tell_beginning(f.console->model);
	engine_is(&f, "waiting", "backup");
	see(&f, " [PROD] shop  read-only  waits before backup  plan 3f2a9c001122");
	see(&f, "5 Gates");
	see(&f, "Q quit");
	end_test(&f);
}

static void a_disabled_key_says_why_when_it_is_pressed(void **state)
{
	struct fixture f = opened(24, 80);
	(void)state;
	tell_beginning(f.console->model);
	press(&f, "r");
	see(&f, "The engine has not answered yet.");
	engine_is(&f, "working", "backup");
	press(&f, "r");
	see(&f, "Gate backup is at work.");
	engine_is(&f, "waiting", "backup");
	press(&f, "A");
	see(&f, "Gate inspect is waiting: it must pass before the approval.");
	assert_string_equal(asked(&f), "");
	press(&f, "r");
	assert_string_equal(asked(&f), "{\"v\":1,\"request\":\"run\"}\n");
	press(&f, "R");
	assert_string_equal(asked(&f), "{\"v\":1,\"request\":\"run\",\"gate\":\"verify\"}\n");
	end_test(&f);
}

static void enter_alone_approves_nothing(void **state)
{
	struct fixture f = opened(24, 80);
	(void)state;
	tell_beginning(f.console->model);
	pass_up_to_approval(&f);
	engine_is(&f, "asking", "approval");
	press(&f, "A");
	see(&f, "Approve and apply");
	see(&f, "3f2a9c0011223344");
	see(&f, "database shop");
	press(&f, "\n");
	see(&f, "Nothing was typed, so nothing was approved.");
	press(&f, "shopp\n");
	see(&f, "That is not the name of this database: nothing was approved.");
	press(&f, "Shop\n");
	see(&f, "That is not the name of this database: nothing was approved.");
	desk_press(f.console, KEY_ESCAPE, 0, 0);
	see(&f, "cancelled: nothing was approved");
	see_not(&f, "Approve and apply");
	assert_string_equal(asked(&f), "");
	end_test(&f);
}

static void the_name_of_the_database_approves_the_plan_that_was_shown(void **state)
{
	struct fixture f = opened(24, 80);
	(void)state;
	tell_beginning(f.console->model);
	pass_up_to_approval(&f);
	engine_is(&f, "asking", "approval");
	press(&f, "Ashopx\b\n");
	assert_string_equal(asked(&f),
	                    "{\"v\":1,\"request\":\"approve\",\"plan_id\":\"3f2a9c0011223344\",\"database\":\"shop\"}\n");
	engine_answers(&f, "\"accepted\":true");
	assert_string_equal(asked(&f), "{\"v\":1,\"request\":\"run\",\"gate\":\"verify\"}\n");
	engine_answers(&f, "\"accepted\":true");
	assert_string_equal(asked(&f), "");
	end_test(&f);
}

static void nothing_is_applied_after_a_consent_that_was_refused(void **state)
{
	struct fixture f = opened(24, 80);
	(void)state;
	tell_beginning(f.console->model);
	pass_up_to_approval(&f);
	engine_is(&f, "asking", "approval");
	press(&f, "Ashop\n");
	asked(&f);
	engine_answers(&f, "\"accepted\":false,\"refused\":\"The plan is another one.\"");
	assert_string_equal(asked(&f), "");
	see(&f, "The plan is another one.");
	end_test(&f);
}

static void the_question_opens_when_the_engine_asks(void **state)
{
	struct fixture f = opened(24, 80);
	(void)state;
	tell_beginning(f.console->model);
	pass_up_to_approval(&f);
	engine_is(&f, "waiting", "approval");
	press(&f, "A");
	assert_string_equal(asked(&f), "{\"v\":1,\"request\":\"run\",\"gate\":\"approval\"}\n");
	see_not(&f, "Approve and apply");
	engine_is(&f, "working", "approval");
	see_not(&f, "Approve and apply");
	engine_is(&f, "asking", "approval");
	see(&f, "Approve and apply");
	engine_is(&f, "working", "approval");
	see(&f, "the approval is no longer asked for");
	end_test(&f);
}

static void nobody_who_did_not_ask_for_it_gets_the_question(void **state)
{
	struct fixture f = opened(24, 80);
	(void)state;
	tell_beginning(f.console->model);
	pass_up_to_approval(&f);
	engine_is(&f, "asking", "approval");
	see_not(&f, "Approve and apply");
	see(&f, "the approval is asked for: A shows what there is to consent to");
	end_test(&f);
}

static void a_plan_that_changed_below_the_question_is_not_approved(void **state)
{
	struct fixture f = opened(24, 80);
	(void)state;
	tell_beginning(f.console->model);
	pass_up_to_approval(&f);
	engine_is(&f, "asking", "approval");
	press(&f, "Ashop");
	f.console->model->plan_id = "ffff9c0011223344";
	press(&f, "\n");
	see(&f, "The plan has changed while this was open: close it and look again.");
	assert_string_equal(asked(&f), "");
	end_test(&f);
}

static void time_stands_still_for_a_run_whose_engine_was_lost(void **state)
{
	struct fixture f = opened(24, 80);
	(void)state;
	tell_beginning(f.console->model);
	TELL(f.console->model, "\"type\":\"gate\",\"gate\":\"apply\",\"state\":\"running\"");
	f.console->lost_ms = model(&f)->gates[GATE_APPLY].began_ms + 83000;
	f.console->lost = true;
	press(&f, "6");
	see(&f, "1:23");
	see(&f, "NOT CONNECTED");
	end_test(&f);
}

static void what_is_lost_stands_first_in_the_question(void **state)
{
	struct fixture f = opened(24, 80);
	(void)state;
	tell_beginning(f.console->model);
	pass_up_to_approval(&f);
	TELL(f.console->model,
	     "\"type\":\"evidence\",\"gate\":\"approval\",\"check\":\"approval.plan\",\"measured\":\"applies 2\","
	     "\"limit\":\"-\",\"ok\":true",
	     "\"type\":\"evidence\",\"gate\":\"approval\",\"check\":\"approval.losses\",\"measured\":\"drops a column\","
	     "\"limit\":\"-\",\"ok\":true,\"warning\":true");
	engine_is(&f, "asking", "approval");
	press(&f, "A");
	see(&f, "LOST     drops a column");
	assert_true(strstr(screen(&f), "drops a column") < strstr(screen(&f), "applies 2"));
	end_test(&f);
}

static void leaving_while_a_run_is_on_asks_and_stays_by_default(void **state)
{
	struct fixture f = opened(24, 80);
	(void)state;
	options.leave_warning = "Logging out ends the engine.";
	tell_beginning(f.console->model);
	engine_is(&f, "working", "backup");
	press(&f, "Q");
	see(&f, "c  continue watching (Enter)");
	see(&f, "Logging out ends the engine.");
	press(&f, "\n");
	assert_int_equal(f.console->leaving, STAYING);
	press(&f, "Qd");
	assert_int_equal(f.console->leaving, LEAVING);
	assert_string_equal(asked(&f), "");
	f.console->leaving = STAYING;
	press(&f, "Qa");
	assert_string_equal(asked(&f), "{\"v\":1,\"request\":\"quit\",\"force\":true}\n");
	assert_int_equal(f.console->leaving, LEAVING_WHEN_LOST);
	end_test(&f);
}

static void cancelling_asks_first(void **state)
{
	struct fixture f = opened(24, 80);
	(void)state;
	tell_beginning(f.console->model);
	engine_is(&f, "working", "backup");
	press(&f, "C\n");
	assert_string_equal(asked(&f), "");
	press(&f, "Cy");
	assert_string_equal(asked(&f), "{\"v\":1,\"request\":\"cancel\"}\n");
	end_test(&f);
}

/* A blocker and our step behind it, while the apply is at work; the cursor is on the blocker. */
static struct fixture opened_on_a_blocker(void)
{
	struct fixture f = opened(24, 80);
	tell_beginning(f.console->model);
	pass_up_to_approval(&f);
	TELL(f.console->model, "\"type\":\"gate\",\"gate\":\"apply\",\"state\":\"running\"",
	     "\"type\":\"sample\",\"sampler\":\"locks\",\"values\":{\"waiting\":1,\"forest\":[{\"pid\":811,\"depth\":0},"
	     "{\"pid\":902,\"depth\":1}],\"sessions\":[{\"pid\":811,\"application\":\"report\","
	     "\"backend_start\":\"2026-01-01 00:00:00.123456\",\"state\":\"idle in transaction\","
	     "\"query\":\"SELECT 1\",\"ours\":false,\"waiting\":false,\"blocked_by\":[]},"
	     "{\"pid\":902,\"application\":\"pgsluice\",\"state\":\"active\",\"ours\":true,\"waiting\":true,"
	     "\"blocked_by\":[{\"pid\":811,\"edge\":\"hard\"}]}]}");
	engine_is(&f, "working", "apply");
	press(&f, "4");
	return f;
}

static void a_session_is_ended_by_its_name_alone(void **state)
{
	struct fixture f = opened_on_a_blocker();
	(void)state;
	press(&f, "T");
	see(&f, "put the cursor on a session");
	press(&f, "\n");
	screen(&f);
	press(&f, "jX");
	see(&f, "This session is our own");
	press(&f, "kT");
	see(&f, "process 811 of report, connected 2026-01-01 00:00:00.123456");
	see(&f, "its transaction is rolled back");
	press(&f, "\n");
	see(&f, "Nothing was typed, so nothing was done.");
	press(&f, "shop\n");
	see(&f, "That is not the name of this session");
	assert_string_equal(asked(&f), "");
	press(&f, "report\n");
	assert_string_equal(asked(&f), "{\"v\":1,\"request\":\"signal\",\"action\":\"terminate\",\"backend_pid\":811,"
	                               "\"backend_start\":\"2026-01-01 00:00:00.123456\",\"name\":\"report\"}\n");
	end_test(&f);
}

static void the_prompt_signals_a_session_that_was_seen(void **state)
{
	static const struct {
		const char *line, *said;
	} CASES[] = {
		{"signal cancel 811", "write it so: signal cancel|terminate PID NAME"},
		{"signal kill 811 report", "a session is either cancelled or terminated"},
		{"signal cancel 812 report", "no session 812 is in the last samples: view Live shows them"},
		{"signal cancel 81x report", "no session 81x is in the last samples: view Live shows them"},
	};
	struct fixture f = opened_on_a_blocker();
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		command_run(f.console, CASES[i].line);
		assert_string_equal(f.console->toast, CASES[i].said);
	}
	assert_string_equal(asked(&f), "");
	command_run(f.console, "signal cancel 811 the report");
	assert_string_equal(asked(&f), "{\"v\":1,\"request\":\"signal\",\"action\":\"cancel\",\"backend_pid\":811,"
	                               "\"backend_start\":\"2026-01-01 00:00:00.123456\",\"name\":\"the report\"}\n");
	end_test(&f);
}

static void pulling_our_step_back_asks_first(void **state)
{
	struct fixture f = opened_on_a_blocker();
	(void)state;
	press(&f, "P\n");
	assert_string_equal(asked(&f), "");
	press(&f, "Py");
	assert_string_equal(asked(&f), "{\"v\":1,\"request\":\"pull-back\"}\n");
	end_test(&f);
}

static void help_names_disabled_keys_with_their_reason(void **state)
{
	struct fixture f = opened(40, 100);
	(void)state;
	tell_beginning(f.console->model);
	press(&f, "?");
	see(&f, "run the next gate");
	see(&f, "not now: The engine has not answered yet.");
	press(&f, "q");
	see_not(&f, "not now:");
	end_test(&f);
}

static void a_screen_that_is_too_small_shows_the_view_and_one_line(void **state)
{
	struct fixture f = opened(10, 50);
	(void)state;
	tell_beginning(f.console->model);
	see(&f, "[PROD] shop");
	see_not(&f, "Q quit");
	canvas_resize(f.console->canvas, 2, 30);
	assert_string_equal(screen(&f), "\n[PROD] shop  read-only  conne~\n");
	end_test(&f);
}

static void any_size_is_drawn(void **state)
{
	static const char *const OPENED[] = {"", "?", "Q", "A"};
	struct fixture f = opened(24, 80);
	(void)state;
	tell_beginning(f.console->model);
	pass_up_to_approval(&f);
	engine_is(&f, "asking", "approval");
	for (size_t i = 0; i < sizeof(OPENED) / sizeof(OPENED[0]); i++) {
		press(&f, OPENED[i]);
		for (int rows = 1; rows < 30; rows++)
			for (int columns = 1; columns < 90; columns += columns < 30 ? 1 : 7) {
				canvas_resize(f.console->canvas, rows, columns);
				frame_draw(f.console);
			}
		desk_press(f.console, KEY_ESCAPE, 0, 0);
	}
	end_test(&f);
}

static void commands_of_the_prompt_say_what_is_wrong_with_them(void **state)
{
	static const struct {
		const char *line, *said;
	} CASES[] = {
		{"rnu", "there is no command \"rnu\"; did you mean \"run\"?"},
		{"run bakup", "there is no gate \"bakup\""},
		{"view", "write it so: view NAME"},
		{"waive inspect.drift", "write it so: waive CHECK REASON"},
		{"goto 999", "there is no migration 999 in this plan"},
		{"help me", "help takes nothing behind it"},
		{"speed 2", "Only a recording has a speed."},
		{"set colour on", "what can be set, each on or off: ascii, color, mouse"},
		{"set nomouse on", "what can be set, each on or off: ascii, color, mouse"},
		{"view nonsense", "the view \"nonsense\" does not exist in this version"},
	};
	struct fixture f = opened(24, 100);
	(void)state;
	tell_beginning(f.console->model);
	engine_is(&f, "waiting", "backup");
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		command_run(f.console, CASES[i].line);
		assert_string_equal(f.console->toast, CASES[i].said);
	}
	assert_string_equal(asked(&f), "");
	end_test(&f);
}

static void commands_of_the_prompt_ask_the_engine(void **state)
{
	struct fixture f = opened(24, 80);
	(void)state;
	tell_beginning(f.console->model);
	engine_is(&f, "waiting", "backup");
	command_run(f.console, "run backup");
	assert_string_equal(asked(&f), "{\"v\":1,\"request\":\"run\",\"gate\":\"backup\"}\n");
	command_run(f.console, "  waive   inspect.drift  the index  is wanted ");
	assert_string_equal(asked(&f), "{\"v\":1,\"request\":\"waive\",\"check\":\"inspect.drift\","
	                               "\"reason\":\"the index  is wanted\"}\n");
	command_run(f.console, "rollback 006");
	assert_string_equal(asked(&f), "{\"v\":1,\"request\":\"rollback\",\"to\":\"006\"}\n");
	command_run(f.console, "view log");
	assert_true(f.console->wanted_view < f.console->view_count);
	assert_non_null(model(&f)->run_id);
	end_test(&f);
}

static void completion_offers_what_fits_the_place(void **state)
{
	_cleanup_arena_ struct arena *arena = arena_open();
	struct fixture f = opened(24, 80);
	struct text_list words = {0};
	(void)state;
	tell_beginning(f.console->model);
	command_complete(f.console, arena, "ru", 0, &words);
	assert_true(text_list_has(&words, "run") && text_list_has(&words, "run-gate"));
	words = (struct text_list){0};
	command_complete(f.console, arena, "run b", 4, &words);
	assert_int_equal(words.count, GATE_COUNT);
	words = (struct text_list){0};
	command_complete(f.console, arena, "goto 0", 5, &words);
	assert_true(text_list_has(&words, "007"));
	end_test(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_environment_the_lock_and_the_plan_are_on_the_screen),
		cmocka_unit_test(a_disabled_key_says_why_when_it_is_pressed),
		cmocka_unit_test(enter_alone_approves_nothing),
		cmocka_unit_test(the_name_of_the_database_approves_the_plan_that_was_shown),
		cmocka_unit_test(the_question_opens_when_the_engine_asks),
		cmocka_unit_test(nobody_who_did_not_ask_for_it_gets_the_question),
		cmocka_unit_test(nothing_is_applied_after_a_consent_that_was_refused),
		cmocka_unit_test(a_plan_that_changed_below_the_question_is_not_approved),
		cmocka_unit_test(time_stands_still_for_a_run_whose_engine_was_lost),
		cmocka_unit_test(what_is_lost_stands_first_in_the_question),
		cmocka_unit_test(leaving_while_a_run_is_on_asks_and_stays_by_default),
		cmocka_unit_test(cancelling_asks_first),
		cmocka_unit_test(a_session_is_ended_by_its_name_alone),
		cmocka_unit_test(the_prompt_signals_a_session_that_was_seen),
		cmocka_unit_test(pulling_our_step_back_asks_first),
		cmocka_unit_test(help_names_disabled_keys_with_their_reason),
		cmocka_unit_test(a_screen_that_is_too_small_shows_the_view_and_one_line),
		cmocka_unit_test(any_size_is_drawn),
		cmocka_unit_test(commands_of_the_prompt_say_what_is_wrong_with_them),
		cmocka_unit_test(commands_of_the_prompt_ask_the_engine),
		cmocka_unit_test(completion_offers_what_fits_the_place),
	};
	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
