/* Round-robin archives: consolidation, gaps, counters, files. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "metrics/image.h"
#include "metrics/store.h"
#include "metrics/text.h"
#include "scratch.h"
#include "unit.h"

#define BASE 345600000		/* a slot that begins a row of every archive */
#define HOST "6e1f9c7e-0000-4000-8000-000000000001"
#define VM "6e1f9c7e-0000-4000-8000-000000000002"

static const struct rrd_def gauge = { .kind = RRD_GAUGE, .min = -INFINITY,
	.max = INFINITY, .standard = true, .name = "g", .units = "u",
	.description = "d", .family = "host_g", .factor = 1 };
static const struct rrd_def rate = { .kind = RRD_RATE, .max = INFINITY,
	.standard = true, .name = "c", .family = "host_c", .factor = 1 };
static const struct rrd_def rest = { .kind = RRD_REST, .max = 1,
	.standard = true, .name = "i" };
static const struct rrd_def ratio = { .kind = RRD_RATIO, .max = INFINITY,
	.name = "l" };

static struct rrd r;

static bool
feed(int64_t slot, const struct rrd_def *def, double x, uint64_t count)
{
	const struct rrd_value v = { .name = def->name, .def = def,
		.gauge = x, .count = count, .scale = 1 };

	return rrd_update(&r, slot, (double)slot * RRD_STEP_S, &v, 1);
}

static float
row(const char *name, int archive, int64_t n)
{
	return rrd_row(&r, rrd_find(&r, name), archive, n);
}

static float
value(const char *name)
{
	return rrd_find(&r, name)->value;
}

START_TEST(rows_are_averages_of_their_slots)
{
	for (int i = 1; i <= 720; i++)
		ck_assert(feed(BASE + i, &gauge, i, 0));
	ck_assert(row("g", RRD_FINE, BASE + 720) == 720);
	ck_assert(row("g", RRD_FINE, BASE + 601) == 601);
	ck_assert(isnan(row("g", RRD_FINE, BASE + 600)));
	ck_assert(row("g", RRD_MINUTE, BASE / 12 + 1) == 6.5f);
	ck_assert(row("g", RRD_MINUTE, BASE / 12 + 60) == 714.5f);
	ck_assert(row("g", RRD_HOUR, BASE / 720 + 1) == 360.5f);
	ck_assert(isnan(row("g", RRD_HOUR, BASE / 720 + 2)));
	rrd_release(&r);
}
END_TEST

START_TEST(a_row_is_unknown_when_most_of_it_is)
{
	for (int i = 1; i <= 24; i++)
		feed(BASE + i, &gauge, i % 12 < 6 && i <= 12 ? NAN :
		    i > 12 && i % 12 < 7 ? NAN : 1, 0);
	ck_assert(row("g", RRD_MINUTE, BASE / 12 + 1) == 1);
	ck_assert(isnan(row("g", RRD_MINUTE, BASE / 12 + 2)));
	rrd_release(&r);
}
END_TEST

START_TEST(a_short_silence_is_bridged_a_long_one_is_a_gap)
{
	feed(BASE + 1, &rate, 0, 1000);
	feed(BASE + 11, &rate, 0, 1000 + 50 * 7);
	ck_assert(row("c", RRD_FINE, BASE + 2) == 7);
	ck_assert(row("c", RRD_FINE, BASE + 11) == 7);
	feed(BASE + 80, &rate, 0, 999999);
	ck_assert(isnan(value("c")));
	ck_assert(isnan(row("c", RRD_FINE, BASE + 12)));
	ck_assert(isnan(row("c", RRD_FINE, BASE + 79)));
	ck_assert(row("c", RRD_FINE, BASE + 11) == 7);
	/* years, and every archive is gone without taking years */
	feed(BASE + 20000000, &rate, 0, 1);
	for (int a = 0; a < RRD_ARCHIVES; a++)
		for (int i = 0; i < rrd_archives[a].kept; i++)
			ck_assert(isnan(row("c", a, rrd_last_row(BASE +
			    20000000, a) - i)));
	rrd_release(&r);
}
END_TEST

START_TEST(a_row_that_a_gap_cuts_has_what_was_known_of_it)
{
	for (int i = 1; i <= 500; i++)
		feed(BASE + i, &gauge, 2, 0);
	feed(BASE + 5000, &gauge, 4, 0);
	ck_assert(row("g", RRD_HOUR, BASE / 720 + 1) == 2);
	for (int i = 2; i <= 6; i++)
		ck_assert(isnan(row("g", RRD_HOUR, BASE / 720 + i)));
	rrd_release(&r);
}
END_TEST

START_TEST(counters_wrap_or_begin_anew)
{
	feed(BASE + 1, &rate, 0, UINT64_MAX - 4);
	ck_assert(isnan(value("c")));
	feed(BASE + 2, &rate, 0, 5);
	ck_assert(value("c") == 2);
	feed(BASE + 3, &rate, 0, 1005);
	ck_assert(value("c") == 200);
	feed(BASE + 4, &rate, 0, 3);
	ck_assert(isnan(value("c")));
	feed(BASE + 5, &rate, 0, 13);
	ck_assert(value("c") == 2);
	rrd_restart(&r);
	feed(BASE + 6, &rate, 0, 5000);
	ck_assert(isnan(value("c")));
	rrd_release(&r);
}
END_TEST

START_TEST(time_that_does_not_go_on_is_refused)
{
	feed(BASE + 5, &gauge, 1, 0);
	ck_assert(!feed(BASE + 5, &gauge, 2, 0));
	ck_assert(!feed(BASE + 4, &gauge, 2, 0));
	ck_assert(!feed(-1, &gauge, 2, 0));
	ck_assert(value("g") == 1);
	rrd_release(&r);
}
END_TEST

START_TEST(values_stay_within_their_bounds)
{
	struct rrd_value v = { .name = "i", .def = &rest, .scale = 0.2 };

	rrd_update(&r, BASE + 1, 5, &v, 1);
	v.count = 4;		/* 0.16 of the time idle */
	rrd_update(&r, BASE + 2, 10, &v, 1);
	ck_assert_float_eq_tol(value("i"), 0.84f, 1e-6f);
	v.count += 26;		/* a little more than all of it */
	rrd_update(&r, BASE + 3, 15, &v, 1);
	ck_assert(value("i") == 0);
	v.count += 100;
	rrd_update(&r, BASE + 4, 20, &v, 1);
	ck_assert(isnan(value("i")));
	rrd_release(&r);
}
END_TEST

START_TEST(a_ratio_of_nothing_is_nothing)
{
	struct rrd_value v = { .name = "l", .def = &ratio, .scale = 1000,
		.count = 10, .per = 5 };

	rrd_update(&r, BASE + 1, 5, &v, 1);
	v.count += 6;
	v.per += 3;
	rrd_update(&r, BASE + 2, 10, &v, 1);
	ck_assert(value("l") == 2000);
	rrd_update(&r, BASE + 3, 15, &v, 1);
	ck_assert(value("l") == 0);
	/* it is not standard: without archives until asked */
	ck_assert(isnan(row("l", RRD_FINE, BASE + 3)));
	rrd_record(rrd_find(&r, "l"), true);
	rrd_update(&r, BASE + 4, 20, &v, 1);
	ck_assert(row("l", RRD_FINE, BASE + 4) == 0);
	rrd_record(rrd_find(&r, "l"), false);
	ck_assert(isnan(row("l", RRD_FINE, BASE + 4)));
	rrd_release(&r);
}
END_TEST

START_TEST(what_is_not_sampled_is_unknown)
{
	feed(BASE + 1, &gauge, 1, 0);
	feed(BASE + 2, &rate, 0, 1);
	ck_assert(isnan(value("g")));
	ck_assert(isnan(row("g", RRD_FINE, BASE + 2)));
	ck_assert(row("g", RRD_FINE, BASE + 1) == 1);
	rrd_release(&r);
}
END_TEST

static float
of(const struct image *m, int source, int archive, int back)
{
	return m->v[source].rows[archive][rrd_archives[archive].rows - 1 -
	    back];
}

START_TEST(files_keep_what_memory_has_not)
{
	struct arena *a = arena_new();
	struct image old, now, back;
	struct buf b = { 0 };

	for (int i = 1; i <= 720 * 30; i++)
		feed(BASE + i, &gauge, (i - 1) / 720, 0);
	image_make(a, &r, NULL, &old);
	ck_assert(of(&old, 0, RRD_HOUR, 0) == 29);
	ck_assert(of(&old, 0, RRD_HOUR, 23) == 6);
	ck_assert(isnan(of(&old, 0, RRD_HOUR, 24)));
	for (int i = 720 * 30 + 1; i <= 720 * 35; i++)
		feed(BASE + i, &gauge, (i - 1) / 720, 0);
	image_make(a, &r, &old, &now);
	for (int i = 0; i < 29; i++)
		ck_assert(of(&now, 0, RRD_HOUR, i) == (float)(34 - i));
	ck_assert(isnan(of(&now, 0, RRD_HOUR, 29)));
	image_encode(&now, &b);
	ck_assert_int_eq(image_decode(a, b.data, b.len, &back), 0);
	ck_assert_int_eq(back.n, 1);
	ck_assert(back.slot == r.slot);
	for (int i = 0; i < RRD_ARCHIVES; i++)
		ck_assert(memcmp(back.v[0].rows[i], now.v[0].rows[i],
		    (size_t)rrd_archives[i].rows * sizeof(float)) == 0);
	/* damage is seen, wherever it is; so is an end that came early */
	for (size_t i = 0; i < b.len; i += 97) {
		b.data[i] ^= 4;
		ck_assert_int_eq(image_decode(a, b.data, b.len, &back),
		    -EBADMSG);
		b.data[i] ^= 4;
		ck_assert_int_eq(image_decode(a, b.data, i, &back), -EBADMSG);
	}
	rrd_release(&r);
	ck_assert_int_eq(image_decode(a, b.data, b.len, &back), 0);
	image_restore(&back, &r);
	for (int i = 0; i < RRD_ARCHIVES; i++)
		for (int j = 0; j < rrd_archives[i].kept; j++) {
			float x = row("g", i, rrd_last_row(r.slot, i) - j);

			ck_assert(x == of(&now, 0, i, j) || isnan(x));
		}
	ck_assert(r.sources[0].rows->part[RRD_DAY].known == 720 * 11);
	buf_release(&b);
	rrd_release(&r);
	arena_free(a);
}
END_TEST

START_TEST(numbers_are_as_clients_expect)
{
	static const struct {
		double x;
		const char *text;
	} v[] = {
		{ 0, "0.0" }, { NAN, "NaN" }, { INFINITY, "Infinity" },
		{ -INFINITY, "-Infinity" }, { 5, "5" }, { 0.1f, "0.1" },
		{ 4294967296.0, "4294967296" }, { 1.0f / 3, "0.333333343" },
		{ 0.1, "0.1" }, { 1e30f, "1.00000001504747e+30" },
	};
	char text[TEXT_NUMBER];

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		text_number(text, v[i].x);
		ck_assert_str_eq(text, v[i].text);
	}
}
END_TEST

/* -- the store -- */

static void
round_of(struct metrics *m, int64_t slot, double x, bool vm)
{
	const struct rrd_value v = { .name = "g", .def = &gauge, .gauge = x };
	struct metrics_sample s = { .class = METRICS_HOST, .uuid = HOST,
		.values = &v, .n = 1 };

	metrics_begin(m, slot, (double)slot * RRD_STEP_S);
	metrics_sample(m, &s);
	s.class = METRICS_VM;
	s.uuid = VM;
	if (vm)
		metrics_sample(m, &s);
	metrics_end(m);
}

static int
collect(void *arg, const void *bytes, size_t len)
{
	buf_add(arg, bytes, len);
	return 0;
}

static void
check_text(struct metrics *m, const struct metrics_query *q, bool json,
    const char *want)
{
	struct buf b = { 0 };
	const struct text_out out = { collect, &b };
	struct rows *rows;

	ck_assert_int_eq(metrics_rows(m, q, &rows), 0);
	ck_assert_int_eq(text_rows(rows, json, &out), 0);
	metrics_rows_free(m, rows);
	ck_assert_str_eq(b.data, want);
	buf_release(&b);
}

START_TEST(updates_are_as_clients_expect)
{
	struct metrics *m = metrics_new(scratch_dir());
	struct metrics_query q = { .start = -5, .interval = 5, .host = true };
	const char *none[] = { "" };
	struct rows *rows;
	char want[600];

	for (int i = 1; i <= 3; i++)
		round_of(m, BASE + i, i, true);
	snprintf(want, sizeof(want), "<xport><meta><start>%lld</start>"
	    "<step>5</step><end>%lld</end><rows>2</rows><columns>2</columns>"
	    "<legend><entry>AVERAGE:host:" HOST ":g</entry><entry>AVERAGE:vm:"
	    VM ":g</entry></legend></meta><data><row><t>%lld</t><v>3</v>"
	    "<v>3</v></row><row><t>%lld</t><v>2</v><v>2</v></row></data>"
	    "</xport>", (BASE + 2) * 5LL, (BASE + 3) * 5LL, (BASE + 3) * 5LL,
	    (BASE + 2) * 5LL);
	check_text(m, &q, false, want);
	q.vms = none;
	q.n_vms = 1;
	q.start = (BASE + 3) * 5LL;
	snprintf(want, sizeof(want), "{\"meta\":{\"start\":\"%lld\",\"step\":"
	    "\"5\",\"end\":\"%lld\",\"rows\":\"1\",\"columns\":\"1\","
	    "\"legend\":[\"AVERAGE:host:" HOST ":g\"]},\"data\":[{\"t\":"
	    "\"%lld\",\"values\":[\"3\"]}]}", (long long)q.start,
	    (long long)q.start, (long long)q.start);
	check_text(m, &q, true, want);
	/* the archive: of that step at least, and that reaches back */
	q.start = (BASE + 3 - 120) * 5LL;
	ck_assert_int_eq(metrics_rows(m, &q, &rows), 0);
	ck_assert_int_eq(rows->step, 5);
	ck_assert_int_eq(rows->n, 120);
	metrics_rows_free(m, rows);
	q.start -= 5;
	ck_assert_int_eq(metrics_rows(m, &q, &rows), 0);
	ck_assert_int_eq(rows->step, 60);
	metrics_rows_free(m, rows);
	q.start = 0;
	q.interval = 1000000;
	ck_assert_int_eq(metrics_rows(m, &q, &rows), 0);
	ck_assert_int_eq(rows->step, 86400);
	ck_assert_int_eq(rows->n, 366);
	metrics_rows_free(m, rows);
	q.none = true;
	ck_assert_int_eq(metrics_rows(m, &q, &rows), 0);
	ck_assert_int_eq(rows->columns, 0);
	metrics_rows_free(m, rows);
	metrics_free(m);
}
END_TEST

static bool
only_host(void *arg, enum metrics_class class, const char *uuid)
{
	(void)arg;
	return class == METRICS_HOST && strcmp(uuid, HOST) == 0;
}

START_TEST(the_store_survives_and_writes_little)
{
	struct metrics_query q = { .start = -5, .interval = 5, .host = true };
	struct arena *a = arena_new();
	struct metrics *m = metrics_new(scratch_dir());
	struct rows *rows;
	struct image im;
	struct buf b = { 0 };

	/* an hour: each owner is written once */
	for (int i = 1; i <= 720; i++)
		round_of(m, BASE + i, i, true);
	metrics_prometheus(m, &b);
	ck_assert_ptr_nonnull(strstr(b.data,
	    "\nbedplate_metrics_written_files_total 2\n"));
	buf_release(&b);
	/* a VM that is gone is told of no more, and its memory is given back,
	 * but not its archives */
	for (int i = 721; i <= 734; i++)
		round_of(m, BASE + i, i, false);
	ck_assert_int_eq(metrics_rows(m, &q, &rows), 0);
	ck_assert_int_eq(rows->columns, 1);
	metrics_rows_free(m, rows);
	ck_assert_int_eq(metrics_image(m, a, METRICS_VM, VM, &im), 0);
	ck_assert(im.slot == BASE + 720);
	ck_assert(of(&im, 0, RRD_FINE, 0) == 720);
	ck_assert_int_eq(metrics_record(m, METRICS_VM, VM, "g", true),
	    -ENOENT);
	metrics_save(m, INT64_MAX);
	metrics_free(m);

	m = metrics_new(scratch_dir());
	round_of(m, BASE + 800, 1, true);
	ck_assert_int_eq(metrics_image(m, a, METRICS_HOST, HOST, &im), 0);
	ck_assert(of(&im, 0, RRD_FINE, 0) == 1);
	ck_assert(isnan(of(&im, 0, RRD_FINE, 1)));
	ck_assert(of(&im, 0, RRD_FINE, 66) == 734);
	/* of a machine whose clock was wrong for long */
	for (int i = 0; i < 721; i++)
		round_of(m, BASE + 79, 7, true);
	ck_assert_int_eq(metrics_image(m, a, METRICS_HOST, HOST, &im), 0);
	ck_assert(im.slot == BASE + 79);
	ck_assert(of(&im, 0, RRD_FINE, 0) == 7);
	metrics_sweep(m, only_host, NULL);
	metrics_free(m);
	m = metrics_new(scratch_dir());
	ck_assert_int_eq(metrics_image(m, a, METRICS_VM, VM, &im), -ENOENT);
	ck_assert_int_eq(metrics_image(m, a, METRICS_HOST, "../x", &im),
	    -ENOENT);
	metrics_free(m);
	arena_free(a);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("rrd", rows_are_averages_of_their_slots,
	    a_row_is_unknown_when_most_of_it_is,
	    a_short_silence_is_bridged_a_long_one_is_a_gap,
	    a_row_that_a_gap_cuts_has_what_was_known_of_it,
	    counters_wrap_or_begin_anew,
	    time_that_does_not_go_on_is_refused,
	    values_stay_within_their_bounds,
	    a_ratio_of_nothing_is_nothing,
	    what_is_not_sampled_is_unknown,
	    files_keep_what_memory_has_not,
	    numbers_are_as_clients_expect,
	    updates_are_as_clients_expect,
	    the_store_survives_and_writes_little);
}
