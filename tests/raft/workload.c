#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/codec.h"
#include "db/log_entry.h"
#include "model_tables.h"
#include "workload.h"

bool
work_replicated(const struct op *op)
{
	return op->kind != OP_LOCAL && op->kind != OP_VOLATILE;
}

struct ref
work_thing(int i)
{
	return (struct ref){ { 0x71, (uint8_t)i } };
}

struct ref
work_box(int i)
{
	return (struct ref){ { 0xb0, (uint8_t)i } };
}

static int
add_tag(struct db_txn *t, const struct op *op)
{
	struct ref ref = work_thing(op->thing);
	struct thing *th = txn_edit(t, CLASS_THING, &ref);
	char tag[16];

	if (!th) {
		th = txn_new(t, CLASS_THING, &ref);
		th->name_label = arena_printf(txn_arena(t), "thing %d",
		    op->thing);
		th->weight = 0;
	}
	snprintf(tag, sizeof(tag), "%d", op->number);
	th->tags = vec_add_string(txn_arena(t), th->tags, tag);
	th->weight++;
	th->temperature = op->number;
	th->slot = arena_strdup(txn_arena(t), tag);
	return 0;
}

static int
make_box(struct db_txn *t, const struct op *op)
{
	struct ref ref = work_box(op->box);
	struct box *b = txn_new(t, CLASS_BOX, &ref);

	if (!b)
		return -ENOENT;
	b->name_label = arena_printf(txn_arena(t), "box %d", op->number);
	return 0;
}

static int
edit_thing(struct db_txn *t, const struct op *op)
{
	struct ref ref = work_thing(op->thing);
	struct ref box = work_box(op->box);
	struct thing *th = txn_edit(t, CLASS_THING, &ref);

	if (!th)
		return -ENOENT;
	if (op->kind == OP_MOVE) {
		if (!txn_get(t, CLASS_BOX, &box))
			return -ENOENT;
		th->box = box;
	} else if (op->kind == OP_LOCAL) {
		th->slot = arena_printf(txn_arena(t), "%d", op->number);
	} else {
		th->temperature = op->number;
	}
	return 0;
}

int
work_write(struct db_txn *t, void *arg)
{
	const struct op *op = arg;
	struct ref box = work_box(op->box);
	int rc = 0;

	if (op->kind == OP_BOX)
		rc = make_box(t, op);
	else if (op->kind == OP_UNBOX)
		rc = txn_delete(t, CLASS_BOX, &box) ? 0 : -ENOENT;
	else if (op->kind != OP_TAG)
		rc = edit_thing(t, op);
	if (!rc && work_replicated(op))
		rc = add_tag(t, op);
	return rc;
}

enum op_result
work_result(int rc)
{
	switch (rc) {
	case 0:
		return OP_DONE;
	case -EROFS:
	case -EAGAIN:
	case -ENOSPC:
	case -ENOENT:
		return OP_REFUSED;
	default:
		return OP_UNKNOWN;
	}
}

uint64_t
work_hash(struct db *db)
{
	uint64_t h = 0xcbf29ce484222325u, skipped;
	const uint8_t *p, *end;
	struct log_entry e;
	struct buf b = { 0 };
	size_t len;

	db_copy(db, &b);
	if (log_decode(&e, b.data, b.len) ||
	    !codec_get_bytes(&e.p, e.end, &p, &len))
		abort();
	end = p + len;
	if (!codec_get_varint(&p, end, &skipped) ||
	    !codec_get_varint(&p, end, &skipped))
		abort();
	while (p < end)
		h = (h ^ *p++) * 0x100000001b3u;
	buf_release(&b);
	return h ? h : 1;
}

static struct db *
db_of(void *arg)
{
	return *(struct db **)arg;
}

static uint64_t
here_applied(void *arg)
{
	return db_applied(db_of(arg));
}

static int
here_detach(void *arg)
{
	return db_detach(db_of(arg));
}

static int
here_apply_later(void *arg, uint64_t index, const void *entry, size_t len,
    db_applied_fn *applied, void *applied_arg)
{
	return db_apply_later(db_of(arg), index, entry, len, applied,
	    applied_arg);
}

static int
here_replace(void *arg, const void *copy, size_t len)
{
	return db_replace(db_of(arg), copy, len);
}

static int
here_copy(void *arg, struct buf *b)
{
	db_copy(db_of(arg), b);
	return 0;
}

static int
here_fits(void *arg, const void *entry, size_t len)
{
	return db_fits(db_of(arg), entry, len);
}

const struct member_db work_db = {
	.applied = here_applied, .detach = here_detach,
	.apply_later = here_apply_later, .replace = here_replace,
	.copy = here_copy, .fits = here_fits,
};

static bool
log_orders(void *arg)
{
	return member_orders(arg);
}

static int
log_append(void *arg, const struct log_batch *batch, uint64_t *index_out)
{
	struct buf b = { 0 };
	int rc;

	log_encode(&b, batch);
	rc = member_append(arg, b.data, b.len, batch->base, index_out);
	buf_release(&b);
	return rc;
}

static void
log_stored(void *arg, int rc)
{
	member_stored(arg, rc);
}

const struct db_log work_log = {
	.orders = log_orders, .append = log_append, .stored = log_stored,
};
