/* What readers are given of the store. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cond.h"
#include "base/mem.h"
#include "metrics/defs.h"
#include "metrics/store_private.h"

#define LEGEND_ROOM (RRD_NAME_MAX + UUID_TEXT_LEN + 24)

static const char *const class_names[METRICS_CLASSES] = {
	[METRICS_HOST] = "host", [METRICS_VM] = "vm", [METRICS_SR] = "sr",
};

/* -- rows of many -- */

struct reply {
	struct rows rows;		/* first */
	struct arena *arena;
	size_t bytes;
};

/* A data source that is asked for. */
struct column {
	enum metrics_class class;
	const char *uuid, *name;	/* in the reply's arena */
};

struct search {
	struct metrics *m;
	const struct metrics_query *q;
	struct reply *r;
	struct column *columns;
	int n;
	int archive;
	int64_t last;			/* row */
};

static bool
is_named(const char *const *names, int n, const char *uuid)
{
	for (int i = 0; i < n; i++)
		if (strcmp(names[i], uuid) == 0)
			return true;
	return false;
}

static bool
is_wanted(const struct metrics *m, const struct metrics_query *q,
    const struct owner *o)
{
	if (q->none || !metrics_is_live(m, o))
		return false;
	switch (o->class) {
	case METRICS_HOST:
		return q->host;
	case METRICS_VM:
		return !q->vms || is_named(q->vms, q->n_vms, o->uuid);
	default:
		return is_named(q->srs, q->n_srs, o->uuid);
	}
}

/* Locked: calls fn for what is wanted; hosts first. */
static void
each_wanted(const struct search *s, void (*fn)(void *arg,
    const struct owner *o, const struct rrd_source *source), void *arg)
{
	for (int c = 0; c < METRICS_CLASSES; c++) {
		for (int i = 0; i < BUCKETS; i++) {
			for (const struct owner *o = s->m->buckets[i]; o;
			    o = o->next) {
				if ((int)o->class != c ||
				    !is_wanted(s->m, s->q, o))
					continue;
				for (int j = 0; j < o->rrd.n; j++)
					if (o->rrd.sources[j].rows)
						fn(arg, o,
						    &o->rrd.sources[j]);
			}
		}
	}
}

static void
count_one(void *arg, const struct owner *o, const struct rrd_source *source)
{
	(void)o;
	(void)source;
	++*(int *)arg;
}

static void
note_column(void *arg, const struct owner *o, const struct rrd_source *source)
{
	struct search *s = arg;
	struct column *c = &s->columns[s->n++];

	c->class = o->class;
	c->uuid = s->n > 1 && strcmp(c[-1].uuid, o->uuid) == 0 ? c[-1].uuid :
	    arena_strdup(s->r->arena, o->uuid);
	c->name = arena_strdup(s->r->arena, source->name);
}

/* The first archive of that step that reaches back so far, or the last. */
static void
choose_archive(struct search *s)
{
	int64_t start = s->q->start, step = 0;

	if (start < 0)
		start += s->m->slot * RRD_STEP_S;
	for (int a = 0; a < RRD_ARCHIVES; a++) {
		s->archive = a;
		s->last = rrd_last_row(s->m->slot, a);
		step = rrd_archives[a].slots * RRD_STEP_S;
		if (step >= s->q->interval &&
		    start >= (s->last - rrd_archives[a].rows) * step)
			break;
	}
	s->r->rows.step = step;
	s->r->rows.end = s->r->rows.start = s->last * step;
	s->r->rows.n = 0;
	if (start > s->r->rows.end)
		return;
	s->r->rows.n = s->last - (start + step - 1) / step + 1 >=
	    rrd_archives[s->archive].rows ? rrd_archives[s->archive].rows :
	    (int)(s->last - (start + step - 1) / step) + 1;
	s->r->rows.start = s->r->rows.end - (s->r->rows.n - 1) * step;
}

/* Locked.  Waits until there is room. */
static int
reserve(struct search *s, size_t *bytes_out)
{
	struct timespec until = cond_after_ms(METRICS_WAIT_S * 1000);
	size_t bytes;
	int n;

	for (;;) {
		n = 0;
		choose_archive(s);
		each_wanted(s, count_one, &n);
		bytes = (size_t)n * ((size_t)s->r->rows.n * sizeof(float) +
		    sizeof(struct column) + LEGEND_ROOM);
		if (!s->m->reply_bytes ||
		    s->m->reply_bytes + bytes <= METRICS_MAX_REPLY)
			break;
		if (pthread_cond_timedwait(&s->m->freed, &s->m->lock, &until))
			return -EBUSY;
	}
	s->m->reply_bytes += bytes;
	*bytes_out = bytes;
	s->r->rows.columns = n;
	s->r->rows.v = mem_alloc((size_t)n * (size_t)s->r->rows.n *
	    sizeof(float) + 1);
	s->columns = arena_alloc(s->r->arena, ((size_t)n + 1) *
	    sizeof(*s->columns));
	s->n = 0;
	each_wanted(s, note_column, s);
	return 0;
}

/* Of an archive that is all in memory.  Locked; sources are in the order of
 * their owner. */
static void
fill_near(const struct search *s, const struct rrd *rrd, int at, int n)
{
	const struct rows *r = &s->r->rows;
	int j = 0;

	for (int i = at; i < at + n; i++) {
		const struct rrd_source *src = NULL;

		for (; !src && j < rrd->n; j++)
			if (strcmp(rrd->sources[j].name,
			    s->columns[i].name) == 0)
				src = &rrd->sources[j];
		for (int row = 0; row < r->n; row++)
			r->v[(size_t)row * (size_t)r->columns + (size_t)i] =
			    src ? rrd_row(rrd, src, s->archive,
			    s->last - row) : NAN;
	}
}

/* The same, with the rows that are in its file. */
static void
fill_far(const struct search *s, const struct image *m, int at, int n)
{
	const struct rows *r = &s->r->rows;
	int rows = rrd_archives[s->archive].rows, j = 0;
	int64_t newest = rrd_last_row(m->slot, s->archive);

	for (int i = at; i < at + n; i++) {
		const float *from = NULL;

		for (; !from && j < m->n; j++)
			if (strcmp(m->v[j].name, s->columns[i].name) == 0)
				from = m->v[j].rows[s->archive];
		for (int row = 0; row < r->n; row++) {
			int64_t k = rows - 1 - (newest - (s->last - row));

			r->v[(size_t)row * (size_t)r->columns + (size_t)i] =
			    from && k >= 0 && k < rows ? from[k] : NAN;
		}
	}
}

/* Columns at to at + n, which are of one owner. */
static void
fill(const struct search *s, int at, int n)
{
	const struct column *c = &s->columns[at];
	const struct rrd none = { 0 };
	const struct owner *o;
	struct arena *a;
	struct image m;

	if (rrd_archives[s->archive].kept < rrd_archives[s->archive].rows) {
		a = arena_new();
		if (metrics_image(s->m, a, c->class, c->uuid, &m))
			m = (struct image){ 0 };
		fill_far(s, &m, at, n);
		arena_free(a);
		return;
	}
	pthread_mutex_lock(&s->m->lock);
	o = metrics_find(s->m, c->class, c->uuid);
	fill_near(s, o ? &o->rrd : &none, at, n);
	pthread_mutex_unlock(&s->m->lock);
}

static void
fill_all(struct search *s)
{
	const char **legend = arena_alloc(s->r->arena,
	    ((size_t)s->n + 1) * sizeof(*legend));
	int at = 0, n;

	for (int i = 0; i < s->n; i++)
		legend[i] = arena_printf(s->r->arena, "AVERAGE:%s:%s:%s",
		    class_names[s->columns[i].class], s->columns[i].uuid,
		    s->columns[i].name);
	s->r->rows.legend = legend;
	for (; at < s->n; at += n) {
		for (n = 1; at + n < s->n && s->columns[at + n].uuid ==
		    s->columns[at].uuid; n++)
			;
		fill(s, at, n);
	}
}

int
metrics_rows(struct metrics *m, const struct metrics_query *q,
    struct rows **out)
{
	struct reply *r = mem_zalloc(sizeof(*r));
	struct search s = { .m = m, .q = q, .r = r };
	int rc;

	r->arena = arena_new();
	pthread_mutex_lock(&m->lock);
	rc = reserve(&s, &r->bytes);
	pthread_mutex_unlock(&m->lock);
	if (rc) {
		metrics_rows_free(m, &r->rows);
		return rc;
	}
	fill_all(&s);
	*out = &r->rows;
	return 0;
}

void
metrics_rows_free(struct metrics *m, struct rows *rows)
{
	struct reply *r = (struct reply *)rows;

	pthread_mutex_lock(&m->lock);
	m->reply_bytes -= r->bytes;
	pthread_cond_broadcast(&m->freed);
	pthread_mutex_unlock(&m->lock);
	arena_free(r->arena);
	free(rows->v);
	free(r);
}

/* -- one owner -- */

int
metrics_image(struct metrics *m, struct arena *a, enum metrics_class class,
    const char *uuid, struct image *out)
{
	struct image old;
	int rc = metrics_read(m, a, class, uuid, &old);
	struct owner *o;

	pthread_mutex_lock(&m->lock);
	o = metrics_find(m, class, uuid);
	if (o)
		image_make(a, &o->rrd, rc ? NULL : &old, out);
	pthread_mutex_unlock(&m->lock);
	if (o)
		return 0;
	if (!rc)
		*out = old;
	return rc;
}

int
metrics_now(struct metrics *m, struct arena *a, enum metrics_class class,
    const char *uuid, struct image *out)
{
	struct owner *o;

	*out = (struct image){ 0 };
	pthread_mutex_lock(&m->lock);
	o = metrics_find(m, class, uuid);
	if (o && metrics_is_live(m, o)) {
		out->slot = o->rrd.slot;
		out->v = arena_alloc(a, ((size_t)o->rrd.n + 1) *
		    sizeof(*out->v));
		for (int i = 0; i < o->rrd.n; i++) {
			const struct rrd_source *s = &o->rrd.sources[i];

			if (s->def)
				out->v[out->n++] = (struct image_source){
					.name = arena_strdup(a, s->name),
					.def = s->def, .value = s->value,
					.recorded = s->rows != NULL };
		}
	}
	pthread_mutex_unlock(&m->lock);
	return out->v ? 0 : -ENOENT;
}

/* -- Prometheus -- */

/* What stands for the '*' of the definition. */
static int
instance(const struct rrd_def *def, const char *name, const char **at_out)
{
	const char *star = strchr(def->name, '*');

	if (!star)
		return 0;
	*at_out = name + (star - def->name);
	return (int)(strlen(name) - (strlen(def->name) - 1));
}

static void
put_value(struct buf *out, const struct owner *o, const struct rrd_source *s)
{
	const struct rrd_def *def = s->def;
	char number[TEXT_NUMBER];
	const char *at = "";
	int n = instance(def, s->name, &at);

	text_number(number, (double)s->value * def->factor);
	buf_addf(out, "bedplate_%s{uuid=\"%s\"", def->family, o->uuid);
	if (def->label)
		buf_addf(out, ",%s=\"%.*s\"", def->label, n, at);
	buf_addf(out, "} %s\n", number);
}

/* Locked: all values of a family together. */
static void
put_family(struct metrics *m, struct buf *out, enum metrics_class class,
    const struct rrd_def *def)
{
	bool begun = false;

	if (!def->family)
		return;
	for (int i = 0; i < BUCKETS; i++) {
		for (struct owner *o = m->buckets[i]; o; o = o->next) {
			if (o->class != class || !metrics_is_live(m, o))
				continue;
			for (int j = 0; j < o->rrd.n; j++) {
				const struct rrd_source *s =
				    &o->rrd.sources[j];

				if (s->def != def || isnan(s->value))
					continue;
				if (!begun)
					buf_addf(out, "# HELP bedplate_%s %s\n"
					    "# TYPE bedplate_%s gauge\n",
					    def->family, def->description,
					    def->family);
				begun = true;
				put_value(out, o, s);
			}
		}
	}
}

static void
put_counter(struct buf *out, const char *name, const char *help, uint64_t x)
{
	buf_addf(out, "# HELP bedplate_metrics_%s %s\n"
	    "# TYPE bedplate_metrics_%s counter\nbedplate_metrics_%s %llu\n",
	    name, help, name, name, (unsigned long long)x);
}

void
metrics_prometheus(struct metrics *m, struct buf *out)
{
	pthread_mutex_lock(&m->lock);
	for (int i = 0; i < HOST_DEFS; i++)
		put_family(m, out, METRICS_HOST, &host_defs[i]);
	for (int i = 0; i < VM_DEFS; i++)
		put_family(m, out, METRICS_VM, &vm_defs[i]);
	for (int i = 0; i < DISK_DEFS; i++)
		put_family(m, out, METRICS_SR, &sr_defs[i]);
	put_counter(out, "written_files_total",
	    "Files of archives that were written", m->files);
	put_counter(out, "written_bytes_total", "What was written to them",
	    m->bytes);
	put_counter(out, "write_failures_total",
	    "Files of archives that could not be written", m->failures);
	pthread_mutex_unlock(&m->lock);
}
