#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/type.h"

const struct type type_void = { .kind = KIND_VOID };
const struct type type_string = {
	.kind = KIND_STRING, .size = sizeof(const char *),
};
const struct type type_int = { .kind = KIND_INT, .size = sizeof(int64_t) };
const struct type type_float = { .kind = KIND_FLOAT, .size = sizeof(double) };
const struct type type_bool = { .kind = KIND_BOOL, .size = sizeof(bool) };
const struct type type_datetime = {
	.kind = KIND_DATETIME, .size = sizeof(int64_t),
};
const struct type type_string_set = {
	.kind = KIND_SET, .size = sizeof(struct vec), .elem = &type_string,
};
const struct type type_string_map = {
	.kind = KIND_MAP, .size = sizeof(struct vec),
	.key = &type_string, .elem = &type_string,
};

static size_t
round8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

size_t
type_pair_size(const struct type *map)
{
	return round8(map->key->size) + round8(map->elem->size);
}

size_t
type_pair_value(const struct type *map)
{
	return round8(map->key->size);
}

int
enum_parse(const struct enum_type *en, const char *text)
{
	int i;

	for (i = 0; i < en->n; i++) {
		if (en->exact ? !strcmp(en->names[i], text) :
		    !strcasecmp(en->names[i], text))
			return i;
	}
	return -1;
}

const struct field *
record_field(const struct record_type *rt, const char *name)
{
	uint16_t i;

	for (i = 0; i < rt->n; i++) {
		if (!strcmp(rt->fields[i].name, name))
			return &rt->fields[i];
	}
	return NULL;
}

static void
copy_array(const struct type *t, struct vec *dst, const struct vec *src,
    struct arena *a)
{
	size_t step = t->kind == KIND_SET ? t->elem->size : type_pair_size(t);
	size_t value = t->kind == KIND_SET ? 0 : type_pair_value(t);
	const char *from = src->v;
	char *to;
	uint32_t i;

	dst->n = src->n;
	dst->v = NULL;
	if (!src->n)
		return;
	to = arena_alloc(a, step * src->n);
	dst->v = to;
	for (i = 0; i < src->n; i++, from += step, to += step) {
		if (t->kind == KIND_MAP)
			type_copy(t->key, to, from, a);
		type_copy(t->elem, to + value, from + value, a);
	}
}

static void
copy_blob(struct blob *dst, const struct blob *src, struct arena *a)
{
	dst->len = src->len;
	dst->data = src->len ? arena_memdup(a, src->data, src->len) : NULL;
}

void
type_copy(const struct type *t, void *dst, const void *src, struct arena *a)
{
	const char *s;

	switch (t->kind) {
	case KIND_STRING:
		s = *(const char *const *)src;
		*(const char **)dst = s ? arena_strdup(a, s) : NULL;
		break;
	case KIND_SET:
	case KIND_MAP:
		copy_array(t, dst, src, a);
		break;
	case KIND_RECORD:
		record_copy(t->rec, dst, src, a);
		break;
	case KIND_BLOB:
		copy_blob(dst, src, a);
		break;
	default:
		if (t->size)
			memcpy(dst, src, t->size);
	}
}

void
record_copy(const struct record_type *rt, void *dst, const void *src,
    struct arena *a)
{
	uint16_t i;

	for (i = 0; i < rt->n; i++) {
		const struct field *f = &rt->fields[i];

		type_copy(f->type, (char *)dst + f->offset,
		    (const char *)src + f->offset, a);
	}
}

static bool
array_equal(const struct type *t, const struct vec *a, const struct vec *b)
{
	size_t step = t->kind == KIND_SET ? t->elem->size : type_pair_size(t);
	size_t value = t->kind == KIND_SET ? 0 : type_pair_value(t);
	const char *pa = a->v, *pb = b->v;
	uint32_t i;

	if (a->n != b->n)
		return false;
	if (pa == pb)
		return true;
	for (i = 0; i < a->n; i++, pa += step, pb += step) {
		if (t->kind == KIND_MAP && !type_equal(t->key, pa, pb))
			return false;
		if (!type_equal(t->elem, pa + value, pb + value))
			return false;
	}
	return true;
}

static bool
string_equal(const char *a, const char *b)
{
	return a == b || !strcmp(a ? a : "", b ? b : "");
}

static bool
blob_equal(const struct blob *a, const struct blob *b)
{
	return a->len == b->len && (!a->len ||
	    !memcmp(a->data, b->data, a->len));
}

static bool
record_equal(const struct record_type *rt, const char *a, const char *b)
{
	uint16_t i;

	for (i = 0; i < rt->n; i++) {
		const struct field *f = &rt->fields[i];

		if (!type_equal(f->type, a + f->offset, b + f->offset))
			return false;
	}
	return true;
}

/* Floats are compared by bits, so that NaN equals itself. */
bool
type_equal(const struct type *t, const void *a, const void *b)
{
	switch (t->kind) {
	case KIND_STRING:
		return string_equal(*(const char *const *)a,
		    *(const char *const *)b);
	case KIND_SET:
	case KIND_MAP:
		return array_equal(t, a, b);
	case KIND_RECORD:
		return record_equal(t->rec, a, b);
	case KIND_BLOB:
		return blob_equal(a, b);
	default:
		return !t->size || !memcmp(a, b, t->size);
	}
}
