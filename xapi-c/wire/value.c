#include "wire/value.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "wire/emit.h"

static const char *
kind_name(const struct value *v)
{
	static const char *const names[] = {
		[VALUE_NIL] = "nil", [VALUE_STRING] = "a string",
		[VALUE_INT] = "an int", [VALUE_FLOAT] = "a float",
		[VALUE_BOOL] = "a bool", [VALUE_DATETIME] = "a dateTime",
		[VALUE_ARRAY] = "an array", [VALUE_STRUCT] = "a struct",
	};

	return names[v->kind];
}

static int
mismatch(struct decoder *d, const struct value *v, const char *wanted)
{
	d->err.fault = DECODE_TYPE;
	if (v->kind == VALUE_STRING || v->kind == VALUE_DATETIME)
		d->err.text = arena_printf(d->arena,
		    "expected %s, got the %s \"%.100s\"", wanted,
		    v->kind == VALUE_STRING ? "string" : "dateTime", v->s);
	else
		d->err.text = arena_printf(d->arena, "expected %s, got %s",
		    wanted, kind_name(v));
	return -1;
}

static int
decode_string(struct decoder *d, const struct value *v, const char **out)
{
	if (v->kind != VALUE_STRING)
		return mismatch(d, v, "a string");
	if (d->check_utf8 && strstr(v->s, UTF8_REPLACEMENT)) {
		d->err.fault = DECODE_UTF8;
		d->err.text = v->s;
		return -1;
	}
	*out = v->s;
	return 0;
}

static int
decode_int(struct decoder *d, const struct value *v, int64_t *out)
{
	char *end;
	long long n;

	if (v->kind == VALUE_INT) {
		*out = v->i;
		return 0;
	}
	/* JavaScript has no ints: take a float that is one. */
	if (v->kind == VALUE_FLOAT && v->d == trunc(v->d) &&
	    fabs(v->d) < 9007199254740992.0) {
		*out = (int64_t)v->d;
		return 0;
	}
	if (v->kind != VALUE_STRING || v->s[0] == '\0')
		return mismatch(d, v, "an int");
	errno = 0;
	n = strtoll(v->s, &end, 10);
	if (errno || *end || end == v->s)
		return mismatch(d, v, "an int");
	*out = n;
	return 0;
}

static int
decode_float(struct decoder *d, const struct value *v, double *out)
{
	char *end;

	if (v->kind == VALUE_FLOAT) {
		*out = v->d;
		return 0;
	}
	if (v->kind == VALUE_INT) {
		*out = (double)v->i;
		return 0;
	}
	if (v->kind != VALUE_STRING || v->s[0] == '\0')
		return mismatch(d, v, "a float");
	*out = strtod(v->s, &end);
	if (*end)
		return mismatch(d, v, "a float");
	return 0;
}

static int
decode_enum(struct decoder *d, const struct enum_type *en,
    const struct value *v, int *out)
{
	const char *s = "";
	int i;

	if (decode_string(d, v, &s))
		return -1;
	i = enum_parse(en, s);
	if (i < 0)
		return mismatch(d, v, en->name);
	*out = i;
	return 0;
}

static int
decode_ref(struct decoder *d, const char *cls, const char *s, struct ref *out)
{
	*out = REF_NULL;
	if (s[0] == '\0' || ref_parse(s, out))
		return 0;
	d->err.fault = DECODE_REF;
	d->err.text = s;
	d->err.cls = cls ? cls : "";
	return -1;
}

static int
decode_set(struct decoder *d, const struct type *t, const struct value *v,
    struct vec *out)
{
	char *items;
	uint32_t i;

	if (v->kind != VALUE_ARRAY)
		return mismatch(d, v, "an array");
	items = arena_alloc(d->arena, (size_t)v->n * t->elem->size + 1);
	for (i = 0; i < v->n; i++) {
		if (value_decode(d, t->elem, &v->items[i],
			items + (size_t)i * t->elem->size))
			return -1;
	}
	out->v = items;
	out->n = v->n;
	return 0;
}

static int
decode_map(struct decoder *d, const struct type *t, const struct value *v,
    struct vec *out)
{
	size_t pair = type_pair_size(t), at = type_pair_value(t);
	struct value key = { .kind = VALUE_STRING };
	char *items;
	uint32_t i;

	if (v->kind != VALUE_STRUCT)
		return mismatch(d, v, "a struct");
	items = arena_alloc(d->arena, (size_t)v->n * pair + 1);
	for (i = 0; i < v->n; i++) {
		key.s = v->members[i].name;
		if (value_decode(d, t->key, &key, items + i * pair) ||
		    value_decode(d, t->elem, &v->members[i].v,
			items + i * pair + at))
			return -1;
	}
	out->v = items;
	out->n = v->n;
	return 0;
}

const struct value *
value_member(const struct value *v, const char *name)
{
	uint32_t i;

	if (v->kind != VALUE_STRUCT)
		return NULL;
	for (i = 0; i < v->n; i++) {
		if (strcmp(v->members[i].name, name) == 0)
			return &v->members[i].v;
	}
	return NULL;
}

static int
decode_record(struct decoder *d, const struct record_type *rt,
    const struct value *v, void *out, bool ctor)
{
	const struct field *f;
	const struct value *m;
	uint16_t i;

	if (v->kind != VALUE_STRUCT)
		return mismatch(d, v, "a struct");
	if (rt->dflt)
		memcpy(out, rt->dflt, rt->size);
	else
		memset(out, 0, rt->size);
	for (i = 0; i < rt->n; i++) {
		f = &rt->fields[i];
		if (ctor && !(f->flags & FIELD_CTOR))
			continue;
		m = value_member(v, f->name);
		if (!m && ctor && (f->flags & FIELD_REQUIRED)) {
			d->err.fault = DECODE_TYPE;
			d->err.text = arena_printf(d->arena,
			    "the record lacks the member \"%s\"", f->name);
			return -1;
		}
		if (m && value_decode(d, f->type, m, (char *)out + f->offset))
			return -1;
	}
	return 0;
}

int
value_decode_ctor(struct decoder *d, const struct record_type *rt,
    const struct value *v, void *out)
{
	return decode_record(d, rt, v, out, true);
}

static int
decode_datetime(struct decoder *d, const struct value *v, int64_t *out)
{
	if ((v->kind != VALUE_DATETIME && v->kind != VALUE_STRING) ||
	    !datetime_parse(v->s, out))
		return mismatch(d, v, "a dateTime as in 20261121T11:09:20Z");
	return 0;
}

int
value_decode(struct decoder *d, const struct type *t, const struct value *v,
    void *out)
{
	const char *s = "";

	switch (t->kind) {
	case KIND_STRING:
		return decode_string(d, v, out);
	case KIND_INT:
		return decode_int(d, v, out);
	case KIND_FLOAT:
		return decode_float(d, v, out);
	case KIND_BOOL:
		if (v->kind != VALUE_BOOL)
			return mismatch(d, v, "a bool");
		*(bool *)out = v->b;
		return 0;
	case KIND_DATETIME:
		return decode_datetime(d, v, out);
	case KIND_ENUM:
		return decode_enum(d, t->en, v, out);
	case KIND_REF:
		if (decode_string(d, v, &s))
			return -1;
		return decode_ref(d, t->cls, s, out);
	case KIND_SET:
		return decode_set(d, t, v, out);
	case KIND_MAP:
		return decode_map(d, t, v, out);
	case KIND_RECORD:
		return decode_record(d, t->rec, v, out, false);
	case KIND_VOID:
	case KIND_BLOB:
		break;
	}
	return mismatch(d, v, "nothing");
}
