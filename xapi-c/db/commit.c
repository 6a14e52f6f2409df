#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "base/mem.h"
#include "db/commit.h"
#include "db/object.h"

void
row_changes_release(struct row_changes *rows)
{
	size_t i;

	for (i = 0; i < rows->n; i++)
		object_put(rows->v[i].obj);
	free(rows->v);
	memset(rows, 0, sizeof(*rows));
}

static void
row_changes_add(struct row_changes *rows, const struct class_type *cls,
    const struct object *obj, const struct ref *ref)
{
	if (rows->n == rows->cap) {
		rows->cap = rows->cap ? rows->cap * 2 : 16;
		rows->v = mem_realloc(rows->v, sizeof(rows->v[0]) * rows->cap);
	}
	if (obj)
		object_get(obj);
	rows->v[rows->n++] = (struct row_change){ cls, obj, *ref };
}

static bool
field_differs(const struct field *f, const void *a, const void *b)
{
	return !type_equal(f->type, (const char *)a + f->offset,
	    (const char *)b + f->offset);
}

/* The version before that disks and other members have. */
static const struct object *
kept_base(const struct draft *d)
{
	return d->base && !d->base->in_memory ? d->base : NULL;
}

static uint64_t
created_of(const struct draft *d, uint64_t generation)
{
	return d->rec->created ? d->rec->created : generation;
}

/* Appends the replicated fields of d that differ from what a reader of the
 * record has: the defaults, or the version before. */
static bool
encode_fields(struct buf *b, const struct draft *d)
{
	const struct record_type *rt = &d->cls->rec;
	const struct object *base = kept_base(d);
	const void *before = base ? (const void *)base : rt->dflt;
	bool any = false;
	uint16_t i;

	for (i = 0; i < rt->n; i++) {
		const struct field *f = &rt->fields[i];

		if (field_is_replicated(d->cls, f) &&
		    field_differs(f, before, d->rec)) {
			codec_encode_field(b, f, d->rec);
			any = true;
		}
	}
	if (d->extra_len && (!base || d->extra != base->extra)) {
		buf_add(b, d->extra, d->extra_len);
		any = true;
	}
	return any;
}

static bool
encode_draft(struct buf *b, const struct draft *d, uint64_t generation)
{
	struct buf fields = { 0 };
	bool any = encode_fields(&fields, d);
	enum commit_op op = COMMIT_PUT;

	if (d->deleted)
		op = COMMIT_DELETE;
	else if (kept_base(d))
		op = COMMIT_EDIT;
	if (op != COMMIT_EDIT || any) {
		codec_add_varint(b, d->cls->tag);
		codec_add_varint(b, op);
		buf_add(b, d->rec->ref.b, sizeof(d->rec->ref.b));
		if (op == COMMIT_PUT)
			codec_add_varint(b, created_of(d, generation));
		if (op != COMMIT_DELETE) {
			codec_add_varint(b, fields.len);
			buf_add(b, fields.data, fields.len);
		}
		any = true;
	}
	buf_release(&fields);
	return any;
}

/* Do disks and other members learn of the change? */
static bool
is_kept(const struct draft *d)
{
	return d->deleted ? kept_base(d) != NULL : !d->in_memory;
}

bool
commit_encode(struct buf *b, const struct db_txn *t)
{
	size_t start = b->len;
	bool any = false;
	uint32_t i;

	codec_add_varint(b, COMMIT_VERSION);
	codec_add_varint(b, t->generation);
	for (i = 0; i < t->n; i++) {
		const struct draft *d = t->drafts[i];

		if (d->changed && is_kept(d) &&
		    (d->cls->flags & CLASS_DURABLE))
			any |= encode_draft(b, d, t->generation);
	}
	if (!any)
		b->len = start;
	return any;
}

static const struct class_type *
class_by_tag(const struct db_txn *t, uint64_t tag)
{
	int i;

	for (i = 0; i < t->n_classes; i++) {
		if (t->classes[i]->tag == tag)
			return t->classes[i];
	}
	return NULL;
}

static bool
has_tag(const struct buf *fields, uint64_t tag)
{
	const uint8_t *p = (const uint8_t *)fields->data;
	const uint8_t *end = p + fields->len;
	uint64_t t;

	while (p < end && codec_skip_field(&p, end, &t)) {
		if (t == tag)
			return true;
	}
	return false;
}

/* Adds the unknown fields in newer to those of d, which they replace. */
static void
keep_extra(struct db_txn *t, struct draft *d, const struct buf *newer)
{
	const uint8_t *p = d->extra, *end = d->extra_len ?
	    p + d->extra_len : p;
	struct buf all = { 0 };
	uint64_t tag;

	if (!newer->len)
		return;
	while (p < end) {
		const uint8_t *start = p;

		if (!codec_skip_field(&p, end, &tag))
			break;
		if (!has_tag(newer, tag))
			buf_add(&all, start, (size_t)(p - start));
	}
	buf_add(&all, newer->data, newer->len);
	d->extra = arena_memdup(t->arena, all.data, all.len);
	d->extra_len = (uint32_t)all.len;
	buf_release(&all);
}

static int
apply_fields(struct db_txn *t, struct draft *d, const uint8_t *data,
    size_t len)
{
	struct buf extra = { 0 };
	int rc;

	rc = codec_decode(t->arena, &d->cls->rec, d->rec, data, len, &extra);
	if (!rc)
		keep_extra(t, d, &extra);
	buf_release(&extra);
	return rc;
}

/* An object of that ref as if it were new, but for what is not replicated. */
static struct draft *
draft_reset(struct db_txn *t, const struct class_type *cls,
    const struct ref *ref)
{
	const struct record_type *rt = &cls->rec;
	struct draft *d = txn_draft(t, ref);
	uint16_t i;

	if (!d || d->cls != cls)
		return d;
	for (i = 0; i < rt->n; i++) {
		const struct field *f = &rt->fields[i];

		if (field_is_replicated(cls, f))
			memcpy((char *)d->rec + f->offset,
			    (const char *)rt->dflt + f->offset, f->type->size);
	}
	d->extra_len = 0;
	d->extra = NULL;
	return d;
}

static struct draft *
draft_put(struct db_txn *t, const struct class_type *cls,
    const struct ref *ref, bool copy)
{
	struct draft *d = copy ? draft_reset(t, cls, ref) : NULL;

	return d ? d : txn_draft_new(t, cls, ref);
}

static int
apply_one(struct db_txn *t, const uint8_t **p, const uint8_t *end, bool copy)
{
	const struct class_type *cls;
	uint64_t tag, op, created = 0;
	const uint8_t *data;
	struct draft *d;
	struct ref ref;
	size_t len;

	if (!codec_get_varint(p, end, &tag) || !codec_get_varint(p, end, &op))
		return -EBADMSG;
	if ((size_t)(end - *p) < sizeof(ref))
		return -EBADMSG;
	memcpy(&ref, *p, sizeof(ref));
	*p += sizeof(ref);
	cls = class_by_tag(t, tag);
	if (!cls || op < COMMIT_PUT || op > COMMIT_DELETE)
		return -EBADMSG;
	if (op == COMMIT_PUT && !codec_get_varint(p, end, &created))
		return -EBADMSG;
	if (op == COMMIT_DELETE)
		return txn_delete(t, cls->id, &ref) ? 0 : -ENOENT;
	if (!codec_get_bytes(p, end, &data, &len))
		return -EBADMSG;
	d = op == COMMIT_PUT ? draft_put(t, cls, &ref, copy) :
	    txn_draft(t, &ref);
	if (!d || d->deleted || d->cls != cls)
		return -ENOENT;
	if (op == COMMIT_PUT)
		d->rec->created = created;
	return apply_fields(t, d, data, len);
}

static int
apply_all(struct db_txn *t, const void *data, size_t len, bool copy)
{
	const uint8_t *p = data, *end = p + len;
	uint64_t version, generation;
	int rc = 0;

	if (!codec_get_varint(&p, end, &version) ||
	    version != COMMIT_VERSION ||
	    !codec_get_varint(&p, end, &generation))
		return -EBADMSG;
	if (t->generation < generation)
		t->generation = generation;
	while (p < end && !rc)
		rc = apply_one(t, &p, end, copy);
	return rc;
}

int
commit_apply(struct db_txn *t, const void *data, size_t len)
{
	return apply_all(t, data, len, false);
}

static int
encode_object(const struct trie_entry *e, void *arg)
{
	const struct object *o = e->value;
	const struct record_type *rt = &o->cls->rec;
	struct buf fields = { 0 };
	struct buf *b = arg;
	uint16_t i;

	if (!(o->cls->flags & CLASS_DURABLE) || o->in_memory)
		return 0;
	for (i = 0; i < rt->n; i++) {
		const struct field *f = &rt->fields[i];

		if (field_is_replicated(o->cls, f) &&
		    field_differs(f, rt->dflt, o))
			codec_encode_field(&fields, f, o);
	}
	buf_add(&fields, o->extra, o->extra_len);
	codec_add_varint(b, o->cls->tag);
	codec_add_varint(b, COMMIT_PUT);
	buf_add(b, o->ref.b, sizeof(o->ref.b));
	codec_add_varint(b, o->created);
	codec_add_varint(b, fields.len);
	buf_add(b, fields.data, fields.len);
	buf_release(&fields);
	return 0;
}

/* In the order of refs, so that equal members make equal copies. */
void
commit_encode_copy(struct buf *b, const struct db_root *root)
{
	codec_add_varint(b, COMMIT_VERSION);
	codec_add_varint(b, root->generation);
	trie_each(&root->objects, encode_object, b);
}

static int
delete_uncopied(const struct trie_entry *e, void *arg)
{
	const struct object *o = e->value;
	struct db_txn *t = arg;

	if ((o->cls->flags & CLASS_DURABLE) && !o->in_memory && !trie_get(&t->index, o->ref.b))
		txn_delete(t, o->cls->id, &o->ref);
	return 0;
}

int
commit_apply_copy(struct db_txn *t, const void *data, size_t len)
{
	int rc = apply_all(t, data, len, true);

	return rc ? rc : trie_each(&t->root->objects, delete_uncopied, t);
}

/* Does the row on disk change with this draft? */
static bool
is_stored(const struct draft *d)
{
	const struct record_type *rt = &d->cls->rec;
	const struct object *base = kept_base(d);
	uint16_t i;

	if ((d->cls->flags & CLASS_VOLATILE) || !is_kept(d))
		return false;
	if (!base || d->deleted || d->extra != base->extra)
		return true;
	for (i = 0; i < rt->n; i++) {
		const struct field *f = &rt->fields[i];

		if (field_is_stored(d->cls, f) &&
		    field_differs(f, base, d->rec))
			return true;
	}
	return false;
}

static void
publish_draft(const struct db_txn *t, const struct draft *d,
    struct db_root *root, struct row_changes *rows)
{
	struct object *o;
	bool stored = is_stored(d);

	if (d->deleted) {
		if (stored)
			row_changes_add(rows, d->cls, NULL, &d->rec->ref);
		root_delete(root, d->base, t->generation);
		return;
	}
	o = object_new(d->cls, d->rec, d->extra, d->extra_len,
	    created_of(d, t->generation), t->generation);
	o->in_memory = d->in_memory;
	if (stored)
		row_changes_add(rows, d->cls, o, &o->ref);
	root_put_object(root, o);
}

/* Drafts may point into versions that others of them replace, and in a batch
 * nobody but the root may have those. */
static void
each_base(const struct db_txn *t, void (*fn)(const struct object *o))
{
	uint32_t i;

	for (i = 0; i < t->n; i++) {
		const struct draft *d = t->drafts[i];

		if (d->changed && d->base)
			fn(d->base);
	}
}

/* Deletions come first, they may free a uuid that is used again. */
void
commit_publish(const struct db_txn *t, struct db_root *root,
    struct row_changes *rows)
{
	int deleted;
	uint32_t i;

	each_base(t, object_get);
	for (deleted = 1; deleted >= 0; deleted--) {
		for (i = 0; i < t->n; i++) {
			const struct draft *d = t->drafts[i];

			if (d->changed && d->deleted == deleted)
				publish_draft(t, d, root, rows);
		}
	}
	each_base(t, object_put);
	root->generation = t->generation;
}
