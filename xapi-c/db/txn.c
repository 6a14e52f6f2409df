#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "db/object.h"
#include "db/txn.h"

void
txn_init(struct db_txn *t, const struct class_type *const *classes,
    int n_classes, const struct db_root *root)
{
	*t = (struct db_txn){
		.classes = classes, .n_classes = n_classes, .root = root,
		.arena = arena_new(), .generation = root->generation + 1,
	};
}

void
txn_release(struct db_txn *t)
{
	trie_release(&t->index);
	free(t->drafts);
	arena_free(t->arena);
	memset(t, 0, sizeof(*t));
}

static struct draft *
draft_find(struct db_txn *t, const struct ref *ref)
{
	return trie_get(&t->index, ref->b);
}

static struct draft *
draft_add(struct db_txn *t, const struct class_type *cls,
    const struct object *base, const struct ref *ref)
{
	struct draft *d = arena_alloc(t->arena, sizeof(*d));

	d->cls = cls;
	d->base = base;
	/* Not the head: readers change the counts and forms in it. */
	d->rec = arena_alloc(t->arena, cls->rec.size);
	memcpy(d->rec + 1, (base ? base :
	    (const struct object *)cls->rec.dflt) + 1,
	    cls->rec.size - sizeof(*d->rec));
	d->rec->ref = *ref;
	d->rec->cls = cls;
	if (base) {
		d->extra = base->extra;
		d->extra_len = base->extra_len;
		d->rec->created = base->created;
		d->rec->changed = base->changed;
	}
	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 16;
		t->drafts = mem_realloc(t->drafts,
		    sizeof(t->drafts[0]) * t->cap);
	}
	t->drafts[t->n++] = d;
	trie_set(&t->index, d->rec->ref.b, d);
	return d;
}

struct draft *
txn_draft(struct db_txn *t, const struct ref *ref)
{
	struct draft *d = draft_find(t, ref);
	const struct object *o;

	if (d)
		return d;
	o = root_find(t->root, ref);
	return o ? draft_add(t, o->cls, o, &o->ref) : NULL;
}

struct draft *
txn_draft_new(struct db_txn *t, const struct class_type *cls,
    const struct ref *ref)
{
	if (draft_find(t, ref) || root_find(t->root, ref))
		return NULL;
	return draft_add(t, cls, NULL, ref);
}

/* The newest version of ref, or NULL. */
static const struct object *
newest(struct db_txn *t, const struct ref *ref)
{
	const struct draft *d = draft_find(t, ref);

	if (!d)
		return root_find(t->root, ref);
	return d->deleted ? NULL : d->rec;
}

const void *
txn_get(struct db_txn *t, int class_id, const struct ref *ref)
{
	const struct object *o = newest(t, ref);

	return o && o->cls->id == class_id ? o : NULL;
}

const void *
txn_find_uuid(struct db_txn *t, int class_id, const char *uuid)
{
	const struct object *o = db_find_uuid(t->root, class_id, uuid);
	uint32_t i;

	if (o && !draft_find(t, &o->ref))
		return o;
	for (i = 0; i < t->n; i++) {
		const struct draft *d = t->drafts[i];

		if (d->cls->id == class_id && !d->deleted &&
		    d->cls->uuid_field >= 0 &&
		    !strcmp(object_string(d->rec, d->cls->uuid_field), uuid))
			return d->rec;
	}
	return NULL;
}

struct each {
	struct db_txn *t;
	int (*fn)(const void *obj, void *arg);
	void *arg;
};

static int
each_newest(const struct trie_entry *e, void *arg)
{
	struct each *each = arg;
	const struct object *o = e->value;

	o = newest(each->t, &o->ref);
	return o ? each->fn(o, each->arg) : 0;
}

int
txn_each(struct db_txn *t, int class_id,
    int (*fn)(const void *obj, void *arg), void *arg)
{
	struct each each = { t, fn, arg };
	uint32_t i, n = t->n;
	int rc;

	rc = trie_each(&t->root->tables[class_id].changes, each_newest, &each);
	for (i = 0; i < n && !rc; i++) {
		const struct draft *d = t->drafts[i];

		if (d->cls->id == class_id && !d->base && !d->deleted)
			rc = fn(d->rec, arg);
	}
	return rc;
}

static struct draft *
draft_of_class(struct db_txn *t, int class_id, const struct ref *ref)
{
	const struct object *o = newest(t, ref);

	return o && o->cls->id == class_id ? txn_draft(t, ref) : NULL;
}

void *
txn_edit(struct db_txn *t, int class_id, const struct ref *ref)
{
	struct draft *d = draft_of_class(t, class_id, ref);

	return d ? d->rec : NULL;
}

void *
txn_new(struct db_txn *t, int class_id, const struct ref *ref)
{
	const struct class_type *cls = t->classes[class_id];
	char uuid[UUID_TEXT_LEN + 1];
	struct ref fresh;
	struct draft *d;

	if (!ref) {
		ref_random(&fresh);
		ref = &fresh;
	}
	d = txn_draft_new(t, cls, ref);
	if (!d)
		return NULL;
	if (cls->uuid_field >= 0) {
		const struct field *f = &cls->rec.fields[cls->uuid_field];

		*(const char **)((char *)d->rec + f->offset) =
		    arena_strdup(t->arena, uuid_random(uuid));
	}
	return d->rec;
}

bool
txn_delete(struct db_txn *t, int class_id, const struct ref *ref)
{
	struct draft *d = draft_of_class(t, class_id, ref);

	if (d)
		d->deleted = true;
	return d;
}

bool
txn_touch(struct db_txn *t, int class_id, const struct ref *ref)
{
	struct draft *d = draft_of_class(t, class_id, ref);

	if (d)
		d->touched = true;
	return d;
}

bool
txn_keep_in_memory(struct db_txn *t, int class_id, const struct ref *ref)
{
	struct draft *d = draft_of_class(t, class_id, ref);

	if (!d || d->base)
		return false;
	d->in_memory = true;
	return true;
}

struct arena *
txn_arena(struct db_txn *t)
{
	return t->arena;
}

static int
added(const struct draft *d)
{
	return (!d->base && !d->deleted) - (d->base && d->deleted);
}

int
txn_crowded(struct db_txn *t, uint32_t (*most)(int class_id))
{
	int64_t *n = arena_alloc(t->arena,
	    sizeof(*n) * (size_t)t->n_classes);
	uint32_t i;
	int id;

	memset(n, 0, sizeof(*n) * (size_t)t->n_classes);
	for (i = 0; i < t->n; i++)
		n[t->drafts[i]->cls->id] += added(t->drafts[i]);
	for (id = 0; id < t->n_classes; id++)
		if (n[id] > 0 && db_count(t->root, id) + n[id] > most(id))
			return id;
	return -1;
}

uint64_t
txn_bytes(const struct db_txn *t)
{
	return t->root->bytes;
}

int64_t
txn_growth(const struct db_txn *t)
{
	int64_t bytes = 0;
	uint32_t i;

	for (i = 0; i < t->n; i++) {
		const struct draft *d = t->drafts[i];

		if (d->cls->flags & CLASS_VOLATILE)
			continue;
		if (!d->deleted)
			bytes += (int64_t)object_stored_bytes(d->cls, d->rec);
		if (d->base)
			bytes -= (int64_t)object_stored_bytes(d->cls, d->base);
	}
	return bytes;
}

uint64_t
txn_generation(const struct db_txn *t)
{
	return t->generation;
}

static bool
draft_differs(const struct draft *d)
{
	const struct record_type *rt = &d->cls->rec;
	uint16_t i;

	if (d->deleted)
		return d->base;
	if (!d->base || d->touched || d->extra != d->base->extra)
		return true;
	for (i = 0; i < rt->n; i++) {
		const struct field *f = &rt->fields[i];

		if (!type_equal(f->type, (const char *)d->base + f->offset,
		    (const char *)d->rec + f->offset))
			return true;
	}
	return false;
}

/* Is there another object of the class with the uuid of d?  seen: the drafts
 * asked about before, by uuid. */
static bool
uuid_taken(struct db_txn *t, struct trie *seen, struct draft *d)
{
	uint8_t key[TRIE_KEY];
	const char *uuid;
	const struct object *o;
	uint32_t i;

	if (d->deleted || d->cls->uuid_field < 0)
		return false;
	uuid = object_string(d->rec, d->cls->uuid_field);
	if (d->base && !strcmp(uuid,
	    object_string(d->base, d->cls->uuid_field)))
		return false;
	o = db_find_uuid(t->root, d->cls->id, uuid);
	if (o && newest(t, &o->ref))
		return true;
	root_uuid_key(uuid, key);
	if (!trie_get(seen, key)) {
		trie_set(seen, key, d);
		return false;
	}
	/* Of another class, most likely. */
	for (i = 0; i < t->n; i++) {
		const struct draft *other = t->drafts[i];

		if (other != d && other->cls == d->cls && !other->deleted &&
		    !strcmp(uuid, object_string(other->rec,
		    d->cls->uuid_field)))
			return true;
	}
	return false;
}

int
txn_finish(struct db_txn *t, uint32_t *n_out)
{
	struct trie seen = { 0 };
	uint32_t i;
	int rc = 0;

	relations_update(t);
	*n_out = 0;
	for (i = 0; i < t->n && !rc; i++) {
		struct draft *d = t->drafts[i];

		if (uuid_taken(t, &seen, d))
			rc = -EEXIST;
		d->changed = draft_differs(d);
		*n_out += d->changed;
	}
	trie_release(&seen);
	return rc;
}
