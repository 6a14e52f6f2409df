#include "db/integrity.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/object.h"

void
integrity_report(struct integrity *in, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	in->n++;
	in->problem(in->arg, text);
}

static const char *
uuid_of(const struct draft *d)
{
	return d->cls->uuid_field < 0 ? "" :
	    object_string(d->rec, d->cls->uuid_field);
}

/* By class and uuid; equal ones stay in the order of loading. */
struct named {
	struct draft *d;
	uint32_t at;
};

static int
compare_named(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int rc = (x->d->cls->id > y->d->cls->id) -
	    (x->d->cls->id < y->d->cls->id);

	if (!rc)
		rc = strcmp(uuid_of(x->d), uuid_of(y->d));
	return rc ? rc : (x->at > y->at) - (x->at < y->at);
}

static void
forget_draft(struct db_txn *t, uint32_t at)
{
	trie_remove(&t->index, t->drafts[at]->rec->ref.b);
	t->drafts[at] = NULL;
}

static void
close_gaps(struct db_txn *t)
{
	uint32_t i, n = 0;

	for (i = 0; i < t->n; i++) {
		if (t->drafts[i])
			t->drafts[n++] = t->drafts[i];
	}
	t->n = n;
}

int
integrity_drop_twins(struct db_txn *t, struct integrity *in)
{
	struct named *all = mem_alloc((t->n + 1) * sizeof(*all));
	uint32_t i;
	int n = 0;

	for (i = 0; i < t->n; i++)
		all[i] = (struct named){ t->drafts[i], i };
	qsort(all, t->n, sizeof(*all), compare_named);
	for (i = 1; i < t->n; i++) {
		const struct draft *a = all[i - 1].d, *b = all[i].d;
		char ref[REF_TEXT_LEN + 1];

		if (a->cls != b->cls || !*uuid_of(b) ||
		    strcmp(uuid_of(a), uuid_of(b)))
			continue;
		integrity_report(in, "%s %s: another one has the uuid '%s'; "
		    "left out", b->cls->rec.name, ref_text(&b->rec->ref, ref),
		    uuid_of(b));
		forget_draft(t, all[i].at);
		n++;
	}
	free(all);
	close_gaps(t);
	return n;
}

/* The class that a field's references lead to; NULL: any, or none of ours. */
static const struct class_type *
class_of_refs(const struct db_txn *t, const struct field *f)
{
	const char *name = f->type->kind == KIND_SET ? f->type->elem->cls :
	    f->type->cls;
	int i;

	if (f->far_class >= 0)
		return t->classes[f->far_class];
	for (i = 0; name && i < t->n_classes; i++) {
		if (!strcmp(t->classes[i]->rec.name, name))
			return t->classes[i];
	}
	return NULL;
}

static bool
leads(const struct db_txn *t, const struct class_type *to,
    const struct ref *ref)
{
	const struct draft *other = trie_get(&t->index, ref->b);

	return ref_is_null(ref) || (other && other->cls == to);
}

static void
report_ref(struct integrity *in, const struct draft *d, const struct field *f,
    const struct ref *ref, const char *what)
{
	char own[REF_TEXT_LEN + 1], other[REF_TEXT_LEN + 1];

	integrity_report(in, "%s %s: %s %s %s; reference removed",
	    d->cls->rec.name, ref_text(&d->rec->ref, own), f->name, what,
	    ref_text(ref, other));
}

static void
check_refs(struct db_txn *t, struct draft *d, const struct field *f,
    struct integrity *in)
{
	struct ref *one = (struct ref *)((char *)d->rec + f->offset);
	struct vec *set = (struct vec *)one, was;
	const struct class_type *to;
	uint32_t i;

	if (f->type->kind == KIND_REF ? ref_is_null(one) : !set->n)
		return;
	to = class_of_refs(t, f);
	/* what lives in memory only is not there yet */
	if (!to || (to->flags & CLASS_VOLATILE))
		return;
	if (f->type->kind == KIND_REF) {
		if (leads(t, to, one))
			return;
		report_ref(in, d, f, one, "leads to nothing,");
		*one = REF_NULL;
		return;
	}
	was = *set;
	for (i = 0; i < was.n; i++) {
		const struct ref *ref = (const struct ref *)was.v + i;

		if (leads(t, to, ref))
			continue;
		report_ref(in, d, f, ref, "leads to nothing,");
		*set = vec_remove_ref(t->arena, *set, ref);
	}
}

static bool
is_ref_field(const struct draft *d, const struct field *f)
{
	return field_is_stored(d->cls, f) && (f->type->kind == KIND_REF ||
	    (f->type->kind == KIND_SET && f->type->elem->kind == KIND_REF));
}

/* Does following f from d lead back to d? */
static bool
is_circle(const struct db_txn *t, const struct draft *d,
    const struct field *f)
{
	const struct draft *at = d;
	uint32_t steps;

	for (steps = 0; steps <= t->n; steps++) {
		const struct ref *ref = (const struct ref *)
		    ((const char *)at->rec + f->offset);

		at = ref_is_null(ref) ? NULL : trie_get(&t->index, ref->b);
		if (!at || at == d)
			return at;
	}
	return false;
}

static void
check_circle(struct db_txn *t, struct draft *d, const struct field *f,
    struct integrity *in)
{
	struct ref *ref = (struct ref *)((char *)d->rec + f->offset);

	if (f->type->kind != KIND_REF || f->far_class != d->cls->id ||
	    !is_circle(t, d, f))
		return;
	report_ref(in, d, f, ref, "makes a circle,");
	*ref = REF_NULL;
}

void
integrity_repair_refs(struct db_txn *t, struct integrity *in)
{
	uint32_t i;
	uint16_t k;

	for (i = 0; i < t->n; i++) {
		struct draft *d = t->drafts[i];

		for (k = 0; k < d->cls->rec.n; k++) {
			const struct field *f = &d->cls->rec.fields[k];

			if (!is_ref_field(d, f))
				continue;
			check_refs(t, d, f, in);
			check_circle(t, d, f, in);
		}
	}
}
