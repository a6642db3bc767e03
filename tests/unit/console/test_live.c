/*
 * The view Live of a night with a queue behind us, and what Apply shows of it, held against
 * tests/unit/console/screens/VIEW.MOMENT.COLUMNSxROWS.
 * With UPDATE_SCREENS set the files are written instead: look at them before they are committed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "console/views/live.h"
#include "fake_console.h"
#include "fixture.h"
#include "story.h"
#include "sys/file.h"

static void tell_text(struct model *model, const char *line)
{
	tell(model, (const char *const[]){line}, 1);
}

static void tell_latency(struct model *model, const char *phase, int p99_us, int slow)
{
	_cleanup_strbuf_ struct strbuf line = {0};

	strbuf_printf(&line,
	              "\"type\":\"sample\",\"sampler\":\"latency\",\"values\":{\"phase\":\"%s\",\"count\":50,\"failed\":0,"
	              "\"p50_us\":402,\"p99_us\":%d,\"most_us\":%d,\"rows\":[[128,6],[256,%d],[512,8],[1024,%d]]",
	              phase, p99_us, p99_us * 2, 36 - slow, slow);
	if (strcmp(phase, "before") != 0)
		strbuf_puts(&line, ",\"before\":{\"count\":100,\"failed\":0,\"p50_us\":390,\"p99_us\":1210,\"most_us\":1400}");
	strbuf_puts(&line, "}");
	tell_text(model, strbuf_text(&line));
}

static void tell_series(struct model *model)
{
	tell_latency(model, "before", 1210, 1);
	tell_latency(model, "before", 1190, 1);
	for (int i = 0; i < 40; i++) {
		_cleanup_strbuf_ struct strbuf line = {0};
		strbuf_printf(&line, "\"type\":\"sample\",\"sampler\":\"workload\",\"values\":{\"commits_per_s\":%d.5}",
		              4000 + i * 20);
		tell_text(model, strbuf_text(&line));
		tell_latency(model, "during", i < 30 ? 1300 : 9000, i < 30 ? 1 : 20);
	}
}

static void tell_upkeep(struct model *model)
{
	TELL(model,
	     "\"type\":\"sample\",\"sampler\":\"workload\",\"values\":{\"deadlocks_total\":3}",
	     "\"type\":\"sample\",\"sampler\":\"checkpoints\",\"values\":{\"timed\":0,\"requested\":0,"
	     "\"requested_total\":7}",
	     "\"type\":\"sample\",\"sampler\":\"slots\",\"values\":{\"slots\":[{\"name\":\"old\",\"active\":false,"
	     "\"wal_status\":\"extended\",\"retained_bytes\":42949672960}]}",
	     "\"type\":\"sample\",\"sampler\":\"pools\",\"values\":{\"place\":\"bouncer:6432\",\"version\":\"1.18.0\","
	     "\"waiting\":4,\"databases\":[{\"database\":\"shop\",\"mode\":\"transaction\",\"capacity\":40,"
	     "\"clients\":96,\"waiting\":4,\"longest_wait_ms\":320.0,\"servers\":40,\"busy\":38.4,"
	     "\"utilisation\":0.96,\"transaction_ms\":3.8,\"wait_ms\":12.1,\"state\":\"bad\",\"verdict\":\"full\","
	     "\"advice\":\"Raise pool_size.\"}]}",
	     "\"type\":\"sample\",\"sampler\":\"vacuum\",\"values\":{\"autovacuum\":true,\"max_workers\":3,"
	     "\"workers\":[{\"pid\":1201,\"database\":\"shop\",\"work\":\"autovacuum: VACUUM public.events\","
	     "\"running_ms\":81000,\"against_wraparound\":true}],\"most_dead\":[{\"table\":\"public.events\","
	     "\"vacuumed_ms_ago\":null,\"dead_rows\":812000,\"live_rows\":400000},{\"table\":\"public.orders\","
	     "\"vacuumed_ms_ago\":7200000,\"dead_rows\":1200,\"live_rows\":2310002}]}",
	     "\"type\":\"sample\",\"sampler\":\"wraparound\",\"values\":{\"oldest_xids\":122000000,"
	     "\"forced_vacuum_percent\":61.0}",
	     "\"type\":\"sample\",\"sampler\":\"wal_files\",\"values\":{\"files\":80,\"bytes\":1342177280}",
	     "\"type\":\"sample\",\"sampler\":\"indexes\",\"values\":{\"left_over\":1,\"invalid\":["
	     "{\"index\":\"orders_customer_idx\",\"table\":\"orders\",\"bytes\":8388608,\"building\":false}]}",
	     "\"type\":\"sample\",\"sampler\":\"sequences\",\"values\":{\"total\":2,\"fullest\":[{\"sequence\":"
	     "\"public.orders_id_seq\",\"used_percent\":87.5},{\"sequence\":\"public.x\",\"used_percent\":1.0}]}",
	     "\"type\":\"sample\",\"sampler\":\"sizes\",\"values\":{\"database_bytes\":53687091200,"
	     "\"growth_bytes_per_s\":1048576.0,\"largest\":[{\"table\":\"public.orders\",\"bytes\":32212254720,"
	     "\"index_bytes\":10737418240,\"rows\":2310002},{\"table\":\"public.events\",\"bytes\":1073741824,"
	     "\"index_bytes\":52428800,\"rows\":400000}]}",
	     "\"type\":\"sample\",\"sampler\":\"cost\",\"values\":{\"queries\":1204,\"skipped\":2,\"round_us\":6120,"
	     "\"busy_ms_per_s\":2.31}");
}

static void tell_figures(struct model *model)
{
	TELL(model,
	     "\"type\":\"sample\",\"sampler\":\"connections\",\"values\":{\"used\":143,\"usable\":487,\"free\":344,"
	     "\"used_percent\":29.4,\"max\":500,\"reserved\":13,\"states\":{\"idle\":118,\"active\":14,"
	     "\"idle in transaction\":11},\"groups\":[{\"state\":\"idle\",\"application\":\"shop\",\"count\":118},"
	     "{\"state\":\"active\",\"application\":\"shop\",\"count\":14},"
	     "{\"state\":\"idle in transaction\",\"application\":\"report\",\"count\":11}]}",
	     "\"type\":\"sample\",\"sampler\":\"waits\",\"values\":{\"active\":14,\"events\":["
	     "{\"type\":\"CPU\",\"event\":null,\"count\":9,\"oldest_ms\":3},"
	     "{\"type\":\"Lock\",\"event\":\"relation\",\"count\":3,\"oldest_ms\":3000},"
	     "{\"type\":\"IO\",\"event\":\"DataFileRead\",\"count\":2,\"oldest_ms\":1}]}",
	     "\"type\":\"sample\",\"sampler\":\"wal\",\"values\":{\"in_recovery\":false,\"bytes_per_s\":18874368.0,"
	     "\"archiver\":{\"on\":true,\"failing\":false}}",
	     "\"type\":\"sample\",\"sampler\":\"checkpoints\",\"values\":{\"timed\":0,\"requested\":1,"
	     "\"requested_total\":8}",
	     "\"type\":\"sample\",\"sampler\":\"workload\",\"values\":{\"commits_per_s\":4812.3,"
	     "\"rollbacks_per_s\":0.5,\"rows_inserted_per_s\":9000.0,\"rows_updated_per_s\":3000.0,"
	     "\"rows_deleted_per_s\":80.0,\"temp_bytes_per_s\":0.0,\"cache_hit_percent\":99.3,\"deadlocks\":1,"
	     "\"deadlocks_total\":4,\"interval_ms\":2000}",
	     "\"type\":\"sample\",\"sampler\":\"transactions\",\"values\":{\"open\":3,\"oldest_ms\":252000,\"sessions\":["
	     "{\"pid\":811,\"application\":\"report\",\"state\":\"idle in transaction\",\"age_ms\":252000,\"ours\":false},"
	     "{\"pid\":902,\"application\":\"pgsluice\",\"state\":\"active\",\"age_ms\":3000,\"ours\":true},"
	     "{\"pid\":915,\"application\":\"shop\",\"state\":\"active\",\"age_ms\":2100,\"ours\":false}],"
	     "\"prepared\":[],\"horizon\":{\"kind\":\"session\",\"pid\":811,\"name\":\"report\",\"holds_xids\":812334}}",
	     "\"type\":\"sample\",\"sampler\":\"replicas\",\"values\":{\"replicas\":[{\"pid\":77,\"name\":\"db2\","
	     "\"state\":\"streaming\",\"sync\":\"async\",\"replay_bytes\":1153434,\"lag_ms\":200}]}",
	     "\"type\":\"sample\",\"sampler\":\"slots\",\"values\":{\"slots\":[{\"name\":\"cdc\",\"active\":false,"
	     "\"wal_status\":\"extended\",\"retained_bytes\":429496729}]}",
	     "\"type\":\"sample\",\"sampler\":\"progress\",\"values\":{\"commands\":[{\"pid\":902,\"ours\":true,"
	     "\"command\":\"CREATE INDEX CONCURRENTLY\",\"relation\":\"orders\","
	     "\"phase\":\"building index: scanning table\","
	     "\"phase_number\":3,\"phase_count\":8,\"percent\":52.1,\"running_ms\":181000,\"remaining_ms\":166000}]}",
	     "\"type\":\"sample\",\"sampler\":\"locks\",\"values\":{\"waiting\":3,\"longest_wait_ms\":3000,\"behind_us\":2,"
	     "\"behind_us_ms\":2100,\"forest\":[{\"pid\":811,\"depth\":0},{\"pid\":902,\"depth\":1},"
	     "{\"pid\":915,\"depth\":2},{\"pid\":916,\"depth\":2}],\"sessions\":["
	     "{\"pid\":811,\"application\":\"report\",\"state\":\"idle in transaction\",\"transaction_ms\":252000,"
	     "\"query\":\"SELECT sum(total) FROM orders\",\"ours\":false,\"waiting\":false,\"blocked_by\":[]},"
	     "{\"pid\":902,\"application\":\"pgsluice\",\"state\":\"active\",\"transaction_ms\":3000,"
	     "\"query\":\"ALTER TABLE orders ADD COLUMN state text\",\"ours\":true,\"waiting\":true,"
	     "\"lock\":\"relation\",\"relation\":\"orders\",\"wait_ms\":3000,\"mode\":\"ACCESS EXCLUSIVE\","
	     "\"blocked_by\":[{\"pid\":811,\"edge\":\"hard\"}]},"
	     "{\"pid\":915,\"application\":\"shop\",\"state\":\"active\",\"transaction_ms\":2100,"
	     "\"query\":\"SELECT * FROM orders WHERE id = $1\",\"ours\":false,\"waiting\":true,"
	     "\"lock\":\"relation\",\"relation\":\"orders\",\"wait_ms\":2100,\"mode\":\"ACCESS SHARE\","
	     "\"blocked_by\":[{\"pid\":902,\"edge\":\"soft\"}]},"
	     "{\"pid\":916,\"application\":\"shop\",\"state\":\"active\",\"transaction_ms\":800,"
	     "\"query\":\"UPDATE orders SET total = $1\",\"ours\":false,\"waiting\":true,"
	     "\"lock\":\"relation\",\"relation\":\"orders\",\"wait_ms\":800,\"mode\":\"ROW EXCLUSIVE\","
	     "\"blocked_by\":[{\"pid\":902,\"edge\":\"soft\"}]}]}");
}

static void open_fixture(struct fixture *f)
{
	fixture_open(f, "live");
	tell_beginning(f->model);
}

static void the_view_is_what_is_in_its_pictures(void **state)
{
	struct fixture f;
	(void)state;
	open_fixture(&f);
	tell_series(f.model);
	tell_upkeep(f.model);
	tell_figures(f.model);
	compare_all("queue", &f);
	press(&f, ACTION_MODE);
	compare_all("upkeep", &f);
	press(&f, ACTION_NEXT_PART);
	press(&f, ACTION_PREVIOUS_PART);
	press(&f, ACTION_OPEN);
	compare_all("opened", &f);
	press(&f, ACTION_NEXT_PART);
	press(&f, ACTION_DOWN);
	press(&f, ACTION_OPEN);
	compare_all("session", &f);
	fixture_close(&f);
}

static void what_may_not_be_seen_says_so_and_shows_no_figure(void **state)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct fixture f;
	(void)state;
	open_fixture(&f);
	TELL(f.model, "\"type\":\"sample\",\"sampler\":\"locks\",\"values\":{\"unavailable\":\"needs pg_monitor\"}");
	draw(&f, 80, 22, false, &text);
	assert_non_null(strstr(strbuf_text(&text), "n/a (needs pg_monitor)"));
	assert_null(strstr(strbuf_text(&text), "nobody waits"));
	assert_non_null(strstr(strbuf_text(&text), "n/a (no sample of it came yet)"));
	fixture_close(&f);
}

static void what_is_held_stays_while_the_story_goes_on_and_a_new_one_begins(void **state)
{
	_cleanup_strbuf_ struct strbuf before = {0}, held = {0}, after = {0};
	struct fixture f;
	(void)state;
	open_fixture(&f);
	tell_figures(f.model);
	press(&f, ACTION_FREEZE);
	draw(&f, 80, 23, false, &before);
	TELL(f.model, "\"type\":\"sample\",\"sampler\":\"locks\",\"values\":{\"waiting\":0,\"forest\":[],\"sessions\":[]}");
	tell_beginning(f.model);
	draw(&f, 80, 23, false, &held);
	assert_string_equal(strchr(strbuf_text(&held), '\n'), strchr(strbuf_text(&before), '\n'));
	assert_non_null(strstr(strbuf_text(&held), "Held as it was "));
	assert_non_null(strstr(strbuf_text(&held), "902 (ours)"));
	press(&f, ACTION_FREEZE);
	draw(&f, 80, 22, false, &after);
	assert_non_null(strstr(strbuf_text(&after), "Live was not sampled yet"));
	fixture_close(&f);
}

static void a_series_keeps_its_newest_points_and_no_more(void **state)
{
	struct fixture f;
	(void)state;
	open_fixture(&f);
	for (int i = 0; i < MODEL_POINTS_MAX + 7; i++) {
		_cleanup_strbuf_ struct strbuf line = {0};
		strbuf_printf(&line, "\"type\":\"sample\",\"sampler\":\"locks\",\"values\":{\"waiting\":%d}", i);
		tell_text(f.model, strbuf_text(&line));
	}
	const struct model_series *series = &f.model->live->series[SERIES_WAITING];
	assert_int_equal(series->count, MODEL_POINTS_MAX);
	assert_true(model_point(series, 0)->value == 7);
	assert_true(model_point(series, series->count - 1)->value == MODEL_POINTS_MAX + 6);
	fixture_close(&f);
}

static void latency_is_kept_by_phase_and_nonsense_is_left_out(void **state)
{
	struct fixture f;
	(void)state;
	open_fixture(&f);
	tell_latency(f.model, "before", 1210, 1);
	tell_latency(f.model, "during", 9000, 20);
	TELL(f.model, "\"type\":\"sample\",\"sampler\":\"latency\",\"values\":{\"phase\":\"during\","
	              "\"rows\":[[-5,-3],[9223372036854775807,4],\"x\",[256,null],[1]]}");
	const struct model_live *live = f.model->live;
	assert_int_equal(live->phase, MODEL_DURING);
	assert_int_equal(live->latency[MODEL_BEFORE].total, 50);
	assert_int_equal(live->latency[MODEL_BEFORE].counts[10], 1);
	assert_int_equal(live->latency[MODEL_DURING].counts[10], 20);
	assert_int_equal(live->latency[MODEL_DURING].counts[8], 16);
	fixture_close(&f);
}

static void without_a_screen_every_panel_is_told_whole(void **state)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct fixture f;
	(void)state;
	open_fixture(&f);
	tell_series(f.model);
	tell_figures(f.model);
	struct scene scene = scene_of(&f);
	f.view->plain(f.state, &scene, &text);
	assert_non_null(strstr(strbuf_text(&text),
	                       "   |-915 shop queued 2.1 s! orders ACCESS SHARE  SELECT * FROM orders WHERE id = $1\n"));
	assert_non_null(strstr(strbuf_text(&text), " 143 of 487 #####...............  344 free\n"));
	assert_non_null(strstr(strbuf_text(&text), " slot cdc keeps 410 MiB, extended, nobody reads it\n"));
	for (const char *at = strbuf_text(&text); *at; at++)
		assert_true((unsigned char)*at < 0x80);
	fixture_close(&f);
}

static void a_session_that_is_gone_is_shown_as_it_was_last_seen(void **state)
{
	_cleanup_strbuf_ struct strbuf text = {0}, after = {0};
	struct fixture f;
	(void)state;
	open_fixture(&f);
	tell_figures(f.model);
	press(&f, ACTION_OPEN);
	press(&f, ACTION_OPEN);
	draw(&f, 80, 22, false, &text);
	assert_non_null(strstr(strbuf_text(&text), "session 811 "));
	assert_null(strstr(strbuf_text(&text), "It waits for no lock any more"));
	TELL(f.model,
	     "\"type\":\"sample\",\"sampler\":\"locks\",\"values\":{\"waiting\":0,\"forest\":[],\"sessions\":[]}",
	     "\"type\":\"sample\",\"sampler\":\"transactions\",\"values\":{\"open\":0,\"sessions\":[]}");
	draw(&f, 80, 22, false, &after);
	assert_non_null(strstr(strbuf_text(&after), "It waits for no lock any more"));
	assert_non_null(strstr(strbuf_text(&after), "SELECT sum(total) FROM orders"));
	press(&f, ACTION_BACK);
	press(&f, ACTION_BACK);
	press(&f, ACTION_BACK);
	fixture_close(&f);
}

static void the_last_queue_with_us_is_still_told_when_it_is_gone(void **state)
{
	_cleanup_strbuf_ struct strbuf text = {0}, session = {0}, later = {0};
	struct fixture f;
	(void)state;
	open_fixture(&f);
	tell_figures(f.model);
	TELL(f.model, "\"type\":\"sample\",\"sampler\":\"locks\",\"values\":{\"waiting\":0,\"forest\":[],\"sessions\":[]}");
	draw(&f, 80, 22, false, &text);
	assert_non_null(strstr(strbuf_text(&text), "nobody waits now; with us, 3 s ago:"));
	assert_non_null(strstr(strbuf_text(&text), "902 (ours) waits 3.0 s! orders ACCESS EXCLUSIVE"));
	press(&f, ACTION_OPEN);
	press(&f, ACTION_LAST);
	press(&f, ACTION_OPEN);
	draw(&f, 80, 22, false, &session);
	assert_int_equal(strncmp(strbuf_text(&session), "session 916 ", strlen("session 916 ")), 0);
	assert_non_null(strstr(strbuf_text(&session), "UPDATE orders SET total = $1"));
	press(&f, ACTION_BACK);
	press(&f, ACTION_BACK);
	for (int i = 0; i < 60; i++)
		tell_text(f.model, "\"type\":\"log\",\"level\":\"info\",\"message\":\"a second has passed\"");
	draw(&f, 80, 22, false, &later);
	assert_null(strstr(strbuf_text(&later), "902 (ours)  waits"));
	assert_null(strstr(strbuf_text(&later), "with us"));
	fixture_close(&f);
}

static void with_a_rate_figures_stay_for_that_long(void **state)
{
	_cleanup_strbuf_ struct strbuf before = {0}, soon = {0}, later = {0};
	struct fixture f;
	(void)state;
	open_fixture(&f);
	tell_figures(f.model);
	press(&f, ACTION_RATE);
	press(&f, ACTION_RATE);
	draw(&f, 80, 22, false, &before);
	assert_non_null(strstr(strbuf_text(&before), " every 5 s"));
	TELL(f.model, "\"type\":\"sample\",\"sampler\":\"locks\",\"values\":{\"waiting\":0,\"forest\":[],\"sessions\":[]}");
	draw(&f, 80, 22, false, &soon);
	assert_string_equal(strbuf_text(&soon), strbuf_text(&before));
	for (int i = 0; i < 5; i++)
		tell_text(f.model, "\"type\":\"log\",\"level\":\"info\",\"message\":\"a second has passed\"");
	draw(&f, 80, 22, false, &later);
	assert_non_null(strstr(strbuf_text(&later), "nobody waits now"));
	fixture_close(&f);
}

static void a_click_chooses_and_the_next_one_opens(void **state)
{
	_cleanup_strbuf_ struct strbuf text = {0}, panel = {0}, session = {0};
	struct fixture f;
	(void)state;
	open_fixture(&f);
	tell_figures(f.model);
	struct scene scene = scene_of(&f);
	draw(&f, 80, 22, false, &text);
	f.view->click(f.state, &scene, 13, 5);
	f.view->click(f.state, &scene, 13, 5);
	draw(&f, 80, 22, false, &panel);
	assert_int_equal(strncmp(strbuf_text(&panel), "\u2500\u2500 locks", strlen("\u2500\u2500 locks")), 0);
	f.view->click(f.state, &scene, 4, 5);
	f.view->click(f.state, &scene, 4, 5);
	draw(&f, 80, 22, false, &session);
	assert_int_equal(strncmp(strbuf_text(&session), "session 915 ", strlen("session 915 ")), 0);
	fixture_close(&f);
}

static void what_differs_from_the_sample_before_is_an_incident(void **state)
{
	struct fixture f;
	(void)state;
	open_fixture(&f);
	TELL(f.model, "\"type\":\"sample\",\"sampler\":\"workload\",\"values\":{\"deadlocks_total\":40}",
	     "\"type\":\"sample\",\"sampler\":\"workload\",\"values\":{\"deadlocks_total\":42}",
	     "\"type\":\"sample\",\"sampler\":\"workload\",\"values\":{\"deadlocks_total\":0}",
	     "\"type\":\"sample\",\"sampler\":\"workload\",\"values\":{\"unavailable\":\"needs pg_monitor\"}",
	     "\"type\":\"sample\",\"sampler\":\"slots\","
	     "\"values\":{\"slots\":[{\"name\":\"a\",\"wal_status\":\"extended\"},"
	     "{\"name\":\"b\",\"wal_status\":\"reserved\"}]}",
	     "\"type\":\"sample\",\"sampler\":\"slots\",\"values\":{\"slots\":[{\"name\":\"a\",\"wal_status\":\"lost\"}]}",
	     "\"type\":\"sample\",\"sampler\":\"retry\",\"values\":{\"attempt\":1}",
	     "\"type\":\"sample\",\"sampler\":\"retry\",\"values\":{\"attempt\":2,\"blocker\":\"process 811\"}");
	const struct model_live *live = f.model->live;
	assert_int_equal(live->incident_count, 4);
	assert_string_equal(model_incident(live, 0)->text, "2 deadlocks");
	assert_string_equal(model_incident(live, 1)->text, "slot a is lost: WAL that it needs was removed");
	assert_string_equal(model_incident(live, 2)->text, "slot b is gone");
	assert_string_equal(model_incident(live, 3)->text, "attempt 2 of our step, blocked by process 811");
	for (int i = 0; i < MODEL_INCIDENTS_MAX; i++)
		model_add_incident(f.model, true, "number %d", i);
	assert_int_equal(live->incident_count, MODEL_INCIDENTS_MAX);
	assert_string_equal(model_incident(live, 0)->text, "number 0");
	fixture_close(&f);
}

static const char SILENT[] =
	"\"type\":\"sample\",\"sampler\":\"latency\",\"values\":{\"phase\":\"during\",\"count\":0,\"failed\":0,"
	"\"p50_us\":0,\"p99_us\":0,\"most_us\":0,\"rows\":[],\"waiting_us\":3200000,"
	"\"before\":{\"count\":100,\"failed\":0,\"p50_us\":390,\"p99_us\":1210,\"most_us\":1400}}";

static void begin_apply(struct fixture *f)
{
	open_fixture(f);
	f->view = view_find("apply");
	f->state = arena_alloc(f->tick, f->view->state_bytes);
	TELL(f->model, "\"type\":\"gate\",\"gate\":\"apply\",\"state\":\"running\"");
	tell_series(f->model);
}

static void expect_drawn(const struct fixture *f, const char *part)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	draw(f, 160, 48, false, &text);
	if (!strstr(strbuf_text(&text), part))
		fail_msg("\"%s\" is not in:\n%s", part, strbuf_text(&text));
}

static void a_second_without_answer_has_no_figure_but_how_long_the_question_waits(void **state)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct fixture f;
	(void)state;
	open_fixture(&f);
	tell_series(f.model);
	size_t count = f.model->live->series[SERIES_P99].count;
	tell_text(f.model, SILENT);
	assert_int_equal(f.model->live->series[SERIES_P99].count, count);
	struct scene scene = scene_of(&f);
	f.view->plain(f.state, &scene, &text);
	assert_non_null(strstr(strbuf_text(&text), " now    p50 -  p99 -  most 3.20 s\n"));
	assert_non_null(strstr(strbuf_text(&text), " before p50 390 us  p99 1.21 ms  most 1.40 ms\n"));
	expect_drawn(&f, " now    p50 -  p99 -  most 3.20 s");
	fixture_close(&f);
}

static void the_apply_shows_that_the_probe_waits_for_its_answer(void **state)
{
	struct fixture f;
	(void)state;
	begin_apply(&f);
	expect_drawn(&f, "p50 390 us \u2192 402 us  p99 1.21 ms \u2192 9.00 ms!");
	tell_text(f.model, SILENT);
	expect_drawn(&f, "p50 390 us \u2192 -  p99 1.21 ms \u2192 -  no answer for 3.20 s!");
	model_close(f.model);
	arena_close(f.tick);
}

static void what_is_no_longer_told_does_not_stand_for_what_is_so_now(void **state)
{
	struct fixture f;
	(void)state;
	begin_apply(&f);
	tell_figures(f.model);
	expect_drawn(&f, "WAL/s 18 MiB  lag 200 ms");
	TELL(f.model, "\"type\":\"sample\",\"sampler\":\"wal\",\"values\":{\"unavailable\":\"statement timeout\"}",
	     "\"type\":\"sample\",\"sampler\":\"replicas\",\"values\":{\"replicas\":[]}",
	     "\"type\":\"sample\",\"sampler\":\"locks\",\"values\":{\"unavailable\":\"lock timeout\"}");
	expect_drawn(&f, "WAL/s -  lag -");
	expect_drawn(&f, " locks      not seen: lock timeout");
	TELL(f.model, "\"type\":\"sample\",\"sampler\":\"locks\",\"values\":{\"behind_us\":0,\"sessions\":[]}");
	expect_drawn(&f, " locks      nobody waits behind us");
	for (int i = 0; i < 40; i++)
		tell_text(f.model, "\"type\":\"log\",\"level\":\"info\",\"message\":\"a second has passed\"");
	expect_drawn(&f, " locks      (stale, 42 s ago)  nobody waits behind us");
	expect_drawn(&f, "commits/s 4,812 (stale, 51 s ago)  WAL/s - (stale, 45 s ago)  lag - (stale, 44 s ago)");
	model_close(f.model);
	arena_close(f.tick);
}

static void the_apply_shows_what_it_does_to_others(void **state)
{
	struct fixture f;
	(void)state;
	open_fixture(&f);
	f.view = view_find("apply");
	f.state = arena_alloc(f.tick, f.view->state_bytes);
	TELL(f.model, "\"type\":\"gate\",\"gate\":\"apply\",\"state\":\"running\"");
	tell_series(f.model);
	tell_upkeep(f.model);
	TELL(f.model,
	     "\"type\":\"sample\",\"sampler\":\"wal\",\"values\":{\"bytes_per_s\":1048576.0}",
	     "\"type\":\"sample\",\"sampler\":\"connections\",\"values\":{\"used\":100,\"usable\":487,\"free\":387}",
	     "\"type\":\"step\",\"version\":\"007\",\"step\":1,\"statement\":1,\"phase\":\"begin\",\"gate\":\"apply\"");
	tell_figures(f.model);
	compare_all("impact", &f);
	model_close(f.model);
	arena_close(f.tick);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_view_is_what_is_in_its_pictures),
		cmocka_unit_test(what_may_not_be_seen_says_so_and_shows_no_figure),
		cmocka_unit_test(what_is_held_stays_while_the_story_goes_on_and_a_new_one_begins),
		cmocka_unit_test(a_series_keeps_its_newest_points_and_no_more),
		cmocka_unit_test(latency_is_kept_by_phase_and_nonsense_is_left_out),
		cmocka_unit_test(without_a_screen_every_panel_is_told_whole),
		cmocka_unit_test(a_session_that_is_gone_is_shown_as_it_was_last_seen),
		cmocka_unit_test(the_last_queue_with_us_is_still_told_when_it_is_gone),
		cmocka_unit_test(with_a_rate_figures_stay_for_that_long),
		cmocka_unit_test(a_click_chooses_and_the_next_one_opens),
		cmocka_unit_test(a_second_without_answer_has_no_figure_but_how_long_the_question_waits),
		cmocka_unit_test(the_apply_shows_that_the_probe_waits_for_its_answer),
		cmocka_unit_test(what_is_no_longer_told_does_not_stand_for_what_is_so_now),
		cmocka_unit_test(the_apply_shows_what_it_does_to_others),
		cmocka_unit_test(what_differs_from_the_sample_before_is_an_incident),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
