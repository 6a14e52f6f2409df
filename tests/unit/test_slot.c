/* Which slot of an installed host is started, as GRUB is told. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "installer/slot/env.h"
#include "installer/slot/slots.h"
#include "scratch.h"
#include "unit.h"

static const struct env trial = { .good = 'a', .trial = 'b', .left = true,
	.limit_s = 90 };

/* A block as GRUB would write it. */
static void
block_of(const char *lines, char out[static ENV_SIZE])
{
	char text[ENV_SIZE + 1];
	int n = snprintf(text, sizeof(text), "# GRUB Environment Block\n%s",
	    lines);

	memset(out, '#', ENV_SIZE);
	memcpy(out, text, (size_t)n);
}

START_TEST(a_block_says_what_was_written)
{
	struct env e;
	char b[ENV_SIZE];

	env_format(&trial, b);
	ck_assert_int_eq(env_parse(b, &e), 0);
	ck_assert_int_eq(e.good, 'a');
	ck_assert_int_eq(e.trial, 'b');
	ck_assert(e.left);
	ck_assert_uint_eq(e.limit_s, 90);
	/* a torn write cannot be seen: all is in the first sector */
	for (int i = ENV_SECTOR; i < ENV_SIZE; i++)
		ck_assert_int_eq(b[i], '#');
}
END_TEST

START_TEST(what_grub_counted_is_read)
{
	struct env e;
	char b[ENV_SIZE];

	block_of("left=0\nlimit=7\nslot=b\nx=left=1\ntrial=a\n", b);
	ck_assert_int_eq(env_parse(b, &e), 0);
	ck_assert_int_eq(e.good, 'b');
	ck_assert_int_eq(e.trial, 'a');
	ck_assert(!e.left);
	ck_assert_uint_eq(e.limit_s, TRIAL_LIMIT_S);
	block_of("slot=a\n", b);
	ck_assert_int_eq(env_parse(b, &e), 0);
	ck_assert_int_eq(e.trial, 0);
	ck_assert(!e.left);
}
END_TEST

START_TEST(damaged_blocks_are_refused)
{
	char b[ENV_SIZE] = { 0 };
	struct env e;

	ck_assert_int_eq(env_parse(b, &e), -EINVAL);
	memset(b, 'x', sizeof(b));
	ck_assert_int_eq(env_parse(b, &e), -EINVAL);
	block_of("slot=c\n", b);
	ck_assert_int_eq(env_parse(b, &e), -EINVAL);
	block_of("slot=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", b);
	ck_assert_int_eq(env_parse(b, &e), -EINVAL);
	block_of("trial=a\nleft=1\n", b);
	ck_assert_int_eq(env_parse(b, &e), -EINVAL);
}
END_TEST

static const char *
file_of(size_t len)
{
	const char *path = scratch_file("grubenv");
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);

	ck_assert_int_eq(ftruncate(fd, (off_t)len), 0);
	close(fd);
	return path;
}

/* GRUB writes to the sectors that the file had when it was made. */
START_TEST(the_file_keeps_its_place_and_size)
{
	const char *path = file_of(ENV_SIZE);
	struct stat before, after;
	struct env e;

	ck_assert_int_eq(env_read(path, &e), -EINVAL);
	ck_assert_int_eq(stat(path, &before), 0);
	ck_assert_int_eq(env_write(path, &trial), 0);
	ck_assert_int_eq(stat(path, &after), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	ck_assert_int_eq(after.st_size, ENV_SIZE);
	ck_assert_int_eq(env_read(path, &e), 0);
	ck_assert_int_eq(e.trial, 'b');
}
END_TEST

START_TEST(a_file_of_another_size_is_left_alone)
{
	struct env e;
	struct stat st;
	const char *path = file_of(100);

	ck_assert_int_eq(env_write(path, &trial), -EINVAL);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_size, 100);
	ck_assert_int_ne(env_read(path, &e), 0);
	ck_assert_int_eq(env_write(scratch_file("none"), &trial), -ENOENT);
}
END_TEST

START_TEST(the_command_line_says_what_runs)
{
	struct slots s;

	ck_assert_int_eq(slots_parse("console=hvc0 "
	    "bedplate.disk=0123456789abcdef bedplate.slot=b "
	    "bedplate.trial=60\n", &s), 0);
	ck_assert_str_eq(s.id, "0123456789abcdef");
	ck_assert_int_eq(s.running, 'b');
	ck_assert_uint_eq(s.trial_s, 60);
	ck_assert_int_eq(slots_parse("bedplate.disk=0123456789abcdef "
	    "bedplate.slot=a", &s), 0);
	ck_assert_uint_eq(s.trial_s, 0);
	/* GRUB's variable was empty: a trial all the same */
	ck_assert_int_eq(slots_parse("bedplate.disk=0123456789abcdef "
	    "bedplate.slot=a bedplate.trial=", &s), 0);
	ck_assert_uint_eq(s.trial_s, TRIAL_LIMIT_S);
}
END_TEST

START_TEST(a_live_host_has_no_slots)
{
	static const char *const lines[] = { "", "console=hvc0",
		"bedplate.slot=a", "bedplate.disk=0123456789abcdef",
		"bedplate.disk=0123 bedplate.slot=a",
		"bedplate.disk=../..//etc/passwd bedplate.slot=a",
		"bedplate.disk=0123456789abcdef bedplate.slot=c",
		"xbedplate.disk=0123456789abcdef bedplate.slot=a" };
	struct slots s;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		ck_assert_int_eq(slots_parse(lines[i], &s), -ENODEV);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("slot", a_block_says_what_was_written,
	    what_grub_counted_is_read, damaged_blocks_are_refused,
	    the_file_keeps_its_place_and_size,
	    a_file_of_another_size_is_left_alone,
	    the_command_line_says_what_runs, a_live_host_has_no_slots);
}
