#include <errno.h>

#include "base/codec.h"
#include "db/log_entry.h"

/* More than will ever be: a number that SQLite cannot store is damage. */
#define GENERATION_MAX ((uint64_t)1 << 62)
/* More than members are ever apart: each counts its volatile changes, too. */
#define GENERATION_AHEAD_MAX ((uint64_t)1 << 40)

static void
encode_head(struct buf *b, enum log_kind kind, uint64_t base,
    uint64_t generation)
{
	codec_add_varint(b, LOG_VERSION);
	codec_add_varint(b, kind);
	codec_add_varint(b, base);
	codec_add_varint(b, generation);
}

void
log_encode(struct buf *b, const struct log_batch *batch)
{
	const char *p = batch->records;
	size_t i;

	encode_head(b, LOG_BATCH, batch->base, batch->generation);
	for (i = 0; i < batch->n; i++) {
		codec_add_varint(b, batch->lengths[i]);
		buf_add(b, p, batch->lengths[i]);
		p += batch->lengths[i];
	}
}

void
log_encode_copy(struct buf *b, const struct db_root *root)
{
	struct buf rec = { 0 };

	commit_encode_copy(&rec, root);
	encode_head(b, LOG_COPY, root->applied, root->generation);
	codec_add_varint(b, rec.len);
	buf_add(b, rec.data, rec.len);
	buf_release(&rec);
}

int
log_decode(struct log_entry *e, const void *data, size_t len)
{
	const uint8_t *p = data, *end = p + len;
	uint64_t version, kind;

	if (!codec_get_varint(&p, end, &version) || version != LOG_VERSION ||
	    !codec_get_varint(&p, end, &kind) ||
	    (kind != LOG_BATCH && kind != LOG_COPY) ||
	    !codec_get_varint(&p, end, &e->base) ||
	    !codec_get_varint(&p, end, &e->generation) ||
	    e->generation > GENERATION_MAX)
		return -EBADMSG;
	e->kind = (enum log_kind)kind;
	e->p = p;
	e->end = end;
	return 0;
}

/* The head tells the highest generation, which the writer has set aside. */
static int
replay_record(const struct class_type *const *classes, int n_classes,
    struct db_root *root, struct row_changes *rows, const struct log_entry *e,
    const uint8_t *data, size_t len)
{
	uint64_t next = root->generation + 1;
	uint32_t changed = 0;
	struct db_txn t;
	int rc;

	txn_init(&t, classes, n_classes, root);
	rc = e->kind == LOG_COPY ? commit_apply_copy(&t, data, len) :
	    commit_apply(&t, data, len);
	if (!rc && t.generation > e->generation && t.generation != next)
		rc = -EBADMSG;
	if (!rc)
		rc = txn_finish(&t, &changed);
	if (!rc && changed)
		commit_publish(&t, root, rows);
	txn_release(&t);
	return rc;
}

int
log_replay(const struct log_entry *e,
    const struct class_type *const *classes, int n_classes,
    struct db_root *root, struct row_changes *rows)
{
	const uint8_t *p = e->p, *data;
	size_t len;
	int rc = 0;

	while (p < e->end && !rc) {
		if (!codec_get_bytes(&p, e->end, &data, &len))
			return -EBADMSG;
		rc = replay_record(classes, n_classes, root, rows, e, data,
		    len);
	}
	return rc;
}

int
log_fits(const struct log_entry *e,
    const struct class_type *const *classes, int n_classes,
    const struct db_root *root)
{
	struct row_changes rows = { 0 };
	struct db_root *trial;
	int rc;

	if (e->kind != LOG_BATCH || e->base != root->applied ||
	    e->generation > root->generation + GENERATION_AHEAD_MAX)
		return -EBADMSG;
	trial = root_clone(root);
	rc = log_replay(e, classes, n_classes, trial, &rows);
	row_changes_release(&rows);
	db_root_put(trial);
	return rc;
}
