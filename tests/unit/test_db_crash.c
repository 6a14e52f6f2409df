/*
 * The power goes, or the disk fails, at every point of what SQLite does to its
 * files.  Then: every acknowledged write is there, no write is there in part,
 * and no generation comes again.
 *
 *     CRASH_SEED    first seed (1)
 *     CRASH_POINTS  cuts to look at (1000; check-crash: 100000)
 */
#include <errno.h>
#include <string.h>

#include "db/db.h"
#include "model_tables.h"
#include "scratch.h"
#include "unit.h"
#include "vfs_record.h"

#define SLOTS 10
#define HISTORY 256
#define TEXT_MAX 9000

/* What the database holds: per slot the number of the last write to it. */
struct picture {
	int slot[SLOTS];		/* 0: no such thing */
	int key;
};

struct history {
	struct picture at[HISTORY];	/* after so many writes */
	size_t acknowledged[HISTORY];	/* operations done by then */
	uint64_t generation[HISTORY];
	int n;				/* writes acknowledged */
	int begun;			/* writes begun */
	/* What refused writes would have made; if no write worked since then,
	 * one of them may be in the log of the file after all. */
	struct picture doubtful[4];
	int n_doubtful;
};

struct write {
	const struct picture *from, *to;
	int number;
};

static struct db *db;
static uint64_t rng;

static long
setting(const char *name, long otherwise)
{
	const char *text = getenv(name);

	return text ? strtol(text, NULL, 10) : otherwise;
}

static int
open_db(void)
{
	struct db_config cfg = {
		.path = scratch_file("state.db"), .classes = model_classes,
		.n_classes = CLASS_N,
	};
	const char *why;
	int rc = db_open(&cfg, &db, &why);

	ck_assert_msg(!rc == !why, "%d, %s", rc, why);
	return rc;
}

static struct ref
ref_of(int class_id, int n)
{
	struct ref ref = { { 0 } };

	ref.b[0] = (uint8_t)(1 + class_id);
	ref.b[15] = (uint8_t)n;
	return ref;
}

/* Some are longer than a page, and than several. */
static const char *
text_of(struct arena *a, int slot, int number)
{
	uint64_t state = (uint64_t)slot << 32 | (uint64_t)number;
	size_t n = vfs_random(&state) % (number % 4 ? 60 : TEXT_MAX), i;
	char *text = arena_alloc(a, n + 1);

	for (i = 0; i < n; i++)
		text[i] = (char)('a' + vfs_random(&state) % 26);
	return text;
}

static void
write_slot(struct db_txn *t, int slot, int before, int after)
{
	struct ref ref = ref_of(CLASS_THING, slot);
	struct ref box = ref_of(CLASS_BOX, after % 3);
	struct arena *a = txn_arena(t);
	struct thing *th;

	if (!after) {
		ck_assert(txn_delete(t, CLASS_THING, &ref));
		return;
	}
	th = before ? txn_edit(t, CLASS_THING, &ref) :
	    txn_new(t, CLASS_THING, &ref);
	ck_assert_ptr_nonnull(th);
	if (!txn_get(t, CLASS_BOX, &box))
		txn_new(t, CLASS_BOX, &box);
	th->uuid = arena_printf(a, "thing %d", slot);
	th->weight = after;
	th->box = box;
	th->name_label = text_of(a, slot, after);
}

static int
run_write(struct db_txn *t, void *arg)
{
	const struct write *w = arg;
	struct ref ref = ref_of(CLASS_KEY, 0);
	struct key *k = txn_edit(t, CLASS_KEY, &ref);
	int i;

	for (i = 0; i < SLOTS; i++) {
		if (w->from->slot[i] != w->to->slot[i])
			write_slot(t, i, w->from->slot[i], w->to->slot[i]);
	}
	if (!k)
		k = txn_new(t, CLASS_KEY, &ref);
	k->secret = arena_printf(txn_arena(t), "%d", w->to->key);
	return 0;
}

struct look {
	struct picture *p;
	const struct db_root *root;
	struct arena *arena;
};

static int
look_at_thing(const void *obj, void *arg)
{
	const struct thing *th = obj;
	const struct look *l = arg;
	int slot = th->obj.ref.b[15], number = (int)th->weight;
	const struct box *b = db_find(l->root, CLASS_BOX, &th->box);

	l->p->slot[slot] = number;
	ck_assert_str_eq(th->name_label, text_of(l->arena, slot, number));
	ck_assert_ptr_nonnull(b);
	ck_assert_int_eq(b->obj.ref.b[15], number % 3);
	ck_assert(set_has_ref(b->things, &th->obj.ref));
	return 0;
}

/* Returns the generation. */
static uint64_t
look(struct picture *p)
{
	struct look l = { p, db_root_get(db), arena_new() };
	struct ref ref = ref_of(CLASS_KEY, 0);
	uint64_t generation = db_generation(l.root);
	const struct key *k = db_find(l.root, CLASS_KEY, &ref);

	memset(p, 0, sizeof(*p));
	db_each(l.root, CLASS_THING, look_at_thing, &l);
	p->key = k ? (int)strtol(k->secret, NULL, 10) : 0;
	arena_free(l.arena);
	db_root_put((struct db_root *)(uintptr_t)l.root);
	return generation;
}

static bool
same(const struct picture *a, const struct picture *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static bool
is_doubtful(const struct history *h, const struct picture *p)
{
	int i;

	for (i = 0; i < h->n_doubtful; i++) {
		if (same(p, &h->doubtful[i]))
			return true;
	}
	return false;
}

/* One write, drawn by lot; the history has the picture it would make. */
static int
write_some(struct history *h)
{
	const struct picture *from = &h->at[h->n];
	struct picture *to = &h->at[h->n + 1];
	struct write w = { from, to, h->n + 1 };
	struct db_root *root;
	int i, rc;

	*to = *from;
	to->key++;
	for (i = 0; i < SLOTS; i++) {
		if (vfs_random(&rng) % 4 == 0)
			to->slot[i] = vfs_random(&rng) % 5 ? to->key : 0;
	}
	h->begun = h->n + 1;
	rc = db_write(db, run_write, &w);
	if (rc) {
		h->doubtful[h->n_doubtful++] = *to;
		return rc;
	}
	h->n_doubtful = 0;
	h->n++;
	h->acknowledged[h->n] = vfs_n_ops;
	root = db_root_get(db);
	h->generation[h->n] = db_generation(root);
	db_root_put(root);
	return 0;
}

/* Opens what the cut left and compares; how many writes are in it. */
static int
check_cut(const struct history *h, const struct vfs_disk *cut, size_t at,
    const char *what)
{
	uint64_t generation;
	struct picture now;
	int n = h->begun;

	vfs_look(cut);
	ck_assert_msg(open_db() == 0, "cannot be opened after %s", what);
	generation = look(&now);
	db_close(db);
	if (is_doubtful(h, &now))
		return h->n;
	while (n > 0 && !same(&now, &h->at[n]))
		n--;
	ck_assert_msg(same(&now, &h->at[n]), "half a write after %s", what);
	ck_assert_msg(n >= h->n || h->acknowledged[n + 1] > at,
	    "write %d of %d is lost after %s", n + 1, h->n, what);
	ck_assert_msg(generation > h->generation[n],
	    "generation again after %s", what);
	return n;
}

static const char *const loss_names[VFS_LOSSES] = {
	"all kept", "the unsynced lost", "some of the unsynced lost", "torn",
};

/* Writes, with all that belongs to it, and keeps the record. */
static void
write_session(struct history *h, const struct vfs_disk *base)
{
	int n = 5 + (int)(vfs_random(&rng) % 25);

	vfs_start(base);
	vfs_checkpoint_pages = vfs_random(&rng) % 2 ? 12 : 1000;
	ck_assert_int_eq(open_db(), 0);
	while (n--) {
		ck_assert_int_eq(write_some(h), 0);
		if (vfs_random(&rng) % 12)
			continue;
		db_close(db);
		ck_assert_int_eq(open_db(), 0);
	}
	if (vfs_random(&rng) % 2) {
		db_close(db);
		return;
	}
	/* whatever closing does now comes after the power went */
	vfs_quiet = true;
	db_close(db);
}

/*
 * Looks at cuts of the session on base, about sixty, and puts the disk of one
 * of them in base's place.  Returns how many it has looked at.
 */
static long
cut_session(struct history *h, struct vfs_disk *base, const char *where)
{
	size_t step = 1 + vfs_n_ops / 60, at = vfs_random(&rng) % step;
	size_t chosen = vfs_random(&rng) % ((vfs_n_ops - at) / step + 1);
	struct vfs_disk next = { .n_names = 0 };
	int n = 0;
	long done = 0;

	for (; at <= vfs_n_ops; at += step) {
		enum vfs_loss loss = vfs_random(&rng) % VFS_LOSSES;
		struct vfs_disk cut = { .n_names = 0 };
		char what[160];
		int kept;

		snprintf(what, sizeof(what), "%s, operation %zu of %zu, %s",
		    where, at, vfs_n_ops, loss_names[loss]);
		vfs_cut(base, at, loss, &rng, &cut);
		kept = check_cut(h, &cut, at, what);
		if (done++ != (long)chosen) {
			vfs_disk_release(&cut);
			continue;
		}
		next = cut;
		n = kept;
	}
	vfs_disk_release(base);
	*base = next;
	h->at[0] = h->at[n];
	h->generation[0] = h->generation[n];
	h->n = h->begun = 0;
	return done;
}

/* Sessions in a chain: each begins on the disk that a cut of the one before
 * has left, so that what recovery does is cut as well. */
static long
run_chain(int seed, long points)
{
	struct vfs_disk base = { .n_names = 0 };
	struct history h = { .n = 0 };
	long done = 0;
	int session;

	rng = (uint64_t)seed;
	vfs_install(seed);
	for (session = 0; session < 6 && done < points; session++) {
		char where[64];

		snprintf(where, sizeof(where), "seed %d, session %d", seed,
		    session);
		write_session(&h, &base);
		done += cut_session(&h, &base, where);
	}
	vfs_disk_release(&base);
	vfs_disk_release(&vfs_live);
	vfs_forget_record();
	return done;
}

START_TEST(what_was_acknowledged_survives_a_power_cut_at_any_point)
{
	long points = setting("CRASH_POINTS", 1000), done = 0;
	int seed = (int)setting("CRASH_SEED", 1);

	scratch_dir();
	for (; done < points; seed++)
		done += run_chain(seed, points - done);
	printf("%ld cuts, last seed %d\n", done, seed - 1);
}
END_TEST

/* Opens with the fault that is set; it may hit, then it works without. */
static void
open_in_spite(void)
{
	const char *path = scratch_file("state.db");

	if (open_db() == 0)
		return;
	vfs_fail(0, 0, false);
	ck_assert_int_eq(open_db(), 0);
	ck_assert_int_eq(access(path, R_OK | W_OK), 0);
}

/*
 * The same writes each time; call n to the disk fails.  What was refused is
 * not seen, what was acknowledged is kept, and when the fault is gone after
 * the third write that it hit, writes work again.  False: n is not reached.
 */
static bool
run_fault(long n, int code, bool sticky, const char *what)
{
	static const struct vfs_disk empty;
	struct vfs_disk cut = { .n_names = 0 };
	struct history h = { .n = 0 };
	int i, refused = 0, rc;
	struct picture now;
	bool reached;

	rng = 5;
	vfs_install(5);
	vfs_checkpoint_pages = 12;
	vfs_start(&empty);
	vfs_fail(n, code, sticky);
	open_in_spite();
	for (i = 0; i < 12; i++) {
		rc = write_some(&h);
		ck_assert_msg(!rc || rc == -EIO || rc == -ENOSPC, "%d after "
		    "%s", rc, what);
		look(&now);
		ck_assert_msg(same(&now, &h.at[h.n]),
		    "not what was acknowledged after %s", what);
		refused += !!rc;
		if (refused == 3)
			vfs_fail(0, 0, false);
		ck_assert_msg(!rc || refused < 4, "refused after %s", what);
	}
	reached = vfs_fail_at == 0 || vfs_calls >= vfs_fail_at;
	vfs_cut(&empty, vfs_n_ops, VFS_LOST, &rng, &cut);
	db_close(db);
	vfs_fail(0, 0, false);
	ck_assert_int_eq(open_db(), 0);
	look(&now);
	ck_assert_msg(same(&now, &h.at[h.n]) || is_doubtful(&h, &now),
	    "wrong state after %s", what);
	db_close(db);
	check_cut(&h, &cut, vfs_n_ops, what);
	vfs_disk_release(&cut);
	return reached;
}

START_TEST(the_disk_may_fail_at_every_call)
{
	static const struct {
		int code;
		const char *name;
	} codes[] = {
		{ SQLITE_FULL, "full" }, { SQLITE_IOERR_WRITE, "error" },
	};
	char what[80];
	bool reached = true;
	size_t c;
	long n;

	scratch_dir();
	for (n = 1; reached; n++) {
		for (c = 0; c < 4; c++) {
			snprintf(what, sizeof(what), "%s %s at call %ld",
			    codes[c % 2].name, c / 2 ? "from then on" : "once",
			    n);
			reached = run_fault(n, codes[c % 2].code, c / 2, what);
		}
	}
	ck_assert_int_gt(n, 150);
	printf("%ld calls\n", n - 1);
	vfs_disk_release(&vfs_live);
	vfs_forget_record();
}
END_TEST

int
main(void)
{
	return UNIT_RUN("db_crash",
	    what_was_acknowledged_survives_a_power_cut_at_any_point,
	    the_disk_may_fail_at_every_call);
}
