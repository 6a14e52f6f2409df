#include "db/dump.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "db/object.h"
#include "wire/emit.h"
#include "wire/json_text.h"

#define DUMP_VERSION 1

/* -- writing -- */

struct writing {
	FILE *out;
	int class_id;
	bool secrets;
	int rc;
};

/* More digits than the wire has, so that nothing changes by a dump. */
static void
add_value(struct buf *b, const struct type *t, const void *v)
{
	if (t->kind == KIND_FLOAT)
		buf_addf(b, "\"%.17g\"", *(const double *)v);
	else
		emit_json_value(b, t, v);
}

static void
add_fields(struct buf *b, const struct object *o, bool secrets)
{
	const struct record_type *rt = &o->cls->rec;
	const char *sep = "";
	uint16_t i;

	for (i = 0; i < rt->n; i++) {
		const struct field *f = &rt->fields[i];
		const char *v = (const char *)o + f->offset;

		if (!field_is_stored(o->cls, f) ||
		    ((f->flags & FIELD_SECRET) && !secrets) ||
		    type_equal(f->type, v, (const char *)rt->dflt + f->offset))
			continue;
		buf_addf(b, "%s\"%s\":", sep, f->name);
		add_value(b, f->type, v);
		sep = ",";
	}
}

static int
write_object(const struct trie_entry *e, void *arg)
{
	const struct object *o = e->value;
	struct writing *w = arg;
	char ref[REF_TEXT_LEN + 1];
	struct buf b = { 0 };
	uint32_t i;

	if (o->cls->id != w->class_id)
		return 0;
	buf_addf(&b, "{\"class\":\"%s\",\"ref\":\"%s\",\"created\":%" PRIu64
	    ",\"fields\":{", o->cls->rec.name, ref_text(&o->ref, ref),
	    o->created);
	add_fields(&b, o, w->secrets);
	buf_addc(&b, '}');
	if (o->extra_len)
		buf_adds(&b, ",\"unknown\":\"");
	for (i = 0; i < o->extra_len; i++)
		buf_addf(&b, "%02x", o->extra[i]);
	buf_adds(&b, o->extra_len ? "\"}\n" : "}\n");
	if (fwrite(b.data, 1, b.len, w->out) != b.len)
		w->rc = -EIO;
	buf_release(&b);
	return w->rc;
}

static int
by_name(const void *a, const void *b)
{
	const struct class_type *const *x = a, *const *y = b;

	return strcmp((*x)->rec.name, (*y)->rec.name);
}

int
dump_write(FILE *out, const struct db_root *root,
    const struct class_type *const *classes, int n_classes,
    uint64_t generation_limit, bool secrets)
{
	struct writing w = { .out = out, .secrets = secrets };
	struct arena *a = arena_new();
	const struct class_type **sorted = arena_memdup(a, classes,
	    sizeof(classes[0]) * (size_t)n_classes);
	int i;

	qsort(sorted, (size_t)n_classes, sizeof(sorted[0]), by_name);
	fprintf(out, "{\"bedplate-database\":%d,\"generation_limit\":%" PRIu64
	    ",\"secrets\":%s}\n", DUMP_VERSION, generation_limit,
	    secrets ? "true" : "false");
	for (i = 0; i < n_classes && !w.rc; i++) {
		w.class_id = sorted[i]->id;
		if (!(sorted[i]->flags & CLASS_VOLATILE))
			trie_each(&root->objects, write_object, &w);
	}
	arena_free(a);
	if (!w.rc && fflush(out))
		w.rc = -EIO;
	return w.rc;
}

/* -- reading -- */

struct reading {
	struct load *l;
	struct db_txn t;
	int line;
};

static const char *
text_of(const struct value *v, const char *name)
{
	const struct value *m = value_member(v, name);

	return m && m->kind == VALUE_STRING ? m->s : "";
}

static uint64_t
number_of(const struct value *v, const char *name)
{
	const struct value *m = value_member(v, name);

	return m && m->kind == VALUE_INT && m->i > 0 ? (uint64_t)m->i : 0;
}

static const struct class_type *
class_named(const struct load *l, const char *name)
{
	int i;

	for (i = 0; i < l->n_classes; i++) {
		if (!(l->classes[i]->flags & CLASS_VOLATILE) &&
		    !strcmp(l->classes[i]->rec.name, name))
			return l->classes[i];
	}
	return NULL;
}

static bool
read_unknown(struct db_txn *t, struct draft *d, const char *hex)
{
	size_t n = strlen(hex) / 2, i;
	uint8_t *bytes = arena_alloc(t->arena, n + 1);
	const uint8_t *p = bytes, *end = bytes + n;
	unsigned one;
	uint64_t tag;

	for (i = 0; i < n; i++) {
		if (sscanf(hex + 2 * i, "%2x", &one) != 1)
			return false;
		bytes[i] = (uint8_t)one;
	}
	while (p < end) {
		if (!codec_skip_field(&p, end, &tag))
			return false;
	}
	d->extra = n ? bytes : NULL;
	d->extra_len = (uint32_t)n;
	return true;
}

/* What is wrong with it, or NULL. */
static const char *
read_fields(struct db_txn *t, struct draft *d, const struct value *line)
{
	const struct value *fields = value_member(line, "fields");
	struct decoder dec = { .arena = t->arena };
	const struct record_type *rt = &d->cls->rec;
	uint32_t i;

	if (!fields || fields->kind != VALUE_STRUCT)
		return "has no fields";
	for (i = 0; i < fields->n; i++) {
		const struct member *m = &fields->members[i];
		const struct field *f = record_field(rt, m->name);

		if (!f || !field_is_stored(d->cls, f))
			return "has a field that there is not";
		if (value_decode(&dec, f->type, &m->v,
		    (char *)d->rec + f->offset))
			return "has a field of another type";
	}
	return read_unknown(t, d, text_of(line, "unknown")) ? NULL :
	    "has unknown fields that cannot be read";
}

static const char *
read_object(struct reading *r, const struct value *line)
{
	const struct class_type *cls = class_named(r->l,
	    text_of(line, "class"));
	const char *wrong;
	struct draft *d;
	struct ref ref;

	if (!cls)
		return "is of no known class";
	if (!ref_parse(text_of(line, "ref"), &ref) || ref_is_null(&ref))
		return "has no reference";
	d = txn_draft_new(&r->t, cls, &ref);
	if (!d)
		return "is there twice";
	d->rec->created = number_of(line, "created");
	wrong = read_fields(&r->t, d, line);
	if (wrong) {
		trie_remove(&r->t.index, ref.b);
		r->t.n--;
	}
	return wrong;
}

static void
read_line(struct reading *r, const char *text, size_t len)
{
	struct value line;
	const char *wrong = "is not JSON";
	bool bad;

	if (json_text(r->t.arena, text, len, &line, &bad) == 0)
		wrong = read_object(r, &line);
	if (wrong)
		integrity_report(&r->l->integrity, "the object in line %d %s; "
		    "left out", r->line, wrong);
}

static bool
read_head(struct reading *r, FILE *in, char **text, size_t *cap,
    uint64_t *generation_limit)
{
	ssize_t n = getline(text, cap, in);
	struct value head;
	bool bad;

	r->line = 1;
	if (n <= 0 ||
	    json_text(r->t.arena, *text, (size_t)n, &head, &bad) ||
	    number_of(&head, "bedplate-database") != DUMP_VERSION)
		return false;
	*generation_limit = number_of(&head, "generation_limit");
	return true;
}

int
dump_read(FILE *in, struct load *l, uint64_t *generation_limit_out,
    struct db_root **root_out, const char **why)
{
	struct db_root *empty = root_new(l->n_classes, 1);
	struct reading r = { .l = l };
	char *text = NULL;
	size_t cap = 0;
	ssize_t n;
	int rc = 0;

	txn_init(&r.t, l->classes, l->n_classes, empty);
	if (!read_head(&r, in, &text, &cap, generation_limit_out)) {
		*why = "no dump of a database";
		rc = -EBADMSG;
	}
	while (!rc && (n = getline(&text, &cap, in)) > 0) {
		r.line++;
		read_line(&r, text, (size_t)n);
		if (l->max_objects && (uint32_t)r.t.n > l->max_objects) {
			*why = "it has more objects than are taken";
			rc = -E2BIG;
		}
	}
	if (!rc)
		*root_out = load_drafts(l, &r.t, empty);
	else
		db_root_put(empty);
	txn_release(&r.t);
	free(text);
	return rc;
}
