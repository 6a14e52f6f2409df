/* Damaged files and records: refused or read, but nothing worse. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fdio.h"
#include "db/commit.h"
#include "db/db.h"
#include "db/sqlite.h"
#include "model_tables.h"
#include "scratch.h"
#include "unit.h"

static struct db *db;

static int
open_path(const char *path)
{
	struct db_config cfg = {
		.path = path, .classes = model_classes, .n_classes = CLASS_N,
	};
	const char *why;
	int rc = db_open(&cfg, &db, &why);

	ck_assert(!rc == !why);
	return rc;
}

static int
add_things(struct db_txn *t, void *arg)
{
	struct arena *a = txn_arena(t);
	struct box *b = txn_new(t, CLASS_BOX, NULL);
	int i;

	(void)arg;
	b->name_label = "box";
	for (i = 0; i < 5; i++) {
		struct thing *th = txn_new(t, CLASS_THING, NULL);

		th->name_label = arena_printf(a, "thing %d", i);
		th->box = b->obj.ref;
		th->tags = vec_add_string(a, th->tags, "tag");
		th->other_config = map_set(a, th->other_config, "k", "v");
		th->size.width = i;
	}
	return 0;
}

static int
delete_first(struct db_txn *t, void *arg)
{
	const struct ref *ref = arg;

	return txn_delete(t, CLASS_BOX, ref) ? 0 : -ENOENT;
}

static int
first_ref(const void *obj, void *arg)
{
	*(struct ref *)arg = ((const struct object *)obj)->ref;
	return 1;
}

static void
make_file(const char *path)
{
	struct db_root *r;
	struct ref ref;
	int i;

	ck_assert_int_eq(open_path(path), 0);
	for (i = 0; i < 10; i++)
		ck_assert_int_eq(db_write(db, add_things, NULL), 0);
	r = db_root_get(db);
	db_each(r, CLASS_BOX, first_ref, &ref);
	db_root_put(r);
	ck_assert_int_eq(db_write(db, delete_first, &ref), 0);
	db_close(db);
}

static size_t
read_whole(const char *path, char *data, size_t max)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, data, max);

	ck_assert_int_gt(n, 0);
	fdio_close(&fd);
	return (size_t)n;
}

START_TEST(a_file_with_flipped_bytes_is_refused_or_read)
{
	char path[PATH_MAX], hurt[PATH_MAX];
	static char data[1 << 20], copy[1 << 20];
	int i, k, fd, refused = 0;
	size_t n;

	snprintf(path, sizeof(path), "%s", scratch_file("state.db"));
	snprintf(hurt, sizeof(hurt), "%s", scratch_file("hurt.db"));
	make_file(path);
	n = read_whole(path, data, sizeof(data));
	srand(11);
	for (i = 0; i < 400; i++) {
		size_t len = rand() % 4 ? n : (size_t)rand() % n;

		memcpy(copy, data, n);
		for (k = 1 + rand() % 8; k; k--)
			copy[(size_t)rand() % n] = (char)rand();
		fd = open(hurt, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
		    0600);
		ck_assert_int_eq(fdio_write_all(fd, copy, len), 0);
		fdio_close(&fd);
		if (open_path(hurt)) {
			refused++;
			continue;
		}
		db_write(db, add_things, NULL);
		db_close(db);
		unlink(scratch_file("hurt.db-wal"));
	}
	ck_assert_int_gt(refused, 100);
}
END_TEST

struct records {
	struct {
		void *data;
		size_t len;
	} v[64];
	int n;
};

static int
keep_record(uint64_t idx, const void *data, size_t len, void *arg)
{
	struct records *r = arg;

	(void)idx;
	r->v[r->n].data = malloc(len);
	memcpy(r->v[r->n].data, data, len);
	r->v[r->n++].len = len;
	return 0;
}

struct piece {
	const void *data;
	size_t len;
};

static int
apply(struct db_txn *t, void *arg)
{
	const struct piece *p = arg;
	int rc = commit_apply(t, p->data, p->len);

	ck_assert(!rc || rc == -EBADMSG || rc == -ENOENT);
	return rc;
}

START_TEST(damaged_records_are_refused_or_applied)
{
	const char *path = scratch_file("state.db");
	struct records r = { .n = 0 };
	struct db_file *f;
	const char *why;
	int i, k, applied = 0;

	make_file(path);
	ck_assert_int_eq(file_open(path, model_classes, CLASS_N, &f, &why), 0);
	ck_assert_int_eq(file_each_log(f, keep_record, &r), 0);
	file_close(f);
	ck_assert_int_eq(open_path(NULL), 0);
	srand(12);
	for (i = 0; i < 10000; i++) {
		int at = rand() % r.n;
		size_t len = r.v[at].len;
		char *copy;
		struct piece p;

		if (rand() % 2)
			len = (size_t)rand() % (len + 1);
		copy = malloc(len ? len : 1);
		memcpy(copy, r.v[at].data, len);
		for (k = rand() % 4; k && len; k--)
			copy[(size_t)rand() % len] = (char)rand();
		p = (struct piece){ copy, len };
		applied += !db_write(db, apply, &p);
		free(copy);
	}
	ck_assert_int_gt(applied, 0);
	db_close(db);
	for (i = 0; i < r.n; i++)
		free(r.v[i].data);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("db_damage",
	    a_file_with_flipped_bytes_is_refused_or_read,
	    damaged_records_are_refused_or_applied);
}
