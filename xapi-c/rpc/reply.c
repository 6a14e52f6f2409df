#include "rpc/reply.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/db.h"

/* Below this a copy is cheaper than a slice of its own. */
#define COPY_MAX 256

static void
add_slice(struct reply *r, const struct slice *s)
{
	if (r->n == r->cap) {
		r->cap = r->cap ? r->cap * 2 : 16;
		r->slices = mem_realloc(r->slices,
		    r->cap * sizeof(*r->slices));
	}
	r->slices[r->n++] = *s;
	r->len += s->len;
}

static void
take_text(struct reply *r)
{
	struct slice s = { .at = r->taken, .len = r->text.len - r->taken };

	if (s.len == 0)
		return;
	r->taken = r->text.len;
	add_slice(r, &s);
}

void
reply_object(struct reply *r, const struct object *o, enum form form)
{
	const struct encoded *e = object_encoded(o, form);
	struct slice s = { .data = e->data, .len = e->len, .keep = o };

	if (e->len <= COPY_MAX) {
		buf_add(&r->text, e->data, e->len);
		return;
	}
	take_text(r);
	object_get(o);
	add_slice(r, &s);
}

void
reply_bytes(struct reply *r, const char *data, size_t len)
{
	const struct slice s = { .data = data, .len = len };

	take_text(r);
	if (len)
		add_slice(r, &s);
}

void
reply_finish(struct reply *r)
{
	take_text(r);
}

int
reply_iov(struct reply *r, size_t skip, struct iovec *iov, int max)
{
	const struct slice *s;
	const char *data;
	size_t i;
	int n = 0;

	for (skip -= r->gone_len; r->gone < r->n; r->gone++) {
		s = &r->slices[r->gone];
		if (skip < s->len)
			break;
		skip -= s->len;
		r->gone_len += s->len;
	}
	for (i = r->gone; i < r->n && n < max; i++) {
		s = &r->slices[i];
		data = s->data ? s->data : r->text.data + s->at;
		iov[n].iov_base = (void *)(data + skip);
		iov[n].iov_len = s->len - skip;
		skip = 0;
		n++;
	}
	return n;
}

size_t
reply_memory(const struct reply *r)
{
	return r->text.cap + r->cap * sizeof(*r->slices);
}

void
reply_release(struct reply *r)
{
	size_t i;

	for (i = 0; i < r->n; i++) {
		if (r->slices[i].keep)
			object_put(r->slices[i].keep);
	}
	free(r->slices);
	buf_release(&r->text);
	memset(r, 0, sizeof(*r));
}
