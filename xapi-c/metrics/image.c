#include "metrics/image.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/fdio.h"
#include "base/mem.h"

#define MAGIC "BEDRRD1\n"
#define HEAD 16				/* magic and sum */

enum { RECORDED = 1 };			/* flags of a source */

/* -- memory -- */

static const struct image_source *
find(const struct image *m, const char *name)
{
	for (int i = 0; m && i < m->n; i++)
		if (strcmp(m->v[i].name, name) == 0)
			return &m->v[i];
	return NULL;
}

static float *
empty_rows(struct arena *a, int archive)
{
	int n = rrd_archives[archive].rows;
	float *rows = arena_alloc(a, (size_t)n * sizeof(*rows));

	for (int i = 0; i < n; i++)
		rows[i] = NAN;
	return rows;
}

/* What is in memory counts, the file's rows where there is none. */
static void
fill(struct image_source *to, int archive, const struct rrd *r,
    const struct rrd_source *s, const struct image *old,
    const struct image_source *before)
{
	int n = rrd_archives[archive].rows, kept = rrd_archives[archive].kept;
	int64_t last = rrd_last_row(r->slot, archive), i;
	int64_t shift = old ? last - rrd_last_row(old->slot, archive) : 0;

	if (before && before->recorded && shift >= 0)
		for (i = 0; i < n - kept && i + shift < n; i++)
			to->rows[archive][i] =
			    before->rows[archive][i + shift];
	for (i = n - kept; i < n; i++)
		to->rows[archive][i] = rrd_row(r, s, archive,
		    last - (n - 1) + i);
}

void
image_make(struct arena *a, const struct rrd *r, const struct image *old,
    struct image *out)
{
	*out = (struct image){ .slot = r->slot, .n = r->n,
		.v = arena_alloc(a, (size_t)(r->n + 1) *
		    sizeof(struct image_source)) };
	for (int i = 0; i < r->n; i++) {
		const struct rrd_source *s = &r->sources[i];
		struct image_source *to = &out->v[i];

		to->name = arena_strdup(a, s->name);
		to->def = s->def;
		to->recorded = s->rows != NULL;
		to->counted = s->counted;
		to->count = s->count;
		to->value = s->value;
		for (int j = 0; s->rows && j < RRD_ARCHIVES; j++) {
			to->part[j] = s->rows->part[j];
			to->rows[j] = empty_rows(a, j);
			fill(to, j, r, s, old, find(old, s->name));
		}
	}
}

void
image_restore(const struct image *m, struct rrd *r)
{
	struct rrd_source *s;

	*r = (struct rrd){ .slot = m->slot };
	for (int i = 0; i < m->n; i++) {
		const struct image_source *from = &m->v[i];

		s = rrd_add(r, from->name);
		rrd_record(s, from->recorded);
		for (int a = 0; s->rows && a < RRD_ARCHIVES; a++) {
			int n = rrd_archives[a].rows;
			int64_t last = rrd_last_row(m->slot, a);

			s->rows->part[a] = from->part[a];
			for (int j = 0; j < rrd_archives[a].kept && j <= last;
			    j++)
				*rrd_place(s->rows, a, last - j) =
				    from->rows[a][n - 1 - j];
		}
	}
}

/* -- bytes, as a machine of low ends first has them -- */

static uint64_t
sum_of(const char *p, size_t n)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)p[i]) * 0x100000001b3u;
	return h;
}

static void
put(struct buf *b, const void *p, size_t n)
{
	buf_add(b, p, n);
}

static void
put_source(struct buf *b, const struct image_source *s)
{
	uint8_t len = (uint8_t)strlen(s->name);
	uint8_t flags = s->recorded ? RECORDED : 0;

	put(b, &len, 1);
	put(b, s->name, len);
	put(b, &flags, 1);
	for (int a = 0; s->recorded && a < RRD_ARCHIVES; a++) {
		int n = rrd_archives[a].rows, first = 0;
		uint16_t known;

		while (first < n && isnan(s->rows[a][first]))
			first++;
		known = (uint16_t)(n - first);
		put(b, &s->part[a].sum, 8);
		put(b, &s->part[a].known, 4);
		put(b, &known, 2);
		put(b, &s->rows[a][first], known * sizeof(float));
	}
}

void
image_encode(const struct image *m, struct buf *out)
{
	size_t start = out->len;
	uint16_t n = (uint16_t)m->n;
	uint64_t sum = 0;

	put(out, MAGIC, 8);
	put(out, &sum, 8);
	put(out, &m->slot, 8);
	put(out, &n, 2);
	for (int i = 0; i < m->n; i++)
		put_source(out, &m->v[i]);
	sum = sum_of(out->data + start + HEAD, out->len - start - HEAD);
	memcpy(out->data + start + 8, &sum, 8);
}

struct reader {
	const char *p;
	size_t left;
	bool bad;
};

static void
get(struct reader *in, void *to, size_t n)
{
	if (n > in->left)
		in->bad = true;
	if (in->bad) {
		memset(to, 0, n);
		return;
	}
	memcpy(to, in->p, n);
	in->p += n;
	in->left -= n;
}

static void
get_rows(struct reader *in, struct arena *a, struct image_source *s, int archive)
{
	struct rrd_part *part = &s->part[archive];
	int n = rrd_archives[archive].rows;
	uint16_t known;

	get(in, &part->sum, 8);
	get(in, &part->known, 4);
	get(in, &known, 2);
	in->bad |= known > n || part->known < 0 || !isfinite(part->sum) ||
	    part->known >= rrd_archives[archive].slots;
	if (in->bad)
		return;
	s->rows[archive] = empty_rows(a, archive);
	get(in, s->rows[archive] + n - known, known * sizeof(float));
}

static void
get_source(struct reader *in, struct arena *a, struct image_source *s)
{
	char name[256] = "";
	uint8_t len, flags;

	get(in, &len, 1);
	get(in, name, len);
	in->bad |= len == 0 || len > RRD_NAME_MAX || strlen(name) != len;
	get(in, &flags, 1);
	s->value = NAN;
	s->recorded = flags & RECORDED;
	for (int i = 0; s->recorded && !in->bad && i < RRD_ARCHIVES; i++)
		get_rows(in, a, s, i);
	if (!in->bad)
		s->name = arena_strdup(a, name);
}

int
image_decode(struct arena *a, const void *bytes, size_t len,
    struct image *out)
{
	struct reader in = { .p = bytes, .left = len };
	char magic[8];
	uint64_t sum;
	uint16_t n;

	*out = (struct image){ 0 };
	get(&in, magic, sizeof(magic));
	get(&in, &sum, 8);
	if (in.bad || memcmp(magic, MAGIC, 8) || sum != sum_of(in.p, in.left))
		return -EBADMSG;
	get(&in, &out->slot, 8);
	get(&in, &n, 2);
	if (in.bad || out->slot < 0 || out->slot > INT64_MAX / 1000 ||
	    n > RRD_MAX_SOURCES)
		return -EBADMSG;
	out->v = arena_alloc(a, (size_t)(n + 1) * sizeof(*out->v));
	for (int i = 0; i < n && !in.bad; i++) {
		get_source(&in, a, &out->v[i]);
		in.bad |= !in.bad && find(out, out->v[i].name);
		out->n = i + 1;
	}
	return in.bad || in.left ? -EBADMSG : 0;
}

int
image_read(struct arena *a, const char *path, struct image *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), rc = 0;
	struct stat st;
	char *bytes;

	if (fd == -1)
		return -errno;
	if (fstat(fd, &st) == -1) {
		rc = -errno;
	} else if (st.st_size > IMAGE_MAX_BYTES) {
		rc = -EBADMSG;
	} else {
		bytes = mem_alloc((size_t)st.st_size + 1);
		rc = fdio_read_all(fd, bytes, (size_t)st.st_size);
		if (!rc)
			rc = image_decode(a, bytes, (size_t)st.st_size, out);
		free(bytes);
	}
	close(fd);
	return rc;
}

int
image_write(const struct image *m, const char *path, size_t *bytes_out)
{
	const struct atomic_file how = { .mode = 0600 };
	struct buf b = { 0 };
	int rc;

	image_encode(m, &b);
	rc = atomic_file_write(path, b.data, b.len, &how);
	*bytes_out = rc ? 0 : b.len;
	buf_release(&b);
	return rc;
}
