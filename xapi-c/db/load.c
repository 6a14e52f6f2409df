#include "db/load.h"

#include <errno.h>
#include <string.h>

#include "base/codec.h"
#include "db/object.h"

struct loading {
	struct load *l;
	struct db_txn t;
};

static int
read_fields(struct db_txn *t, struct draft *d, const struct file_row *row)
{
	struct buf extra = { 0 };
	int rc;

	rc = codec_decode(t->arena, &row->cls->rec, d->rec, row->fields,
	    row->len, &extra);
	if (!rc && extra.len) {
		d->extra = arena_memdup(t->arena, extra.data, extra.len);
		d->extra_len = (uint32_t)extra.len;
	}
	d->rec->created = row->created;
	buf_release(&extra);
	return rc;
}

static int
leave_out(struct loading *ld, const struct file_row *row, const char *what)
{
	char ref[REF_TEXT_LEN + 1];

	if (!ld->l->salvage)
		return -EBADMSG;
	integrity_report(&ld->l->integrity, "%s %s: %s; left out",
	    row->cls->rec.name, ref_text(&row->ref, ref), what);
	return 0;
}

static int
load_row(const struct file_row *row, void *arg)
{
	struct loading *ld = arg;
	struct draft *d = txn_draft_new(&ld->t, row->cls, &row->ref);

	if (!d)
		return leave_out(ld, row, "is there twice");
	if (!read_fields(&ld->t, d, row))
		return 0;
	trie_remove(&ld->t.index, d->rec->ref.b);
	ld->t.n--;
	return leave_out(ld, row, "cannot be read");
}

static int
load_rows(struct loading *ld, struct db_file *f, const char **why)
{
	int rc = file_each_row(f, load_row, ld);

	if (rc)
		*why = rc == -EBADMSG ? "damaged: a row cannot be read" :
		    "cannot be read";
	return rc;
}

/* Puts the drafts into root, which has no objects yet. */
static void
build_root(struct db_txn *t, struct db_root *root)
{
	uint32_t i;

	relations_build(t);
	for (i = 0; i < t->n; i++) {
		const struct draft *d = t->drafts[i];

		root_put_object(root, object_new(d->cls, d->rec, d->extra,
		    d->extra_len, d->rec->created, root->generation));
	}
}

struct db_root *
load_drafts(struct load *l, struct db_txn *t, struct db_root *root)
{
	integrity_drop_twins(t, &l->integrity);
	integrity_repair_refs(t, &l->integrity);
	build_root(t, root);
	return root;
}

int
load_root(struct load *l, struct db_file *f, uint64_t generation,
    struct db_root **root_out, const char **why)
{
	struct db_root *root = root_new(l->n_classes, generation);
	struct loading ld = { .l = l };
	int rc;

	txn_init(&ld.t, l->classes, l->n_classes, root);
	rc = f ? load_rows(&ld, f, why) : 0;
	if (!rc && integrity_drop_twins(&ld.t, &l->integrity) && !l->salvage) {
		*why = "damaged: two objects have one uuid";
		rc = -EBADMSG;
	}
	if (!rc) {
		integrity_repair_refs(&ld.t, &l->integrity);
		build_root(&ld.t, root);
	} else {
		db_root_put(root);
		root = NULL;
	}
	txn_release(&ld.t);
	*root_out = root;
	return rc;
}
