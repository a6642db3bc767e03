#include "../sys/place.h"

#include "engine/evidence_store.h"

/* 2026-01-01 12:00 UTC */
#define NOON_MS INT64_C(1767268800000)

struct fixture {
	struct place *place;
	struct settings settings;
	struct run run;
	struct evidence_store *store;
};

static int open_fixture(void **state)
{
	static struct fixture fixture;
	void *place;
	if (place_open(&place) != 0)
		return -1;
	fixture = (struct fixture){.place = place};
	fixture.settings.evidence = place_path(fixture.place, "evidence");
	fixture.run = (struct run){
		.arena = fixture.place->arena,
		.settings = &fixture.settings,
		.target = {.system_identifier = "7300000000000000001", .database_oid = "16384", .database = "shop"},
	};
	*state = &fixture;
	return 0;
}

static int close_fixture(void **state)
{
	struct fixture *fixture = *state;
	void *place = fixture->place;
	evidence_store_close(fixture->store);
	return place_close(&place);
}

static void reopen(struct fixture *fixture)
{
	evidence_store_close(fixture->store);
	fixture->store = NULL;
	assert_ok(fixture->place, evidence_store_open(&fixture->run, &fixture->store, &fixture->place->err));
}

static struct evidence make(struct fixture *fixture, enum gate gate, const char *measured)
{
	struct evidence evidence = {
		.gate = gate,
		.run_id = "3f0c1d1e-0000-4000-8000-000000000001",
		.plan_id = "aaaa",
		.binding = digest_of("binding", 7),
		.taken_ms = NOON_MS,
		.valid_until_ms = NOON_MS + 1000,
	};
	*list_add(fixture->place->arena, &evidence.checks) =
		(struct check){.name = "backup.content", .measured = measured, .limit = "equal", .ok = true};
	evidence_judge(fixture->place->arena, &evidence);
	return evidence;
}

static const char *save(struct fixture *fixture, enum gate gate, const char *measured)
{
	struct evidence evidence = make(fixture, gate, measured);
	assert_ok(fixture->place, evidence_store_save(fixture->store, fixture->place->arena, &evidence,
	                                              &fixture->place->err));
	return evidence.hash;
}

/* What the newest evidence of a gate measured, or NULL when there is none. */
static const char *measured(struct fixture *fixture, enum gate gate)
{
	struct evidence evidence;
	bool there;
	assert_ok(fixture->place, evidence_store_load(fixture->store, fixture->place->arena, gate, &evidence, &there,
	                                              &fixture->place->err));
	if (!there)
		return NULL;
	json_close(evidence.data);
	return evidence.checks.items[0].measured;
}

static const char *file_in(struct fixture *fixture, const char *name)
{
	return path_join(fixture->place->arena, evidence_store_folder(fixture->store), name);
}

static const char *read_in(struct fixture *fixture, const char *name)
{
	struct strbuf content = {0};
	assert_ok(fixture->place, file_read(file_in(fixture, name), 1 << 20, &content, &fixture->place->err));
	const char *text = arena_strdup(fixture->place->arena, strbuf_text(&content));
	strbuf_clear(&content);
	return text;
}

static void write_in(struct fixture *fixture, const char *name, const char *text)
{
	assert_ok(fixture->place, file_write(file_in(fixture, name), text, strlen(text), &fixture->place->err));
}

static size_t lines_of(const char *text)
{
	size_t count = 0;
	for (; *text; text++)
		count += *text == '\n';
	return count;
}

/* Opening is refused with this message, in which %s is the path of `name`. */
static void refuses(struct fixture *fixture, const char *name, const char *before, const char *after, const char *hint)
{
	struct place *place = fixture->place;
	const char *path = file_in(fixture, name);
	evidence_store_close(fixture->store);
	fixture->store = NULL;
	assert_fails(place, evidence_store_open(&fixture->run, &fixture->store, &place->err), FAIL_GATE,
	             arena_printf(place->arena, "%s\"%s\"%s", before, path, after));
	assert_string_equal(place->err.hint, hint);
	assert_fails(place, evidence_store_look(&fixture->run, &fixture->store, &place->err), FAIL_GATE,
	             arena_printf(place->arena, "%s\"%s\"%s", before, path, after));
}

#define REMOVE_FILE "Remove this file; its gate then runs again and takes new evidence."
#define MOVE_FOLDER "Move the folder of this file away; all gates then run again and take new evidence."

static void a_new_store_has_no_evidence(void **state)
{
	struct fixture *fixture = *state;
	reopen(fixture);
	for (enum gate gate = 0; gate < GATE_COUNT; gate++)
		assert_null(measured(fixture, gate));
}

static void saved_evidence_is_there_for_the_next_run(void **state)
{
	struct fixture *fixture = *state;
	reopen(fixture);
	save(fixture, GATE_BACKUP, "12 tables");
	assert_string_equal(measured(fixture, GATE_BACKUP), "12 tables");
	reopen(fixture);
	assert_string_equal(measured(fixture, GATE_BACKUP), "12 tables");
	assert_null(measured(fixture, GATE_REHEARSAL));
}

static void the_newest_evidence_of_a_gate_counts(void **state)
{
	struct fixture *fixture = *state;
	reopen(fixture);
	save(fixture, GATE_BACKUP, "first");
	save(fixture, GATE_REHEARSAL, "other");
	save(fixture, GATE_BACKUP, "second");
	reopen(fixture);
	assert_string_equal(measured(fixture, GATE_BACKUP), "second");
	assert_string_equal(measured(fixture, GATE_REHEARSAL), "other");
}

static void each_save_carries_the_hash_of_the_one_before(void **state)
{
	struct fixture *fixture = *state;
	struct evidence evidence;
	bool there;
	reopen(fixture);
	save(fixture, GATE_INSPECT, "first");
	const char *hash = save(fixture, GATE_BACKUP, "second");
	reopen(fixture);
	save(fixture, GATE_REHEARSAL, "third");
	assert_ok(fixture->place, evidence_store_load(fixture->store, fixture->place->arena, GATE_REHEARSAL, &evidence,
	                                              &there, &fixture->place->err));
	assert_true(there);
	assert_string_equal(evidence.previous, hash);
	json_close(evidence.data);
	assert_int_equal(lines_of(read_in(fixture, "chain.jsonl")), 3);
}

static void another_target_has_evidence_of_its_own(void **state)
{
	struct fixture *fixture = *state;
	reopen(fixture);
	save(fixture, GATE_BACKUP, "12 tables");
	fixture->run.target.database_oid = "16385";
	reopen(fixture);
	assert_null(measured(fixture, GATE_BACKUP));
}

static void a_second_run_is_refused_and_may_look(void **state)
{
	struct fixture *fixture = *state;
	struct place *place = fixture->place;
	struct evidence_store *other = NULL;
	reopen(fixture);
	save(fixture, GATE_BACKUP, "12 tables");
	assert_fails(place, evidence_store_open(&fixture->run, &other, &place->err), FAIL_BUSY,
	             arena_printf(place->arena, "another run holds the lock file \"%s\"", file_in(fixture, "lock")));
	assert_string_equal(place->err.hint,
	                    "Wait for the other run on this target to end; its lock ends with its process.");
	assert_ok(place, evidence_store_look(&fixture->run, &other, &place->err));
	evidence_store_close(other);
}

static void looking_makes_nothing(void **state)
{
	struct fixture *fixture = *state;
	assert_ok(fixture->place, evidence_store_look(&fixture->run, &fixture->store, &fixture->place->err));
	assert_null(measured(fixture, GATE_BACKUP));
	assert_false(folder_exists(fixture->settings.evidence));
}

static void an_altered_file_is_refused(void **state)
{
	struct fixture *fixture = *state;
	reopen(fixture);
	save(fixture, GATE_BACKUP, "12 tables");
	char *text = arena_strdup(fixture->place->arena, read_in(fixture, "backup.json"));
	*strstr(text, "12 tables") = '9';
	write_in(fixture, "backup.json", text);
	refuses(fixture, "backup.json", "evidence file ",
	        ": evidence of gate backup was altered: its hash does not match", REMOVE_FILE);
}

static void a_file_cut_short_is_refused(void **state)
{
	struct fixture *fixture = *state;
	reopen(fixture);
	save(fixture, GATE_BACKUP, "12 tables");
	write_in(fixture, "backup.json", "{\"v\": 1,");
	evidence_store_close(fixture->store);
	fixture->store = NULL;
	assert_int_equal(evidence_store_open(&fixture->run, &fixture->store, &fixture->place->err), FAIL_GATE);
	assert_non_null(strstr(fixture->place->err.message, "backup.json\": invalid JSON: "));
	assert_string_equal(fixture->place->err.hint, REMOVE_FILE);
}

static void evidence_put_back_from_before_is_refused(void **state)
{
	struct fixture *fixture = *state;
	reopen(fixture);
	save(fixture, GATE_BACKUP, "first");
	const char *before = read_in(fixture, "backup.json");
	save(fixture, GATE_BACKUP, "second");
	write_in(fixture, "backup.json", before);
	refuses(fixture, "backup.json", "evidence file ", ": it is not the evidence of gate backup that was saved last",
	        REMOVE_FILE);
}

static void evidence_under_the_name_of_another_gate_is_refused(void **state)
{
	struct fixture *fixture = *state;
	reopen(fixture);
	save(fixture, GATE_BACKUP, "12 tables");
	write_in(fixture, "rehearsal.json", read_in(fixture, "backup.json"));
	refuses(fixture, "rehearsal.json", "evidence file ", ": it is evidence of gate backup", REMOVE_FILE);
}

static void evidence_replaced_while_the_run_is_on_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct place *place = fixture->place;
	struct evidence evidence;
	bool there;
	reopen(fixture);
	save(fixture, GATE_BACKUP, "first");
	const char *before = read_in(fixture, "backup.json");
	save(fixture, GATE_BACKUP, "second");
	write_in(fixture, "backup.json", before);
	assert_fails(place, evidence_store_load(fixture->store, place->arena, GATE_BACKUP, &evidence, &there, &place->err),
	             FAIL_GATE,
	             arena_printf(place->arena,
	                          "evidence file \"%s\": it is not the evidence of gate backup that was saved last",
	                          file_in(fixture, "backup.json")));
}

static void a_removed_file_is_evidence_to_be_taken_again(void **state)
{
	struct fixture *fixture = *state;
	reopen(fixture);
	save(fixture, GATE_BACKUP, "first");
	file_remove(file_in(fixture, "backup.json"));
	reopen(fixture);
	assert_null(measured(fixture, GATE_BACKUP));
	save(fixture, GATE_BACKUP, "second");
	reopen(fixture);
	assert_string_equal(measured(fixture, GATE_BACKUP), "second");
}

static void an_altered_chain_is_refused(void **state)
{
	struct fixture *fixture = *state;
	const char *hash;
	reopen(fixture);
	hash = save(fixture, GATE_INSPECT, "first");
	save(fixture, GATE_BACKUP, "second");
	char *text = arena_strdup(fixture->place->arena, read_in(fixture, "chain.jsonl"));
	char *in_first_line = strstr(text, hash);
	*in_first_line = *in_first_line == '0' ? '1' : '0';
	write_in(fixture, "chain.jsonl", text);
	refuses(fixture, "chain.jsonl", "the chain of evidence in ", " is broken at line 2", MOVE_FOLDER);
}

static void a_line_taken_out_of_the_chain_is_noticed(void **state)
{
	struct fixture *fixture = *state;
	reopen(fixture);
	save(fixture, GATE_INSPECT, "first");
	save(fixture, GATE_BACKUP, "second");
	const char *text = read_in(fixture, "chain.jsonl");
	write_in(fixture, "chain.jsonl", strchr(text, '\n') + 1);
	refuses(fixture, "chain.jsonl", "the chain of evidence in ", " is broken at line 1", MOVE_FOLDER);
}

static void a_save_cut_short_before_its_chain_line_is_complete(void **state)
{
	struct fixture *fixture = *state;
	reopen(fixture);
	save(fixture, GATE_INSPECT, "first");
	const char *before = read_in(fixture, "chain.jsonl");
	save(fixture, GATE_BACKUP, "second");
	write_in(fixture, "chain.jsonl", before);
	reopen(fixture);
	assert_string_equal(measured(fixture, GATE_BACKUP), "second");
	assert_int_equal(lines_of(read_in(fixture, "chain.jsonl")), 2);
	save(fixture, GATE_REHEARSAL, "third");
	reopen(fixture);
	assert_string_equal(measured(fixture, GATE_REHEARSAL), "third");
}

/* Whatever part of the line reached the disk, the next run goes on and the chain is whole again. */
static void a_chain_line_cut_short_at_any_byte_is_mended(void **state)
{
	struct fixture *fixture = *state;
	struct arena *arena = fixture->place->arena;
	reopen(fixture);
	save(fixture, GATE_INSPECT, "first");
	size_t whole = strlen(read_in(fixture, "chain.jsonl"));
	save(fixture, GATE_BACKUP, "second");
	const char *full = read_in(fixture, "chain.jsonl");
	for (size_t length = whole; length < strlen(full); length++) {
		write_in(fixture, "chain.jsonl", arena_strndup(arena, full, length));
		reopen(fixture);
		assert_string_equal(measured(fixture, GATE_BACKUP), "second");
		assert_string_equal(read_in(fixture, "chain.jsonl"), full);
	}
}

static void looking_mends_nothing_and_sees_the_same(void **state)
{
	struct fixture *fixture = *state;
	reopen(fixture);
	save(fixture, GATE_INSPECT, "first");
	size_t whole = strlen(read_in(fixture, "chain.jsonl"));
	save(fixture, GATE_BACKUP, "second");
	const char *cut = arena_strndup(fixture->place->arena, read_in(fixture, "chain.jsonl"), whole + 5);
	write_in(fixture, "chain.jsonl", cut);
	evidence_store_close(fixture->store);
	assert_ok(fixture->place, evidence_store_look(&fixture->run, &fixture->store, &fixture->place->err));
	assert_string_equal(measured(fixture, GATE_BACKUP), "second");
	assert_string_equal(read_in(fixture, "chain.jsonl"), cut);
}

static void evidence_that_could_not_be_read_back_is_not_written(void **state)
{
	struct fixture *fixture = *state;
	reopen(fixture);
	struct evidence evidence = make(fixture, GATE_BACKUP, "12 tables");
	evidence.plan_id = NULL;
	assert_int_equal(evidence_store_save(fixture->store, fixture->place->arena, &evidence, &fixture->place->err),
	                 FAIL_INTERNAL);
	assert_false(file_exists(file_in(fixture, "backup.json")));
}

static void a_failed_save_is_a_failed_gate_until_the_apply(void **state)
{
	static const struct {
		enum gate gate;
		enum status status;
	} CASES[] = {{GATE_BACKUP, FAIL_GATE}, {GATE_APPROVAL, FAIL_GATE}, {GATE_APPLY, FAIL_INTERNAL}};
	struct fixture *fixture = *state;
	reopen(fixture);
	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct evidence evidence = make(fixture, CASES[i].gate, "12 tables");
		assert_ok(fixture->place, folder_remove(evidence_store_folder(fixture->store), &fixture->place->err));
		assert_int_equal(evidence_store_save(fixture->store, fixture->place->arena, &evidence,
		                                     &fixture->place->err), CASES[i].status);
	}
}

static void the_folder_says_whose_evidence_it_is(void **state)
{
	struct fixture *fixture = *state;
	reopen(fixture);
	assert_string_equal(read_in(fixture, "target.json"),
	                    "{\n  \"v\": 1,\n  \"system_identifier\": \"7300000000000000001\",\n"
	                    "  \"database_oid\": \"16384\",\n  \"database\": \"shop\"\n}\n");
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(a_new_store_has_no_evidence),
		STORE_TEST(saved_evidence_is_there_for_the_next_run),
		STORE_TEST(the_newest_evidence_of_a_gate_counts),
		STORE_TEST(each_save_carries_the_hash_of_the_one_before),
		STORE_TEST(another_target_has_evidence_of_its_own),
		STORE_TEST(a_second_run_is_refused_and_may_look),
		STORE_TEST(looking_makes_nothing),
		STORE_TEST(an_altered_file_is_refused),
		STORE_TEST(a_file_cut_short_is_refused),
		STORE_TEST(evidence_put_back_from_before_is_refused),
		STORE_TEST(evidence_under_the_name_of_another_gate_is_refused),
		STORE_TEST(evidence_replaced_while_the_run_is_on_is_refused),
		STORE_TEST(a_removed_file_is_evidence_to_be_taken_again),
		STORE_TEST(an_altered_chain_is_refused),
		STORE_TEST(a_line_taken_out_of_the_chain_is_noticed),
		STORE_TEST(a_save_cut_short_before_its_chain_line_is_complete),
		STORE_TEST(a_chain_line_cut_short_at_any_byte_is_mended),
		STORE_TEST(looking_mends_nothing_and_sees_the_same),
		STORE_TEST(evidence_that_could_not_be_read_back_is_not_written),
		STORE_TEST(a_failed_save_is_a_failed_gate_until_the_apply),
		STORE_TEST(the_folder_says_whose_evidence_it_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
