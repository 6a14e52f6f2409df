#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/codec.h"
#include "base/fdio.h"
#include "db/db.h"
#include "db/sqlite.h"
#include "fault_vfs.h"
#include "model_tables.h"
#include "scratch.h"
#include "unit.h"

static struct db *db;
static atomic_int publications;

static void
published(void *arg)
{
	(void)arg;
	atomic_fetch_add(&publications, 1);
}

static int
try_open(const char *path, const struct class_type *const *classes,
    const char **why)
{
	struct db_config cfg = {
		.path = path, .classes = classes, .n_classes = CLASS_N,
		.published = published,
	};

	return db_open(&cfg, &db, why);
}

static void
open_file(const char *path)
{
	const char *why;

	ck_assert_int_eq(try_open(path, model_classes, &why), 0);
}

struct made {
	struct ref box, thing, visit, key, label;
	char uuid[UUID_TEXT_LEN + 1];
};

static const int enums[] = { BLUE, RED };

static int
make_all(struct db_txn *t, void *arg)
{
	struct made *m = arg;
	struct arena *a = txn_arena(t);
	struct box *b = txn_new(t, CLASS_BOX, NULL);
	struct thing *th = txn_new(t, CLASS_THING, NULL);
	struct visit *v = txn_new(t, CLASS_VISIT, NULL);
	struct key *k = txn_new(t, CLASS_KEY, NULL);
	struct label *l = txn_new(t, CLASS_LABEL, NULL);

	*m = (struct made){ b->obj.ref, th->obj.ref, v->obj.ref, k->obj.ref,
		l->obj.ref, "" };
	memcpy(m->uuid, th->uuid, sizeof(m->uuid));
	b->name_label = "box";
	v->box = b->obj.ref;
	k->secret = "s3cret";
	th->name_label = "Käse & <b>";
	th->weight = -5;
	th->price = 2.5;
	th->broken = true;
	th->colour = enums[0];
	th->bought = 1700000000;
	th->box = b->obj.ref;
	th->labels = vec_add_ref(a, th->labels, &l->obj.ref);
	th->tags = vec_add_string(a, th->tags, "one");
	th->tags = vec_add_string(a, th->tags, "");
	th->other_config = map_set(a, th->other_config, "a", "b");
	th->colours = enum_map_set(a, th->colours, "x", BLUE);
	th->size.width = 0;
	th->size.unit = "";
	th->temperature = 40;
	th->slot = "A1";
	return 0;
}

static void
check_thing(const struct db_root *r, const struct made *m)
{
	const struct thing *th = db_find(r, CLASS_THING, &m->thing);

	ck_assert_ptr_nonnull(th);
	ck_assert_ptr_eq(db_find_uuid(r, CLASS_THING, m->uuid), th);
	ck_assert_str_eq(th->name_label, "Käse & <b>");
	ck_assert_int_eq(th->weight, -5);
	ck_assert_double_eq(th->price, 2.5);
	ck_assert(th->broken);
	ck_assert_int_eq(th->colour, BLUE);
	ck_assert_int_eq(th->bought, 1700000000);
	ck_assert(ref_equal(&th->box, &m->box));
	ck_assert(set_has_ref(th->labels, &m->label));
	ck_assert_uint_eq(th->tags.n, 2);
	ck_assert(set_has_string(th->tags, "one"));
	ck_assert(set_has_string(th->tags, ""));
	ck_assert_str_eq(map_get(th->other_config, "a"), "b");
	ck_assert_int_eq(((const struct enum_pair *)th->colours.v)->value,
	    BLUE);
	ck_assert_int_eq(th->size.width, 0);
	ck_assert_str_eq(th->size.unit, "");
	ck_assert_str_eq(th->slot, "A1");
}

START_TEST(what_is_durable_or_local_survives)
{
	const char *path = scratch_file("state.db");
	const struct thing *th;
	const struct label *l;
	const struct box *b;
	const struct key *k;
	struct db_root *r;
	uint64_t before;
	struct made m;

	open_file(path);
	ck_assert_int_eq(db_write(db, make_all, &m), 0);
	r = db_root_get(db);
	check_thing(r, &m);
	th = db_find(r, CLASS_THING, &m.thing);
	ck_assert_int_eq(th->temperature, 40);
	b = db_find(r, CLASS_BOX, &m.box);
	ck_assert(set_has_ref(b->visits, &m.visit));
	before = db_generation(r);
	db_root_put(r);
	db_close(db);

	open_file(path);
	r = db_root_get(db);
	ck_assert_uint_gt(db_generation(r), before);
	check_thing(r, &m);
	th = db_find(r, CLASS_THING, &m.thing);
	ck_assert_int_eq(th->temperature, 0);
	ck_assert_uint_eq(th->obj.created, before);
	b = db_find(r, CLASS_BOX, &m.box);
	ck_assert(set_has_ref(b->things, &m.thing));
	ck_assert_uint_eq(b->visits.n, 0);
	l = db_find(r, CLASS_LABEL, &m.label);
	ck_assert(set_has_ref(l->things, &m.thing));
	k = db_find(r, CLASS_KEY, &m.key);
	ck_assert_str_eq(k->secret, "s3cret");
	ck_assert_uint_eq(db_count(r, CLASS_VISIT), 0);
	db_root_put(r);
	db_close(db);
}
END_TEST

struct edit {
	struct ref ref;
	int64_t weight;
	int64_t temperature;
	const char *name;
};

static int
edit_thing(struct db_txn *t, void *arg)
{
	const struct edit *e = arg;
	struct thing *th = txn_edit(t, CLASS_THING, &e->ref);

	if (!th)
		return -ENOENT;
	th->weight = e->weight;
	th->temperature = e->temperature;
	if (e->name)
		th->name_label = e->name;
	return 0;
}

static int
delete_box(struct db_txn *t, void *arg)
{
	const struct made *m = arg;

	return txn_delete(t, CLASS_BOX, &m->box) ? 0 : -ENOENT;
}

START_TEST(edits_and_deletions_survive)
{
	const char *path = scratch_file("state.db");
	const struct thing *th;
	struct db_root *r;
	struct made m;
	struct edit e;

	open_file(path);
	ck_assert_int_eq(db_write(db, make_all, &m), 0);
	/* back to its default: must not come back as -5 */
	e = (struct edit){ m.thing, 7, 1, "renamed" };
	ck_assert_int_eq(db_write(db, edit_thing, &e), 0);
	ck_assert_int_eq(db_write(db, delete_box, &m), 0);
	db_close(db);
	open_file(path);
	r = db_root_get(db);
	th = db_find(r, CLASS_THING, &m.thing);
	ck_assert_int_eq(th->weight, 7);
	ck_assert_str_eq(th->name_label, "renamed");
	ck_assert(ref_is_null(&th->box));
	ck_assert_ptr_null(db_find(r, CLASS_BOX, &m.box));
	db_root_put(r);
	db_close(db);
}
END_TEST

static void
write_file(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fdio_write_all(fd, data, len), 0);
	fdio_close(&fd);
}

static void
run_sql(const char *path, const char *sql)
{
	sqlite3 *s;

	ck_assert_int_eq(sqlite3_open(path, &s), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(s, sql, NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(s), SQLITE_OK);
}

static void
refused(const char *path, const char *reason)
{
	struct stat before, after;
	const char *why;

	ck_assert_int_eq(stat(path, &before), 0);
	ck_assert_int_ne(try_open(path, model_classes, &why), 0);
	ck_assert_str_eq(why, reason);
	ck_assert_ptr_null(db);
	ck_assert_int_eq(stat(path, &after), 0);
	ck_assert_int_eq(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	ck_assert_int_eq(before.st_size, after.st_size);
}

START_TEST(files_that_are_not_ours_are_refused_untouched)
{
	const char *path = scratch_file("foreign.db");
	char text[8192];

	memset(text, 'x', sizeof(text));
	write_file(path, text, sizeof(text));
	refused(path, "not a database");
	remove(path);
	run_sql(path, "CREATE TABLE t (a)");
	refused(path, "a database of another program");
	remove(path);
	open_file(path);
	db_close(db);
	run_sql(path, "PRAGMA user_version = 9");
	refused(path, "written by a newer version");
}
END_TEST

START_TEST(a_damaged_file_is_refused)
{
	const char *path = scratch_file("state.db");
	char junk[3000];
	const char *why;
	struct made m;
	int fd, i;

	open_file(path);
	for (i = 0; i < 30; i++)
		ck_assert_int_eq(db_write(db, make_all, &m), 0);
	db_close(db);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	memset(junk, 0x5a, sizeof(junk));
	ck_assert_int_eq(pwrite(fd, junk, sizeof(junk), 4096 * 3), 3000);
	fdio_close(&fd);
	ck_assert_int_ne(try_open(path, model_classes, &why), 0);
	ck_assert_str_eq(why, "damaged");
}
END_TEST

START_TEST(a_row_that_cannot_be_read_is_damage)
{
	const char *path = scratch_file("state.db");

	open_file(path);
	db_close(db);
	run_sql(path, "INSERT INTO class_Thing VALUES "
	    "(x'000102030405060708090a0b0c0d0e0f', '', '', 1, 1, x'ff')");
	refused(path, "damaged: a row cannot be read");
}
END_TEST

START_TEST(two_processes_cannot_share_a_file)
{
	const char *path = scratch_file("state.db");
	const char *why;
	int status;
	pid_t pid;

	open_file(path);
	pid = fork();
	if (!pid) {
		int rc = try_open(path, model_classes, &why);

		_exit(rc == -EBUSY && why &&
		    !strcmp(why, "in use by another process") ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	db_close(db);
}
END_TEST

START_TEST(no_generation_is_used_twice)
{
	const char *path = scratch_file("state.db");
	struct edit e = { .weight = 1 };
	struct db_root *r;
	uint64_t last = 0;
	struct made m;
	int i;

	for (i = 0; i < 3; i++) {
		open_file(path);
		r = db_root_get(db);
		ck_assert_uint_gt(db_generation(r), last);
		db_root_put(r);
		ck_assert_int_eq(db_write(db, make_all, &m), 0);
		e.ref = m.thing;
		for (e.temperature = 1; e.temperature < 100; e.temperature++)
			ck_assert_int_eq(db_write(db, edit_thing, &e), 0);
		r = db_root_get(db);
		last = db_generation(r);
		db_root_put(r);
		db_close(db);
	}
}
END_TEST

/* Class tables of an older version: a thing had fewer fields. */
static struct class_type old_thing;
static const struct class_type *old_classes[CLASS_N];

static void
make_old_classes(void)
{
	memcpy(old_classes, model_classes, sizeof(old_classes));
	old_thing = class_thing;
	old_thing.rec.n = 9;
	old_classes[CLASS_THING] = &old_thing;
}

START_TEST(an_older_version_keeps_fields_it_does_not_know)
{
	const char *path = scratch_file("state.db");
	struct db_root *r;
	const char *why;
	struct made m;
	struct edit e;

	make_old_classes();
	open_file(path);
	ck_assert_int_eq(db_write(db, make_all, &m), 0);
	db_close(db);
	ck_assert_int_eq(try_open(path, old_classes, &why), 0);
	e = (struct edit){ .ref = m.thing, .weight = 33 };
	ck_assert_int_eq(db_write(db, edit_thing, &e), 0);
	e.weight = -5;
	ck_assert_int_eq(db_write(db, edit_thing, &e), 0);
	db_close(db);
	open_file(path);
	r = db_root_get(db);
	check_thing(r, &m);
	db_root_put(r);
	db_close(db);
}
END_TEST

START_TEST(a_full_disk_refuses_writes_until_there_is_room)
{
	const char *path = scratch_file("state.db");
	const struct thing *th;
	struct db_root *r;
	struct made m, none;
	struct edit e;

	fault_install();
	open_file(path);
	ck_assert_int_eq(db_write(db, make_all, &m), 0);
	fault_set(1, SQLITE_FULL);
	ck_assert_int_eq(db_write(db, make_all, &none), -ENOSPC);
	e = (struct edit){ m.thing, 1000, 0, NULL };
	ck_assert_int_eq(db_write(db, edit_thing, &e), -ENOSPC);
	r = db_root_get(db);
	check_thing(r, &m);
	ck_assert_uint_eq(db_count(r, CLASS_THING), 1);
	db_root_put(r);
	/* what needs no disk goes on */
	e = (struct edit){ m.thing, -5, 17, NULL };
	ck_assert_int_eq(db_write(db, edit_thing, &e), 0);
	r = db_root_get(db);
	th = db_find(r, CLASS_THING, &m.thing);
	ck_assert_int_eq(th->temperature, 17);
	db_root_put(r);
	fault_set(0, 0);
	ck_assert_int_eq(db_write(db, make_all, &none), 0);
	db_close(db);
	open_file(path);
	r = db_root_get(db);
	check_thing(r, &m);
	check_thing(r, &none);
	ck_assert_uint_eq(db_count(r, CLASS_THING), 2);
	db_root_put(r);
	db_close(db);
}
END_TEST

/* Weights of all things: what was acknowledged, and what is there. */
struct storm {
	struct ref refs[4];
	int64_t acknowledged[4];
};

static int
make_four(struct db_txn *t, void *arg)
{
	struct storm *s = arg;
	int i;

	for (i = 0; i < 4; i++) {
		struct thing *th = txn_new(t, CLASS_THING, NULL);

		s->refs[i] = th->obj.ref;
		s->acknowledged[i] = 0;
		th->weight = 0;
	}
	return 0;
}

static void
check_storm(const struct storm *s, int64_t most)
{
	struct db_root *r = db_root_get(db);
	int i;

	for (i = 0; i < 4; i++) {
		const struct thing *th = db_find(r, CLASS_THING, &s->refs[i]);

		ck_assert_ptr_nonnull(th);
		ck_assert_int_ge(th->weight, s->acknowledged[i]);
		ck_assert_int_le(th->weight, most);
	}
	db_root_put(r);
}

static int64_t
heaviest(const struct storm *s)
{
	struct db_root *r = db_root_get(db);
	int64_t most = 0;

	for (int i = 0; i < 4; i++) {
		const struct thing *th = db_find(r, CLASS_THING, &s->refs[i]);

		if (th->weight > most)
			most = th->weight;
	}
	db_root_put(r);
	return most;
}

START_TEST(each_write_may_fail_at_each_call_to_the_disk)
{
	static const int codes[] = { SQLITE_FULL, SQLITE_IOERR_WRITE };
	const char *path = scratch_file("state.db");
	struct storm s;
	int64_t v = 0;
	int n, c, rc;

	fault_install();
	open_file(path);
	ck_assert_int_eq(db_write(db, make_four, &s), 0);
	for (n = 1; n < 40; n++) {
		for (c = 0; c < 2; c++) {
			struct edit e = { s.refs[n % 4], ++v, 0, NULL };

			fault_set(n, codes[c]);
			rc = db_write(db, edit_thing, &e);
			fault_set(0, 0);
			if (!rc)
				s.acknowledged[n % 4] = v;
			else
				ck_assert(rc == -ENOSPC || rc == -EIO);
			check_storm(&s, v);
			if (n % 5 == 0) {
				db_close(db);
				open_file(path);
				check_storm(&s, v);
			}
		}
	}
	db_close(db);
}
END_TEST

static void
copy_synced(const char *from, const char *to)
{
	char name[PATH_MAX + 32], block[4096];
	FILE *in, *out;
	size_t n;

	snprintf(name, sizeof(name), "%s.synced", from);
	in = fopen(name, "re");
	if (!in)
		return;
	out = fopen(to, "we");
	ck_assert_ptr_nonnull(out);
	while ((n = fread(block, 1, sizeof(block), in)))
		fwrite(block, 1, n, out);
	fclose(in);
	fclose(out);
}

START_TEST(what_was_acknowledged_was_synced)
{
	char path[PATH_MAX], lost[PATH_MAX], wal[PATH_MAX + 8];
	struct db *live;
	struct storm s;
	int64_t v;

	snprintf(path, sizeof(path), "%s", scratch_file("state.db"));
	snprintf(lost, sizeof(lost), "%s", scratch_file("lost.db"));
	fault_install();
	open_file(path);
	ck_assert_int_eq(db_write(db, make_four, &s), 0);
	for (v = 1; v < 60; v++) {
		struct edit e = { s.refs[v % 4], v, 0, NULL };

		ck_assert_int_eq(db_write(db, edit_thing, &e), 0);
		s.acknowledged[v % 4] = v;
		/* the power goes: nothing is left but what was synced */
		live = db;
		snprintf(wal, sizeof(wal), "%s-wal", path);
		copy_synced(path, lost);
		copy_synced(wal, scratch_file("lost.db-wal"));
		open_file(lost);
		check_storm(&s, v);
		db_close(db);
		remove(lost);
		remove(scratch_file("lost.db-wal"));
		db = live;
	}
	db_close(db);
}
END_TEST

static void *
storm_writer(void *arg)
{
	int fd = *(int *)arg;
	struct {
		struct ref ref;
		int64_t v;
	} ack;
	struct db_root *r = db_root_get(db);
	struct edit e = { .ref = REF_NULL };

	memcpy(&e.ref, (int *)arg + 1, sizeof(e.ref));
	e.weight = ((const struct thing *)db_find(r, CLASS_THING,
	    &e.ref))->weight;
	db_root_put(r);
	for (;;) {
		e.weight++;
		if (db_write(db, edit_thing, &e))
			_exit(1);
		ack.ref = e.ref;
		ack.v = e.weight;
		if (fdio_write_all(fd, &ack, sizeof(ack)))
			_exit(1);
	}
	return NULL;
}

/* The child: four threads write until the process is killed. */
static void
storm_child(const char *path, int fd, const struct storm *s)
{
	struct {
		int fd;
		struct ref ref;
	} args[4];
	pthread_t threads[4];
	int i;

	open_file(path);
	for (i = 0; i < 4; i++) {
		args[i].fd = fd;
		args[i].ref = s->refs[i];
		pthread_create(&threads[i], NULL, storm_writer, &args[i]);
	}
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	_exit(0);
}

static int64_t
read_acks(int fd, struct storm *s, int max)
{
	struct {
		struct ref ref;
		int64_t v;
	} ack;
	int64_t most = 0;
	int i;

	for (; max && !fdio_read_all(fd, &ack, sizeof(ack)); max--) {
		for (i = 0; i < 4; i++) {
			if (ref_equal(&ack.ref, &s->refs[i]))
				s->acknowledged[i] = ack.v;
		}
		if (ack.v > most)
			most = ack.v;
	}
	return most;
}

START_TEST(kill_9_loses_nothing_acknowledged)
{
	const char *path = scratch_file("state.db");
	int64_t most = 0, m;
	const char *rounds = getenv("KILL_ROUNDS");
	int round = rounds ? (int)strtol(rounds, NULL, 10) : 25, fds[2];
	struct storm s;
	pid_t pid;

	srand(7);
	open_file(path);
	ck_assert_int_eq(db_write(db, make_four, &s), 0);
	db_close(db);
	for (; round > 0; round--) {
		ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
		pid = fork();
		if (!pid)
			storm_child(path, fds[1], &s);
		fdio_close(&fds[1]);
		m = read_acks(fds[0], &s, 1 + rand() % 200);
		ck_assert_int_eq(kill(pid, SIGKILL), 0);
		ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
		most = m > most ? m : most;
		m = read_acks(fds[0], &s, -1);
		most = m > most ? m : most;
		fdio_close(&fds[0]);
		open_file(path);
		/* one more write per thread may have been under way */
		check_storm(&s, most + 1);
		/* the next round goes on from that one */
		most = heaviest(&s);
		db_close(db);
	}
}
END_TEST

static atomic_int waiting;

static int
wait_for_others(struct db_txn *t, void *arg)
{
	int i;

	(void)arg;
	while (atomic_load(&waiting) < 16)
		sched_yield();
	/* let the last of them get from its counter into the queue */
	for (i = 0; i < 1000; i++)
		sched_yield();
	txn_new(t, CLASS_BOX, NULL);
	return 0;
}

static int
one_box(struct db_txn *t, void *arg)
{
	(void)arg;
	txn_new(t, CLASS_BOX, NULL);
	return 0;
}

static void *
write_one_box(void *arg)
{
	atomic_fetch_add(&waiting, 1);
	ck_assert_int_eq(db_write(db, one_box, arg), 0);
	return NULL;
}

static void *
write_first(void *arg)
{
	ck_assert_int_eq(db_write(db, wait_for_others, arg), 0);
	return NULL;
}

START_TEST(writes_that_wait_share_a_commit)
{
	pthread_t threads[17];
	struct db_root *r;
	int i;

	open_file(scratch_file("state.db"));
	pthread_create(&threads[16], NULL, write_first, NULL);
	for (i = 0; i < 16; i++)
		pthread_create(&threads[i], NULL, write_one_box, NULL);
	for (i = 0; i < 17; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_le(atomic_load(&publications), 8);
	r = db_root_get(db);
	ck_assert_uint_eq(db_count(r, CLASS_BOX), 17);
	db_root_put(r);
	db_close(db);
}
END_TEST

/* A thread's write, waiting behind one that is let go by the test. */
struct waiter {
	db_write_fn *fn;
	struct edit e;
	int rc;
	atomic_int tid;
	pthread_t thread;
};

static atomic_bool gate_open;
static atomic_bool gate_reached;

static int
wait_at_gate(struct db_txn *t, void *arg)
{
	(void)t, (void)arg;
	atomic_store(&gate_reached, true);
	while (!atomic_load(&gate_open))
		sched_yield();
	return 0;
}

static void *
waiter_main(void *arg)
{
	struct waiter *w = arg;

	atomic_store(&w->tid, gettid());
	w->rc = db_write(db, w->fn, &w->e);
	return NULL;
}

static bool
is_asleep(int tid)
{
	char path[64], state = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	f = fopen(path, "re");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fscanf(f, "%*d (%*[^)]) %c", &state), 1);
	fclose(f);
	return state == 'S';
}

static void
start_waiter(struct waiter *w, db_write_fn *fn)
{
	w->fn = fn;
	pthread_create(&w->thread, NULL, waiter_main, w);
	while (fn != wait_at_gate && (!atomic_load(&w->tid) ||
	    !is_asleep(atomic_load(&w->tid))))
		sched_yield();
	while (fn == wait_at_gate && !atomic_load(&gate_reached))
		sched_yield();
}

START_TEST(a_refused_batch_lets_pass_what_needs_no_disk)
{
	struct waiter gate = { 0 }, w[3] = { { 0 } };
	const struct thing *th;
	struct db_root *r;
	struct made m;
	int i;

	fault_install();
	open_file(scratch_file("state.db"));
	ck_assert_int_eq(db_write(db, make_all, &m), 0);
	fault_set(1, SQLITE_FULL);
	start_waiter(&gate, wait_at_gate);
	/* stored, in memory only, and one that fails by itself */
	w[0].e = (struct edit){ m.thing, 1000, 0, NULL };
	w[1].e = (struct edit){ m.thing, -5, 17, NULL };
	w[2].e = (struct edit){ m.key, 0, 0, NULL };
	for (i = 0; i < 3; i++)
		start_waiter(&w[i], edit_thing);
	atomic_store(&gate_open, true);
	pthread_join(gate.thread, NULL);
	for (i = 0; i < 3; i++)
		pthread_join(w[i].thread, NULL);
	ck_assert_int_eq(w[0].rc, -ENOSPC);
	ck_assert_int_eq(w[1].rc, 0);
	ck_assert_int_eq(w[2].rc, -ENOENT);
	r = db_root_get(db);
	check_thing(r, &m);
	th = db_find(r, CLASS_THING, &m.thing);
	ck_assert_int_eq(th->temperature, 17);
	db_root_put(r);
	db_close(db);
}
END_TEST

static int
label_in_memory(struct db_txn *t, void *arg)
{
	const struct label *l = txn_new(t, CLASS_LABEL, NULL);
	struct ref *ref = arg;

	*ref = l->obj.ref;
	ck_assert(txn_keep_in_memory(t, CLASS_LABEL, ref));
	return 0;
}

static int
touch_label(struct db_txn *t, void *arg)
{
	return txn_touch(t, CLASS_LABEL, arg) ? 0 : -ENOENT;
}

static int
delete_label(struct db_txn *t, void *arg)
{
	return txn_delete(t, CLASS_LABEL, arg) ? 0 : -ENOENT;
}

static bool
is_label(struct db *in, const struct ref *ref)
{
	struct db_root *r = db_root_get(in);
	bool found = db_find(r, CLASS_LABEL, ref);

	db_root_put(r);
	return found;
}

START_TEST(an_object_may_wait_in_memory_until_the_disk_works)
{
	const char *path = scratch_file("state.db");
	struct ref kept, lost, gone;

	fault_install();
	open_file(path);
	fault_set(1, SQLITE_IOERR_WRITE);
	ck_assert_int_eq(db_write(db, label_in_memory, &kept), 0);
	ck_assert_int_eq(db_write(db, label_in_memory, &lost), 0);
	ck_assert_int_eq(db_write(db, label_in_memory, &gone), 0);
	ck_assert(is_label(db, &kept) && is_label(db, &gone));
	ck_assert_int_eq(db_write(db, touch_label, &kept), -EIO);
	ck_assert_int_eq(db_write(db, delete_label, &gone), 0);
	ck_assert(is_label(db, &kept) && !is_label(db, &gone));
	fault_set(0, 0);
	ck_assert_int_eq(db_write(db, touch_label, &kept), 0);
	db_close(db);
	open_file(path);
	ck_assert(is_label(db, &kept) && !is_label(db, &lost));
	db_close(db);
}
END_TEST

struct replay {
	struct db *to;
	uint64_t last;
};

struct record {
	const void *data;
	size_t len;
};

static int
apply_record(struct db_txn *t, void *arg)
{
	const struct record *rec = arg;

	return commit_apply(t, rec->data, rec->len);
}

static int
replay_record(uint64_t idx, const void *data, size_t len, void *arg)
{
	struct replay *rp = arg;
	struct record rec = { data, len };

	ck_assert_uint_eq(idx, rp->last + 1);
	rp->last = idx;
	return db_write(rp->to, apply_record, &rec);
}

/* Uses up generations, by a visit that comes with a late one. */
static void
jump_to(uint64_t generation)
{
	struct buf b = { 0 }, fields = { 0 };
	char uuid[UUID_TEXT_LEN + 1];
	const struct visit v = { .uuid = uuid_random(uuid) };
	struct record rec;
	struct ref ref;

	ref_random(&ref);
	codec_encode_field(&fields, &class_visit.rec.fields[0], &v);
	codec_add_varint(&b, COMMIT_VERSION);
	codec_add_varint(&b, generation);
	codec_add_varint(&b, class_visit.tag);
	codec_add_varint(&b, COMMIT_PUT);
	buf_add(&b, ref.b, sizeof(ref.b));
	codec_add_varint(&b, generation);
	codec_add_varint(&b, fields.len);
	buf_add(&b, fields.data, fields.len);
	rec = (struct record){ b.data, b.len };
	ck_assert_int_eq(db_write(db, apply_record, &rec), 0);
	buf_release(&fields);
	buf_release(&b);
}

static int
visit_box(struct db_txn *t, void *arg)
{
	(void)arg;
	txn_new(t, CLASS_VISIT, NULL);
	return 0;
}

START_TEST(a_failed_disk_leaves_generations_for_what_needs_none)
{
	uint64_t step = 1 << 20;
	int i;

	fault_install();
	open_file(scratch_file("state.db"));
	/* few are left, but the disk has more */
	jump_to(step - 1000);
	ck_assert_int_eq(db_write(db, visit_box, NULL), 0);
	fault_set(1, SQLITE_IOERR_WRITE);
	for (i = 0; i < 2000; i++)
		ck_assert_int_eq(db_write(db, visit_box, NULL), 0);
	/* it has no more */
	jump_to(2 * step - 2000);
	for (i = 0; i < 500; i++)
		ck_assert_int_eq(db_write(db, visit_box, NULL), 0);
	jump_to(2 * step);
	ck_assert_int_eq(db_write(db, visit_box, NULL), -EIO);
	fault_set(0, 0);
	ck_assert_int_eq(db_write(db, visit_box, NULL), 0);
	db_close(db);
}
END_TEST

struct compare {
	const struct db_root *other;
	int n;
};

static int
same_in_other(const void *obj, void *arg)
{
	const struct object *o = obj, *p;
	struct compare *c = arg;
	uint16_t i;

	p = db_find(c->other, o->cls->id, &o->ref);
	ck_assert_ptr_nonnull(p);
	for (i = 0; i < o->cls->rec.n; i++) {
		const struct field *f = &o->cls->rec.fields[i];

		if (f->flags & (FIELD_VOLATILE | FIELD_LOCAL) ||
		    !strcmp(f->name, "visits"))
			continue;
		ck_assert_msg(type_equal(f->type, (const char *)o + f->offset,
		    (const char *)p + f->offset), "%s differs", f->name);
	}
	c->n++;
	return 0;
}

START_TEST(the_log_replayed_elsewhere_gives_the_same_objects)
{
	static const int replicated[] = { CLASS_BOX, CLASS_THING, CLASS_LABEL };
	const char *path = scratch_file("state.db");
	struct replay rp = { .last = 0 };
	struct db_config memory = {
		.classes = model_classes, .n_classes = CLASS_N,
	};
	struct db_root *a, *b;
	struct db_file *f;
	const char *why;
	struct ref label;
	struct made m;
	struct edit e;
	size_t i;

	open_file(path);
	for (i = 0; i < 20; i++) {
		ck_assert_int_eq(db_write(db, make_all, &m), 0);
		e = (struct edit){ m.thing, 7, (int64_t)i, "renamed" };
		if (i % 2)
			ck_assert_int_eq(db_write(db, edit_thing, &e), 0);
		if (i % 3 == 0)
			ck_assert_int_eq(db_write(db, delete_box, &m), 0);
		ck_assert_int_eq(db_write(db, label_in_memory, &label), 0);
		if (i % 4 < 2)
			ck_assert_int_eq(db_write(db, touch_label, &label), 0);
		if (i % 2)
			ck_assert_int_eq(db_write(db, delete_label, &label),
			    0);
	}
	db_close(db);
	ck_assert_int_eq(file_open(path, model_classes, CLASS_N, &f, &why), 0);
	ck_assert_int_eq(db_open(&memory, &rp.to, &why), 0);
	ck_assert_int_eq(file_each_log(f, replay_record, &rp), 0);
	file_close(f);
	open_file(path);
	a = db_root_get(db);
	b = db_root_get(rp.to);
	for (i = 0; i < 3; i++) {
		struct compare c = { b, 0 };

		db_each(a, replicated[i], same_in_other, &c);
		ck_assert_uint_eq(c.n, db_count(b, replicated[i]));
	}
	ck_assert_uint_eq(db_count(b, CLASS_KEY), 0);
	db_root_put(a);
	db_root_put(b);
	db_close(db);
	db_close(rp.to);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("db_file", what_is_durable_or_local_survives,
	    edits_and_deletions_survive,
	    files_that_are_not_ours_are_refused_untouched,
	    a_damaged_file_is_refused, a_row_that_cannot_be_read_is_damage,
	    two_processes_cannot_share_a_file, no_generation_is_used_twice,
	    an_older_version_keeps_fields_it_does_not_know,
	    a_full_disk_refuses_writes_until_there_is_room,
	    each_write_may_fail_at_each_call_to_the_disk,
	    what_was_acknowledged_was_synced,
	    kill_9_loses_nothing_acknowledged,
	    writes_that_wait_share_a_commit,
	    a_refused_batch_lets_pass_what_needs_no_disk,
	    a_failed_disk_leaves_generations_for_what_needs_none,
	    an_object_may_wait_in_memory_until_the_disk_works,
	    the_log_replayed_elsewhere_gives_the_same_objects);
}
