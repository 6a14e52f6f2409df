#include "cli/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "api/call.h"
#include "gen/types.h"
#include "wire/emit.h"

bool
cli_text_same(const char *a, const char *b)
{
	char x, y;

	do {
		x = *a == '_' ? '-' : (char)tolower((unsigned char)*a);
		y = *b == '_' ? '-' : (char)tolower((unsigned char)*b);
		a++;
		b++;
	} while (x == y && x);
	return x == y;
}

static void
add_ref(struct buf *b, const struct db_root *root, const struct type *t,
    const struct ref *r)
{
	int id = t->cls ? call_class(t->cls) : CLASS_N;
	const struct object *o = NULL;
	const char *uuid = NULL;

	if (id < CLASS_N && !ref_is_null(r))
		o = db_find(root, id, r);
	if (o && o->cls->uuid_field >= 0)
		uuid = *(const char *const *)((const char *)o +
		    o->cls->rec.fields[o->cls->uuid_field].offset);
	buf_adds(b, uuid ? uuid : CLI_NO_OBJECT);
}

/* Power states are written small, as they always were. */
static void
add_enum(struct buf *b, const struct enum_type *en, int v)
{
	const char *name = en->names[v];

	if (en != &enum_vm_power_state) {
		buf_adds(b, name);
		return;
	}
	for (; *name; name++)
		buf_addc(b, (char)tolower((unsigned char)*name));
}

static void
add_items(struct buf *b, const struct db_root *root, const struct type *t,
    const struct vec *v)
{
	bool map = t->kind == KIND_MAP;
	size_t step = map ? type_pair_size(t) : t->elem->size;
	const char *p = v->v;

	for (uint32_t i = 0; i < v->n; i++, p += step) {
		if (i)
			buf_adds(b, "; ");
		if (map) {
			cli_text_add(b, root, t->key, p);
			buf_adds(b, ": ");
		}
		cli_text_add(b, root, t->elem,
		    map ? p + type_pair_value(t) : p);
	}
}

void
cli_text_add(struct buf *b, const struct db_root *root, const struct type *t,
    const void *v)
{
	char date[DATETIME_TEXT_LEN];
	const char *s;

	switch (t->kind) {
	case KIND_STRING:
		s = *(const char *const *)v;
		buf_adds(b, s ? s : "");
		break;
	case KIND_INT:
		buf_addf(b, "%" PRId64, *(const int64_t *)v);
		break;
	case KIND_FLOAT:
		buf_addf(b, "%.3f", *(const double *)v);
		break;
	case KIND_BOOL:
		buf_adds(b, *(const bool *)v ? "true" : "false");
		break;
	case KIND_DATETIME:
		buf_adds(b, datetime_text(*(const int64_t *)v, date));
		break;
	case KIND_ENUM:
		add_enum(b, t->en, *(const int *)v);
		break;
	case KIND_REF:
		add_ref(b, root, t, v);
		break;
	case KIND_SET:
	case KIND_MAP:
		add_items(b, root, t, v);
		break;
	default:
		break;
	}
}
