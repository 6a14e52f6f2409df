#include "metrics/rrd.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* A little more than the most, by the jitter of sampling, is the most. */
#define SLACK 1.1
/* A counter that is lower than before went on from here, or began anew. */
#define WRAP_FROM ((uint64_t)1 << 63)

const struct rrd_archive rrd_archives[RRD_ARCHIVES] = {
	[RRD_FINE] = { 1, 120, 120 },
	[RRD_MINUTE] = { 12, 120, 120 },
	[RRD_HOUR] = { 720, 168, 24 },
	[RRD_DAY] = { 17280, 366, 4 },
};

void
rrd_release(struct rrd *r)
{
	for (int i = 0; i < r->n; i++) {
		free(r->sources[i].name);
		free(r->sources[i].rows);
	}
	free(r->sources);
	*r = (struct rrd){ 0 };
}

struct rrd_source *
rrd_find(struct rrd *r, const char *name)
{
	for (int i = 0; i < r->n; i++)
		if (strcmp(r->sources[i].name, name) == 0)
			return &r->sources[i];
	return NULL;
}

struct rrd_source *
rrd_add(struct rrd *r, const char *name)
{
	struct rrd_source *s;

	if (r->n == RRD_MAX_SOURCES)
		return NULL;
	if (r->n == r->room) {
		r->room = r->room ? r->room * 3 / 2 : 16;
		r->sources = mem_realloc(r->sources,
		    (size_t)r->room * sizeof(*s));
	}
	s = &r->sources[r->n++];
	*s = (struct rrd_source){ .name = mem_strdup(name), .value = NAN };
	return s;
}

float *
rrd_place(struct rrd_rows *rows, int archive, int64_t row)
{
	float *at[RRD_ARCHIVES] = { rows->fine, rows->minute, rows->hour,
		rows->day };

	return &at[archive][row % rrd_archives[archive].kept];
}

void
rrd_record(struct rrd_source *s, bool on)
{
	if (!on) {
		free(s->rows);
		s->rows = NULL;
	} else if (!s->rows) {
		s->rows = mem_zalloc(sizeof(*s->rows));
		for (int a = 0; a < RRD_ARCHIVES; a++)
			for (int i = 0; i < rrd_archives[a].kept; i++)
				*rrd_place(s->rows, a, i) = NAN;
	}
}

int64_t
rrd_last_row(int64_t slot, int archive)
{
	return slot / rrd_archives[archive].slots;
}

float
rrd_row(const struct rrd *r, const struct rrd_source *s, int archive,
    int64_t row)
{
	int64_t last = rrd_last_row(r->slot, archive);

	if (!s->rows || row < 0 || row > last ||
	    row <= last - rrd_archives[archive].kept)
		return NAN;
	return *rrd_place(s->rows, archive, row);
}

void
rrd_restart(struct rrd *r)
{
	for (int i = 0; i < r->n; i++)
		r->sources[i].counted = false;
}

/* -- values -- */

/* By how much it grew; false: it began anew. */
static bool
growth(uint64_t before, uint64_t now, double *out)
{
	if (now < before && (before < WRAP_FROM || now >= WRAP_FROM))
		return false;
	*out = (double)(now - before);	/* modulo 2^64 */
	return true;
}

/* Per second, or per what else happened; nothing of nothing is 0. */
static double
counted(const struct rrd_source *s, const struct rrd_value *v,
    double elapsed_s)
{
	double grown, by = elapsed_s;

	if (!s->counted || !growth(s->count, v->count, &grown))
		return NAN;
	if (v->def->kind == RRD_RATIO) {
		if (!growth(s->per, v->per, &by))
			return NAN;
		if (by == 0)
			return 0;
	}
	if (!(by > 0))
		return NAN;
	grown = grown / by * v->scale;
	return v->def->kind == RRD_REST ? 1 - grown : grown;
}

static double
within(const struct rrd_def *def, double x)
{
	if (x > def->max && x <= def->max * SLACK)
		return def->max;
	/* 1 less what was sampled a little late */
	if (x < def->min && def->kind == RRD_REST && x >= 1 - SLACK)
		return def->min;
	return x >= def->min && x <= def->max ? x : NAN;
}

static void
take(struct rrd_source *s, const struct rrd_value *v, double elapsed_s)
{
	double x = v->def->kind == RRD_GAUGE ? v->gauge :
	    counted(s, v, elapsed_s);

	s->value = (float)within(v->def, x);
	s->def = v->def;
	s->count = v->count;
	s->per = v->per;
	s->counted = v->def->kind != RRD_GAUGE;
	s->seen = true;
}

/* -- archives -- */

static void
close_row(struct rrd_rows *rows, int a, int64_t row)
{
	struct rrd_part *p = &rows->part[a];

	*rrd_place(rows, a, row) = p->known > 0 &&
	    p->known * 2 >= rrd_archives[a].slots ?
	    (float)(p->sum / p->known) : NAN;
	*p = (struct rrd_part){ 0 };
}

static void
add_slot(struct rrd_rows *rows, int64_t slot, double x)
{
	for (int a = 0; a < RRD_ARCHIVES; a++) {
		if (!isnan(x)) {
			rows->part[a].sum += x;
			rows->part[a].known++;
		}
		if (slot % rrd_archives[a].slots == 0)
			close_row(rows, a, slot / rrd_archives[a].slots);
	}
}

/* Slots after `last` and before `slot` are unknown, however many they are. */
static void
skip(struct rrd_rows *rows, int64_t last, int64_t slot)
{
	for (int a = 0; a < RRD_ARCHIVES; a++) {
		int c = rrd_archives[a].slots;
		int64_t begun = last / c + 1, now = (slot - 1) / c + 1;

		if (now == begun)
			continue;
		close_row(rows, a, begun);
		if (begun < now - rrd_archives[a].kept - 1)
			begun = now - rrd_archives[a].kept - 1;
		while (++begun < now)
			*rrd_place(rows, a, begun) = NAN;
	}
}

static void
advance(struct rrd_rows *rows, int64_t last, int64_t slot, double x)
{
	if ((slot - last) * RRD_STEP_S > RRD_HEARTBEAT_S) {
		skip(rows, last, slot);
		last = slot - 1;
	}
	while (++last <= slot)
		add_slot(rows, last, x);
}

/* Most come in the order of last time. */
static struct rrd_source *
source_at(struct rrd *r, int hint, const struct rrd_value *v)
{
	struct rrd_source *s = NULL;

	if (hint < r->n && strcmp(r->sources[hint].name, v->name) == 0)
		return &r->sources[hint];
	s = rrd_find(r, v->name);
	if (s)
		return s;
	s = rrd_add(r, v->name);
	if (s)
		rrd_record(s, v->def->standard);
	return s;
}

bool
rrd_update(struct rrd *r, int64_t slot, double mono_s,
    const struct rrd_value *values, int n)
{
	double elapsed_s = mono_s - r->mono_s;
	struct rrd_source *s;
	int64_t last = r->slot ? r->slot : slot - 1;

	if (slot <= last || slot <= 0)
		return false;
	if (elapsed_s > RRD_HEARTBEAT_S)
		rrd_restart(r);
	for (int i = 0; i < n; i++) {
		s = source_at(r, i, &values[i]);
		if (s)
			take(s, &values[i], elapsed_s);
	}
	for (int i = 0; i < r->n; i++) {
		s = &r->sources[i];
		if (!s->seen) {
			s->value = NAN;
			s->counted = false;
		}
		s->seen = false;
		if (s->rows)
			advance(s->rows, last, slot, s->value);
	}
	r->slot = slot;
	r->mono_s = mono_s;
	return true;
}
