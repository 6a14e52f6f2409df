/* What an operator does with a database file, and the copies made of it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/fdio.h"
#include "db/copies.h"
#include "db/replace.h"
#include "db/tools.h"
#include "model_tables.h"
#include "scratch.h"
#include "unit.h"

#define MADE 40

static struct db *db;
static char said[16384];

static void
note(void *arg, const char *text)
{
	size_t n = strlen(said);

	(void)arg;
	snprintf(said + n, sizeof(said) - n, "%s\n", text);
}

static const struct tool tool = {
	.classes = model_classes, .n_classes = CLASS_N, .say = note,
};

static int
try_open(const char *path, const char **why)
{
	struct db_config cfg = {
		.path = path, .classes = model_classes, .n_classes = CLASS_N,
	};

	return db_open(&cfg, &db, why);
}

static void
open_path(const char *path)
{
	const char *why;

	ck_assert_int_eq(try_open(path, &why), 0);
}

static int
make_copy(struct copies *c, struct db *of, time_t now)
{
	struct db_root *root = db_root_get(of);
	int rc = copies_make(c, root, now);

	db_root_put(root);
	return rc;
}

static int
make_things(struct db_txn *t, void *arg)
{
	struct arena *a = txn_arena(t);
	struct box *b = txn_new(t, CLASS_BOX, NULL);
	struct key *k = txn_new(t, CLASS_KEY, NULL);
	int i;

	(void)arg;
	b->name_label = "böx \"1\"\n";
	k->secret = "tell nobody";
	for (i = 0; i < MADE; i++) {
		struct thing *th = txn_new(t, CLASS_THING, NULL);

		th->name_label = arena_printf(a, "thing %d %0*d", i, 400, i);
		th->weight = INT64_MAX - i;
		th->price = 0.1 * i;
		th->broken = i % 2;
		th->bought = 1700000000 + i;
		th->box = b->obj.ref;
		th->tags = vec_add_string(a, th->tags, "tag");
		th->other_config = map_set(a, th->other_config, "k\\", "<v>");
		th->colours = enum_map_set(a, th->colours, "x", BLUE);
		th->size.width = i;
		th->slot = "A1";
	}
	return 0;
}

static void
make_file(const char *path)
{
	open_path(path);
	ck_assert_int_eq(db_write(db, make_things, NULL), 0);
	db_close(db);
}

static void
run_sql(const char *path, const char *sql)
{
	sqlite3 *s;

	ck_assert_int_eq(sqlite3_open(path, &s), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(s, sql, NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(s), SQLITE_OK);
}

static char *
dump_with(const char *path, bool secrets)
{
	FILE *f = fopen(scratch_file("dump"), "w+e");
	char *text = calloc(1, 1 << 20);

	ck_assert_int_eq(tool_dump(&tool, path, f, secrets), 0);
	rewind(f);
	ck_assert_uint_gt(fread(text, 1, (1 << 20) - 1, f), 0);
	fclose(f);
	return text;
}

static char *
dump_of(const char *path)
{
	return dump_with(path, true);
}

/* Without the first line, which has the generation. */
static const char *
objects_in(const char *dump)
{
	return strchr(dump, '\n');
}

START_TEST(a_dump_tells_secrets_only_when_asked)
{
	const char *path = scratch_file("state.db");
	char *told, *untold;

	make_file(path);
	told = dump_with(path, true);
	untold = dump_with(path, false);
	ck_assert_ptr_nonnull(strstr(told, "tell nobody"));
	ck_assert_ptr_null(strstr(untold, "tell nobody"));
	ck_assert_ptr_nonnull(strstr(untold, "thing 0"));
	free(told);
	free(untold);
}
END_TEST

START_TEST(a_dump_restored_is_the_same_database)
{
	const char *path = scratch_file("state.db");
	char *before, *after;
	struct db_root *r;
	uint64_t generation;

	make_file(path);
	before = dump_of(path);
	open_path(path);
	r = db_root_get(db);
	generation = db_generation(r);
	db_root_put(r);
	ck_assert_int_eq(db_write(db, make_things, NULL), 0);
	db_close(db);
	ck_assert_int_eq(tool_restore(&tool, scratch_file("dump"), path), 0);
	after = dump_of(path);
	ck_assert_str_eq(objects_in(before), objects_in(after));
	open_path(path);
	r = db_root_get(db);
	ck_assert_uint_gt(db_generation(r), generation + 1000);
	ck_assert_uint_eq(db_count(r, CLASS_THING), MADE);
	db_root_put(r);
	db_close(db);
	free(before);
	free(after);
}
END_TEST

START_TEST(a_file_in_use_is_left_alone)
{
	const char *path = scratch_file("state.db");
	int n;

	make_file(path);
	open_path(path);
	ck_assert_int_eq(tool_check(&tool, path, &n), -EBUSY);
	ck_assert_ptr_nonnull(strstr(said, "sv stop xapi"));
	ck_assert_int_eq(tool_repair(&tool, path), -EBUSY);
	ck_assert_int_eq(tool_restore(&tool, path, path), -EBUSY);
	db_close(db);
}
END_TEST

START_TEST(a_good_file_has_no_findings)
{
	const char *path = scratch_file("state.db");
	struct stat before, after;
	int n;

	make_file(path);
	ck_assert_int_eq(stat(path, &before), 0);
	ck_assert_int_eq(tool_check(&tool, path, &n), 0);
	ck_assert_int_eq(n, 0);
	ck_assert_int_eq(tool_repair(&tool, path), 0);
	ck_assert_ptr_nonnull(strstr(said, "nothing is wrong"));
	ck_assert_int_eq(stat(path, &after), 0);
	ck_assert_int_eq(before.st_ino, after.st_ino);
	ck_assert_int_eq(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}
END_TEST

START_TEST(what_a_log_still_has_is_seen_and_stays_there)
{
	const char *path = scratch_file("state.db");
	struct stat before, after;
	int n, status;
	pid_t pid = fork();

	if (!pid) {
		open_path(path);
		_exit(db_write(db, make_things, NULL) ? 1 : 0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(stat(scratch_file("state.db-wal"), &before), 0);
	ck_assert_int_gt(before.st_size, 0);
	ck_assert_int_eq(tool_check(&tool, path, &n), 0);
	ck_assert_int_eq(n, 0);
	ck_assert_ptr_nonnull(strstr(said, "42 objects can be read"));
	ck_assert_int_eq(stat(scratch_file("state.db-wal"), &after), 0);
	ck_assert_int_eq(before.st_size, after.st_size);
}
END_TEST

/* Overwrites the middle of the file with something that is no page. */
static void
damage(const char *path)
{
	char junk[6000];
	struct stat st;
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	ck_assert_int_eq(fstat(fd, &st), 0);
	memset(junk, 0x5a, sizeof(junk));
	ck_assert_int_eq(pwrite(fd, junk, sizeof(junk), st.st_size / 2), 6000);
	fdio_close(&fd);
}

START_TEST(repair_keeps_what_can_be_read)
{
	const char *path = scratch_file("state.db");
	struct db_root *r;
	const char *why;
	int n;

	make_file(path);
	damage(path);
	ck_assert_int_ne(try_open(path, &why), 0);
	ck_assert_ptr_nonnull(strstr(tool_way_out(why), "xapi-db repair"));
	ck_assert_int_eq(tool_check(&tool, path, &n), 0);
	ck_assert_int_gt(n, 0);
	ck_assert_int_eq(tool_repair(&tool, path), 0);
	open_path(path);
	r = db_root_get(db);
	ck_assert_uint_gt(db_count(r, CLASS_THING), 5);
	ck_assert_uint_lt(db_count(r, CLASS_THING), MADE);
	db_root_put(r);
	ck_assert_int_eq(db_write(db, make_things, NULL), 0);
	db_close(db);
	said[0] = '\0';
	ck_assert_int_eq(tool_check(&tool, path, &n), 0);
	ck_assert_int_eq(n, 0);
}
END_TEST

START_TEST(repair_does_not_make_an_empty_database)
{
	const char *path = scratch_file("state.db");
	char junk[20000];
	struct stat st;
	int fd;

	make_file(path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	memset(junk, 0x5a, sizeof(junk));
	ck_assert_int_eq(fstat(fd, &st), 0);
	for (off_t at = 200; at < st.st_size; at += (off_t)sizeof(junk))
		ck_assert_int_gt(pwrite(fd, junk, sizeof(junk), at), 0);
	fdio_close(&fd);
	ck_assert_int_eq(tool_repair(&tool, path), -EBADMSG);
	ck_assert_int_eq(access(path, R_OK), 0);
}
END_TEST

START_TEST(rows_that_cannot_be_are_left_out_by_name)
{
	const char *path = scratch_file("state.db");
	const char *why;

	make_file(path);
	run_sql(path, "INSERT INTO class_Thing VALUES "
	    "(x'000102030405060708090a0b0c0d0e0f', '', '', 1, 1, x'ff');"
	    "INSERT INTO class_Thing SELECT "
	    "x'100102030405060708090a0b0c0d0e0f', uuid, '', created + 1, 1,"
	    " fields FROM class_Thing WHERE uuid <> '' LIMIT 1");
	ck_assert_int_ne(try_open(path, &why), 0);
	ck_assert_str_eq(why, "damaged: a row cannot be read");
	run_sql(path, "DELETE FROM class_Thing WHERE fields = x'ff'");
	ck_assert_int_ne(try_open(path, &why), 0);
	ck_assert_str_eq(why, "damaged: two objects have one uuid");
	ck_assert_int_eq(tool_repair(&tool, path), 0);
	ck_assert_ptr_nonnull(strstr(said, "another one has the uuid"));
	open_path(path);
	db_close(db);
}
END_TEST

START_TEST(references_that_lead_nowhere_are_removed_at_open)
{
	const char *path = scratch_file("state.db");
	const char *dump = scratch_file("hurt");
	struct db_root *r;
	FILE *f;
	int n;

	make_file(path);
	run_sql(path, "DELETE FROM class_Box");
	ck_assert_int_eq(tool_check(&tool, path, &n), 0);
	ck_assert_int_eq(n, MADE);
	ck_assert_ptr_nonnull(strstr(said, "box leads to nothing"));
	open_path(path);
	r = db_root_get(db);
	ck_assert_uint_eq(db_count(r, CLASS_THING), MADE);
	db_root_put(r);
	db_close(db);
	/* what is wrong in a dump is told with its line */
	f = fopen(dump, "we");
	fputs("{\"bedplate-database\":1,\"generation_limit\":5}\n"
	    "{\"class\":\"Nothing\"}\nno JSON\n"
	    "{\"class\":\"Box\",\"ref\":\"OpaqueRef:00010203-0405-0607-0809-"
	    "0a0b0c0d0e0f\",\"created\":1,\"fields\":{}}\n", f);
	fclose(f);
	ck_assert_int_eq(tool_restore(&tool, dump, path), 0);
	ck_assert_ptr_nonnull(strstr(said, "line 2 is of no known class"));
	ck_assert_ptr_nonnull(strstr(said, "line 3 is not JSON"));
	open_path(path);
	r = db_root_get(db);
	ck_assert_uint_eq(db_count(r, CLASS_BOX), 1);
	ck_assert_uint_eq(db_count(r, CLASS_THING), 0);
	db_root_put(r);
	db_close(db);
}
END_TEST

START_TEST(rubbish_is_not_restored)
{
	const char *path = scratch_file("state.db");
	const char *from = scratch_file("rubbish");
	char *before, *after;
	FILE *f;

	make_file(path);
	before = dump_of(path);
	f = fopen(from, "we");
	fputs("rubbish, and more of it", f);
	fclose(f);
	ck_assert_int_eq(tool_restore(&tool, from, path), -EBADMSG);
	f = fopen(from, "we");
	fputs("{\"no\":\"dump\"}\n", f);
	fclose(f);
	ck_assert_int_eq(tool_restore(&tool, from, path), -EBADMSG);
	ck_assert_int_eq(tool_restore(&tool, "/nowhere", path), -ENOENT);
	after = dump_of(path);
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
}
END_TEST

static void
lost(const char *path)
{
	const char *why;

	ck_assert_int_eq(try_open(path, &why), -EBADMSG);
	ck_assert_ptr_nonnull(why);
	ck_assert_int_eq(strncmp(why, "lost:", 5), 0);
	ck_assert_ptr_nonnull(strstr(tool_way_out(why), "xapi-db restore"));
}

static void
make_empty(const char *path)
{
	FILE *f = fopen(path, "we");

	ck_assert_ptr_nonnull(f);
	fclose(f);
}

/* The calls that change names, and those that make them last: a process that
 * is to die at one of them does. */
static int die_at, steps;

static void
step(void)
{
	if (++steps == die_at)
		_exit(9);
}

int
rename(const char *from, const char *to)
{
	step();
	return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int
link(const char *from, const char *to)
{
	step();
	return (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int
unlink(const char *path)
{
	step();
	return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int
fsync(int fd)
{
	step();
	return (int)syscall(SYS_fsync, fd);
}

/* A database whose last writes are in its log only, as after a kill. */
static void
make_killed(const char *path)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		open_path(path);
		_exit(db_write(db, make_things, NULL) ||
		    db_write(db, make_things, NULL) ? 1 : 0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

static uint32_t
things_in(const char *path)
{
	struct db_root *r;
	uint32_t n;

	open_path(path);
	r = db_root_get(db);
	n = db_count(r, CLASS_THING);
	db_root_put(r);
	db_close(db);
	return n;
}

START_TEST(a_lost_file_is_not_taken_for_a_new_host)
{
	char path[PATH_MAX], wal[PATH_MAX + 8], folder[PATH_MAX];
	char aside[PATH_MAX + 32], copy[PATH_MAX + 32];
	struct copies c = {
		.folder = folder, .classes = model_classes,
		.n_classes = CLASS_N,
	};
	struct stat st;
	int n;

	snprintf(path, sizeof(path), "%s", scratch_file("state.db"));
	snprintf(wal, sizeof(wal), "%s-wal", path);
	snprintf(folder, sizeof(folder), "%s", scratch_file("copies"));
	/* with its log, by xapi and by those who look only */
	make_killed(path);
	make_empty(path);
	lost(path);
	ck_assert_int_eq(tool_check(&tool, path, &n), -EBADMSG);
	ck_assert_int_eq(stat(wal, &st), 0);
	ck_assert_int_gt(st.st_size, 0);
	remove(path);
	lost(path);
	remove(wal);
	/* with what a restore has put aside */
	snprintf(aside, sizeof(aside), "%s.replaced-20261125T101010Z", path);
	make_empty(aside);
	lost(path);
	remove(aside);
	/* with a copy */
	open_path(path);
	ck_assert_int_eq(db_write(db, make_things, NULL), 0);
	ck_assert_int_eq(make_copy(&c, db, 1700000000), 1);
	db_close(db);
	make_empty(path);
	lost(path);
	snprintf(copy, sizeof(copy), "%s/state-20231114T221320Z.db", folder);
	ck_assert_int_eq(tool_restore(&tool, copy, path), 0);
	ck_assert_uint_eq(things_in(path), MADE);
}
END_TEST

static int
count_names(const char *start)
{
	DIR *dir = opendir(scratch_dir());
	struct dirent *e;
	int n = 0;

	while ((e = readdir(dir)))
		n += !strncmp(e->d_name, start, strlen(start));
	closedir(dir);
	return n;
}

static void
clear_folder(void)
{
	DIR *dir = opendir(scratch_dir());
	struct dirent *e;

	while ((e = readdir(dir))) {
		if (!strncmp(e->d_name, "state.db", 8))
			unlinkat(dirfd(dir), e->d_name, 0);
	}
	closedir(dir);
}

/* Restores from over a database that was killed, and is killed at a step. */
static bool
restore_dies(const char *from, const char *path, int at)
{
	int status;
	pid_t pid;

	clear_folder();
	make_killed(path);
	pid = fork();
	if (!pid) {
		steps = 0;
		die_at = at;
		_exit(tool_restore(&tool, from, path) ? 1 : 0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert(!WEXITSTATUS(status) || WEXITSTATUS(status) == 9);
	return WEXITSTATUS(status) == 9;
}

START_TEST(a_restore_killed_at_any_step_leaves_one_or_the_other)
{
	const char *path = scratch_file("state.db");
	const char *from = scratch_file("from.db");
	bool seen_old = false, seen_new = false;
	uint32_t n;
	int at;

	make_file(from);
	for (at = 1; restore_dies(from, path, at); at++) {
		n = things_in(path);
		seen_old |= n == 2 * MADE;
		seen_new |= n == MADE;
		ck_assert(n == MADE || n == 2 * MADE);
		/* once the new one has won, it stays */
		ck_assert(n == MADE || !seen_new);
		ck_assert_uint_eq(things_in(path), n);
	}
	ck_assert(seen_old && seen_new);
	ck_assert_int_gt(at, 8);
	ck_assert_uint_eq(things_in(path), MADE);
}
END_TEST

START_TEST(what_was_replaced_is_kept_with_its_log)
{
	const char *path = scratch_file("state.db");
	const char *from = scratch_file("from.db");
	char *end, *kept;

	make_file(from);
	make_killed(path);
	ck_assert_int_eq(tool_restore(&tool, from, path), 0);
	kept = strstr(said, "what was there is '") + 19;
	end = strchr(kept, '\'');
	*end = '\0';
	ck_assert_uint_eq(things_in(kept), 2 * MADE);
	/* another one in the same second is kept too */
	*end = '\'';
	ck_assert_int_eq(tool_restore(&tool, from, path), 0);
	ck_assert_int_eq(count_names("state.db.replaced-"), 2);
}
END_TEST

static bool
is_left(const char *name)
{
	return access(scratch_file(name), F_OK) == 0;
}

/* One that was put aside at that time, with its log. */
static void
make_aside(const char *time)
{
	static const char *const ends[] = { "", "-wal" };
	char name[64];

	for (int i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "state.db.replaced-%s%s", time,
		    ends[i]);
		make_empty(scratch_file(name));
	}
}

START_TEST(of_what_was_replaced_long_ago_the_newest_stay)
{
	char path[PATH_MAX], from[PATH_MAX], time[] = "20990101T000000Z";

	snprintf(path, sizeof(path), "%s", scratch_file("state.db"));
	snprintf(from, sizeof(from), "%s", scratch_file("from.db"));
	clear_folder();
	make_file(from);
	make_killed(path);
	/* later than now, as where a clock was wrong once */
	for (int i = 0; i < REPLACED_KEPT + 3; i++) {
		time[14] = (char)('0' + i);
		make_aside(time);
	}
	/* a cut has left a log alone; names of other origin */
	make_empty(scratch_file("state.db.replaced-20200101T000000Z-wal"));
	make_empty(scratch_file("state.db.replaced-by-hand"));
	make_empty(scratch_file("state.db.replaced-20200101T000000Z.gz"));
	make_empty(scratch_file("other.db.replaced-20200101T000000Z"));
	ck_assert_int_eq(tool_restore(&tool, from, path), 0);
	/* nothing of the three oldest and of the log */
	ck_assert(!is_left("state.db.replaced-20990101T000002Z"));
	ck_assert(!is_left("state.db.replaced-20990101T000002Z-wal"));
	ck_assert(is_left("state.db.replaced-20990101T000003Z"));
	ck_assert(is_left("state.db.replaced-20990101T000003Z-wal"));
	ck_assert(!is_left("state.db.replaced-20200101T000000Z-wal"));
	ck_assert(is_left("state.db.replaced-by-hand"));
	ck_assert(is_left("state.db.replaced-20200101T000000Z.gz"));
	ck_assert(is_left("other.db.replaced-20200101T000000Z"));
	/* and what was replaced now, which looks older than all others */
	ck_assert_int_eq(count_names("state.db.replaced-2099"),
	    2 * REPLACED_KEPT);
	ck_assert_int_eq(count_names("state.db.replaced-"),
	    2 * REPLACED_KEPT + 2 + 2);
	ck_assert_uint_eq(things_in(path), MADE);
}
END_TEST

static int
count_files(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *e;
	int n = 0;

	while ((e = readdir(dir)))
		n += e->d_name[0] != '.';
	closedir(dir);
	return n;
}

START_TEST(copies_are_made_of_changes_and_bounded)
{
	const char *path = scratch_file("state.db");
	const char *folder = scratch_file("copies");
	struct copies c = {
		.folder = folder, .classes = model_classes,
		.n_classes = CLASS_N,
	};
	time_t now = 1700000000;
	char copy[PATH_MAX + 64], *before, *after;
	int i, n;

	open_path(path);
	ck_assert_int_eq(db_write(db, make_things, NULL), 0);
	ck_assert_int_eq(copies_newest(folder), 0);
	ck_assert_int_eq(make_copy(&c, db, now), 1);
	ck_assert_int_eq(make_copy(&c, db, now + 60), 0);
	ck_assert_int_eq(copies_newest(folder), now);
	for (i = 1; i < 200; i++) {
		c.digest = 0;
		ck_assert_int_eq(make_copy(&c, db, now + i * 7200), 1);
	}
	now += 199 * 7200;
	ck_assert_int_eq(copies_newest(folder), now);
	ck_assert_int_le(count_files(folder), COPIES_NEWEST + COPIES_DAYS + 1);
	ck_assert_int_ge(count_files(folder), COPIES_DAYS);
	db_close(db);
	before = dump_of(path);
	snprintf(copy, sizeof(copy), "%s/state-20231201T121320Z.db", folder);
	ck_assert_int_eq(tool_check(&tool, copy, &n), 0);
	ck_assert_int_eq(n, 0);
	run_sql(path, "DELETE FROM class_Thing");
	ck_assert_int_eq(tool_restore(&tool, copy, path), 0);
	after = dump_of(path);
	ck_assert_str_eq(objects_in(before), objects_in(after));
	free(before);
	free(after);
}
END_TEST

/* Makes a copy in a process that dies at a step. */
static bool
copy_dies(struct copies *c, int at)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		open_path(scratch_file("state.db"));
		steps = 0;
		die_at = at;
		_exit(make_copy(c, db, 1700000000) == 1 ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert(!WEXITSTATUS(status) || WEXITSTATUS(status) == 9);
	return WEXITSTATUS(status) == 9;
}

START_TEST(a_copy_cut_short_leaves_nothing)
{
	char folder[PATH_MAX];
	struct copies c = {
		.folder = folder, .classes = model_classes,
		.n_classes = CLASS_N,
	};
	bool left = false;
	int at;

	snprintf(folder, sizeof(folder), "%s", scratch_file("copies"));
	make_file(scratch_file("state.db"));
	for (at = 1; copy_dies(&c, at); at++) {
		left |= count_files(folder) > 0;
		copies_clean(folder);
		ck_assert_int_eq(count_files(folder), !!copies_newest(folder));
		if (copies_newest(folder))
			break;
	}
	ck_assert(left);
	ck_assert_int_gt(at, 4);
}
END_TEST

START_TEST(a_copy_needs_room_for_itself_twice)
{
	const char *path = scratch_file("state.db");

	make_empty(path);
	ck_assert_uint_eq(copies_room(path), COPIES_SPARE);
	ck_assert_int_eq(truncate(path, 5 << 20), 0);
	ck_assert_uint_eq(copies_room(path), COPIES_SPARE + (10 << 20));
}
END_TEST

int
main(void)
{
	return UNIT_RUN("db_tools", a_dump_tells_secrets_only_when_asked,
	    a_dump_restored_is_the_same_database,
	    a_file_in_use_is_left_alone, a_good_file_has_no_findings,
	    what_a_log_still_has_is_seen_and_stays_there,
	    repair_keeps_what_can_be_read,
	    repair_does_not_make_an_empty_database,
	    rows_that_cannot_be_are_left_out_by_name,
	    references_that_lead_nowhere_are_removed_at_open,
	    rubbish_is_not_restored, a_lost_file_is_not_taken_for_a_new_host,
	    a_restore_killed_at_any_step_leaves_one_or_the_other,
	    what_was_replaced_is_kept_with_its_log,
	    of_what_was_replaced_long_ago_the_newest_stay,
	    copies_are_made_of_changes_and_bounded,
	    a_copy_cut_short_leaves_nothing,
	    a_copy_needs_room_for_itself_twice);
}
