/*
 * Database files of every schema there was, kept as SQL in tests/fixtures/db:
 * each opens, is migrated, and has what it had.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "base/fdio.h"
#include "db/schema.h"
#include "db/tools.h"
#include "fault_vfs.h"
#include "gen/store.h"
#include "scratch.h"
#include "unit.h"

static void
read_sql(const char *sql_path, const char *path)
{
	char *sql = calloc(1, 1 << 20);
	FILE *f = fopen(sql_path, "re");
	sqlite3 *s;

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_gt(fread(sql, 1, (1 << 20) - 1, f), 0);
	fclose(f);
	ck_assert_int_eq(sqlite3_open(path, &s), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(s, sql, NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(s), SQLITE_OK);
	free(sql);
}

static int64_t
number(const char *path, const char *sql)
{
	sqlite3_stmt *st;
	sqlite3 *s;
	int64_t n;

	ck_assert_int_eq(sqlite3_open(path, &s), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(s, sql, -1, &st, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(st), SQLITE_ROW);
	n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(s);
	return n;
}

static int
open_path(const char *path, struct db **db_out)
{
	struct db_config cfg = {
		.path = path, .classes = classes, .n_classes = CLASS_N,
	};
	const char *why;

	return db_open(&cfg, db_out, &why);
}

static int
find_vm(const void *obj, void *arg)
{
	*(const struct vm **)arg = obj;
	return 1;
}

/* Every fixture has the same two VMs. */
static void
check_content(const char *path)
{
	const struct vm *vm = NULL;
	const struct vbd *vbd;
	struct db_root *r;
	struct db *db;

	ck_assert_int_eq(open_path(path, &db), 0);
	r = db_root_get(db);
	ck_assert_uint_eq(db_count(r, CLASS_POOL), 1);
	ck_assert_uint_eq(db_count(r, CLASS_HOST), 1);
	db_each_named(r, CLASS_VM, "fixture \"one\" <ä>", find_vm, &vm);
	ck_assert_ptr_nonnull(vm);
	ck_assert_str_eq(map_get(vm->other_config, "key"), "value");
	ck_assert(set_has_string(vm->tags, "tag"));
	ck_assert_uint_eq(vm->VBDs.n, 1);
	ck_assert_uint_eq(vm->VIFs.n, 1);
	vbd = vbd_find(r, vm->VBDs.v);
	ck_assert_ptr_nonnull(vdi_find(r, &vbd->VDI));
	db_each_named(r, CLASS_VM, "fixture two", find_vm, &vm);
	ck_assert_str_eq(vm->name_label, "fixture two");
	db_root_put(r);
	db_close(db);
}

static void
check_fixture(const char *sql_path)
{
	char path[PATH_MAX], kept[PATH_MAX + 32];
	int64_t schema;

	snprintf(path, sizeof(path), "%s", scratch_file("state.db"));
	unlink(path);
	read_sql(sql_path, path);
	schema = number(path, "PRAGMA user_version");
	ck_assert_int_ge(schema, 1);
	ck_assert_int_le(schema, SCHEMA_VERSION);
	snprintf(kept, sizeof(kept), "%s.schema-%d", path, (int)schema);
	check_content(path);
	ck_assert_int_eq(number(path, "PRAGMA user_version"), SCHEMA_VERSION);
	ck_assert_int_eq(access(kept, R_OK) == 0, schema < SCHEMA_VERSION);
	if (schema == SCHEMA_VERSION)
		return;
	ck_assert_int_eq(number(kept, "PRAGMA user_version"), schema);
	check_content(kept);
}

START_TEST(a_file_of_every_schema_opens)
{
	char latest[64];
	bool has_latest = false;
	glob_t g;
	size_t i;

	ck_assert_int_eq(glob("tests/fixtures/db/schema-*.sql", 0, NULL, &g),
	    0);
	snprintf(latest, sizeof(latest), "schema-%d.sql", SCHEMA_VERSION);
	for (i = 0; i < g.gl_pathc; i++) {
		check_fixture(g.gl_pathv[i]);
		has_latest |= !!strstr(g.gl_pathv[i], latest);
	}
	ck_assert_int_eq(g.gl_pathc, SCHEMA_VERSION);
	ck_assert(has_latest);
	globfree(&g);
}
END_TEST

static void
say_nothing(void *arg, const char *text)
{
	(void)arg, (void)text;
}

/* The metrics of the fixtures' two VBDs lived in memory only. */
#define OLD_METRICS 2

START_TEST(check_does_not_migrate)
{
	const char *path = scratch_file("state.db");
	const struct tool tool = {
		.classes = classes, .n_classes = CLASS_N, .say = say_nothing,
	};
	int n;

	read_sql("tests/fixtures/db/schema-1.sql", path);
	ck_assert_int_eq(tool_check(&tool, path, &n), 0);
	ck_assert_int_eq(n, OLD_METRICS);
	ck_assert_int_eq(number(path, "PRAGMA user_version"), 1);
}
END_TEST

START_TEST(migration_may_fail_at_each_call_to_the_disk)
{
	const char *path = scratch_file("state.db");
	struct db *db;
	int n, rc = -1;

	fault_install();
	for (n = 1; rc; n++) {
		unlink(path);
		fault_set(0, 0);
		read_sql("tests/fixtures/db/schema-1.sql", path);
		fault_set(n, n % 2 ? SQLITE_FULL : SQLITE_IOERR_WRITE);
		rc = open_path(path, &db);
		fault_set(0, 0);
		if (!rc)
			db_close(db);
		check_content(path);
		unlink(scratch_file("state.db-wal"));
	}
	ck_assert_int_gt(n, 10);
}
END_TEST

START_TEST(migration_may_be_killed)
{
	const char *path = scratch_file("state.db");
	struct timespec t = { 0, 0 };
	struct db *db;
	int round;
	pid_t pid;

	for (round = 0; round < 30; round++) {
		unlink(path);
		read_sql("tests/fixtures/db/schema-1.sql", path);
		pid = fork();
		if (!pid)
			_exit(open_path(path, &db) ? 1 : 0);
		t.tv_nsec = round * 700000L;
		nanosleep(&t, NULL);
		kill(pid, SIGKILL);
		ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
		check_content(path);
	}
}
END_TEST

struct two {
	struct ref a, b;
};

static int
take_two(const void *obj, void *arg)
{
	const struct vm *vm = obj;
	struct two *two = arg;

	two->b = two->a;
	two->a = vm->obj.ref;
	return 0;
}

/* Each is the other's parent, and one is a snapshot of itself. */
static int
make_circles(struct db_txn *t, void *arg)
{
	struct two *two = arg;
	struct vm *a, *b;

	txn_each(t, CLASS_VM, take_two, two);
	a = vm_txn_edit(t, &two->a);
	b = vm_txn_edit(t, &two->b);
	a->parent = two->b;
	b->parent = two->a;
	b->snapshot_of = two->b;
	a->affinity = two->b;	/* that is no host */
	return 0;
}

START_TEST(no_object_comes_from_itself)
{
	const char *path = scratch_file("state.db");
	const struct tool tool = {
		.classes = classes, .n_classes = CLASS_N, .say = say_nothing,
	};
	const struct vm *a, *b;
	struct db_root *r;
	struct two two;
	struct db *db;
	int n;

	read_sql("tests/fixtures/db/schema-2.sql", path);
	ck_assert_int_eq(open_path(path, &db), 0);
	ck_assert_int_eq(db_write(db, make_circles, &two), 0);
	db_close(db);
	ck_assert_int_eq(tool_check(&tool, path, &n), 0);
	ck_assert_int_eq(n, 3 + OLD_METRICS);
	ck_assert_int_eq(open_path(path, &db), 0);
	r = db_root_get(db);
	a = vm_find(r, &two.a);
	b = vm_find(r, &two.b);
	ck_assert(ref_is_null(&a->parent) != ref_is_null(&b->parent));
	ck_assert(ref_is_null(&b->snapshot_of));
	ck_assert(ref_is_null(&a->affinity));
	ck_assert_uint_eq(b->snapshots.n, 0);
	db_root_put(r);
	db_close(db);
	ck_assert_int_eq(tool_repair(&tool, path), 0);
	ck_assert_int_eq(tool_check(&tool, path, &n), 0);
	ck_assert_int_eq(n, 0);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("db_fixtures", a_file_of_every_schema_opens,
	    check_does_not_migrate, no_object_comes_from_itself,
	    migration_may_fail_at_each_call_to_the_disk,
	    migration_may_be_killed);
}
