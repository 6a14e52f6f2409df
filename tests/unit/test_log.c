#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/codec.h"
#include "db/log_entry.h"
#include "fault_vfs.h"
#include "model_tables.h"
#include "scratch.h"
#include "unit.h"

#define ENTRIES 200
#define FIRST 10

/* What became of entries that nobody waits for. */
struct told {
	atomic_int n;
	int rc[ENTRIES];
};

/* A log that keeps what it is given. */
struct keeper {
	struct buf entries[ENTRIES];
	int n;
	bool orders;
	int refuse;		/* what append returns instead */
	int appends;
	size_t most;		/* writes that a batch may have, none of which is
				 * kept; 0: any number */
	int too_long;		/* batches that had more */
	int again_every;	/* it has no place, each time so many are over */
	struct keeper *first;	/* whose entries come before the batch */
	struct told told;	/* of those */
	uint64_t base;		/* of the last batch that was kept */
	int stored_n;
	int stored_rc;
	struct db *watched;
	uint32_t boxes_at_append;
};

static uint32_t
count(struct db *db, int class_id)
{
	struct db_root *r = db_root_get(db);
	uint32_t n = db_count(r, class_id);

	db_root_put(r);
	return n;
}

static void
tell(void *arg, int rc)
{
	struct told *t = arg;

	t->rc[t->n] = rc;
	t->n++;
}

static void
apply_later(struct db *db, struct keeper *k, int i, struct told *t)
{
	ck_assert_int_eq(db_apply_later(db, (uint64_t)(FIRST + i),
	    k->entries[i].data, k->entries[i].len, tell, t), 0);
}

static bool
keeper_orders(void *arg)
{
	struct keeper *k = arg;

	return k->orders;
}

static int
keeper_append(void *arg, const struct log_batch *b, uint64_t *index_out)
{
	struct keeper *k = arg;

	k->boxes_at_append = count(k->watched, CLASS_BOX);
	if (!k->orders)
		return -EROFS;
	if (k->refuse)
		return k->refuse;
	if (k->most && b->n > k->most) {
		k->too_long++;
		return -EMSGSIZE;
	}
	if (k->again_every && ++k->appends % k->again_every)
		return -EAGAIN;
	if (k->first && k->told.n < k->first->n) {
		apply_later(k->watched, k->first, k->told.n, &k->told);
		return -EAGAIN;
	}
	k->base = b->base;
	if (!k->most)
		log_encode(&k->entries[k->n], b);
	*index_out = (uint64_t)(FIRST + k->n++);
	return 0;
}

static void
keeper_stored(void *arg, int rc)
{
	struct keeper *k = arg;

	k->stored_n++;
	k->stored_rc = rc;
}

static const struct db_log keeper_log = {
	.orders = keeper_orders, .append = keeper_append,
	.stored = keeper_stored,
};

static struct db *
open_with(const char *path, struct keeper *k)
{
	struct db_config cfg = {
		.path = path, .classes = model_classes, .n_classes = CLASS_N,
		.log = k ? &keeper_log : NULL, .log_arg = k,
		.apply_wait_ns = 200 * 1000000,
	};
	struct db *db;
	const char *why;

	ck_assert_int_eq(db_open(&cfg, &db, &why), 0);
	if (k)
		k->watched = db;
	return db;
}

static void
keeper_release(struct keeper *k)
{
	int i;

	for (i = 0; i < k->n; i++)
		buf_release(&k->entries[i]);
}

static int
apply(struct db *db, struct keeper *k, int i)
{
	return db_apply(db, (uint64_t)(FIRST + i), k->entries[i].data,
	    k->entries[i].len);
}

static int
fit(struct db *db, struct keeper *k, int i)
{
	return db_fits(db, k->entries[i].data, k->entries[i].len);
}

/* The objects of a copy: its heads, which tell index and generation, left out. */
static void
copy_objects(struct db *db, struct buf *b)
{
	const uint8_t *p, *end;
	struct log_entry e;
	struct buf all = { 0 };
	uint64_t number;
	size_t len;

	db_copy(db, &all);
	ck_assert_int_eq(log_decode(&e, all.data, all.len), 0);
	ck_assert(codec_get_bytes(&e.p, e.end, &p, &len));
	end = p + len;
	ck_assert(codec_get_varint(&p, end, &number));
	ck_assert(codec_get_varint(&p, end, &number));
	buf_add(b, p, (size_t)(end - p));
	buf_release(&all);
}

static bool
equal(struct db *a, struct db *b)
{
	struct buf x = { 0 }, y = { 0 };
	bool same;

	copy_objects(a, &x);
	copy_objects(b, &y);
	same = x.len && x.len == y.len && !memcmp(x.data, y.data, x.len);
	buf_release(&x);
	buf_release(&y);
	return same;
}

struct made {
	struct ref box, thing, visit, key;
};

static int
make_some(struct db_txn *t, void *arg)
{
	struct made *m = arg;
	struct box *b = txn_new(t, CLASS_BOX, NULL);
	struct thing *th = txn_new(t, CLASS_THING, NULL);
	struct visit *v = txn_new(t, CLASS_VISIT, NULL);
	struct key *k = txn_new(t, CLASS_KEY, NULL);

	*m = (struct made){ b->obj.ref, th->obj.ref, v->obj.ref, k->obj.ref };
	b->name_label = "box";
	th->name_label = "thing";
	th->box = b->obj.ref;
	th->weight = 70;
	th->temperature = 40;
	th->slot = "A1";
	th->tags = vec_add_string(txn_arena(t), th->tags, "tag");
	v->box = b->obj.ref;
	k->secret = "here only";
	return 0;
}

static int
heavier(struct db_txn *t, void *arg)
{
	struct made *m = arg;
	struct thing *th = txn_edit(t, CLASS_THING, &m->thing);

	th->weight++;
	return 0;
}

static int
warmer(struct db_txn *t, void *arg)
{
	struct made *m = arg;
	struct thing *th = txn_edit(t, CLASS_THING, &m->thing);

	th->temperature = 99;
	return 0;
}

static int
move_slot(struct db_txn *t, void *arg)
{
	struct made *m = arg;
	struct thing *th = txn_edit(t, CLASS_THING, &m->thing);

	th->slot = "B2";
	return 0;
}

static int
drop_box(struct db_txn *t, void *arg)
{
	struct made *m = arg;

	return txn_delete(t, CLASS_BOX, &m->box) ? 0 : -ENOENT;
}

static void
check_thing(struct db *db, const struct ref *ref, int64_t weight,
    int64_t temperature, const char *slot)
{
	struct db_root *r = db_root_get(db);
	const struct thing *th = db_find(r, CLASS_THING, ref);

	ck_assert_ptr_nonnull(th);
	ck_assert_int_eq(th->weight, weight);
	ck_assert_int_eq(th->temperature, temperature);
	ck_assert_str_eq(th->slot, slot);
	db_root_put(r);
}

START_TEST(a_write_is_seen_after_the_log_has_it)
{
	struct keeper k = { .orders = true };
	struct db *db = open_with(NULL, &k);
	struct made m;

	ck_assert_int_eq(db_write(db, make_some, &m), 0);
	ck_assert_uint_eq(k.boxes_at_append, 0);
	ck_assert_int_eq(k.n, 1);
	ck_assert_int_eq(k.stored_n, 1);
	ck_assert_int_eq(k.stored_rc, 0);
	ck_assert_uint_eq(db_applied(db), FIRST);
	ck_assert_uint_eq(count(db, CLASS_BOX), 1);
	db_close(db);
	keeper_release(&k);
}
END_TEST

START_TEST(what_the_log_refuses_leaves_nothing)
{
	static const int codes[] = { -ENOSPC, -ETIMEDOUT };
	struct keeper k = { .orders = true };
	struct db *db = open_with(scratch_file("state.db"), &k);
	struct made m;
	size_t i;

	for (i = 0; i < 2; i++) {
		k.refuse = codes[i];
		ck_assert_int_eq(db_write(db, make_some, &m), codes[i]);
		ck_assert_uint_eq(count(db, CLASS_BOX), 0);
		ck_assert_uint_eq(count(db, CLASS_KEY), 0);
	}
	ck_assert_int_eq(k.stored_n, 0);
	ck_assert_uint_eq(db_applied(db), 0);
	k.refuse = 0;
	ck_assert_int_eq(db_write(db, make_some, &m), 0);
	ck_assert_uint_eq(count(db, CLASS_BOX), 1);
	db_close(db);
	keeper_release(&k);
}
END_TEST

/* A write that counts its runs, and what it found at the last one. */
struct run {
	int n;
	int boxes;
	int rc;
};

static int
see_box(const void *obj, void *arg)
{
	int *n = arg;

	(void)obj;
	++*n;
	return 0;
}

static int
add_box(struct db_txn *t, void *arg)
{
	struct run *r = arg;

	r->n++;
	r->boxes = 0;
	txn_each(t, CLASS_BOX, see_box, &r->boxes);
	txn_new(t, CLASS_BOX, NULL);
	return r->rc;
}

START_TEST(a_write_that_comes_second_runs_again_on_what_came_first)
{
	struct keeper k = { .orders = true };
	struct keeper f = { .orders = true, .first = &k, .n = 3 };
	struct db *db = open_with(NULL, &k);
	struct db *other = open_with(scratch_file("other.db"), &f);
	struct run r = { 0 };
	struct made m;
	int i;

	for (i = 0; i < 3; i++)
		ck_assert_int_eq(db_write(db, make_some, &m), 0);
	ck_assert_int_eq(db_write(other, add_box, &r), 0);
	/* each entry came while the batch was under way */
	ck_assert_int_eq(r.n, 4);
	ck_assert_int_eq(r.boxes, 3);
	ck_assert_int_eq(f.told.n, 3);
	ck_assert_uint_eq(f.base, FIRST + 2);
	ck_assert_uint_eq(db_applied(other), FIRST + 3);
	ck_assert_uint_eq(count(other, CLASS_BOX), 4);
	ck_assert_int_eq(f.stored_n, 1);
	ck_assert_int_eq(db_apply(db, FIRST + 3, f.entries[3].data,
	    f.entries[3].len), 0);
	ck_assert(equal(db, other));
	db_close(db);
	db_close(other);
	keeper_release(&k);
	keeper_release(&f);
}
END_TEST

START_TEST(what_a_write_itself_returns_is_its_answer)
{
	struct keeper k = { .orders = true };
	struct db *db = open_with(NULL, &k);
	struct run r = { .rc = -EAGAIN };

	ck_assert_int_eq(db_write(db, add_box, &r), -EAGAIN);
	ck_assert_int_eq(r.n, 1);
	ck_assert_int_eq(k.n, 0);
	db_close(db);
	keeper_release(&k);
}
END_TEST

#define WRITERS 6
#define WRITES 20

struct writer {
	struct db *db;
	struct made *made;
};

static void *
write_often(void *arg)
{
	struct writer *w = arg;
	int i;

	for (i = 0; i < WRITES; i++) {
		/* one of them asks for what is not there */
		ck_assert_int_eq(db_write(w->db, heavier, w->made), 0);
		ck_assert_int_eq(db_write(w->db, drop_box, w->made), -ENOENT);
	}
	return NULL;
}

START_TEST(writes_that_run_again_together_are_each_made_once)
{
	struct keeper k = { .orders = true };
	struct db *db = open_with(scratch_file("state.db"), &k);
	struct made m;
	struct writer w = { db, &m };
	pthread_t threads[WRITERS];
	int i;

	ck_assert_int_eq(db_write(db, make_some, &m), 0);
	m.box = m.key;		/* no box */
	k.again_every = 3;
	for (i = 0; i < WRITERS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, write_often,
		    &w), 0);
	for (i = 0; i < WRITERS; i++)
		pthread_join(threads[i], NULL);
	check_thing(db, &m.thing, 70 + WRITERS * WRITES, 40, "A1");
	db_close(db);
	keeper_release(&k);
}
END_TEST

/* As many rounds as it takes for writes to meet. */
START_TEST(writes_that_are_too_long_together_are_made_alone)
{
	struct keeper k = { .orders = true };
	struct db *db = open_with(scratch_file("state.db"), &k);
	struct made m;
	struct writer w = { db, &m };
	pthread_t threads[WRITERS];
	int rounds, i;

	ck_assert_int_eq(db_write(db, make_some, &m), 0);
	m.box = m.key;		/* no box */
	k.most = 1;
	for (rounds = 0; !k.too_long; rounds++) {
		for (i = 0; i < WRITERS; i++)
			ck_assert_int_eq(pthread_create(&threads[i], NULL,
			    write_often, &w), 0);
		for (i = 0; i < WRITERS; i++)
			pthread_join(threads[i], NULL);
	}
	check_thing(db, &m.thing, 70 + rounds * WRITERS * WRITES, 40, "A1");
	db_close(db);
	k.n = 1;
	keeper_release(&k);
}
END_TEST

START_TEST(a_member_that_none_orders_for_writes_what_is_not_replicated)
{
	struct keeper k = { .orders = true };
	struct db *db = open_with(scratch_file("state.db"), &k);
	struct made m;

	ck_assert_int_eq(db_write(db, make_some, &m), 0);
	k.orders = false;
	ck_assert_int_eq(db_write(db, heavier, &m), -EROFS);
	ck_assert_int_eq(db_write(db, warmer, &m), 0);
	ck_assert_int_eq(db_write(db, move_slot, &m), 0);
	ck_assert_int_eq(k.n, 1);
	check_thing(db, &m.thing, 70, 99, "B2");
	db_close(db);
	keeper_release(&k);
}
END_TEST

START_TEST(a_member_that_takes_the_entries_is_equal)
{
	struct keeper k = { .orders = true }, f = { 0 };
	struct db *db = open_with(NULL, &k), *other = open_with(NULL, &f);
	struct made m;
	int i;

	for (i = 0; i < 8; i++) {
		ck_assert_int_eq(db_write(db, make_some, &m), 0);
		ck_assert_int_eq(db_write(db, heavier, &m), 0);
		if (i % 2)
			ck_assert_int_eq(db_write(db, drop_box, &m), 0);
	}
	for (i = 0; i < k.n; i++) {
		/* the first entry builds upon an empty log */
		ck_assert_uint_eq(db_applied(other), i ?
		    (uint64_t)(FIRST + i - 1) : 0);
		ck_assert_int_eq(apply(other, &k, i), 0);
		/* once more is not twice */
		ck_assert_int_eq(apply(other, &k, i), 0);
	}
	ck_assert(equal(db, other));
	ck_assert_uint_eq(count(other, CLASS_VISIT), 0);
	ck_assert_uint_eq(count(other, CLASS_KEY), 0);
	check_thing(other, &m.thing, 71, 0, "none");
	db_close(db);
	db_close(other);
	keeper_release(&k);
}
END_TEST

START_TEST(entries_that_nobody_waits_for_share_a_transaction)
{
	const char *path = scratch_file("other.db");
	struct keeper k = { .orders = true }, f = { 0 };
	struct db *db = open_with(NULL, &k), *other;
	struct told t = { 0 };
	struct made m;
	int i, calls;

	ck_assert_int_eq(db_write(db, make_some, &m), 0);
	for (i = 1; i < 150; i++)	/* more than a transaction takes */
		ck_assert_int_eq(db_write(db, heavier, &m), 0);
	fault_install();
	other = open_with(path, &f);
	calls = fault_calls;
	for (i = 0; i < k.n; i++)
		apply_later(other, &k, i, &t);
	/* a write goes after them, at once */
	ck_assert_int_eq(db_write(other, warmer, &m), 0);
	/* each commit of its own would write and sync */
	ck_assert_int_lt(fault_calls - calls, k.n);
	ck_assert_int_eq(t.n, k.n);
	for (i = 0; i < k.n; i++)
		ck_assert_int_eq(t.rc[i], 0);
	ck_assert_uint_eq(db_applied(other), (uint64_t)(FIRST + k.n - 1));
	ck_assert(equal(db, other));
	db_close(other);
	other = open_with(path, &f);
	ck_assert_uint_eq(db_applied(other), (uint64_t)(FIRST + k.n - 1));
	ck_assert(equal(db, other));
	db_close(other);
	db_close(db);
	keeper_release(&k);
}
END_TEST

START_TEST(entries_after_one_that_is_refused_are_not_taken)
{
	struct keeper k = { .orders = true }, f = { 0 };
	struct db *db = open_with(NULL, &k), *other;
	struct told t = { 0 };
	struct made m;
	int i;

	ck_assert_int_eq(db_write(db, make_some, &m), 0);
	for (i = 1; i < 6; i++)
		ck_assert_int_eq(db_write(db, heavier, &m), 0);
	fault_install();
	other = open_with(scratch_file("other.db"), &f);
	ck_assert_int_eq(apply(other, &k, 0), 0);
	fault_set(1, SQLITE_FULL);
	for (i = 1; i < 4; i++)
		apply_later(other, &k, i, &t);
	ck_assert_int_eq(db_write(other, warmer, &m), 0);
	fault_set(0, 0);
	ck_assert_int_eq(t.n, 3);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(t.rc[i], -ENOSPC);
	ck_assert_uint_eq(db_applied(other), FIRST);
	for (i = 1; i < k.n; i++)
		ck_assert_int_eq(apply(other, &k, i), 0);
	ck_assert(equal(db, other));
	db_close(other);
	db_close(db);
	keeper_release(&k);
}
END_TEST

/* Two entries for one state, of which all members take the first: so does one whose
 * disk refused that and has room for the second. */
START_TEST(none_is_taken_instead_of_one_that_was_refused)
{
	struct keeper k = { .orders = true }, f = { 0 };
	struct db *db = open_with(NULL, &k), *other;
	struct made m;

	ck_assert_int_eq(db_write(db, make_some, &m), 0);
	ck_assert_int_eq(db_write(db, heavier, &m), 0);
	fault_install();
	other = open_with(scratch_file("other.db"), &f);
	ck_assert_int_eq(apply(other, &k, 0), 0);
	fault_set(1, SQLITE_FULL);
	ck_assert_int_eq(apply(other, &k, 1), -ENOSPC);
	fault_set(0, 0);
	ck_assert_int_eq(db_apply(other, FIRST + 2, k.entries[1].data,
	    k.entries[1].len), -ENOSPC);
	ck_assert_uint_eq(db_applied(other), FIRST);
	ck_assert_int_eq(apply(other, &k, 1), 0);
	ck_assert_int_eq(db_apply(other, FIRST + 2, k.entries[1].data,
	    k.entries[1].len), 0);
	ck_assert_uint_eq(db_applied(other), FIRST + 1);
	ck_assert(equal(db, other));
	db_close(other);
	db_close(db);
	keeper_release(&k);
}
END_TEST

START_TEST(a_file_knows_its_last_entry)
{
	const char *path = scratch_file("other.db");
	struct keeper k = { .orders = true }, f = { 0 };
	struct db *db = open_with(NULL, &k), *other = open_with(path, &f);
	struct made m;
	int i;

	ck_assert_int_eq(db_write(db, make_some, &m), 0);
	for (i = 1; i < 6; i++)
		ck_assert_int_eq(db_write(db, heavier, &m), 0);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(apply(other, &k, i), 0);
	db_close(other);
	other = open_with(path, &f);
	ck_assert_uint_eq(db_applied(other), FIRST + 2);
	for (i = 0; i < 6; i++)
		ck_assert_int_eq(apply(other, &k, i), 0);
	check_thing(other, &m.thing, 75, 0, "none");
	ck_assert(equal(db, other));
	ck_assert_int_eq(db_detach(other), 0);
	db_close(other);
	other = open_with(path, &f);
	ck_assert_uint_eq(db_applied(other), 0);
	ck_assert(equal(db, other));
	db_close(db);
	db_close(other);
	keeper_release(&k);
}
END_TEST

START_TEST(an_entry_for_another_state_is_left_out)
{
	struct keeper k = { .orders = true }, f = { 0 };
	struct db *db = open_with(NULL, &k), *other = open_with(NULL, &f);
	struct made m;

	ck_assert_int_eq(db_write(db, make_some, &m), 0);
	ck_assert_int_eq(db_write(db, heavier, &m), 0);
	ck_assert_int_eq(apply(other, &k, 0), 0);
	/* the same batch again, ordered late */
	ck_assert_int_eq(db_apply(other, FIRST + 5, k.entries[0].data,
	    k.entries[0].len), 0);
	ck_assert_uint_eq(db_applied(other), FIRST);
	ck_assert_uint_eq(count(other, CLASS_BOX), 1);
	ck_assert_int_eq(apply(other, &k, 1), 0);
	ck_assert(equal(db, other));
	db_close(db);
	db_close(other);
	keeper_release(&k);
}
END_TEST

START_TEST(a_copy_keeps_what_is_local)
{
	struct keeper k = { .orders = true }, f = { .orders = true };
	struct db *db = open_with(NULL, &k);
	struct db *other = open_with(scratch_file("other.db"), &f);
	struct made m, foreign;
	struct buf copy = { 0 };

	ck_assert_int_eq(db_write(db, make_some, &m), 0);
	ck_assert_int_eq(apply(other, &k, 0), 0);
	ck_assert_int_eq(db_write(other, make_some, &foreign), 0);
	ck_assert_int_eq(db_write(other, warmer, &m), 0);
	ck_assert_int_eq(db_write(other, move_slot, &m), 0);
	ck_assert_int_eq(db_write(db, heavier, &m), 0);
	ck_assert_int_eq(db_write(db, heavier, &m), 0);

	db_copy(db, &copy);
	/* in the log it would be one that was made for another state */
	ck_assert_int_eq(db_apply(other, FIRST + 2, copy.data, copy.len), 0);
	ck_assert_uint_eq(db_applied(other), FIRST);
	ck_assert_int_eq(db_replace(other, copy.data, copy.len), 0);
	ck_assert_uint_eq(db_applied(other), FIRST + 2);
	ck_assert(equal(db, other));
	check_thing(other, &m.thing, 72, 99, "B2");
	ck_assert_uint_eq(count(other, CLASS_BOX), 1);
	/* what only this member had, of its own class, stays */
	ck_assert_uint_eq(count(other, CLASS_KEY), 1);
	db_close(db);
	db_close(other);
	buf_release(&copy);
	keeper_release(&k);
	keeper_release(&f);
}
END_TEST

/* What comes while a copy is made and sent is not taken to be in it. */
START_TEST(a_copy_names_the_entries_it_contains)
{
	struct keeper k = { .orders = true }, f = { .orders = true };
	struct db *db = open_with(NULL, &k), *other = open_with(NULL, &f);
	struct buf copy = { 0 };
	struct made m;

	ck_assert_int_eq(db_write(db, make_some, &m), 0);
	db_copy(db, &copy);
	ck_assert_int_eq(db_write(db, heavier, &m), 0);
	ck_assert_uint_eq(db_applied(db), FIRST + 1);
	ck_assert_int_eq(db_replace(other, copy.data, copy.len), 0);
	ck_assert_uint_eq(db_applied(other), FIRST);
	ck_assert_int_eq(apply(other, &k, 1), 0);
	ck_assert(equal(db, other));
	db_close(db);
	db_close(other);
	buf_release(&copy);
	keeper_release(&k);
	keeper_release(&f);
}
END_TEST

START_TEST(generations_follow_the_log)
{
	struct keeper k = { .orders = true }, f = { 0 };
	struct db *db = open_with(NULL, &k), *other = open_with(NULL, &f);
	struct db_root *a, *b;
	struct made m;
	int i;

	ck_assert_int_eq(db_write(db, make_some, &m), 0);
	for (i = 0; i < 5; i++) {
		ck_assert_int_eq(db_write(db, warmer, &m), 0);
		ck_assert_int_eq(db_write(db, heavier, &m), 0);
	}
	for (i = 0; i < k.n; i++)
		ck_assert_int_eq(apply(other, &k, i), 0);
	a = db_root_get(db);
	b = db_root_get(other);
	ck_assert_uint_ge(db_generation(b), db_generation(a));
	db_root_put(a);
	db_root_put(b);
	db_close(db);
	db_close(other);
	keeper_release(&k);
}
END_TEST

START_TEST(an_entry_that_the_disk_refuses_may_come_again)
{
	struct keeper k = { .orders = true }, f = { 0 };
	struct db *db = open_with(NULL, &k), *other;
	struct made m;
	int n;

	ck_assert_int_eq(db_write(db, make_some, &m), 0);
	fault_install();
	other = open_with(scratch_file("other.db"), &f);
	for (n = 1; n < 4; n++) {
		fault_set(n, SQLITE_FULL);
		if (!apply(other, &k, 0))
			break;
		ck_assert_uint_eq(db_applied(other), 0);
		ck_assert_uint_eq(count(other, CLASS_BOX), 0);
	}
	fault_set(0, 0);
	ck_assert_int_gt(n, 1);
	ck_assert_int_eq(apply(other, &k, 0), 0);
	ck_assert(equal(db, other));
	db_close(db);
	db_close(other);
	keeper_release(&k);
}
END_TEST

START_TEST(the_log_is_told_when_the_disk_refuses)
{
	struct keeper k = { .orders = true };
	struct db *db;
	struct made m;

	fault_install();
	db = open_with(scratch_file("state.db"), &k);
	fault_set(1, SQLITE_FULL);
	/* other members have it: it is not refused, only unknown */
	ck_assert_int_eq(db_write(db, make_some, &m), -ETIMEDOUT);
	ck_assert_int_eq(k.n, 1);
	ck_assert_int_eq(k.stored_n, 1);
	ck_assert_int_eq(k.stored_rc, -ENOSPC);
	fault_set(0, 0);
	db_close(db);
	keeper_release(&k);
}
END_TEST

static int
fits(struct db *db, const struct log_batch *batch)
{
	struct buf b = { 0 };
	int rc;

	log_encode(&b, batch);
	rc = db_fits(db, b.data, b.len);
	buf_release(&b);
	return rc;
}

/* Whether others could take it is asked before it is ordered, and changes nothing. */
START_TEST(what_does_not_fit_is_known_before_it_is_ordered)
{
	struct keeper k = { .orders = true }, f = { 0 };
	struct db *db = open_with(NULL, &k), *other = open_with(NULL, &f);
	struct buf copy = { 0 };
	struct made m;

	ck_assert_int_eq(db_write(db, make_some, &m), 0);
	ck_assert_int_eq(db_write(db, heavier, &m), 0);
	ck_assert_int_eq(fit(other, &k, 0), 0);
	ck_assert_int_eq(fit(other, &k, 1), -EBADMSG);
	ck_assert_uint_eq(count(other, CLASS_BOX), 0);
	ck_assert_int_eq(apply(other, &k, 0), 0);
	ck_assert_int_eq(fit(other, &k, 0), -EBADMSG);
	ck_assert_int_eq(fit(other, &k, 1), 0);
	ck_assert_uint_eq(db_applied(other), FIRST);
	ck_assert_int_eq(db_fits(other, "\377\377", 2), -EBADMSG);
	db_copy(other, &copy);
	ck_assert_int_eq(db_fits(other, copy.data, copy.len), -EBADMSG);
	buf_release(&copy);
	ck_assert_int_eq(fits(other, &(struct log_batch){ .base = FIRST }), 0);
	ck_assert_int_eq(fits(other, &(struct log_batch){ .base = FIRST,
	    .generation = (uint64_t)1 << 60 }), -EBADMSG);
	db_close(db);
	db_close(other);
	keeper_release(&k);
}
END_TEST

/* A record about a thing that is not there. */
START_TEST(a_change_of_nothing_does_not_fit)
{
	struct keeper k = { .orders = true }, f = { 0 };
	struct db *db = open_with(NULL, &k), *other = open_with(NULL, &f);
	struct log_entry e;
	struct log_batch batch = { 0 };
	const uint8_t *record;
	struct made m;
	size_t len;

	ck_assert_int_eq(db_write(db, make_some, &m), 0);
	ck_assert_int_eq(db_write(db, heavier, &m), 0);
	ck_assert_int_eq(log_decode(&e, k.entries[1].data, k.entries[1].len),
	    0);
	ck_assert(codec_get_bytes(&e.p, e.end, &record, &len));
	batch = (struct log_batch){ .records = (const char *)record,
	    .lengths = &len, .n = 1, .generation = e.generation };
	ck_assert_int_eq(fits(other, &batch), -ENOENT);
	db_close(db);
	db_close(other);
	keeper_release(&k);
}
END_TEST

START_TEST(damaged_entries_are_refused_or_taken_whole)
{
	struct keeper k = { .orders = true }, f = { 0 };
	struct db *db = open_with(NULL, &k), *other;
	struct made m;
	size_t i;

	ck_assert_int_eq(db_write(db, make_some, &m), 0);
	for (i = 0; i < k.entries[0].len; i++) {
		char was = k.entries[0].data[i];

		other = open_with(NULL, &f);
		k.entries[0].data[i] = (char)(was ^ (1 << i % 8));
		if (apply(other, &k, 0))
			ck_assert_uint_eq(count(other, CLASS_BOX), 0);
		ck_assert_int_le(db_apply(other, FIRST + 1,
		    k.entries[0].data, i), 0);
		k.entries[0].data[i] = was;
		db_close(other);
	}
	db_close(db);
	keeper_release(&k);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("log", a_write_is_seen_after_the_log_has_it,
	    what_the_log_refuses_leaves_nothing,
	    a_write_that_comes_second_runs_again_on_what_came_first,
	    what_a_write_itself_returns_is_its_answer,
	    writes_that_run_again_together_are_each_made_once,
	    writes_that_are_too_long_together_are_made_alone,
	    a_member_that_none_orders_for_writes_what_is_not_replicated,
	    a_member_that_takes_the_entries_is_equal,
	    entries_that_nobody_waits_for_share_a_transaction,
	    entries_after_one_that_is_refused_are_not_taken,
	    none_is_taken_instead_of_one_that_was_refused,
	    a_file_knows_its_last_entry,
	    an_entry_for_another_state_is_left_out,
	    a_copy_names_the_entries_it_contains,
	    a_copy_keeps_what_is_local, generations_follow_the_log,
	    an_entry_that_the_disk_refuses_may_come_again,
	    the_log_is_told_when_the_disk_refuses,
	    what_does_not_fit_is_known_before_it_is_ordered,
	    a_change_of_nothing_does_not_fit,
	    damaged_entries_are_refused_or_taken_whole);
}
