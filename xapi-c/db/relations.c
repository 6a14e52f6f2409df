#include <string.h>

#include "db/txn.h"

/*
 * A relation has a near end, a field that is written (VBD.VM: a reference, or
 * a set of them), and a derived far end (VM.VBDs: a set).  Near ends know
 * their far end by far_class and far_field, and the other way round.
 */
static bool
is_near(const struct field *f)
{
	return f->far_class >= 0 && !(f->flags & FIELD_DERIVED);
}

static void *
field_at(const void *rec, const struct field *f)
{
	return (char *)(uintptr_t)rec + f->offset;
}

/* The references in a near end; of nothing (rec NULL) there are none. */
static struct vec
near_refs(const void *rec, const struct field *f)
{
	const struct ref *one;

	if (!rec)
		return (struct vec){ NULL, 0 };
	if (f->type->kind == KIND_SET)
		return *(const struct vec *)field_at(rec, f);
	one = field_at(rec, f);
	return (struct vec){ one, ref_is_null(one) ? 0 : 1 };
}

static void
near_remove(struct db_txn *t, void *rec, const struct field *f,
    const struct ref *ref)
{
	struct vec *set = field_at(rec, f);

	if (f->type->kind == KIND_SET)
		*set = vec_remove_ref(t->arena, *set, ref);
	else if (ref_equal(field_at(rec, f), ref))
		*(struct ref *)field_at(rec, f) = REF_NULL;
}

/* Objects that refer to d, which is going, shall no longer. */
static void
forget_deleted(struct db_txn *t, const struct draft *d)
{
	const struct record_type *rt = &d->cls->rec;
	uint16_t i;
	uint32_t k;

	for (i = 0; i < rt->n; i++) {
		const struct field *f = &rt->fields[i];
		const struct field *near;
		const struct vec *set;

		if (!(f->flags & FIELD_DERIVED) || f->far_class < 0)
			continue;
		near = &t->classes[f->far_class]->rec.fields[f->far_field];
		set = field_at(d->rec, f);
		for (k = 0; k < set->n; k++) {
			const struct ref *ref = (const struct ref *)set->v + k;
			struct draft *other = txn_draft(t, ref);

			if (other && other->cls->id == f->far_class)
				near_remove(t, other->rec, near, &d->rec->ref);
		}
	}
}

static bool
is_deleted(struct db_txn *t, const struct ref *ref)
{
	const struct draft *d = trie_get(&t->index, ref->b);

	return d && d->deleted;
}

/* References of d itself to objects that this write deletes. */
static void
drop_deleted_refs(struct db_txn *t, struct draft *d)
{
	const struct record_type *rt = &d->cls->rec;
	uint16_t i;
	uint32_t k;

	for (i = 0; i < rt->n; i++) {
		const struct field *f = &rt->fields[i];
		struct vec refs;

		if (!is_near(f))
			continue;
		refs = near_refs(d->rec, f);
		for (k = 0; k < refs.n; k++) {
			struct ref ref = ((const struct ref *)refs.v)[k];

			if (is_deleted(t, &ref))
				near_remove(t, d->rec, f, &ref);
		}
	}
}

/* Does f, which is in no relation, refer to objects of a class of which this
 * write deletes some? */
static bool
is_plain_to_deleted(const struct db_txn *t, const struct field *f,
    const bool *deleted)
{
	const struct type *type = f->type->kind == KIND_SET ? f->type->elem :
	    f->type;
	int i;

	if (type->kind != KIND_REF || !type->cls || f->far_class >= 0 ||
	    (f->flags & FIELD_CASCADE))
		return false;
	for (i = 0; i < t->n_classes; i++) {
		if (deleted[i] && !strcmp(type->cls, t->classes[i]->rec.name))
			return true;
	}
	return false;
}

struct plain {
	struct db_txn *t;
	const struct field *f;
};

static int
drop_plain_refs(const void *obj, void *arg)
{
	const struct plain *p = arg;
	const struct object *o = obj;
	struct vec refs = near_refs(obj, p->f);
	uint32_t k;

	for (k = 0; k < refs.n; k++) {
		struct ref ref = ((const struct ref *)refs.v)[k];

		if (is_deleted(p->t, &ref))
			near_remove(p->t, txn_draft(p->t, &o->ref)->rec, p->f,
			    &ref);
	}
	return 0;
}

/* No more than the classes that may have such references are gone through, and
 * what lives in memory only is left to those who look it up. */
static void
forget_in_plain_refs(struct db_txn *t)
{
	bool *deleted = arena_alloc(t->arena, (size_t)t->n_classes);
	bool any = false;
	uint32_t i;
	int c;

	for (i = 0; i < t->n; i++) {
		const struct class_type *cls = t->drafts[i]->cls;

		if (t->drafts[i]->deleted && !(cls->flags & CLASS_VOLATILE))
			any = deleted[cls->id] = true;
	}
	for (c = 0; any && c < t->n_classes; c++) {
		const struct record_type *rt = &t->classes[c]->rec;

		for (i = 0; i < rt->n; i++) {
			struct plain p = { t, &rt->fields[i] };

			if (is_plain_to_deleted(t, p.f, deleted))
				txn_each(t, c, drop_plain_refs, &p);
		}
	}
}

static bool
is_own(const struct draft *other, const struct draft *d,
    const struct field *f)
{
	struct vec back;

	if (!(f->flags & FIELD_DERIVED))
		return true;
	if (other->cls->id != f->far_class)
		return false;
	/* it may have been given away in this write */
	back = near_refs(other->rec, &other->cls->rec.fields[f->far_field]);
	return set_has_ref(back, &d->rec->ref);
}

/* Deletes what is the own of d, which is going; true: there was something. */
static bool
delete_own(struct db_txn *t, const struct draft *d)
{
	const struct record_type *rt = &d->cls->rec;
	bool any = false;
	uint16_t i;
	uint32_t k;

	for (i = 0; i < rt->n; i++) {
		const struct field *f = &rt->fields[i];
		struct vec refs;

		if (!(f->flags & FIELD_CASCADE))
			continue;
		refs = near_refs(d->rec, f);
		for (k = 0; k < refs.n; k++) {
			const struct ref *ref = (const struct ref *)refs.v + k;
			struct draft *other = txn_draft(t, ref);

			if (!other || other->deleted || !is_own(other, d, f))
				continue;
			other->deleted = true;
			any = true;
		}
	}
	return any;
}

/* Has d been given, in this write, to an owner that is going? */
static bool
owner_is_deleted(struct db_txn *t, const struct draft *d)
{
	const struct record_type *rt = &d->cls->rec;
	const struct field *far;
	uint16_t i;
	uint32_t k;

	for (i = 0; i < rt->n; i++) {
		const struct field *f = &rt->fields[i];
		struct vec refs;

		if (!is_near(f))
			continue;
		far = &t->classes[f->far_class]->rec.fields[f->far_field];
		refs = near_refs(d->rec, f);
		for (k = 0; k < refs.n && (far->flags & FIELD_CASCADE); k++) {
			if (is_deleted(t, (const struct ref *)refs.v + k))
				return true;
		}
	}
	return false;
}

/* Until nothing more is found: what is deleted may have its own, and may be
 * among the drafts before the one that led to it. */
static void
cascade(struct db_txn *t)
{
	bool more;
	uint32_t i;

	do {
		more = false;
		for (i = 0; i < t->n; i++) {
			struct draft *d = t->drafts[i];

			if (!d->deleted && owner_is_deleted(t, d))
				d->deleted = more = true;
			else if (d->deleted && delete_own(t, d))
				more = true;
		}
	} while (more);
}

/* Adds d to (or takes it from) the far end f of each of refs not in but. */
static void
update_far(struct db_txn *t, const struct draft *d, const struct field *near,
    struct vec refs, struct vec but, bool add)
{
	const struct field *far;
	uint32_t k;

	far = &t->classes[near->far_class]->rec.fields[near->far_field];
	for (k = 0; k < refs.n; k++) {
		const struct ref *ref = (const struct ref *)refs.v + k;
		struct draft *other;
		struct vec *set;

		if (set_has_ref(but, ref))
			continue;
		other = txn_draft(t, ref);
		if (!other || other->deleted ||
		    other->cls->id != near->far_class)
			continue;
		set = field_at(other->rec, far);
		*set = add ? vec_add_ref(t->arena, *set, &d->rec->ref) :
		    vec_remove_ref(t->arena, *set, &d->rec->ref);
	}
}

static void
update_far_ends(struct db_txn *t, const struct draft *d)
{
	const struct record_type *rt = &d->cls->rec;
	uint16_t i;

	for (i = 0; i < rt->n; i++) {
		const struct field *f = &rt->fields[i];
		struct vec before, after;

		if (!is_near(f))
			continue;
		before = near_refs(d->base, f);
		after = near_refs(d->deleted ? NULL : d->rec, f);
		update_far(t, d, f, before, after, false);
		update_far(t, d, f, after, before, true);
	}
}

/* Each loop may add drafts at the end, which it then reaches too. */
void
relations_update(struct db_txn *t)
{
	uint32_t i;

	cascade(t);
	for (i = 0; i < t->n; i++) {
		if (t->drafts[i]->deleted)
			forget_deleted(t, t->drafts[i]);
	}
	for (i = 0; i < t->n; i++) {
		if (!t->drafts[i]->deleted)
			drop_deleted_refs(t, t->drafts[i]);
	}
	forget_in_plain_refs(t);
	for (i = 0; i < t->n; i++)
		update_far_ends(t, t->drafts[i]);
}

/* Room doubles whenever it is full, which is at each power of two. */
static void
far_append(struct arena *a, struct vec *set, const struct ref *ref)
{
	struct ref *v = (struct ref *)(uintptr_t)set->v;

	if (!(set->n & (set->n - 1))) {
		v = arena_alloc(a, sizeof(*v) * (set->n ? set->n * 2 : 1));
		if (set->n)
			memcpy(v, set->v, sizeof(*v) * set->n);
		set->v = v;
	}
	v[set->n++] = *ref;
}

static void
build_far_ends(struct db_txn *t, const struct draft *d, const struct field *f)
{
	const struct field *far;
	struct vec refs = near_refs(d->rec, f);
	uint32_t k;

	far = &t->classes[f->far_class]->rec.fields[f->far_field];
	for (k = 0; k < refs.n; k++) {
		struct ref ref = ((const struct ref *)refs.v)[k];
		struct draft *other = trie_get(&t->index, ref.b);

		if (other && other->cls->id == f->far_class)
			far_append(t->arena, field_at(other->rec, far),
			    &d->rec->ref);
		else
			near_remove(t, d->rec, f, &ref);
	}
}

void
relations_build(struct db_txn *t)
{
	uint32_t i;
	uint16_t k;

	for (i = 0; i < t->n; i++) {
		const struct draft *d = t->drafts[i];

		for (k = 0; k < d->cls->rec.n; k++) {
			if (is_near(&d->cls->rec.fields[k]))
				build_far_ends(t, d, &d->cls->rec.fields[k]);
		}
	}
}
