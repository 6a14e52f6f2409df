/* Lines that are kept in files of bounded size. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lines.h"
#include "scratch.h"
#include "unit.h"

#define MAX 1000

static struct lines *l;

static void
begin(void)
{
	ck_assert_int_eq(lines_open(scratch_file("kept"), MAX, &l), 0);
}

static void
add(int n)
{
	char line[32];
	int len = snprintf(line, sizeof(line), "line %05d\n", n);

	ck_assert_int_eq(lines_add(l, line, (size_t)len), 0);
}

struct seen {
	int n, first, last;
	int odd;			/* lines that are not ours */
};

static int
see(void *arg, const char *line, size_t len)
{
	struct seen *s = arg;
	int n;

	if (len != 11 || sscanf(line, "line %5d\n", &n) != 1) {
		s->odd++;
		return 0;
	}
	if (s->n++ == 0)
		s->first = n;
	else
		ck_assert_int_eq(n, s->last + 1);
	s->last = n;
	return 0;
}

static struct seen
look(void)
{
	struct seen s = { 0 };

	ck_assert_int_eq(lines_each(l, see, &s), 0);
	return s;
}

START_TEST(lines_come_back_in_their_order)
{
	struct seen s;

	begin();
	for (int i = 1; i <= 200; i++)
		add(i);
	s = look();
	ck_assert_int_eq(s.n, 200);
	ck_assert_int_eq(s.first, 1);
	ck_assert_int_eq(s.last, 200);
	ck_assert_int_eq(lines_sync(l), 0);
	lines_close(l);
	begin();
	add(201);
	ck_assert_int_eq(look().n, 201);
	lines_close(l);
}
END_TEST

START_TEST(the_oldest_go_and_the_folder_stays_small)
{
	struct stat st;
	struct seen s;
	off_t sum = 0;
	char name[32];

	begin();
	for (int i = 1; i <= 5000; i++)
		add(i);
	s = look();
	ck_assert_int_eq(s.last, 5000);
	ck_assert_int_ge(s.n, (LINES_FILES - 1) * (MAX / 11));
	for (int i = 0; i <= LINES_FILES; i++) {
		snprintf(name, sizeof(name), "kept/%d", i);
		if (stat(scratch_file(name), &st) == 0)
			sum += st.st_size;
	}
	ck_assert_int_le(sum, LINES_FILES * MAX);
	lines_close(l);
}
END_TEST

START_TEST(what_a_power_cut_tore_spoils_no_other_line)
{
	struct seen s;
	int fd;

	begin();
	add(1);
	lines_close(l);
	fd = open(scratch_file("kept/0"), O_WRONLY | O_APPEND);
	ck_assert_int_eq(write(fd, "line 00", 7), 7);
	close(fd);
	begin();
	add(2);
	s = look();
	ck_assert_int_eq(s.n, 2);
	ck_assert_int_eq(s.odd, 1);
	lines_close(l);
}
END_TEST

START_TEST(a_full_disk_keeps_no_half_of_a_line)
{
	const struct rlimit little = { 16, RLIM_INFINITY };
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	struct seen s;

	signal(SIGXFSZ, SIG_IGN);
	begin();
	add(1);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &little), 0);
	ck_assert_int_eq(lines_add(l, "line 00002\n", 11), -EFBIG);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &all), 0);
	add(2);
	s = look();
	ck_assert_int_eq(s.n, 2);
	ck_assert_int_eq(s.odd, 0);
	lines_close(l);
}
END_TEST

START_TEST(what_is_no_line_is_refused)
{
	char big[LINES_LEN + 1];

	begin();
	memset(big, 'x', sizeof(big));
	big[LINES_LEN] = '\n';
	ck_assert_int_eq(lines_add(l, big, sizeof(big)), -EINVAL);
	ck_assert_int_eq(lines_add(l, "x", 1), -EINVAL);
	ck_assert_int_eq(lines_add(l, "", 0), -EINVAL);
	ck_assert_int_eq(look().odd, 0);
	lines_close(l);
	ck_assert_int_eq(lines_open(scratch_file("no/such"), MAX, &l),
	    -ENOENT);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("lines", lines_come_back_in_their_order,
	    the_oldest_go_and_the_folder_stays_small,
	    what_a_power_cut_tore_spoils_no_other_line,
	    a_full_disk_keeps_no_half_of_a_line, what_is_no_line_is_refused);
}
