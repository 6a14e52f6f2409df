#include <errno.h>
#include <string.h>

#include "base/codec.h"

enum form { FORM_VARINT, FORM_FIXED64, FORM_BYTES };

/* What is left to read, and what decoding may still allocate. */
struct reader {
	const uint8_t *p;
	const uint8_t *end;
	struct arena *arena;
	size_t *budget;
	int depth;
};

static enum form
form_of(const struct type *t)
{
	switch (t->kind) {
	case KIND_INT:
	case KIND_DATETIME:
	case KIND_ENUM:
	case KIND_BOOL:
		return FORM_VARINT;
	case KIND_FLOAT:
		return FORM_FIXED64;
	default:
		return FORM_BYTES;
	}
}

static uint64_t
zigzag(int64_t v)
{
	return ((uint64_t)v << 1) ^ (v < 0 ? UINT64_MAX : 0);
}

static int64_t
unzigzag(uint64_t v)
{
	return (int64_t)((v >> 1) ^ (v & 1 ? UINT64_MAX : 0));
}

static size_t
varint_put(uint8_t out[static 10], uint64_t v)
{
	size_t n = 0;

	while (v >= 0x80) {
		out[n++] = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	out[n++] = (uint8_t)v;
	return n;
}

void
codec_add_varint(struct buf *b, uint64_t v)
{
	uint8_t bytes[10];

	buf_add(b, bytes, varint_put(bytes, v));
}

static void
add_fixed64(struct buf *b, const void *value)
{
	uint64_t v;
	uint8_t bytes[8];
	int i;

	memcpy(&v, value, sizeof(v));
	for (i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(v >> (8 * i));
	buf_add(b, bytes, sizeof(bytes));
}

/* Puts the length of what was appended since start in front of it. */
static void
close_bytes(struct buf *b, size_t start)
{
	uint8_t bytes[10];
	size_t len = b->len - start;
	size_t n = varint_put(bytes, len);

	buf_reserve(b, n);
	memmove(b->data + start + n, b->data + start, len);
	memcpy(b->data + start, bytes, n);
	b->len += n;
}

static void add_value(struct buf *b, const struct type *t, const void *v);

static void
add_array(struct buf *b, const struct type *t, const struct vec *vec)
{
	size_t step = t->kind == KIND_SET ? t->elem->size : type_pair_size(t);
	size_t value = t->kind == KIND_SET ? 0 : type_pair_value(t);
	const char *p = vec->v;
	uint32_t i;

	for (i = 0; i < vec->n; i++, p += step) {
		if (t->kind == KIND_MAP)
			add_value(b, t->key, p);
		add_value(b, t->elem, p + value);
	}
}

static void
add_bytes(struct buf *b, const struct type *t, const void *v)
{
	const struct blob *blob = v;
	const char *s;
	size_t start = b->len;

	switch (t->kind) {
	case KIND_STRING:
		s = *(const char *const *)v;
		buf_adds(b, s ? s : "");
		break;
	case KIND_REF:
		buf_add(b, v, sizeof(struct ref));
		break;
	case KIND_BLOB:
		buf_add(b, blob->data, blob->len);
		break;
	case KIND_SET:
	case KIND_MAP:
		add_array(b, t, v);
		break;
	case KIND_RECORD:
		codec_encode(b, t->rec, v, 0);
		break;
	default:
		break;
	}
	close_bytes(b, start);
}

static void
add_value(struct buf *b, const struct type *t, const void *v)
{
	switch (t->kind) {
	case KIND_INT:
	case KIND_DATETIME:
		codec_add_varint(b, zigzag(*(const int64_t *)v));
		break;
	case KIND_ENUM:
		codec_add_varint(b, zigzag(*(const int *)v));
		break;
	case KIND_BOOL:
		codec_add_varint(b, *(const bool *)v);
		break;
	case KIND_FLOAT:
		add_fixed64(b, v);
		break;
	default:
		add_bytes(b, t, v);
	}
}

void
codec_encode_field(struct buf *b, const struct field *f, const void *rec)
{
	codec_add_varint(b, (uint64_t)f->tag << 3 | form_of(f->type));
	add_value(b, f->type, (const char *)rec + f->offset);
}

void
codec_encode(struct buf *b, const struct record_type *rt, const void *rec,
    uint32_t mask)
{
	uint16_t i;

	for (i = 0; i < rt->n; i++) {
		const struct field *f = &rt->fields[i];

		if (mask && !(f->flags & mask))
			continue;
		if (type_equal(f->type, (const char *)rec + f->offset,
		    (const char *)rt->dflt + f->offset))
			continue;
		codec_encode_field(b, f, rec);
	}
}

bool
codec_get_varint(const uint8_t **p, const uint8_t *end, uint64_t *v_out)
{
	uint64_t v = 0;
	int shift;

	for (shift = 0; shift < 64 && *p < end; shift += 7) {
		uint8_t c = *(*p)++;

		if (shift == 63 && c > 1)
			return false;
		v |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80)) {
			*v_out = v;
			return true;
		}
	}
	return false;
}

bool
codec_get_bytes(const uint8_t **p, const uint8_t *end, const uint8_t **data,
    size_t *len)
{
	uint64_t n;

	if (!codec_get_varint(p, end, &n) || n > (uint64_t)(end - *p))
		return false;
	*data = *p;
	*len = (size_t)n;
	*p += n;
	return true;
}

/* Skips one value of that form. */
static bool
skip_value(struct reader *r, unsigned int form)
{
	const uint8_t *data;
	uint64_t v;
	size_t len;

	switch (form) {
	case FORM_VARINT:
		return codec_get_varint(&r->p, r->end, &v);
	case FORM_FIXED64:
		if (r->end - r->p < 8)
			return false;
		r->p += 8;
		return true;
	case FORM_BYTES:
		return codec_get_bytes(&r->p, r->end, &data, &len);
	default:
		return false;
	}
}

bool
codec_skip_field(const uint8_t **p, const uint8_t *end, uint64_t *tag_out)
{
	struct reader r = { .p = *p, .end = end };
	uint64_t head;

	if (!codec_get_varint(&r.p, end, &head) || !skip_value(&r, head & 7))
		return false;
	*tag_out = head >> 3;
	*p = r.p;
	return true;
}

static void *
reader_alloc(struct reader *r, size_t size)
{
	if (size > *r->budget)
		return NULL;
	*r->budget -= size;
	return arena_alloc(r->arena, size);
}

static bool get_value(struct reader *r, const struct type *t, void *v);

static bool
get_string(struct reader *r, const char **v, const uint8_t *data, size_t len)
{
	char *s;

	if (len && memchr(data, 0, len))
		return false;
	s = reader_alloc(r, len + 1);
	if (!s)
		return false;
	if (len)
		memcpy(s, data, len);
	*v = s;
	return true;
}

static bool
get_blob(struct reader *r, struct blob *v, const uint8_t *data, size_t len)
{
	uint8_t *d = NULL;

	if (len) {
		d = reader_alloc(r, len);
		if (!d)
			return false;
		memcpy(d, data, len);
	}
	v->data = d;
	v->len = (uint32_t)len;
	return true;
}

/* Number of elements (pairs) in the rest of r, or -1. */
static int64_t
count_elements(struct reader r, const struct type *t)
{
	int64_t n = 0;

	while (r.p < r.end) {
		if (t->kind == KIND_MAP && !skip_value(&r, form_of(t->key)))
			return -1;
		if (!skip_value(&r, form_of(t->elem)))
			return -1;
		if (++n > CODEC_MAX_ELEMENTS)
			return -1;
	}
	return n;
}

static bool
get_array(struct reader *r, const struct type *t, struct vec *vec)
{
	size_t step = t->kind == KIND_SET ? t->elem->size : type_pair_size(t);
	size_t value = t->kind == KIND_SET ? 0 : type_pair_value(t);
	int64_t n = count_elements(*r, t);
	char *p = NULL;

	if (n < 0)
		return false;
	if (n) {
		p = reader_alloc(r, step * (size_t)n);
		if (!p)
			return false;
	}
	vec->v = p;
	vec->n = (uint32_t)n;
	for (; n > 0; n--, p += step) {
		if (t->kind == KIND_MAP && !get_value(r, t->key, p))
			return false;
		if (!get_value(r, t->elem, p + value))
			return false;
	}
	return true;
}

static bool get_fields(struct reader *r, const struct record_type *rt,
    void *rec, struct buf *extra);

static bool
get_bytes_value(struct reader *r, const struct type *t, void *v)
{
	struct reader in = *r;
	const uint8_t *data;
	size_t len;

	if (!codec_get_bytes(&r->p, r->end, &data, &len))
		return false;
	in.p = data;
	in.end = data + len;
	in.depth = r->depth + 1;
	if (in.depth > CODEC_MAX_DEPTH)
		return false;
	switch (t->kind) {
	case KIND_STRING:
		return get_string(r, v, data, len);
	case KIND_REF:
		if (len != sizeof(struct ref))
			return false;
		memcpy(v, data, len);
		return true;
	case KIND_BLOB:
		return get_blob(r, v, data, len);
	case KIND_SET:
	case KIND_MAP:
		return get_array(&in, t, v);
	case KIND_RECORD:
		memcpy(v, t->rec->dflt, t->rec->size);
		return get_fields(&in, t->rec, v, NULL);
	default:
		return len == 0;
	}
}

static bool
get_float(struct reader *r, double *v)
{
	uint64_t u = 0;
	int i;

	if (r->end - r->p < 8)
		return false;
	for (i = 0; i < 8; i++)
		u |= (uint64_t)r->p[i] << (8 * i);
	r->p += 8;
	memcpy(v, &u, sizeof(u));
	return true;
}

static bool
get_value(struct reader *r, const struct type *t, void *v)
{
	uint64_t u;

	if (t->kind == KIND_FLOAT)
		return get_float(r, v);
	if (form_of(t) == FORM_BYTES)
		return get_bytes_value(r, t, v);
	if (!codec_get_varint(&r->p, r->end, &u))
		return false;
	switch (t->kind) {
	case KIND_BOOL:
		*(bool *)v = u == 1;
		return u <= 1;
	case KIND_ENUM:
		if (unzigzag(u) < 0 || unzigzag(u) >= t->en->n)
			return false;
		*(int *)v = (int)unzigzag(u);
		return true;
	default:
		*(int64_t *)v = unzigzag(u);
		return true;
	}
}

static const struct field *
field_by_tag(const struct record_type *rt, uint64_t tag, uint16_t *hint)
{
	uint16_t i, at;

	for (i = 0; i < rt->n; i++) {
		at = (uint16_t)((*hint + i) % rt->n);
		if (rt->fields[at].tag == tag) {
			*hint = (uint16_t)(at + 1);
			return &rt->fields[at];
		}
	}
	return NULL;
}

static bool
get_fields(struct reader *r, const struct record_type *rt, void *rec,
    struct buf *extra)
{
	uint16_t hint = 0;

	while (r->p < r->end) {
		const uint8_t *start = r->p;
		const struct field *f;
		uint64_t head;

		if (!codec_get_varint(&r->p, r->end, &head))
			return false;
		f = field_by_tag(rt, head >> 3, &hint);
		if (!f) {
			if (!skip_value(r, head & 7))
				return false;
			if (extra)
				buf_add(extra, start, (size_t)(r->p - start));
			continue;
		}
		if ((head & 7) != form_of(f->type))
			return false;
		if (!get_value(r, f->type, (char *)rec + f->offset))
			return false;
	}
	return true;
}

int
codec_decode(struct arena *a, const struct record_type *rt, void *rec,
    const void *data, size_t len, struct buf *extra)
{
	size_t budget = CODEC_MAX_MEMORY;
	struct reader r = { .p = data, .arena = a, .budget = &budget };

	if (!len)			/* data may be NULL */
		return 0;
	r.end = r.p + len;
	return get_fields(&r, rt, rec, extra) ? 0 : -EBADMSG;
}
