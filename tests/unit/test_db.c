#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fdio.h"
#include "db/commit.h"
#include "db/db.h"
#include "db/encoded.h"
#include "db/log.h"
#include "model_tables.h"
#include "unit.h"

static struct db *db;

static void
open_memory(void)
{
	struct db_config cfg = {
		.classes = model_classes, .n_classes = CLASS_N,
	};
	const char *why;

	ck_assert_int_eq(db_open(&cfg, &db, &why), 0);
	ck_assert_ptr_null(why);
}

/* A write of the tests: what to do is in one struct. */
struct job {
	struct ref ref;
	struct ref other;
	const char *text;
	int64_t number;
	int fail;
};

static int
new_box(struct db_txn *t, void *arg)
{
	struct job *j = arg;
	struct box *b = txn_new(t, CLASS_BOX, NULL);

	b->name_label = j->text;
	j->ref = b->obj.ref;
	return j->fail;
}

static int
new_thing(struct db_txn *t, void *arg)
{
	struct job *j = arg;
	struct thing *th = txn_new(t, CLASS_THING, NULL);

	th->name_label = j->text;
	th->box = j->other;
	th->weight = j->number;
	th->other_config = map_set(txn_arena(t), th->other_config, "k", "v");
	j->ref = th->obj.ref;
	return j->fail;
}

static int
move_thing(struct db_txn *t, void *arg)
{
	struct job *j = arg;
	struct thing *th = txn_edit(t, CLASS_THING, &j->ref);

	if (!th)
		return -ENOENT;
	th->box = j->other;
	return j->fail;
}

static int
delete_any(struct db_txn *t, void *arg)
{
	struct job *j = arg;
	int i;

	for (i = 0; i < CLASS_N; i++) {
		if (txn_delete(t, i, &j->ref))
			return 0;
	}
	return -ENOENT;
}

static int
set_weight(struct db_txn *t, void *arg)
{
	struct job *j = arg;
	struct thing *th = txn_edit(t, CLASS_THING, &j->ref);

	if (!th)
		return -ENOENT;
	th->weight = j->number;
	return j->fail;
}

static struct ref
make_box(const char *name)
{
	struct job j = { .text = name };

	ck_assert_int_eq(db_write(db, new_box, &j), 0);
	return j.ref;
}

static struct ref
make_thing(const char *name, struct ref box)
{
	struct job j = { .text = name, .other = box };

	ck_assert_int_eq(db_write(db, new_thing, &j), 0);
	return j.ref;
}

static void
do_move(struct ref thing, struct ref box)
{
	struct job j = { .ref = thing, .other = box };

	ck_assert_int_eq(db_write(db, move_thing, &j), 0);
}

static void
do_delete(struct ref ref)
{
	struct job j = { .ref = ref };

	ck_assert_int_eq(db_write(db, delete_any, &j), 0);
}

static uint64_t
generation(void)
{
	struct db_root *r = db_root_get(db);
	uint64_t g = db_generation(r);

	db_root_put(r);
	return g;
}

START_TEST(new_objects_have_defaults_ref_and_uuid)
{
	struct ref box, thing;
	struct db_root *r;
	const struct thing *th;

	open_memory();
	box = make_box("b");
	thing = make_thing("t", box);
	r = db_root_get(db);
	th = db_find(r, CLASS_THING, &thing);
	ck_assert_ptr_nonnull(th);
	ck_assert_str_eq(th->name_label, "t");
	ck_assert_int_eq(th->colour, GREEN);
	ck_assert_str_eq(th->size.unit, "mm");
	ck_assert_str_eq(th->slot, "none");
	ck_assert_str_eq(map_get(th->other_config, "k"), "v");
	ck_assert_uint_eq(strlen(th->uuid), UUID_TEXT_LEN);
	ck_assert_ptr_eq(db_find_uuid(r, CLASS_THING, th->uuid), th);
	ck_assert_ptr_null(db_find_uuid(r, CLASS_BOX, th->uuid));
	ck_assert_ptr_null(db_find(r, CLASS_BOX, &thing));
	ck_assert_int_eq(db_class_of(r, &thing), CLASS_THING);
	ck_assert_int_eq(db_class_of(r, &REF_NULL), -1);
	ck_assert_uint_eq(db_count(r, CLASS_THING), 1);
	db_root_put(r);
	db_close(db);
}
END_TEST

START_TEST(a_failed_write_leaves_nothing)
{
	struct job j = { .text = "x", .fail = -EPERM };
	uint64_t before;
	struct db_root *r;

	open_memory();
	before = generation();
	ck_assert_int_eq(db_write(db, new_box, &j), -EPERM);
	r = db_root_get(db);
	ck_assert_uint_eq(db_count(r, CLASS_BOX), 0);
	ck_assert_ptr_null(db_find(r, CLASS_BOX, &j.ref));
	ck_assert_uint_eq(db_generation(r), before);
	db_root_put(r);
	db_close(db);
}
END_TEST

START_TEST(a_reader_keeps_its_root)
{
	struct ref box, thing;
	struct db_root *old;
	const struct thing *th;
	struct job j = { .number = 99 };

	open_memory();
	box = make_box("b");
	thing = make_thing("t", box);
	old = db_root_get(db);
	th = db_find(old, CLASS_THING, &thing);
	j.ref = thing;
	ck_assert_int_eq(db_write(db, set_weight, &j), 0);
	do_delete(thing);
	do_delete(box);
	ck_assert_int_eq(th->weight, 0);
	ck_assert_ptr_eq(db_find(old, CLASS_THING, &thing), th);
	ck_assert_uint_eq(db_count(old, CLASS_BOX), 1);
	db_close(db);
	ck_assert_str_eq(th->name_label, "t");
	db_root_put(old);
}
END_TEST

START_TEST(an_object_outlives_its_root)
{
	struct ref box;
	struct db_root *r;
	const struct box *b;

	open_memory();
	box = make_box("kept");
	r = db_root_get(db);
	b = db_find(r, CLASS_BOX, &box);
	object_get(&b->obj);
	db_root_put(r);
	do_delete(box);
	db_close(db);
	ck_assert_str_eq(b->name_label, "kept");
	object_put(&b->obj);
}
END_TEST

static uint32_t
things_in(struct ref box, const struct ref *thing)
{
	struct db_root *r = db_root_get(db);
	const struct box *b = db_find(r, CLASS_BOX, &box);
	uint32_t n = b->things.n;

	if (thing)
		ck_assert(set_has_ref(b->things, thing));
	db_root_put(r);
	return n;
}

START_TEST(the_far_end_follows_the_near_end)
{
	struct ref a, b, t1, t2;
	struct db_root *r;
	const struct thing *th;

	open_memory();
	a = make_box("a");
	b = make_box("b");
	t1 = make_thing("1", a);
	t2 = make_thing("2", a);
	ck_assert_uint_eq(things_in(a, &t1), 2);
	do_move(t1, b);
	ck_assert_uint_eq(things_in(a, &t2), 1);
	ck_assert_uint_eq(things_in(b, &t1), 1);
	do_move(t1, REF_NULL);
	ck_assert_uint_eq(things_in(b, NULL), 0);
	do_move(t1, b);
	do_delete(t2);
	ck_assert_uint_eq(things_in(a, NULL), 0);
	do_delete(b);
	r = db_root_get(db);
	th = db_find(r, CLASS_THING, &t1);
	ck_assert(ref_is_null(&th->box));
	db_root_put(r);
	db_close(db);
}
END_TEST

static int
box_with_things_then_delete(struct db_txn *t, void *arg)
{
	struct job *j = arg;
	struct box *b = txn_new(t, CLASS_BOX, NULL);
	struct thing *x = txn_new(t, CLASS_THING, NULL);
	struct thing *y = txn_new(t, CLASS_THING, NULL);

	x->box = b->obj.ref;
	y->box = b->obj.ref;
	j->ref = x->obj.ref;
	j->other = b->obj.ref;
	if (j->number)
		ck_assert(txn_delete(t, CLASS_BOX, &b->obj.ref));
	else
		ck_assert(txn_delete(t, CLASS_THING, &y->obj.ref));
	return 0;
}

START_TEST(relations_within_one_write_are_kept)
{
	struct job j = { .number = 0 };
	struct db_root *r;
	const struct thing *th;

	open_memory();
	ck_assert_int_eq(db_write(db, box_with_things_then_delete, &j), 0);
	ck_assert_uint_eq(things_in(j.other, &j.ref), 1);
	j.number = 1;
	ck_assert_int_eq(db_write(db, box_with_things_then_delete, &j), 0);
	r = db_root_get(db);
	ck_assert_ptr_null(db_find(r, CLASS_BOX, &j.other));
	th = db_find(r, CLASS_THING, &j.ref);
	ck_assert(ref_is_null(&th->box));
	ck_assert_uint_eq(db_count(r, CLASS_THING), 3);
	db_root_put(r);
	db_close(db);
}
END_TEST

static int
label_thing(struct db_txn *t, void *arg)
{
	struct job *j = arg;
	struct label *l = txn_new(t, CLASS_LABEL, NULL);
	struct thing *th = txn_edit(t, CLASS_THING, &j->ref);

	th->labels = vec_add_ref(txn_arena(t), th->labels, &l->obj.ref);
	j->other = l->obj.ref;
	return 0;
}

START_TEST(relations_may_be_many_to_many)
{
	struct job j = { .number = 0 };
	struct ref first;
	struct db_root *r;
	const struct thing *th;
	const struct label *l;

	open_memory();
	j.ref = make_thing("t", REF_NULL);
	ck_assert_int_eq(db_write(db, label_thing, &j), 0);
	first = j.other;
	ck_assert_int_eq(db_write(db, label_thing, &j), 0);
	r = db_root_get(db);
	l = db_find(r, CLASS_LABEL, &first);
	ck_assert(set_has_ref(l->things, &j.ref));
	db_root_put(r);
	do_delete(first);
	r = db_root_get(db);
	th = db_find(r, CLASS_THING, &j.ref);
	ck_assert_uint_eq(th->labels.n, 1);
	ck_assert(set_has_ref(th->labels, &j.other));
	db_root_put(r);
	db_close(db);
}
END_TEST

/* A box with two visits, each with a key. */
struct visited {
	struct ref box, visits[2], keys[2];
	struct ref other;		/* box */
};

static int
make_visited(struct db_txn *t, void *arg)
{
	struct visited *vd = arg;
	struct box *b = txn_new(t, CLASS_BOX, NULL);
	int i;

	vd->box = b->obj.ref;
	b = txn_new(t, CLASS_BOX, NULL);
	vd->other = b->obj.ref;
	for (i = 0; i < 2; i++) {
		struct visit *v = txn_new(t, CLASS_VISIT, NULL);
		struct key *k = txn_new(t, CLASS_KEY, NULL);

		v->box = vd->box;
		v->key = k->obj.ref;
		vd->visits[i] = v->obj.ref;
		vd->keys[i] = k->obj.ref;
	}
	return 0;
}

static int
edit_visit_then_delete_box(struct db_txn *t, void *arg)
{
	const struct visited *vd = arg;
	struct visit *v = txn_edit(t, CLASS_VISIT, &vd->visits[0]);

	v->note = "goes before what it goes with";
	ck_assert(txn_delete(t, CLASS_BOX, &vd->box));
	return 0;
}

static int
give_one_away_then_delete_box(struct db_txn *t, void *arg)
{
	const struct visited *vd = arg;
	struct visit *v = txn_edit(t, CLASS_VISIT, &vd->visits[0]);

	v->box = vd->other;
	ck_assert(txn_delete(t, CLASS_BOX, &vd->box));
	v = txn_new(t, CLASS_VISIT, NULL);
	v->box = vd->box;
	return 0;
}

static void
count_left(uint32_t boxes, uint32_t visits, uint32_t keys)
{
	struct db_root *r = db_root_get(db);

	ck_assert_uint_eq(db_count(r, CLASS_BOX), boxes);
	ck_assert_uint_eq(db_count(r, CLASS_VISIT), visits);
	ck_assert_uint_eq(db_count(r, CLASS_KEY), keys);
	db_root_put(r);
}

START_TEST(what_is_an_objects_own_is_deleted_with_it)
{
	struct visited vd;
	struct db_root *r;
	const struct box *b;

	open_memory();
	ck_assert_int_eq(db_write(db, make_visited, &vd), 0);
	count_left(2, 2, 2);
	do_delete(vd.visits[1]);
	count_left(2, 1, 1);
	ck_assert_int_eq(db_write(db, edit_visit_then_delete_box, &vd), 0);
	count_left(1, 0, 0);
	ck_assert_int_eq(db_write(db, make_visited, &vd), 0);
	ck_assert_int_eq(db_write(db, give_one_away_then_delete_box, &vd), 0);
	count_left(2, 1, 1);
	r = db_root_get(db);
	ck_assert_ptr_nonnull(db_find(r, CLASS_KEY, &vd.keys[0]));
	b = db_find(r, CLASS_BOX, &vd.other);
	ck_assert(set_has_ref(b->visits, &vd.visits[0]));
	db_root_put(r);
	db_close(db);
}
END_TEST

static int
nothing(struct db_txn *t, void *arg)
{
	struct job *j = arg;
	struct thing *th = txn_edit(t, CLASS_THING, &j->ref);

	th->name_label = arena_strdup(txn_arena(t), th->name_label);
	return 0;
}

static int
touch(struct db_txn *t, void *arg)
{
	struct job *j = arg;

	j->number = (int64_t)txn_generation(t);
	return txn_touch(t, CLASS_THING, &j->ref) ? 0 : -ENOENT;
}

START_TEST(equal_drafts_commit_nothing_but_touch_does)
{
	struct job j = { .number = 0 };
	uint64_t before;

	open_memory();
	j.ref = make_thing("t", REF_NULL);
	before = generation();
	ck_assert_int_eq(db_write(db, nothing, &j), 0);
	ck_assert_uint_eq(generation(), before);
	ck_assert_int_eq(db_write(db, touch, &j), 0);
	ck_assert_uint_eq(generation(), before + 1);
	ck_assert_int_eq(j.number, (int64_t)before + 1);
	db_close(db);
}
END_TEST

struct seen {
	struct ref refs[2000];
	bool deleted[2000];
	uint64_t last;
	int n;
};

static int
see_change(const struct db_change *ch, void *arg)
{
	struct seen *s = arg;

	ck_assert_uint_ge(ch->changed, s->last);
	ck_assert_uint_le(ch->created, ch->changed);
	s->last = ch->changed;
	s->refs[s->n] = ch->ref;
	s->deleted[s->n++] = !ch->obj;
	return 0;
}

static void
changes_since(uint64_t since, struct seen *s)
{
	struct db_root *r = db_root_get(db);

	memset(s, 0, sizeof(*s));
	db_changes(r, CLASS_THING, since, see_change, s);
	db_root_put(r);
}

START_TEST(changes_come_in_order_once_per_object)
{
	struct ref a, b, c;
	struct seen s;
	struct job j;
	uint64_t g;

	open_memory();
	a = make_thing("a", REF_NULL);
	b = make_thing("b", REF_NULL);
	g = generation();
	c = make_thing("c", REF_NULL);
	j = (struct job){ .ref = a, .number = 1 };
	ck_assert_int_eq(db_write(db, set_weight, &j), 0);
	do_delete(b);
	j.number = 2;
	ck_assert_int_eq(db_write(db, set_weight, &j), 0);
	changes_since(g, &s);
	ck_assert_int_eq(s.n, 3);
	ck_assert(ref_equal(&s.refs[0], &c) && !s.deleted[0]);
	ck_assert(ref_equal(&s.refs[1], &b) && s.deleted[1]);
	ck_assert(ref_equal(&s.refs[2], &a) && !s.deleted[2]);
	changes_since(0, &s);
	ck_assert_int_eq(s.n, 3);
	changes_since(generation(), &s);
	ck_assert_int_eq(s.n, 0);
	db_close(db);
}
END_TEST

START_TEST(at_least_512_deletions_are_remembered)
{
	struct seen *s = calloc(1, sizeof(*s));
	struct db_root *r;
	uint64_t start;
	int i;

	open_memory();
	start = generation();
	for (i = 0; i < 600; i++)
		do_delete(make_thing("x", REF_NULL));
	changes_since(start, s);
	ck_assert_int_eq(s->n, 512);
	r = db_root_get(db);
	ck_assert_uint_gt(db_class_horizon(r, CLASS_THING), start);
	ck_assert_uint_eq(db_class_horizon(r, CLASS_BOX), start);
	db_root_put(r);
	db_close(db);
	free(s);
}
END_TEST

struct many {
	struct ref refs[5000];
	int n;
};

static int
new_many(struct db_txn *t, void *arg)
{
	struct many *m = arg;
	int i;

	for (i = 0; i < m->n; i++)
		m->refs[i] = ((struct box *)txn_new(t, CLASS_BOX,
		    NULL))->obj.ref;
	return 0;
}

static int
delete_many(struct db_txn *t, void *arg)
{
	struct many *m = arg;
	int i;

	for (i = 0; i < m->n; i++)
		ck_assert(txn_delete(t, CLASS_BOX, &m->refs[i]));
	return 0;
}

static int
count_any(const void *obj, void *arg)
{
	(void)obj;
	++*(int *)arg;
	return 0;
}

/* What is found by reference is what is found by going through all. */
static void
check_none_is_left(const struct many *m)
{
	struct db_root *r = db_root_get(db);
	int i, n = 0;

	for (i = 0; i < m->n; i++) {
		ck_assert_ptr_null(db_find(r, CLASS_BOX, &m->refs[i]));
		ck_assert_int_eq(db_class_of(r, &m->refs[i]), -1);
	}
	db_each(r, CLASS_BOX, count_any, &n);
	ck_assert_int_eq(n, 0);
	ck_assert_uint_eq(db_count(r, CLASS_BOX), 0);
	db_root_put(r);
}

static int
count_change(const struct db_change *ch, void *arg)
{
	ck_assert_ptr_null(ch->obj);
	++*(int *)arg;
	return 0;
}

/* Deletions of one write, more than are remembered. */
static void
delete_at_once(int n)
{
	struct many *m = calloc(1, sizeof(*m));
	struct db_root *r;
	uint64_t before;
	int told = 0;

	open_memory();
	m->n = n;
	ck_assert_int_eq(db_write(db, new_many, m), 0);
	before = generation();
	ck_assert_int_eq(db_write(db, delete_many, m), 0);
	check_none_is_left(m);
	r = db_root_get(db);
	db_changes(r, CLASS_BOX, before, count_change, &told);
	ck_assert_int_eq(told, 512);
	ck_assert_uint_eq(db_class_horizon(r, CLASS_BOX), before + 1);
	db_root_put(r);
	/* and the store goes on as ever */
	do_delete(make_box("after"));
	check_none_is_left(m);
	free(m);
	db_close(db);
}

START_TEST(one_write_may_delete_760)
{
	delete_at_once(760);
}
END_TEST

START_TEST(one_write_may_delete_5000)
{
	delete_at_once(5000);
}
END_TEST

/* Holds the writer, so that what is queued meanwhile is one batch. */
struct gate {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool reached;
	bool open;
};

static int
wait_at_gate(struct db_txn *t, void *arg)
{
	struct gate *g = arg;

	(void)t;
	pthread_mutex_lock(&g->lock);
	g->reached = true;
	pthread_cond_broadcast(&g->cond);
	while (!g->open)
		pthread_cond_wait(&g->cond, &g->lock);
	pthread_mutex_unlock(&g->lock);
	return 0;
}

/* A write on a thread of its own. */
struct queued {
	pthread_t thread;
	db_write_fn *fn;
	void *arg;
	int rc;
};

static void *
queued_main(void *arg)
{
	struct queued *q = arg;

	q->rc = db_write(db, q->fn, q->arg);
	return NULL;
}

static void
queue_write(struct queued *q, db_write_fn *fn, void *arg)
{
	pthread_attr_t attr;

	*q = (struct queued){ .fn = fn, .arg = arg };
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256 * 1024);
	ck_assert_int_eq(pthread_create(&q->thread, &attr, queued_main, q), 0);
	pthread_attr_destroy(&attr);
}

static void
close_gate(struct gate *g, struct queued *q)
{
	pthread_mutex_init(&g->lock, NULL);
	pthread_cond_init(&g->cond, NULL);
	queue_write(q, wait_at_gate, g);
	pthread_mutex_lock(&g->lock);
	while (!g->reached)
		pthread_cond_wait(&g->cond, &g->lock);
	pthread_mutex_unlock(&g->lock);
}

static void
open_gate(struct gate *g)
{
	pthread_mutex_lock(&g->lock);
	g->open = true;
	pthread_cond_broadcast(&g->cond);
	pthread_mutex_unlock(&g->lock);
}

static int
add_to_name(struct db_txn *t, void *arg)
{
	struct job *j = arg;
	struct box *b = txn_edit(t, CLASS_BOX, &j->ref);

	b->name_label = arena_printf(txn_arena(t), "%s!", b->name_label);
	return 0;
}

/* More writers than the queue takes, and more than four batches of them. */
START_TEST(more_writers_than_the_queue_has_places)
{
	static struct queued q[1200], first;
	struct gate gate = { 0 };
	struct job j = { 0 };
	struct db_root *r;
	const struct box *b;
	int i, n = sizeof(q) / sizeof(q[0]);

	open_memory();
	j.ref = make_box("");
	close_gate(&gate, &first);
	for (i = 0; i < n; i++)
		queue_write(&q[i], add_to_name, &j);
	open_gate(&gate);
	pthread_join(first.thread, NULL);
	for (i = 0; i < n; i++) {
		pthread_join(q[i].thread, NULL);
		ck_assert_int_eq(q[i].rc, 0);
	}
	r = db_root_get(db);
	b = db_find(r, CLASS_BOX, &j.ref);
	ck_assert_uint_eq(strlen(b->name_label), n);
	db_root_put(r);
	db_close(db);
}
END_TEST

/* Runs a write as one of a batch, on a root that nobody else has. */
static void
write_in_batch(struct db_root *root, struct row_changes *rows,
    db_write_fn *fn, struct job *j)
{
	struct db_txn t;
	uint32_t changed;

	txn_init(&t, model_classes, CLASS_N, root);
	ck_assert_int_eq(fn(&t, j), 0);
	ck_assert_int_eq(txn_finish(&t, &changed), 0);
	commit_publish(&t, root, rows);
	txn_release(&t);
}

/* No row is stored for it: only the root has the version that this makes. */
static int
set_temperature(struct db_txn *t, void *arg)
{
	struct job *j = arg;
	struct thing *th = txn_edit(t, CLASS_THING, &j->ref);

	th->temperature = j->number;
	return 0;
}

/* Renames a thing, and gives its old name, which lies in the version that
 * this replaces, to a new one. */
static int
hand_name_on(struct db_txn *t, void *arg)
{
	struct job *j = arg;
	struct thing *old = txn_edit(t, CLASS_THING, &j->ref);
	struct thing *th = txn_new(t, CLASS_THING, NULL);

	th->name_label = old->name_label;
	old->name_label = j->text;
	j->other = th->obj.ref;
	return 0;
}

START_TEST(a_draft_may_borrow_from_a_version_that_goes)
{
	struct db_root *root = root_new(CLASS_N, 1);
	struct job j = { .text = "before", .number = 20 };
	struct row_changes rows = { 0 };
	const struct thing *th;

	write_in_batch(root, &rows, new_thing, &j);
	write_in_batch(root, &rows, set_temperature, &j);
	j.text = "after";
	write_in_batch(root, &rows, hand_name_on, &j);
	th = db_find(root, CLASS_THING, &j.other);
	ck_assert_str_eq(th->name_label, "before");
	th = db_find(root, CLASS_THING, &j.ref);
	ck_assert_str_eq(th->name_label, "after");
	row_changes_release(&rows);
	db_root_put(root);
}
END_TEST

static int
count_one(const void *obj, void *arg)
{
	int *n = arg;

	ck_assert_ptr_nonnull(obj);
	return ++*n == 5 ? 42 : 0;
}

START_TEST(objects_are_found_by_name)
{
	struct db_root *r;
	struct ref one;
	int i, n = 0;

	open_memory();
	one = make_thing("one", REF_NULL);
	for (i = 0; i < 3; i++)
		make_thing("three", REF_NULL);
	for (i = 0; i < 50; i++)
		make_thing("", REF_NULL);
	r = db_root_get(db);
	db_each_named(r, CLASS_THING, "one", count_one, &n);
	ck_assert_int_eq(n, 1);
	n = 0;
	db_each_named(r, CLASS_THING, "three", count_one, &n);
	ck_assert_int_eq(n, 3);
	n = 0;
	db_each_named(r, CLASS_THING, "none", count_one, &n);
	ck_assert_int_eq(n, 0);
	ck_assert_int_eq(db_each_named(r, CLASS_THING, "", count_one, &n), 42);
	n = -100;
	ck_assert_int_eq(db_each(r, CLASS_THING, count_one, &n), 0);
	ck_assert_int_eq(n, -46);
	db_root_put(r);
	do_delete(one);
	r = db_root_get(db);
	n = 0;
	db_each_named(r, CLASS_THING, "one", count_one, &n);
	ck_assert_int_eq(n, 0);
	db_root_put(r);
	db_close(db);
}
END_TEST

static int
take_uuid(struct db_txn *t, void *arg)
{
	struct job *j = arg;
	struct thing *th = txn_new(t, CLASS_THING, NULL);

	th->uuid = j->text;
	return 0;
}

START_TEST(a_uuid_cannot_be_taken_twice)
{
	struct job j = { .text = "7f9ad9e5-4b1e-4a6f-8c7e-0d4a3f2f9c11" };
	struct db_root *r;

	open_memory();
	ck_assert_int_eq(db_write(db, take_uuid, &j), 0);
	ck_assert_int_eq(db_write(db, take_uuid, &j), -EEXIST);
	r = db_root_get(db);
	ck_assert_uint_eq(db_count(r, CLASS_THING), 1);
	ck_assert_ptr_nonnull(db_find_uuid(r, CLASS_THING, j.text));
	db_root_put(r);
	db_close(db);
}
END_TEST

static int
look_around(struct db_txn *t, void *arg)
{
	struct job *j = arg;
	const struct thing *old = txn_get(t, CLASS_THING, &j->ref);
	struct thing *edited = txn_edit(t, CLASS_THING, &j->ref);
	struct thing *fresh = txn_new(t, CLASS_THING, &j->other);
	int n = 0;

	ck_assert_int_eq(old->weight, 0);
	edited->weight = 5;
	ck_assert_ptr_eq(txn_get(t, CLASS_THING, &j->ref), edited);
	ck_assert_ptr_eq(txn_find_uuid(t, CLASS_THING, fresh->uuid), fresh);
	ck_assert_ptr_eq(txn_find_uuid(t, CLASS_THING, old->uuid), edited);
	txn_each(t, CLASS_THING, count_one, &n);
	ck_assert_int_eq(n, 3);
	ck_assert_ptr_null(txn_new(t, CLASS_THING, &j->other));
	ck_assert_ptr_null(txn_new(t, CLASS_BOX, &j->ref));
	ck_assert(txn_delete(t, CLASS_THING, &j->ref));
	ck_assert(!txn_delete(t, CLASS_THING, &j->ref));
	ck_assert_ptr_null(txn_get(t, CLASS_THING, &j->ref));
	ck_assert_ptr_null(txn_edit(t, CLASS_THING, &j->ref));
	ck_assert_ptr_null(txn_find_uuid(t, CLASS_THING, old->uuid));
	n = 0;
	txn_each(t, CLASS_THING, count_one, &n);
	ck_assert_int_eq(n, 2);
	return 0;
}

START_TEST(a_write_sees_its_own_changes)
{
	struct job j = { .number = 0 };
	struct db_root *r;

	open_memory();
	j.ref = make_thing("a", REF_NULL);
	make_thing("b", REF_NULL);
	ref_random(&j.other);
	ck_assert_int_eq(db_write(db, look_around, &j), 0);
	r = db_root_get(db);
	ck_assert_ptr_nonnull(db_find(r, CLASS_THING, &j.other));
	ck_assert_ptr_null(db_find(r, CLASS_THING, &j.ref));
	ck_assert_uint_eq(db_count(r, CLASS_THING), 2);
	db_root_put(r);
	db_close(db);
}
END_TEST

static int
increment(struct db_txn *t, void *arg)
{
	struct job *j = arg;
	struct thing *th = txn_edit(t, CLASS_THING, &j->ref);

	th->weight++;
	return th->weight % 3 == 1 ? -EAGAIN : 0;
}

static void *
many_increments(void *arg)
{
	struct job j = { .ref = *(struct ref *)arg, .number = 2 };
	int i;

	for (i = 0; i < 200; i++) {
		struct db_root *r = db_root_get(db);
		const struct thing *th = db_find(r, CLASS_THING, &j.ref);

		ck_assert_int_ne(th->weight % 3, 1);
		db_root_put(r);
		db_write(db, increment, &j);
		ck_assert_int_eq(db_write(db, set_weight, &j), 0);
		j.number += 3;
	}
	return NULL;
}

START_TEST(many_threads_may_write_and_read)
{
	pthread_t threads[8];
	struct ref ref;
	int i;

	open_memory();
	ref = make_thing("t", REF_NULL);
	for (i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, many_increments, &ref);
	for (i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	db_close(db);
}
END_TEST

struct race {
	const struct object *o;
	const struct encoded *got[2];
};

static void *
encode_both(void *arg)
{
	struct race *race = arg;

	race->got[FORM_XML] = object_encoded(race->o, FORM_XML);
	race->got[FORM_JSON] = object_encoded(race->o, FORM_JSON);
	return NULL;
}

START_TEST(encoded_forms_are_made_once)
{
	struct race races[8];
	pthread_t threads[8];
	struct db_root *r;
	struct ref box;
	int i;

	open_memory();
	box = make_box("<b>");
	r = db_root_get(db);
	for (i = 0; i < 8; i++) {
		races[i].o = db_find(r, CLASS_BOX, &box);
		pthread_create(&threads[i], NULL, encode_both, &races[i]);
	}
	for (i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	for (i = 1; i < 8; i++) {
		ck_assert_ptr_eq(races[i].got[0], races[0].got[0]);
		ck_assert_ptr_eq(races[i].got[1], races[0].got[1]);
	}
	ck_assert_ptr_nonnull(memmem(races[0].got[FORM_XML]->data,
	    races[0].got[FORM_XML]->len, "&lt;b&gt;", 9));
	ck_assert_int_eq(races[0].got[FORM_JSON]->data[0], '{');
	db_root_put(r);
	db_close(db);
}
END_TEST

static int
make_key(struct db_txn *t, void *arg)
{
	struct key *k = txn_new(t, CLASS_KEY, NULL);

	k->secret = "tell nobody";
	*(struct ref *)arg = k->obj.ref;
	return 0;
}

START_TEST(no_form_tells_a_secret)
{
	const struct encoded *e;
	struct db_root *r;
	struct ref ref;
	int form;

	open_memory();
	ck_assert_int_eq(db_write(db, make_key, &ref), 0);
	r = db_root_get(db);
	for (form = FORM_XML; form <= FORM_JSON; form++) {
		const struct key *k = db_find(r, CLASS_KEY, &ref);

		ck_assert_str_eq(k->secret, "tell nobody");
		e = object_encoded(&k->obj, form);
		ck_assert_ptr_null(memmem(e->data, e->len, "secret", 6));
		ck_assert_ptr_null(memmem(e->data, e->len, "nobody", 6));
	}
	db_root_put(r);
	db_close(db);
}
END_TEST

/* A log that counts, and orders all or nothing. */
struct counted {
	uint64_t n;
	bool orders;
};

static bool
counted_orders(void *arg)
{
	return ((struct counted *)arg)->orders;
}

static int
counted_append(void *arg, const struct log_batch *b, uint64_t *index_out)
{
	struct counted *c = arg;

	(void)b;
	if (!c->orders)
		return -EROFS;
	*index_out = ++c->n;
	return 0;
}

static void
counted_stored(void *arg, int rc)
{
	(void)arg, (void)rc;
}

static const struct db_log counted_log = {
	.orders = counted_orders, .append = counted_append,
	.stored = counted_stored,
};

START_TEST(another_log_may_be_followed_and_left)
{
	struct counted c = { .orders = true };
	struct job j = { .text = "box" };

	open_memory();
	ck_assert_int_eq(db_write(db, new_box, &j), 0);
	db_follow(db, &counted_log, &c);
	ck_assert_uint_eq(c.n, 0);
	ck_assert_int_eq(db_write(db, new_box, &j), 0);
	ck_assert_uint_eq(c.n, 1);
	ck_assert_uint_eq(db_applied(db), 1);
	c.orders = false;
	ck_assert_int_eq(db_write(db, new_box, &j), -EROFS);
	db_follow(db, &log_local, NULL);
	ck_assert_int_eq(db_write(db, new_box, &j), 0);
	ck_assert_uint_eq(c.n, 1);
	db_close(db);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("db", new_objects_have_defaults_ref_and_uuid,
	    a_failed_write_leaves_nothing, a_reader_keeps_its_root,
	    an_object_outlives_its_root, the_far_end_follows_the_near_end,
	    relations_within_one_write_are_kept,
	    relations_may_be_many_to_many,
	    what_is_an_objects_own_is_deleted_with_it,
	    equal_drafts_commit_nothing_but_touch_does,
	    changes_come_in_order_once_per_object,
	    at_least_512_deletions_are_remembered, one_write_may_delete_760,
	    one_write_may_delete_5000, more_writers_than_the_queue_has_places,
	    a_draft_may_borrow_from_a_version_that_goes,
	    objects_are_found_by_name,
	    a_uuid_cannot_be_taken_twice, a_write_sees_its_own_changes,
	    many_threads_may_write_and_read, encoded_forms_are_made_once,
	    no_form_tells_a_secret, another_log_may_be_followed_and_left);
}
