#include "metrics/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSION "0003"

void
text_number(char *to, double x)
{
	if (isnan(x)) {
		memcpy(to, "NaN", 4);
	} else if (isinf(x)) {
		snprintf(to, TEXT_NUMBER, "%sInfinity", x < 0 ? "-" : "");
	} else if (x == 0) {
		memcpy(to, "0.0", 4);
	} else if (x == trunc(x) || x != (double)(float)x) {
		snprintf(to, TEXT_NUMBER, "%.15g", x);
	} else {
		snprintf(to, TEXT_NUMBER, "%.7g", x);
		if (strtof(to, NULL) != (float)x)
			snprintf(to, TEXT_NUMBER, "%.9g", x);
	}
}

/* A text under way. */
struct text {
	const struct text_out *out;
	bool json;
	struct buf b;
	int rc;
};

static void
flush(struct text *t, size_t limit)
{
	if (t->b.len <= limit)
		return;
	if (!t->rc)
		t->rc = t->out->write(t->out->arg, t->b.data, t->b.len);
	buf_reset(&t->b);
}

static int
finish(struct text *t)
{
	flush(t, 0);
	buf_release(&t->b);
	return t->rc;
}

static void
add(struct text *t, const char *json, const char *xml)
{
	buf_adds(&t->b, t->json ? json : xml);
}

static void
add_number(struct text *t, double x)
{
	char number[TEXT_NUMBER];

	text_number(number, x);
	buf_adds(&t->b, number);
}

/* A field that more fields follow, but for the last. */
static void
field(struct text *t, const char *name, const char *value, bool last)
{
	if (t->json)
		buf_addf(&t->b, "\"%s\":\"%s\"%s", name, value,
		    last ? "" : ",");
	else
		buf_addf(&t->b, "<%s>%s</%s>", name, value, name);
}

static void
field_int(struct text *t, const char *name, int64_t x, bool last)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, x);
	field(t, name, text, last);
}

static void
field_number(struct text *t, const char *name, double x, bool last)
{
	char text[TEXT_NUMBER];

	text_number(text, x);
	field(t, name, text, last);
}

/* -- rows -- */

static void
rows_head(struct text *t, const struct rows *r)
{
	add(t, "{\"meta\":{", "<xport><meta>");
	field_int(t, "start", r->start, false);
	field_int(t, "step", r->step, false);
	field_int(t, "end", r->end, false);
	field_int(t, "rows", r->n, false);
	field_int(t, "columns", r->columns, false);
	add(t, "\"legend\":[", "<legend>");
	for (int i = 0; i < r->columns; i++) {
		if (t->json)
			buf_addf(&t->b, "%s\"%s\"", i ? "," : "",
			    r->legend[i]);
		else
			buf_addf(&t->b, "<entry>%s</entry>", r->legend[i]);
		flush(t, TEXT_PIECE);
	}
	add(t, "]},\"data\":[", "</legend></meta><data>");
}

static void
rows_row(struct text *t, const struct rows *r, int row)
{
	const float *v = r->v + (size_t)row * (size_t)r->columns;

	add(t, row ? ",{" : "{", "<row>");
	field_int(t, "t", r->end - row * r->step, false);
	add(t, "\"values\":[", "");
	for (int i = 0; i < r->columns; i++) {
		add(t, i ? ",\"" : "\"", "<v>");
		add_number(t, (double)v[i]);
		add(t, "\"", "</v>");
		flush(t, TEXT_PIECE);
	}
	add(t, "]}", "</row>");
}

int
text_rows(const struct rows *r, bool json, const struct text_out *out)
{
	struct text t = { .out = out, .json = json };

	rows_head(&t, r);
	for (int i = 0; i < r->n && !t.rc; i++)
		rows_row(&t, r, i);
	add(&t, "]}", "</data></xport>");
	return finish(&t);
}

/* -- an owner -- */

static void
source(struct text *t, const struct image_source *s)
{
	bool counter = s->def && s->def->kind != RRD_GAUGE;
	char last[24];

	field(t, "name", s->name, false);
	field(t, "type", counter ? "DERIVE" : "GAUGE", false);
	field_number(t, "minimal_heartbeat", RRD_HEARTBEAT_S, false);
	field_number(t, "min", s->def ? s->def->min : -INFINITY, false);
	field_number(t, "max", s->def ? s->def->max : INFINITY, false);
	if (counter && s->counted) {
		snprintf(last, sizeof(last), "%" PRIu64, s->count);
		field(t, "last_ds", last, false);
	} else {
		field_number(t, "last_ds", (double)s->value, false);
	}
	field_number(t, "value", 0, false);
	field_number(t, "unknown_sec", 0, true);
}

static void
part(struct text *t, const struct image *m, const struct image_source *s,
    int archive)
{
	int done = (int)(m->slot % rrd_archives[archive].slots);
	const struct rrd_part *p = &s->part[archive];

	field_number(t, "primary_value", 0, false);
	field_number(t, "secondary_value", 0, false);
	field_number(t, "value", p->sum, false);
	field_int(t, "unknown_datapoints", done > p->known ?
	    done - p->known : 0, true);
}

/* fn for each data source that has archives. */
static void
each(struct text *t, const struct image *m, int archive, int row,
    void (*fn)(struct text *t, const struct image *m,
    const struct image_source *s, int archive, int row))
{
	bool first = true;

	for (int i = 0; i < m->n; i++) {
		if (!m->v[i].recorded)
			continue;
		if (!first)
			add(t, ",", "");
		first = false;
		fn(t, m, &m->v[i], archive, row);
		flush(t, TEXT_PIECE);
	}
}

static void
put_source(struct text *t, const struct image *m,
    const struct image_source *s, int archive, int row)
{
	(void)m;
	(void)archive;
	(void)row;
	add(t, "{", "<ds>");
	source(t, s);
	add(t, "}", "</ds>");
}

static void
put_part(struct text *t, const struct image *m, const struct image_source *s,
    int archive, int row)
{
	(void)row;
	add(t, "{", "<ds>");
	part(t, m, s, archive);
	add(t, "}", "</ds>");
}

static void
put_value(struct text *t, const struct image *m, const struct image_source *s,
    int archive, int row)
{
	(void)m;
	add(t, "\"", "<v>");
	add_number(t, (double)s->rows[archive][row]);
	add(t, "\"", "</v>");
}

static void
archive_text(struct text *t, const struct image *m, int a)
{
	add(t, a ? ",{" : "{", "<rra>");
	field(t, "cf", "AVERAGE", false);
	field_int(t, "pdp_per_row", rrd_archives[a].slots, false);
	add(t, "\"params\":{", "<params>");
	field_number(t, "xff", 0.5, true);
	add(t, "},\"cdp_prep\":{\"ds\":[", "</params><cdp_prep>");
	each(t, m, a, 0, put_part);
	add(t, "]},\"database\":[", "</cdp_prep><database>");
	for (int row = 0; row < rrd_archives[a].rows && !t->rc; row++) {
		add(t, row ? ",[" : "[", "<row>");
		each(t, m, a, row, put_value);
		add(t, "]", "</row>");
	}
	add(t, "]}", "</database></rra>");
}

int
text_image(const struct image *m, bool json, const struct text_out *out)
{
	struct text t = { .out = out, .json = json };

	add(&t, "{", "<rrd>");
	field(&t, "version", VERSION, false);
	field_int(&t, "step", RRD_STEP_S, false);
	field_int(&t, "lastupdate", m->slot * RRD_STEP_S, false);
	add(&t, "\"ds\":[", "");
	each(&t, m, 0, 0, put_source);
	add(&t, "],\"rra\":[", "");
	for (int a = 0; a < RRD_ARCHIVES; a++)
		archive_text(&t, m, a);
	add(&t, "]}", "</rrd>");
	return finish(&t);
}
