#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/mem.h"
#include "db/db.h"
#include "db/encoded.h"
#include "db/object.h"

/*
 * Lays out what an object points at behind its struct.  Run twice: without a
 * block it only counts (and destinations are NULL), then it copies.
 */
struct flat {
	char *block;
	size_t used;
};

static char *
flat_take(struct flat *f, size_t n, size_t align)
{
	char *p;

	f->used = (f->used + align - 1) & ~(align - 1);
	p = f->block ? f->block + f->used : NULL;
	f->used += n;
	return p;
}

static void *
at(void *p, size_t offset)
{
	return p ? (char *)p + offset : NULL;
}

static void flat_value(struct flat *f, const struct type *t, void *dst,
    const void *src);

static void
flat_string(struct flat *f, const char **dst, const char *s)
{
	size_t n;
	char *copy;

	if (!s || !*s) {
		if (dst)
			*dst = "";
		return;
	}
	n = strlen(s) + 1;
	copy = flat_take(f, n, 1);
	if (copy)
		*dst = memcpy(copy, s, n);
}

static void
flat_blob(struct flat *f, struct blob *dst, const struct blob *src)
{
	uint8_t *copy;

	copy = (uint8_t *)flat_take(f, src->len, 1);
	if (!dst)
		return;
	if (src->len)
		memcpy(copy, src->data, src->len);
	dst->data = copy;
	dst->len = src->len;
}

static void
flat_array(struct flat *f, const struct type *t, struct vec *dst,
    const struct vec *src)
{
	size_t step = t->kind == KIND_SET ? t->elem->size : type_pair_size(t);
	size_t value = t->kind == KIND_SET ? 0 : type_pair_value(t);
	const char *from = src->v;
	char *to = NULL;
	uint32_t i;

	if (src->n)
		to = flat_take(f, step * src->n, 8);
	if (dst)
		*dst = (struct vec){ to, src->n };
	if (to)
		memset(to, 0, step * src->n);
	for (i = 0; i < src->n; i++, from += step) {
		char *pair = at(to, step * i);

		if (t->kind == KIND_MAP)
			flat_value(f, t->key, pair, from);
		flat_value(f, t->elem, at(pair, value), from + value);
	}
}

static void
flat_record(struct flat *f, const struct record_type *rt, void *dst,
    const void *src)
{
	uint16_t i;

	for (i = 0; i < rt->n; i++) {
		const struct field *fd = &rt->fields[i];

		flat_value(f, fd->type, at(dst, fd->offset),
		    (const char *)src + fd->offset);
	}
}

static void
flat_value(struct flat *f, const struct type *t, void *dst, const void *src)
{
	switch (t->kind) {
	case KIND_STRING:
		flat_string(f, dst, *(const char *const *)src);
		break;
	case KIND_SET:
	case KIND_MAP:
		flat_array(f, t, dst, src);
		break;
	case KIND_RECORD:
		flat_record(f, t->rec, dst, src);
		break;
	case KIND_BLOB:
		flat_blob(f, dst, src);
		break;
	default:
		if (dst && t->size)
			memcpy(dst, src, t->size);
	}
}

static void
flat_object(struct flat *f, const struct record_type *rt, char *dst,
    const char *src)
{
	uint16_t i;

	f->used = rt->size;
	for (i = 0; i < rt->n; i++) {
		const struct field *fd = &rt->fields[i];
		const char *from = src + fd->offset;
		const char *dflt = (const char *)rt->dflt + fd->offset;
		bool shared = fd->type->kind != KIND_STRING &&
		    type_equal(fd->type, from, dflt);

		if (!shared)
			flat_value(f, fd->type, at(dst, fd->offset), from);
		else if (dst && fd->type->size)
			memcpy(dst + fd->offset, dflt, fd->type->size);
	}
}

struct object *
object_new(const struct class_type *cls, const void *rec, const void *extra,
    size_t extra_len, uint64_t created, uint64_t changed)
{
	const struct object *from = rec;
	struct flat f = { 0 };
	struct object *o;

	flat_object(&f, &cls->rec, NULL, rec);
	o = mem_alloc(f.used + extra_len);
	memset(o, 0, cls->rec.size);
	f.block = (char *)o;
	flat_object(&f, &cls->rec, (char *)o, rec);

	o->ref = from->ref;
	o->cls = cls;
	o->bytes = (uint32_t)(f.used + extra_len);
	atomic_init(&o->refs, 1);
	o->created = created;
	o->changed = changed;
	if (extra_len) {
		o->extra = memcpy(f.block + f.used, extra, extra_len);
		o->extra_len = (uint32_t)extra_len;
	}
	return o;
}

size_t
object_stored_bytes(const struct class_type *cls, const void *rec)
{
	const struct record_type *rt = &cls->rec;
	struct flat f = { .used = rt->size };
	uint16_t i;

	for (i = 0; i < rt->n; i++) {
		const struct field *fd = &rt->fields[i];

		if (field_is_stored(cls, fd))
			flat_value(&f, fd->type, NULL,
			    (const char *)rec + fd->offset);
	}
	return f.used;
}

void
object_get(const struct object *o)
{
	atomic_fetch_add_explicit(&((struct object *)(uintptr_t)o)->refs, 1,
	    memory_order_relaxed);
}

void
object_put(const struct object *o)
{
	struct object *own = (struct object *)(uintptr_t)o;
	size_t i;

	if (!o || atomic_fetch_sub_explicit(&own->refs, 1,
	    memory_order_acq_rel) != 1)
		return;
	for (i = 0; i < sizeof(own->forms) / sizeof(own->forms[0]); i++)
		free(atomic_load_explicit(&own->forms[i],
		    memory_order_relaxed));
	free(own);
}

void
object_encode_row(struct buf *b, const struct object *o)
{
	const struct record_type *rt = &o->cls->rec;
	uint16_t i;

	for (i = 0; i < rt->n; i++) {
		const struct field *f = &rt->fields[i];

		if (field_is_stored(o->cls, f) && !type_equal(f->type,
		    (const char *)o + f->offset,
		    (const char *)rt->dflt + f->offset))
			codec_encode_field(b, f, o);
	}
	if (o->extra_len)
		buf_add(b, o->extra, o->extra_len);
}
