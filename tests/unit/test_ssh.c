/* Whether ssh is open, by the file that its service reads. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/clock.h"
#include "scratch.h"
#include "unit.h"
#include "xenopsd/core/request_impl.h"
#include "xenopsd/machine/ssh.h"

static struct ssh ssh;
static struct arena *a;

static void
begin(void)
{
	a = arena_new();
	ssh = (struct ssh){ .dir = arena_strdup(a, scratch_file("ssh")) };
}

static int
set(int64_t until)
{
	struct request_impl impl = { 0 };
	struct request rq = { .arena = a, .impl = &impl };

	return ssh_set(&rq, &ssh,
	    &(struct xenops_ssh_set_args){ .until = until });
}

static void
says(const char *text, int64_t until)
{
	const char *path = scratch_file("ssh/until");

	ck_assert_int_eq(atomic_file_write(path, text, strlen(text),
	    &(struct atomic_file){ .mode = 0644 }), 0);
	ck_assert_int_eq(ssh_until(a, &ssh), until);
}

START_TEST(it_is_closed_until_it_is_opened)
{
	begin();
	ck_assert_int_eq(ssh_until(a, &ssh), SSH_CLOSED);
	ck_assert_int_eq(set(SSH_CLOSED), 0);
	ck_assert_int_eq(set(0), 0);
	ck_assert_int_eq(ssh_until(a, &ssh), 0);
	ck_assert_int_eq(set(SSH_CLOSED), 0);
	ck_assert_int_eq(ssh_until(a, &ssh), SSH_CLOSED);
	arena_free(a);
}
END_TEST

START_TEST(its_time_ends)
{
	int64_t now = clock_wall_s();

	begin();
	ck_assert_int_eq(set(now + 3600), 0);
	ck_assert_int_eq(ssh_until(a, &ssh), now + 3600);
	ck_assert_int_eq(set(now - 1), 0);
	ck_assert_int_eq(ssh_until(a, &ssh), SSH_CLOSED);
	ck_assert_int_ne(set(-2), 0);
	arena_free(a);
}
END_TEST

START_TEST(what_is_no_number_is_closed)
{
	static const char *const bad[] = { "", "\n", "0", "yes\n", "-5\n",
		"1x\n", "99999999999999999999999999999999\n", "0 0\n" };

	begin();
	ck_assert_int_eq(set(0), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		says(bad[i], SSH_CLOSED);
	says("0\n", 0);
	arena_free(a);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("ssh", it_is_closed_until_it_is_opened, its_time_ends,
	    what_is_no_number_is_closed);
}
