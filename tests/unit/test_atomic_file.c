#include "base/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/below.h"
#include "base/fdio.h"
#include "scratch.h"
#include "unit.h"

static int file_syncs, folder_syncs;

/* Stands in for libc's. */
int
fsync(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0)
		++*(S_ISDIR(st.st_mode) ? &folder_syncs : &file_syncs);
	return (int)syscall(SYS_fsync, fd);
}

static void
put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(fdio_write_all(fd, text, strlen(text)), 0);
	close(fd);
}

static void
expect(const char *path, const char *want)
{
	char got[64] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_ge(read(fd, got, sizeof(got) - 1), 0);
	close(fd);
	ck_assert_str_eq(got, want);
}

static int
write_text(const char *path, const char *text)
{
	const struct atomic_file how = { .mode = 0640 };

	return atomic_file_write(path, text, strlen(text), &how);
}

START_TEST(a_file_is_replaced_with_its_mode_and_for_good)
{
	const char *path = scratch_file("kept");
	struct stat st;

	umask(077);
	ck_assert_int_eq(write_text(path, "one"), 0);
	ck_assert_int_eq(write_text(path, "two"), 0);
	expect(path, "two");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	ck_assert_int_eq(file_syncs, 2);
	ck_assert_int_eq(folder_syncs, 2);
	ck_assert_int_eq(access(scratch_file("kept.tmp"), F_OK), -1);
}
END_TEST

START_TEST(a_fleeting_file_waits_for_no_disk)
{
	const struct atomic_file how = { .mode = 0600, .fleeting = true };
	const char *path = scratch_file("fleeting");

	ck_assert_int_eq(atomic_file_write(path, "x", 1, &how), 0);
	expect(path, "x");
	ck_assert_int_eq(file_syncs + folder_syncs, 0);
}
END_TEST

START_TEST(the_group_is_the_one_asked_for)
{
	const struct atomic_file how = { .mode = 0640, .group = 100 };
	const char *path = scratch_file("grouped");
	int rc = atomic_file_write(path, "x", 1, &how);
	struct stat st;

	if (geteuid() != 0) {
		ck_assert_int_eq(rc, -EPERM);
		ck_assert_int_eq(access(path, F_OK), -1);
		return;
	}
	ck_assert_int_eq(rc, 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_gid, 100);
}
END_TEST

/* Under the names of the file and of the one that is to replace it. */
START_TEST(planted_links_are_not_written_through)
{
	const char *victim = scratch_file("victim");
	const char *path = scratch_file("planted");

	put(victim, "mine");
	ck_assert_int_eq(symlink(victim, scratch_file("planted.tmp")), 0);
	ck_assert_int_eq(symlink(victim, path), 0);
	ck_assert_int_eq(write_text(path, "theirs"), 0);
	expect(victim, "mine");
	expect(path, "theirs");
	ck_assert_int_eq(link(victim, scratch_file("planted.tmp")), 0);
	ck_assert_int_eq(write_text(path, "again"), 0);
	expect(victim, "mine");
	expect(path, "again");
}
END_TEST

START_TEST(what_fails_leaves_the_old_file_and_nothing_else)
{
	const struct rlimit tiny = { 2, 2 };
	const char *path = scratch_file("old");

	put(path, "old");
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &tiny), 0);
	ck_assert_int_eq(write_text(path, "longer"), -EFBIG);
	expect(path, "old");
	ck_assert_int_eq(access(scratch_file("old.tmp"), F_OK), -1);
	ck_assert_int_eq(write_text(scratch_file("no/folder"), ""), -ENOENT);
}
END_TEST

START_TEST(a_file_of_another_writer_is_adopted)
{
	const char *path = scratch_file("db"), *tmp = scratch_file("db.new");

	put(path, "old");
	put(tmp, "new");
	ck_assert_int_eq(atomic_file_adopt(tmp, path), 0);
	expect(path, "new");
	ck_assert_int_eq(file_syncs, 1);
	ck_assert_int_eq(folder_syncs, 1);
	ck_assert_int_eq(atomic_file_adopt(tmp, path), -ENOENT);
	ck_assert_int_eq(symlink(path, tmp), 0);
	ck_assert_int_eq(atomic_file_adopt(tmp, path), -ELOOP);
	expect(path, "new");
}
END_TEST

static int
opens(const char *name)
{
	int fd, rc = below_open(scratch_file(name), O_RDONLY, 0, &fd);

	ck_assert_int_eq(fd == -1, rc != 0);
	fdio_close(&fd);
	return rc;
}

START_TEST(only_regular_files_are_opened_among_strangers)
{
	int fd;

	put(scratch_file("plain"), "x");
	ck_assert_int_eq(symlink("plain", scratch_file("link")), 0);
	ck_assert_int_eq(symlink("/etc/passwd", scratch_file("out")), 0);
	ck_assert_int_eq(mkfifo(scratch_file("fifo"), 0600), 0);
	ck_assert_int_eq(mkdir(scratch_file("folder"), 0700), 0);
	ck_assert_int_eq(opens("plain"), 0);
	ck_assert_int_eq(opens("link"), -ELOOP);
	ck_assert_int_eq(opens("out"), -ELOOP);
	ck_assert_int_eq(opens("fifo"), -EINVAL);
	ck_assert_int_eq(opens("folder"), -EINVAL);
	ck_assert_int_eq(opens(".."), -EXDEV);
	ck_assert_int_eq(opens("none"), -ENOENT);
	ck_assert_int_eq(below_open(scratch_file("made"),
	    O_RDWR | O_CREAT | O_EXCL, 0600, &fd), 0);
	ck_assert_int_eq(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	ck_assert_int_eq(below_open(scratch_file("link"),
	    O_RDWR | O_CREAT | O_EXCL, 0600, &fd), -EEXIST);
}
END_TEST

START_TEST(a_strangers_line_does_nothing_to_a_terminal)
{
	const char *path = scratch_file("line");
	char out[16];

	put(path, "AB:\x1b[2J\x9b" "c\x07 d\nnext");
	ck_assert_int_eq(below_read_line(path, out, sizeof(out)), 0);
	ck_assert_str_eq(out, "AB:?[2J?c? d");
	put(path, "0123456789012345678901234567890");
	ck_assert_int_eq(below_read_line(path, out, sizeof(out)), 0);
	ck_assert_str_eq(out, "012345678901234");
	unlink(path);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(below_read_line(path, out, sizeof(out)), -EINVAL);
	ck_assert_str_eq(out, "");
}
END_TEST

int
main(void)
{
	return UNIT_RUN("atomic_file",
	    a_file_is_replaced_with_its_mode_and_for_good,
	    a_fleeting_file_waits_for_no_disk,
	    the_group_is_the_one_asked_for,
	    planted_links_are_not_written_through,
	    what_fails_leaves_the_old_file_and_nothing_else,
	    a_file_of_another_writer_is_adopted,
	    only_regular_files_are_opened_among_strangers,
	    a_strangers_line_does_nothing_to_a_terminal);
}
