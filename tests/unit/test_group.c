/*
 * Control groups of device models, over folders: a plain one takes what a group's
 * would be told, and a kernel of the test's making says when one is empty.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

static int fake_rmdir(const char *path);
static int fake_poll(struct pollfd *p, int ms);

#define rmdir(path) fake_rmdir(path)
#define poll(p, n, ms) fake_poll(p, ms)
#include "../../xapi-c/xenopsd/domains/group.c"
#undef poll
#undef rmdir

#include "group_files.h"
#include "scratch.h"
#include "unit.h"
#include "xenopsd/core/cgroup.h"

static int busy, polls, wait_result;

static int
fake_rmdir(const char *path)
{
	if (busy > 0) {
		busy--;
		errno = EBUSY;
		return -1;
	}
	unlink(scratch_file("qemu-7/cgroup.events"));
	return (rmdir)(path);
}

static int
fake_poll(struct pollfd *p, int ms)
{
	ck_assert_int_eq(p->events, POLLPRI);
	ck_assert_int_gt(ms, 0);
	polls++;
	return wait_result;
}

static void
make(const char *name)
{
	FILE *f = fopen(scratch_file(name), "w");

	ck_assert_ptr_nonnull(f);
	fclose(f);
}

START_TEST(a_model_joins_its_domains_group_with_limits)
{
	ck_assert_int_eq(mkdir(scratch_file("qemu-7"), 0755), 0);
	make("qemu-7/memory.max");
	make("qemu-7/cpu.max");
	/* without one of them there is no limit, and no group */
	ck_assert_int_eq(group_join(scratch_dir(), "7"), -1);
	make("qemu-7/cgroup.procs");
	ck_assert_int_eq(group_join(scratch_dir(), "7"), 0);
	expect("qemu-7/memory.max", GROUP_MEMORY);
	expect("qemu-7/cpu.max", GROUP_CPU);
	expect("qemu-7/cgroup.procs", "0");
}
END_TEST

START_TEST(a_group_is_named_by_a_number)
{
	static const char *const bad[] = { NULL, "", "x", "7/..", "-1" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(group_join(scratch_dir(), bad[i]), -1);
		ck_assert_int_eq(errno, EINVAL);
	}
	ck_assert_int_eq(group_join("/nowhere", "7"), -1);
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(a_group_goes_once_its_process_has)
{
	group_remove(scratch_dir(), 7);		/* there is none */
	ck_assert_int_eq(mkdir(scratch_file("qemu-7"), 0755), 0);
	make("qemu-7/cgroup.events");
	busy = 2;
	wait_result = 0;			/* nobody leaves in time */
	group_remove(scratch_dir(), 7);
	ck_assert_int_eq(polls, 1);
	ck_assert_int_eq(access(scratch_file("qemu-7"), F_OK), 0);
	busy = 2;
	wait_result = 1;
	group_remove(scratch_dir(), 7);
	ck_assert_int_eq(polls, 3);
	ck_assert_int_eq(access(scratch_file("qemu-7"), F_OK), -1);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("group", a_model_joins_its_domains_group_with_limits,
	    a_group_is_named_by_a_number, a_group_goes_once_its_process_has);
}
