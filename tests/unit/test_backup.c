/* The file of a host's backup, and what a host makes of one: whole, or not at
 * all. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "backup/archive.h"
#include "backup/host_backup.h"
#include "scratch.h"
#include "unit.h"

#define HEAD 24				/* magic and format */
#define ENTRY 40			/* a file's name and size */

static int
temporary(const char *text)
{
	int fd = open(scratch_dir(), O_TMPFILE | O_RDWR, 0600);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	lseek(fd, 0, SEEK_SET);
	return fd;
}

/* Of two files, the second longer than a piece. */
static size_t
make(uint8_t **data_out)
{
	size_t big = ARCHIVE_PIECE + 10, len;
	char *text = calloc(1, big + 1);
	struct archive a;
	int to = temporary(""), one = temporary("one"), two;

	memset(text, 'x', big);
	two = temporary(text);
	ck_assert_int_eq(archive_begin(&a, to), 0);
	ck_assert_int_eq(archive_add(&a, "first", one, 3), 0);
	ck_assert_int_eq(archive_add(&a, "second", two, big), 0);
	ck_assert_int_eq(archive_end(&a), 0);
	len = (size_t)lseek(to, 0, SEEK_END);
	*data_out = malloc(len);
	ck_assert_int_eq(pread(to, *data_out, len, 0), (ssize_t)len);
	close(to);
	close(one);
	close(two);
	free(text);
	return len;
}

/* To its end: how many files, or -errno. */
static int
look(const uint8_t *data, size_t len, const char **why)
{
	int fd = temporary(""), to = temporary(""), n = 0, rc;
	char name[ARCHIVE_NAME];
	struct archive a;
	uint64_t size;

	ck_assert_int_eq(write(fd, data, len), (ssize_t)len);
	lseek(fd, 0, SEEK_SET);
	*why = "";
	rc = archive_open(&a, fd, why);
	while (!rc && (rc = archive_next(&a, name, &size, why)) == 1) {
		n++;
		rc = archive_take(&a, to, size, why);
	}
	close(fd);
	close(to);
	return rc ? rc : n;
}

START_TEST(what_was_put_in_comes_out)
{
	uint8_t *data;
	size_t len = make(&data);
	const char *why;

	ck_assert_int_eq(look(data, len, &why), 2);
	free(data);
}
END_TEST

START_TEST(each_cut_is_found)
{
	uint8_t *data;
	size_t len = make(&data);
	const char *why;

	for (size_t n = 0; n < len; n += n < 200 || n > len - 100 ? 1 : 997) {
		ck_assert_int_eq(look(data, n, &why), -EBADMSG);
		ck_assert_str_eq(why, "it is cut short");
	}
	free(data);
}
END_TEST

START_TEST(each_change_is_found)
{
	uint8_t *data;
	size_t len = make(&data);
	const char *why;

	for (size_t n = 0; n < len; n += n < 200 || n > len - 100 ? 1 : 997) {
		data[n] ^= 0x10;
		ck_assert_int_eq(look(data, len, &why), -EBADMSG);
		ck_assert(*why);
		data[n] ^= 0x10;
	}
	data[16] = 2;
	look(data, len, &why);
	ck_assert_ptr_nonnull(strstr(why, "a format that this version"));
	free(data);
}
END_TEST

/* -- a host -- */

static struct host_backup host;

static void
setup(void)
{
	host = (struct host_backup){ .state = scratch_dir(),
		.in_memory_ok = true };
	ck_assert_int_eq(mkdir(scratch_file("xapi"), 0700), 0);
}

/* Taken of these files, each "x". */
static int
take(const char *const *names)
{
	struct archive a;
	int fd = temporary(""), x, rc;

	ck_assert_int_eq(archive_begin(&a, fd), 0);
	for (; *names; names++) {
		x = temporary("x");
		ck_assert_int_eq(archive_add(&a, *names, x, 1), 0);
		close(x);
	}
	ck_assert_int_eq(archive_end(&a), 0);
	lseek(fd, 0, SEEK_SET);
	rc = host_backup_take(&host, fd);
	close(fd);
	return rc;
}

static void
refused(const char *why, const char *const *names)
{
	ck_assert_int_eq(take(names), -EBADMSG);
	ck_assert_msg(strstr(host.why, why), "'%s'", host.why);
	ck_assert_int_eq(access(scratch_file(".restore"), F_OK), -1);
	ck_assert_int_eq(access(scratch_file(".restore-new"), F_OK), -1);
	ck_assert_int_eq(host_backup_apply(&host), 0);
}

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

START_TEST(files_that_a_host_does_not_know_are_refused)
{
	setup();
	refused("does not know", NAMES("../etc/passwd"));
	refused("does not know", NAMES("xapi/state.db", "slot"));
	refused("twice", NAMES("hostname", "hostname"));
	refused("missing", NAMES("xapi/state.db", "login/secret"));
	refused("missing", NAMES("hostname"));
	refused("its database: ", NAMES("xapi/state.db", "xapi/server.pem",
	    "login/secret"));
}
END_TEST

START_TEST(a_size_that_no_file_has_takes_no_room)
{
	struct archive a;
	uint8_t size[8] = { 0, 0, 0, 0, 0, 0, 0, 0x10 };
	int fd = temporary(""), x = temporary("x");

	setup();
	ck_assert_int_eq(archive_begin(&a, fd), 0);
	ck_assert_int_eq(archive_add(&a, "hostname", x, 1), 0);
	ck_assert_int_eq(pwrite(fd, size, 8, HEAD + ENTRY - 8), 8);
	lseek(fd, 0, SEEK_SET);
	ck_assert_int_eq(host_backup_take(&host, fd), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(host.why, "too long"));
	close(fd);
	close(x);
}
END_TEST

START_TEST(no_backup_is_made_of_a_part)
{
	int dump = temporary("{}\n"), to = temporary("");

	setup();
	/* no certificate, no secret */
	ck_assert_int_eq(host_backup_make(&host, dump, to), -ENOENT);
	ck_assert_ptr_nonnull(strstr(host.why, "server.pem"));
	close(dump);
	close(to);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("backup", what_was_put_in_comes_out, each_cut_is_found,
	    each_change_is_found, files_that_a_host_does_not_know_are_refused,
	    a_size_that_no_file_has_takes_no_room,
	    no_backup_is_made_of_a_part);
}
