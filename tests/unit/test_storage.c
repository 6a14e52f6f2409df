/*
 * SR drivers: plain folders for everybody; tmpfs and ext4 on a loop device
 * where this is root and the kernel has them (else those tests are skipped).
 * $STORAGE_TEST_DISK names a blank disk for the tests that need a real one,
 * those of LVM; it is for the appliance and turns off the loop devices.
 */
#include "xenopsd/storage/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <linux/loop.h>
#include <unistd.h>

#include "base/clock.h"
#include "storage_bench.h"
#include "unit.h"
#include "xenopsd/storage/child.h"
#include "xenopsd/storage/dir.h"
#include "xenopsd/storage/disk.h"
#include "xenopsd/storage/driver.h"

#define VDI_B "55555555-0000-4000-8000-000000000002"
#define VDI_B2 "55555555-0000-4000-8000-000000000100"
#define VDI_C "55555555-0000-4000-8000-000000000003"
#define USER_A "22222222-0000-4000-8000-000000000001"
#define USER_B "22222222-0000-4000-8000-000000000002"

static void
write_vdi(struct bench *b, const char *vdi, const char *text, off_t at)
{
	struct storage s = op(b);
	int64_t size;
	int fd;

	ck_assert_int_eq(storage_open(&s, SR_A, vdi, true, "lease-1", &fd,
	    &size), 0);
	ck_assert_int_eq(pwrite(fd, text, strlen(text), at), strlen(text));
	close(fd);
	ck_assert_int_eq(storage_detach(&s, vdi, "lease-1"), 0);
}

static void
expect_vdi(struct bench *b, const char *vdi, const char *text, off_t at)
{
	struct storage s = op(b);
	char got[64] = "";
	int64_t size;
	int fd;

	ck_assert_int_eq(storage_open(&s, SR_A, vdi, false, "lease-2", &fd,
	    &size), 0);
	ck_assert_int_eq(pread(fd, got, strlen(text), at), strlen(text));
	ck_assert_str_eq(got, text);
	close(fd);
	ck_assert_int_eq(storage_detach(&s, vdi, "lease-2"), 0);
}

static uint32_t
count_vdis(struct bench *b, struct xenops_sr_info *info)
{
	struct storage s = op(b);
	struct vec vdis;

	ck_assert_int_eq(storage_sr_scan(&s, SR_A, info, &vdis), 0);
	return vdis.n;
}

/* What every kind of SR must do, from an SR that exists to one without. */
static void
exercise(struct bench *b)
{
	struct xenops_vdi_info in = { .uuid = VDI_B, .name = "copy" }, out;
	struct xenops_sr_info info;
	struct storage s = op(b);

	make_vdi(b, VDI_A, 12 * MIB + 1);
	write_vdi(b, VDI_A, "first", 0);
	write_vdi(b, VDI_A, "last", 13 * MIB - 4);
	ck_assert_int_eq(storage_vdi_clone(&s, SR_A, VDI_A, &in, &out), 0);
	ck_assert_str_eq(out.parent, VDI_A);
	ck_assert_str_eq(out.name, "copy");
	ck_assert_int_eq(out.size, 13 * MIB);
	ck_assert_int_lt(out.used, 2 * MIB);
	expect_vdi(b, VDI_B, "first", 0);
	expect_vdi(b, VDI_B, "last", 13 * MIB - 4);
	write_vdi(b, VDI_B, "other", 0);
	expect_vdi(b, VDI_A, "first", 0);

	ck_assert_int_eq(count_vdis(b, &info), 2);
	ck_assert_int_eq(info.allocated, 26 * MIB);
	ck_assert_int_eq(storage_vdi_resize(&s, SR_A, VDI_A, 20 * MIB, &out),
	    0);
	ck_assert_int_eq(out.size, 20 * MIB);
	expect_vdi(b, VDI_A, "last", 13 * MIB - 4);
	in = (struct xenops_vdi_info){ .uuid = VDI_A, .name = "new",
		.description = "" };
	ck_assert_int_eq(storage_vdi_set_name(&s, SR_A, &in), 0);
	ck_assert_int_eq(storage_vdi_destroy(&s, SR_A, VDI_B), 0);
	ck_assert_int_eq(count_vdis(b, &info), 1);
	ck_assert_int_eq(storage_vdi_destroy(&s, SR_A, VDI_B), -1);
	expect_code(&s, XENOPS_CODE_NO_SUCH_VDI);
}

/* The disk of exercise() is there again after detaching and attaching. */
static void
reattach(struct bench *b, int type)
{
	struct xenops_sr_info info;
	const struct xenops_vdi_info *vdi;
	struct storage s = op(b);
	struct vec vdis;

	ck_assert_int_eq(storage_sr_detach(&s, SR_A), 0);
	ck_assert_int_eq(storage_sr_detach(&s, SR_A), 0);
	ck_assert_int_eq(storage_sr_scan(&s, SR_A, &info, &vdis), -1);
	expect_code(&s, XENOPS_CODE_NO_SUCH_SR);
	s = op(b);
	ck_assert_int_eq(storage_sr_attach(&s, SR_A, type, NULL, &info), 0);
	ck_assert_int_eq(storage_sr_attach(&s, SR_A, type, NULL, &info), 0);
	ck_assert_int_eq(storage_sr_scan(&s, SR_A, &info, &vdis), 0);
	ck_assert_uint_eq(vdis.n, 1);
	vdi = vdis.v;
	ck_assert_str_eq(vdi->uuid, VDI_A);
	ck_assert_str_eq(vdi->name, "new");
	expect_vdi(b, VDI_A, "last", 13 * MIB - 4);
}

START_TEST(plain_folders_keep_disks)
{
	struct storage s;
	struct bench b;

	setup(&b);
	s = op(&b);
	make_sr(&b, XENOPS_SR_TYPE_FILE, "/dev/sdz");
	ck_assert(storage_owns_device(&b.env, "/dev/sdz"));
	ck_assert(!storage_owns_device(&b.env, "/dev/sd"));
	exercise(&b);
	reattach(&b, XENOPS_SR_TYPE_FILE);
	ck_assert_int_eq(storage_sr_destroy(&s, SR_A), 0);
	ck_assert_int_eq(storage_sr_destroy(&s, SR_A), -1);
	expect_code(&s, XENOPS_CODE_NO_SUCH_SR);
	teardown(&b);
}
END_TEST

/* The folder of which fsync is to be seen, and how often it was. */
static char watched[128];
static int watched_syncs;
static int watched_fails;		/* the sync that does, from 1; 0: none */

/* Stands in for libc's. */
int
fsync(int fd)
{
	char link[32], path[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	if (*watched && !strcmp(path, watched) &&
	    ++watched_syncs == watched_fails) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fsync, fd);
}

/* What is done to a VDI is still so after a power cut. */
START_TEST(the_names_of_disks_are_made_to_last)
{
	struct bench b;
	struct storage s;

	setup(&b);
	make_sr(&b, XENOPS_SR_TYPE_FILE, "");
	snprintf(watched, sizeof(watched), "%s/sr/%s", b.dir, SR_A);
	make_vdi(&b, VDI_A, MIB);
	ck_assert_int_ge(watched_syncs, 2);	/* two files */
	watched_syncs = 0;
	s = op(&b);
	ck_assert_int_eq(storage_vdi_destroy(&s, SR_A, VDI_A), 0);
	ck_assert_int_eq(watched_syncs, 1);
	watched[0] = '\0';
	teardown(&b);
}
END_TEST

static const char *
in_sr(struct bench *b, const char *end)
{
	return arena_printf(b->arena, "%s/sr/%s/%s%s", b->dir, SR_A, VDI_A,
	    end);
}

START_TEST(a_disk_whose_name_may_be_lost_is_not_made)
{
	struct xenops_vdi_info in = { .uuid = VDI_A, .size = MIB }, out;
	struct storage s;
	struct bench b;

	setup(&b);
	make_sr(&b, XENOPS_SR_TYPE_FILE, "");
	snprintf(watched, sizeof(watched), "%s/sr/%s", b.dir, SR_A);
	watched_fails = 2;		/* after that of its names' file */
	s = op(&b);
	ck_assert_int_eq(storage_vdi_create(&s, SR_A, &in, &out), -1);
	expect_code(&s, XENOPS_CODE_IO);
	ck_assert_str_eq(s.text, arena_printf(b.arena,
	    "cannot sync the folder of '%s': %s", in_sr(&b, ".raw"),
	    strerror(EIO)));
	ck_assert_int_eq(access(in_sr(&b, ".raw"), F_OK), -1);
	ck_assert_int_eq(access(in_sr(&b, ".meta"), F_OK), -1);
	watched[0] = '\0';
	teardown(&b);
}
END_TEST

/* The folder may be a foreign disk's: what lies in it is nobody's friend. */
START_TEST(links_and_fifos_among_the_disks_do_no_harm)
{
	struct xenops_vdi_info in = { .uuid = VDI_A, .name = "new",
		.description = "" }, out;
	struct xenops_sr_info info;
	const char *victim;
	struct bench b;
	struct storage s;
	struct stat st;
	int64_t size;
	int fd;

	setup(&b);
	make_sr(&b, XENOPS_SR_TYPE_FILE, "");
	make_vdi(&b, VDI_A, MIB);
	victim = arena_printf(b.arena, "%s/victim", b.dir);
	ck_assert_int_eq(close(open(victim, O_CREAT | O_RDWR, 0600)), 0);
	ck_assert_int_eq(symlink(victim, in_sr(&b, ".meta.tmp")), 0);
	s = op(&b);
	ck_assert_int_eq(storage_vdi_set_name(&s, SR_A, &in), 0);
	ck_assert_int_eq(stat(victim, &st), 0);
	ck_assert_int_eq(st.st_size, 0);

	ck_assert_int_eq(unlink(in_sr(&b, ".meta")), 0);
	ck_assert_int_eq(mkfifo(in_sr(&b, ".meta"), 0600), 0);
	ck_assert_int_eq(count_vdis(&b, &info), 1);	/* does not wait */
	ck_assert_int_eq(unlink(in_sr(&b, ".raw")), 0);
	ck_assert_int_eq(symlink(victim, in_sr(&b, ".raw")), 0);
	ck_assert_int_eq(storage_open(&s, SR_A, VDI_A, true, "lease-1", &fd,
	    &size), -1);
	ck_assert_int_eq(storage_vdi_resize(&s, SR_A, VDI_A, 2 * MIB, &out),
	    -1);
	ck_assert_int_eq(stat(victim, &st), 0);
	ck_assert_int_eq(st.st_size, 0);
	teardown(&b);
}
END_TEST

START_TEST(names_that_are_no_uuids_are_refused)
{
	static const char *const bad[] = { "", "..", "../../etc/passwd",
		"55555555-0000-4000-8000-00000000000/",
		"55555555-0000-4000-8000-00000000000A",
		"55555555-0000-4000-8000-0000000000011", NULL };
	struct xenops_vdi_info in = { .size = MIB }, out;
	const char *device;
	struct bench b;

	setup(&b);
	make_sr(&b, XENOPS_SR_TYPE_FILE, "");
	make_vdi(&b, VDI_A, MIB);
	for (int i = 0; i < 7; i++) {
		struct storage s = op(&b);

		in.uuid = bad[i];
		ck_assert_int_eq(storage_vdi_create(&s, SR_A, &in, &out), -1);
		expect_code(&s, XENOPS_CODE_BAD_REQUEST);
		s = op(&b);
		ck_assert_int_eq(storage_sr_detach(&s, bad[i]), -1);
		expect_code(&s, XENOPS_CODE_BAD_REQUEST);
		s = op(&b);
		ck_assert_int_eq(storage_vdi_destroy(&s, SR_A, bad[i]), -1);
		expect_code(&s, XENOPS_CODE_BAD_REQUEST);
	}
	for (int i = 0; i < 3; i++) {
		struct storage s = op(&b);

		ck_assert_int_eq(storage_attach(&s, SR_A, VDI_A, false,
		    bad[i], &device), -1);
		expect_code(&s, XENOPS_CODE_BAD_REQUEST);
	}
	teardown(&b);
}
END_TEST

START_TEST(one_writer_excludes_everybody_else)
{
	const char *device, *again;
	struct xenops_vdi_info out;
	struct storage s;
	struct bench b;

	setup(&b);
	make_sr(&b, XENOPS_SR_TYPE_FILE, "");
	make_vdi(&b, VDI_A, MIB);
	s = op(&b);
	ck_assert_int_eq(storage_attach(&s, SR_A, VDI_A, true, USER_A,
	    &device), 0);
	ck_assert_int_eq(storage_attach(&s, SR_A, VDI_A, true, USER_A,
	    &again), 0);
	ck_assert_str_eq(device, again);
	ck_assert_int_eq(storage_attach(&s, SR_A, VDI_A, false, USER_B,
	    &device), -1);
	expect_code(&s, XENOPS_CODE_IN_USE);
	s = op(&b);
	ck_assert_int_eq(storage_vdi_destroy(&s, SR_A, VDI_A), -1);
	expect_code(&s, XENOPS_CODE_IN_USE);
	s = op(&b);
	ck_assert_int_eq(storage_vdi_resize(&s, SR_A, VDI_A, 2 * MIB, &out),
	    -1);
	expect_code(&s, XENOPS_CODE_IN_USE);
	s = op(&b);
	ck_assert_int_eq(storage_sr_detach(&s, SR_A), -1);
	expect_code(&s, XENOPS_CODE_IN_USE);
	s = op(&b);
	ck_assert_int_eq(storage_detach(&s, VDI_A, USER_A), 0);
	ck_assert_int_eq(storage_detach(&s, VDI_A, USER_A), 0);
	ck_assert_int_eq(storage_attach(&s, SR_A, VDI_A, false, USER_A,
	    &device), 0);
	ck_assert_int_eq(storage_attach(&s, SR_A, VDI_A, false, USER_B,
	    &device), 0);
	ck_assert_int_eq(storage_detach(&s, VDI_A, USER_A), 0);
	ck_assert_int_eq(storage_attach(&s, SR_A, VDI_A, true, USER_A,
	    &device), -1);
	expect_code(&s, XENOPS_CODE_IN_USE);
	teardown(&b);
}
END_TEST

START_TEST(sizes_and_doubles_are_checked)
{
	struct xenops_vdi_info in = { .uuid = VDI_A, .size = 0 }, out;
	struct storage s;
	struct bench b;

	setup(&b);
	make_sr(&b, XENOPS_SR_TYPE_FILE, "");
	s = op(&b);
	ck_assert_int_eq(storage_vdi_create(&s, SR_A, &in, &out), -1);
	expect_code(&s, XENOPS_CODE_BAD_REQUEST);
	in.size = (int64_t)9 << 40;
	s = op(&b);
	ck_assert_int_eq(storage_vdi_create(&s, SR_A, &in, &out), -1);
	expect_code(&s, XENOPS_CODE_NO_SPACE);
	make_vdi(&b, VDI_A, MIB);
	in.size = MIB;
	s = op(&b);
	ck_assert_int_eq(storage_vdi_create(&s, SR_A, &in, &out), -1);
	expect_code(&s, XENOPS_CODE_EXISTS);
	s = op(&b);
	ck_assert_int_eq(storage_vdi_resize(&s, SR_A, VDI_A, MIB / 2, &out),
	    -1);
	expect_code(&s, XENOPS_CODE_BAD_REQUEST);
	in = (struct xenops_vdi_info){ .uuid = VDI_B, .size = MIB,
		.read_only = true };
	s = op(&b);
	ck_assert_int_eq(storage_vdi_create(&s, SR_A, &in, &out), 0);
	ck_assert_int_eq(storage_attach(&s, SR_A, VDI_B, true, USER_A,
	    &(const char *){ NULL }), -1);
	expect_code(&s, XENOPS_CODE_READ_ONLY);
	teardown(&b);
}
END_TEST

static bool
only_a(void *arg, const char *user)
{
	(void)arg;
	return !strcmp(user, USER_A);
}

START_TEST(uses_of_the_dead_are_reaped)
{
	const char *device;
	char path[200];
	struct storage s;
	struct bench b;

	setup(&b);
	make_sr(&b, XENOPS_SR_TYPE_FILE, "");
	make_vdi(&b, VDI_A, MIB);
	make_vdi(&b, VDI_B, MIB);
	s = op(&b);
	ck_assert_int_eq(storage_attach(&s, SR_A, VDI_A, true, USER_A,
	    &device), 0);
	ck_assert_int_eq(storage_attach(&s, SR_A, VDI_B, true, USER_B,
	    &device), 0);
	/* half a copy that nobody makes any more */
	snprintf(path, sizeof(path), "%s/sr/%s/%s.new", b.dir, SR_A, VDI_C);
	ck_assert_int_eq(close(open(path, O_CREAT | O_WRONLY, 0600)), 0);
	storage_reap(&s, only_a, NULL);
	ck_assert_int_eq(access(path, F_OK), -1);
	ck_assert_int_eq(storage_vdi_destroy(&s, SR_A, VDI_B), 0);
	ck_assert_int_eq(storage_vdi_destroy(&s, SR_A, VDI_A), -1);
	expect_code(&s, XENOPS_CODE_IN_USE);
	teardown(&b);
}
END_TEST

START_TEST(a_memory_sr_is_bounded)
{
	struct xenops_sr_info info;
	struct storage s;
	struct bench b;

	setup(&b);
	b.env.drivers[XENOPS_SR_TYPE_MEMORY] = &sr_driver_memory;
	make_sr(&b, XENOPS_SR_TYPE_MEMORY, "");
	ck_assert_int_eq(count_vdis(&b, &info), 0);
	ck_assert_int_eq(info.size, 64 * MIB);
	exercise(&b);
	s = op(&b);
	ck_assert_int_eq(storage_sr_destroy(&s, SR_A), 0);
	teardown(&b);
}
END_TEST

/* Bound loop devices whose file lies below the bench's folder. */
static void
count_one(void *arg, const char *device, const char *file)
{
	(void)device;
	(void)file;
	(*(int *)arg)++;
}

static int
loops_left(struct bench *b)
{
	char folder[128];
	int n = 0;

	snprintf(folder, sizeof(folder), "%s/sr/%s", b->dir, SR_A);
	loop_each(folder, count_one, &n);
	return n;
}

START_TEST(a_file_sr_lives_on_its_disk)
{
	struct xenops_sr_create_args a = { .uuid = VDI_C,
		.type = XENOPS_SR_TYPE_FILE };
	struct xenops_sr_info info;
	const char *device;
	struct storage s;
	struct bench b;
	char got[6] = "";
	int fd;

	setup(&b);
	b.env.drivers[XENOPS_SR_TYPE_FILE] = &sr_driver_file;
	make_disk(&b, 128 * MIB);
	make_sr(&b, XENOPS_SR_TYPE_FILE, b.disk);
	exercise(&b);
	reattach(&b, XENOPS_SR_TYPE_FILE);
	s = op(&b);
	ck_assert_int_eq(storage_attach(&s, SR_A, VDI_A, true, USER_A,
	    &device), 0);
	ck_assert_int_eq(loops_left(&b), 1);
	fd = open(device, O_RDONLY);
	ck_assert_int_eq(pread(fd, got, 5, 0), 5);
	ck_assert_str_eq(got, "first");
	close(fd);
	a.device = b.disk;
	ck_assert_int_eq(storage_sr_create(&s, &a, &info), -1);
	expect_code(&s, XENOPS_CODE_DEVICE_NOT_USABLE);
	s = op(&b);
	ck_assert_int_eq(storage_detach(&s, VDI_A, USER_A), 0);
	ck_assert_int_eq(loops_left(&b), 0);
	ck_assert_int_eq(storage_sr_detach(&s, SR_A), 0);
	ck_assert_int_eq(storage_sr_create(&s, &a, &info), -1);
	expect_code(&s, XENOPS_CODE_DEVICE_NOT_USABLE);
	s = op(&b);
	ck_assert_int_eq(storage_sr_attach(&s, SR_A, XENOPS_SR_TYPE_FILE, NULL,
	    &info), 0);
	ck_assert_str_eq(info.device, b.disk);
	ck_assert_int_eq(storage_sr_destroy(&s, SR_A), 0);
	ck_assert_int_eq(disk_check_unused(&s, b.disk), 0);
	teardown(&b);
}
END_TEST

/* The disk of the bench ends, and is there under another name.  Returns the
 * old one. */
static const char *
pull_and_return_disk(struct bench *b)
{
	const char *old = arena_strdup(b->arena, b->disk), *other;
	int fd = open(old, O_RDWR | O_CLOEXEC);
	struct loop_info64 info;
	struct storage s = op(b);

	ck_assert_int_eq(ioctl(fd, LOOP_GET_STATUS64, &info), 0);
	info.lo_sizelimit = 512;	/* nothing of it can be read or written */
	ck_assert_int_eq(ioctl(fd, LOOP_SET_STATUS64, &info), 0);
	close(fd);
	ck_assert_int_eq(loop_attach(&s, b->disk_file, true, "test-disk",
	    &other), 0);
	snprintf(b->disk, sizeof(b->disk), "%s", other);
	return old;
}

START_TEST(a_file_sr_is_found_again_when_its_disk_returns)
{
	const char *first, *second;
	struct xenops_sr_info info;
	struct storage s;
	struct bench b;

	setup(&b);
	b.env.drivers[XENOPS_SR_TYPE_FILE] = &sr_driver_file;
	make_disk(&b, 128 * MIB);
	make_sr(&b, XENOPS_SR_TYPE_FILE, b.disk);
	make_vdi(&b, VDI_A, MIB);
	first = pull_and_return_disk(&b);
	s = op(&b);
	ck_assert_msg(storage_sr_detach(&s, SR_A) == 0, "%s",
	    s.text ? s.text : "");
	ck_assert_msg(storage_sr_attach(&s, SR_A, XENOPS_SR_TYPE_FILE, NULL,
	    &info) == 0, "%s", s.text ? s.text : "");
	ck_assert_str_eq(info.device, b.disk);
	ck_assert_uint_eq(count_vdis(&b, &info), 1);
	second = pull_and_return_disk(&b);
	ck_assert_int_eq(disk_wipe(&s, first), -1);
	expect_code(&s, XENOPS_CODE_IO);
	ck_assert_ptr_nonnull(strstr(s.text, strerror(EIO)));
	s = op(&b);
	ck_assert_msg(storage_sr_destroy(&s, SR_A) == 0, "%s",
	    s.text ? s.text : "");
	ck_assert_int_eq(disk_check_unused(&s, b.disk), 0);
	ck_assert_int_eq(loop_detach(&s, first, "test-disk"), 0);
	ck_assert_int_eq(loop_detach(&s, second, "test-disk"), 0);
	teardown(&b);
}
END_TEST

/* Attaches in a child that is killed at once, at some point on its way. */
static void
attach_and_die(struct bench *b, useconds_t after)
{
	pid_t pid = fork();

	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		struct storage s = op(b);
		const char *device;

		storage_attach(&s, SR_A, VDI_A, true, USER_B, &device);
		_exit(0);
	}
	usleep(after);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

static bool
nobody(void *arg, const char *user)
{
	(void)arg;
	(void)user;
	return false;
}

START_TEST(a_killed_worker_leaves_no_loop_device)
{
	struct storage s;
	struct bench b;

	setup(&b);
	b.env.drivers[XENOPS_SR_TYPE_FILE] = &sr_driver_file;
	make_disk(&b, 64 * MIB);
	make_sr(&b, XENOPS_SR_TYPE_FILE, b.disk);
	make_vdi(&b, VDI_A, MIB);
	for (useconds_t us = 0; us < 6000; us += 200) {
		attach_and_die(&b, us);
		s = op(&b);
		storage_reap(&s, nobody, NULL);
		ck_assert_int_eq(loops_left(&b), 0);
	}
	ck_assert_int_eq(storage_vdi_destroy(&s, SR_A, VDI_A), 0);
	ck_assert_int_eq(storage_sr_destroy(&s, SR_A), 0);
	teardown(&b);
}
END_TEST

/* Makes SR_A in a child that is killed after a while. */
static void
create_and_die(struct bench *b, int type, const char *device,
    useconds_t after)
{
	struct xenops_sr_create_args a = { .uuid = SR_A, .type = type,
		.device = device };
	pid_t pid = fork();
	bool ended = false;

	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		struct storage s = op(b);
		struct xenops_sr_info info;

		storage_sr_create(&s, &a, &info);
		_exit(0);
	}
	/* from when it has claimed the disk, or has come to nothing */
	while (!ended && !storage_owns_device(&b->env, device))
		ended = waitpid(pid, NULL, WNOHANG) == pid;
	if (ended)
		return;
	usleep(after);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

/* Whether SR_A was left half-made: then nobody else may take its disk. */
static bool
is_half_made(struct bench *b, const char *device)
{
	struct xenops_sr_create_args a = { .uuid = VDI_C,
		.type = XENOPS_SR_TYPE_FILE, .device = device };
	struct xenops_sr_info info;
	struct storage s = op(b);
	struct vec vdis;

	if (!storage_owns_device(&b->env, device) ||
	    storage_sr_scan(&s, SR_A, &info, &vdis) == 0)
		return false;
	s = op(b);
	ck_assert_int_eq(storage_sr_create(&s, &a, &info), -1);
	expect_code(&s, XENOPS_CODE_DEVICE_NOT_USABLE);
	return true;
}

/* Kills the making of an SR at some points; the disk is free after each. */
static void
kill_creates(struct bench *b, int type, const char *device,
    useconds_t step_us, int steps)
{
	int caught = 0;

	for (int i = 0; i < steps; i++) {
		struct storage s = op(b);

		create_and_die(b, type, device, (useconds_t)i * step_us);
		if (is_half_made(b, device))
			caught++;
		else if (storage_owns_device(&b->env, device))
			ck_assert_int_eq(storage_sr_destroy(&s, SR_A), 0);
		storage_reap(&s, nobody, NULL);
		s = op(b);
		ck_assert_msg(disk_check_unused(&s, device) == 0, "%d: %s", i,
		    s.text ? s.text : "");
	}
	ck_assert_int_gt(caught, 0);
	make_sr(b, type, device);
}

/* Puts something that is no file where a disk, a copy or a note would be. */
static void
plant(struct bench *b, const char *name, mode_t kind)
{
	const char *path = arena_printf(b->arena, "%s/sr/%s/%s", b->dir, SR_A,
	    name);

	if (kind == S_IFLNK)
		ck_assert_int_eq(symlink("/dev/full", path), 0);
	else if (kind == S_IFDIR)
		ck_assert_int_eq(mkdir(path, 0700), 0);
	else
		ck_assert_int_eq(mknod(path, kind | 0600, makedev(1, 7)), 0);
}

static const char *
caught_warnings(struct bench *b, int fd)
{
	char *text = arena_alloc(b->arena, 8192);

	ck_assert_int_ge(pread(fd, text, 8191, 0), 0);
	return text;
}

/* Everything but a file, under every name that a disk has, on a foreign disk:
 * nothing outside is read or written, nothing waits, and the scan tells. */
START_TEST(what_is_planted_on_a_foreign_disk_is_no_disk)
{
	static const mode_t kinds[] = { S_IFLNK, S_IFIFO, S_IFCHR, S_IFBLK,
		S_IFDIR };
	static const char *const ends[] = { ".raw", ".new", ".meta" };
	struct xenops_sr_info info;
	struct storage s;
	struct bench b;
	char name[64], path[200];
	int log, old = dup(2), fd;
	int64_t size;

	setup(&b);
	b.env.drivers[XENOPS_SR_TYPE_FILE] = &sr_driver_file;
	make_disk(&b, 64 * MIB);
	make_sr(&b, XENOPS_SR_TYPE_FILE, b.disk);
	for (size_t i = 0; i < 5; i++)
		for (size_t j = 0; j < 3; j++) {
			snprintf(name, sizeof(name), "%.35s%zu%s", VDI_A, i,
			    ends[j]);
			plant(&b, name, kinds[i]);
		}
	make_vdi(&b, VDI_B2, MIB);
	snprintf(path, sizeof(path), "%s/log", b.dir);
	log = open(path, O_RDWR | O_CREAT | O_APPEND, 0600);
	dup2(log, 2);
	ck_assert_int_eq(count_vdis(&b, &info), 1);
	s = op(&b);
	storage_reap(&s, nobody, NULL);
	dup2(old, 2);
	for (size_t i = 0; i < 5; i++) {
		struct xenops_vdi_info in = { .uuid = VDI_C }, out;

		snprintf(name, sizeof(name), "%.35s%zu", VDI_A, i);
		ck_assert_ptr_nonnull(strstr(caught_warnings(&b, log), name));
		s = op(&b);
		ck_assert_int_eq(storage_open(&s, SR_A, name, false, "lease-1",
		    &fd, &size), -1);
		expect_code(&s, XENOPS_CODE_NO_SUCH_VDI);
		s = op(&b);
		ck_assert_int_eq(storage_vdi_clone(&s, SR_A, name, &in, &out),
		    -1);
		expect_code(&s, XENOPS_CODE_NO_SUCH_VDI);
	}
	/* and the kernel itself follows no link there, opens no device */
	snprintf(path, sizeof(path), "%s/sr/%s/%.35s0.raw", b.dir, SR_A, VDI_A);
	ck_assert_int_eq(open(path, O_RDONLY), -1);
	ck_assert_int_eq(errno, ELOOP);
	snprintf(path, sizeof(path), "%s/sr/%s/%.35s2.raw", b.dir, SR_A, VDI_A);
	ck_assert_int_eq(open(path, O_RDONLY), -1);
	ck_assert_int_eq(errno, EACCES);
	s = op(&b);
	ck_assert_int_eq(storage_sr_destroy(&s, SR_A), 0);
	close(log);
	close(old);
	teardown(&b);
}
END_TEST

START_TEST(a_folder_with_too_many_disks_is_not_read)
{
	struct xenops_sr_info info;
	struct vec vdis;
	struct storage s;
	struct bench b;
	char path[200];

	setup(&b);
	make_sr(&b, XENOPS_SR_TYPE_MEMORY, "");
	for (int i = 0; i <= DIR_DISKS_MAX; i++) {
		snprintf(path, sizeof(path), "%s/sr/%s/%.24s%012x.raw", b.dir,
		    SR_A, VDI_A, i);
		ck_assert_int_eq(mknod(path, S_IFREG | 0600, 0), 0);
	}
	s = op(&b);
	ck_assert_int_eq(storage_sr_scan(&s, SR_A, &info, &vdis), -1);
	expect_code(&s, XENOPS_CODE_IO);
	teardown(&b);
}
END_TEST

START_TEST(a_killed_create_leaves_the_disk_unused)
{
	struct storage s;
	struct bench b;

	setup(&b);
	b.env.drivers[XENOPS_SR_TYPE_FILE] = &sr_driver_file;
	make_disk(&b, 64 * MIB);
	kill_creates(&b, XENOPS_SR_TYPE_FILE, b.disk, 1000, 30);
	s = op(&b);
	ck_assert_int_eq(storage_sr_destroy(&s, SR_A), 0);
	teardown(&b);
}
END_TEST

START_TEST(a_create_that_fails_leaves_the_disk_unused)
{
	struct xenops_sr_create_args a = { .uuid = SR_A,
		.type = XENOPS_SR_TYPE_FILE };
	struct xenops_sr_info info;
	struct storage s;
	struct bench b;

	setup(&b);
	b.env.drivers[XENOPS_SR_TYPE_FILE] = &sr_driver_file;
	make_disk(&b, 64 * MIB);
	a.device = b.disk;
	b.env.mkfs = "/bin/false";
	s = op(&b);
	ck_assert_int_eq(storage_sr_create(&s, &a, &info), -1);
	ck_assert(!storage_owns_device(&b.env, b.disk));
	b.env.mkfs = "/usr/sbin/mke2fs";
	make_sr(&b, XENOPS_SR_TYPE_FILE, b.disk);
	s = op(&b);
	ck_assert_int_eq(storage_sr_destroy(&s, SR_A), 0);
	teardown(&b);
}
END_TEST

/* A child that makes the SR; it exits with 0 if it could. */
static pid_t
create_aside(struct bench *b, const char *uuid)
{
	struct xenops_sr_create_args a = { .uuid = uuid,
		.type = XENOPS_SR_TYPE_FILE, .device = b->disk };
	pid_t pid = fork();

	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		struct storage s = op(b);
		struct xenops_sr_info info;

		_exit(storage_sr_create(&s, &a, &info) ? 1 : 0);
	}
	return pid;
}

START_TEST(one_of_two_gets_the_disk)
{
	static const char *const uuids[] = { SR_A, VDI_C };
	struct storage s;
	struct bench b;
	pid_t pids[2];
	int status[2];

	setup(&b);
	b.env.drivers[XENOPS_SR_TYPE_FILE] = &sr_driver_file;
	make_disk(&b, 64 * MIB);
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 2; i++)
			pids[i] = create_aside(&b, uuids[i]);
		for (int i = 0; i < 2; i++)
			ck_assert_int_eq(waitpid(pids[i], &status[i], 0),
			    pids[i]);
		ck_assert_int_ne(status[0] == 0, status[1] == 0);
		s = op(&b);
		ck_assert_int_eq(storage_sr_destroy(&s,
		    uuids[status[0] ? 1 : 0]), 0);
	}
	teardown(&b);
}
END_TEST

START_TEST(a_full_file_sr_says_so)
{
	struct xenops_vdi_info in = { .uuid = VDI_B, .name = "copy" }, out;
	struct xenops_sr_info info;
	struct storage s;
	struct bench b;
	static char block[1 << 20];
	int64_t size;
	int fd;

	setup(&b);
	b.env.drivers[XENOPS_SR_TYPE_FILE] = &sr_driver_file;
	make_disk(&b, 32 * MIB);
	make_sr(&b, XENOPS_SR_TYPE_FILE, b.disk);
	make_vdi(&b, VDI_A, 20 * MIB);
	s = op(&b);
	memset(block, 'x', sizeof(block));
	ck_assert_int_eq(storage_open(&s, SR_A, VDI_A, true, "lease-1", &fd,
	    &size), 0);
	for (int i = 0; i < 16; i++)
		ck_assert_int_eq(pwrite(fd, block, sizeof(block), i * MIB),
		    sizeof(block));
	close(fd);
	ck_assert_int_eq(storage_detach(&s, VDI_A, "lease-1"), 0);
	ck_assert_int_eq(storage_vdi_clone(&s, SR_A, VDI_A, &in, &out), -1);
	expect_code(&s, XENOPS_CODE_NO_SPACE);
	ck_assert_int_eq(count_vdis(&b, &info), 1);
	s = op(&b);
	ck_assert_int_eq(storage_sr_destroy(&s, SR_A), 0);
	teardown(&b);
}
END_TEST

START_TEST(only_blank_whole_disks_are_unused)
{
	struct storage s;
	struct bench b;
	int fd;

	setup(&b);
	make_disk(&b, 32 * MIB);
	s = op(&b);
	ck_assert_int_eq(disk_check_unused(&s, b.disk), 0);
	fd = open(b.disk, O_RDWR);
	ck_assert_int_eq(pwrite(fd, "x", 1, 32 * MIB - 1), 1);
	close(fd);
	ck_assert_int_eq(disk_check_unused(&s, b.disk), -1);
	expect_code(&s, XENOPS_CODE_DEVICE_NOT_USABLE);
	s = op(&b);
	ck_assert_int_eq(disk_wipe(&s, b.disk), 0);
	ck_assert_int_eq(disk_check_unused(&s, b.disk), 0);
	ck_assert_int_eq(disk_check_unused(&s, b.disk_file), -1);
	s = op(&b);
	ck_assert_int_eq(disk_check_unused(&s, "/dev/../etc/passwd"), -1);
	s = op(&b);
	ck_assert_int_eq(disk_check_unused(&s, ""), -1);
	s = op(&b);
	ck_assert_int_eq(disk_check_unused(&s, NULL), -1);
	b.env.loop_disks = false;
	s = op(&b);
	ck_assert_int_eq(disk_check_unused(&s, b.disk), -1);
	teardown(&b);
}
END_TEST

/* The disk that may be used up. */
static const char *
real_disk(struct bench *b)
{
	setup(b);
	b->env.loop_disks = false;
	b->env.lvm = storage_real.lvm;
	b->env.thin_check = storage_real.thin_check;
	b->env.drivers[XENOPS_SR_TYPE_LVM] = &sr_driver_lvm;
	b->env.drivers[XENOPS_SR_TYPE_FILE] = &sr_driver_file;
	return getenv("STORAGE_TEST_DISK");
}

static void
make_lvm_vdi(struct bench *b, const char *uuid, int64_t size, int64_t want)
{
	struct xenops_vdi_info in = { .uuid = uuid, .name = "a \xc3\xa4 disk",
		.description = "its words, and = more", .size = size }, out;
	struct storage s = op(b);

	ck_assert_msg(storage_vdi_create(&s, SR_A, &in, &out) == 0, "%s",
	    s.text ? s.text : "");
	ck_assert_int_eq(out.size, want);
	ck_assert_str_eq(out.name, in.name);
	ck_assert_str_eq(out.description, in.description);
}

/* A clone with its source in use, resized, renamed, found again. */
static void
exercise_lvm(struct bench *b)
{
	struct xenops_vdi_info in = { .uuid = VDI_B, .name = "copy" }, out;
	struct storage s = op(b);
	const char *device;
	int fd;

	make_lvm_vdi(b, VDI_A, 13 * MIB, 16 * MIB);
	write_vdi(b, VDI_A, "first", 0);
	ck_assert_int_eq(storage_attach(&s, SR_A, VDI_A, true, USER_A,
	    &device), 0);
	fd = open(device, O_RDWR | O_SYNC);
	ck_assert_int_eq(pwrite(fd, "last", 4, 16 * MIB - 4), 4);
	close(fd);
	ck_assert_msg(storage_vdi_clone(&s, SR_A, VDI_A, &in, &out) == 0,
	    "%s", s.text ? s.text : "");
	ck_assert_str_eq(out.parent, VDI_A);
	ck_assert_int_eq(storage_detach(&s, VDI_A, USER_A), 0);
	ck_assert_int_eq(access(device, F_OK), -1);
	expect_vdi(b, VDI_B, "first", 0);
	expect_vdi(b, VDI_B, "last", 16 * MIB - 4);
	write_vdi(b, VDI_B, "other", 0);
	expect_vdi(b, VDI_A, "first", 0);
	ck_assert_int_eq(storage_vdi_resize(&s, SR_A, VDI_B, 17 * MIB, &out),
	    0);
	ck_assert_int_eq(out.size, 20 * MIB);
	ck_assert_int_eq(storage_vdi_resize(&s, SR_A, VDI_B, 20 * MIB, &out),
	    0);
	ck_assert_str_eq(out.name, "copy");
	expect_vdi(b, VDI_B, "last", 16 * MIB - 4);
	in = (struct xenops_vdi_info){ .uuid = VDI_B, .name = "copy 2" };
	ck_assert_int_eq(storage_vdi_set_name(&s, SR_A, &in), 0);
}

START_TEST(an_lvm_sr_lives_on_its_disk)
{
	struct xenops_sr_info info;
	const struct xenops_vdi_info *v;
	struct storage s;
	struct bench b;
	const char *disk = real_disk(&b);
	struct vec vdis;

	make_sr(&b, XENOPS_SR_TYPE_LVM, disk);
	exercise_lvm(&b);
	s = op(&b);
	ck_assert_msg(storage_sr_detach(&s, SR_A) == 0, "%s",
	    s.text ? s.text : "");
	ck_assert_int_eq(disk_check_unused(&s, disk), -1);
	s = op(&b);
	ck_assert_msg(storage_sr_attach(&s, SR_A, XENOPS_SR_TYPE_LVM, NULL, &info)
	    == 0, "%s", s.text ? s.text : "");
	ck_assert_str_eq(info.device, disk);
	ck_assert_int_eq(storage_sr_scan(&s, SR_A, &info, &vdis), 0);
	ck_assert_uint_eq(vdis.n, 2);
	v = vdis.v;
	v = strcmp(v->uuid, VDI_B) ? v + 1 : v;
	ck_assert_str_eq(v->name, "copy 2");
	ck_assert_str_eq(v->parent, VDI_A);
	ck_assert_int_eq(info.allocated, 36 * MIB);
	expect_vdi(&b, VDI_B, "other", 0);
	ck_assert_int_eq(storage_vdi_destroy(&s, SR_A, VDI_A), 0);
	expect_vdi(&b, VDI_B, "last", 16 * MIB - 4);
	ck_assert_msg(storage_sr_destroy(&s, SR_A) == 0, "%s",
	    s.text ? s.text : "");
	ck_assert_int_eq(disk_check_unused(&s, disk), 0);
	teardown(&b);
}
END_TEST

/* The first MiB of the disk, past the page cache as LVM does it. */
static void
disk_head(const char *disk, char *bytes, bool put)
{
	int fd = open(disk, O_RDWR | O_DIRECT | O_CLOEXEC);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(put ? pwrite(fd, bytes, MIB, 0) :
	    pread(fd, bytes, MIB, 0), MIB);
	ck_assert_int_eq(close(fd), 0);
}

/* Is there a device of that volume?  Its name has the hyphens doubled. */
static bool
is_mapped(const char *vdi)
{
	char want[2 * UUID_TEXT_LEN], name[256];
	size_t n = 0;
	bool found = false;
	glob_t g;
	FILE *f;

	for (const char *p = vdi; *p; p++) {
		want[n++] = *p;
		if (*p == '-')
			want[n++] = *p;
	}
	want[n] = '\0';
	if (glob("/sys/block/dm-*/dm/name", 0, NULL, &g))
		return false;
	for (size_t i = 0; i < g.gl_pathc; i++) {
		f = fopen(g.gl_pathv[i], "r");
		if (f && fgets(name, sizeof(name), f))
			found |= strstr(name, want) != NULL;
		if (f)
			fclose(f);
	}
	globfree(&g);
	return found;
}

START_TEST(an_lvm_sr_is_detached_without_its_disk)
{
	struct xenops_sr_info info;
	const char *device;
	struct storage s;
	struct bench b;
	const char *disk = real_disk(&b);
	char *head = aligned_alloc(4096, MIB), *zeros = aligned_alloc(4096,
	    MIB);

	memset(zeros, 0, MIB);
	make_sr(&b, XENOPS_SR_TYPE_LVM, disk);
	make_lvm_vdi(&b, VDI_A, MIB, 4 * MIB);
	s = op(&b);
	ck_assert_int_eq(storage_attach(&s, SR_A, VDI_A, true, USER_A,
	    &device), 0);
	use_remove(&s, VDI_A, USER_A);	/* nobody knows that it is active */
	disk_head(disk, head, false);
	disk_head(disk, zeros, true);
	ck_assert_msg(storage_sr_detach(&s, SR_A) == 0, "%s",
	    s.text ? s.text : "");
	ck_assert(!is_mapped(VDI_A));
	ck_assert(!is_mapped("pool"));
	disk_head(disk, head, true);
	ck_assert_msg(storage_sr_attach(&s, SR_A, XENOPS_SR_TYPE_LVM, NULL,
	    &info) == 0, "%s", s.text ? s.text : "");
	ck_assert(is_mapped("pool"));
	write_vdi(&b, VDI_A, "text", 0);
	ck_assert_int_eq(storage_sr_destroy(&s, SR_A), 0);
	free(head);
	free(zeros);
	teardown(&b);
}
END_TEST

/* The device of the pool's metadata; -1 if there is none. */
static int
open_metadata(void)
{
	glob_t g;
	int fd;

	if (glob("/dev/mapper/bedplate--*-pool_tmeta", 0, NULL, &g))
		return -1;
	fd = open(g.gl_pathv[0], O_RDONLY | O_CLOEXEC);
	globfree(&g);
	return fd;
}

/* Who looks into all devices opens this one, too, at any time. */
START_TEST(whoever_looks_at_the_pools_metadata_does_no_harm)
{
	const char *const full[] = { storage_real.lvm, "lvs", "--noheadings",
		"-o", "lv_when_full", "-S", "lv_name=pool", NULL };
	struct xenops_vdi_info out;
	struct buf text = { 0 };
	struct storage s;
	struct bench b;
	const char *disk = real_disk(&b);
	int fd;

	make_sr(&b, XENOPS_SR_TYPE_LVM, disk);
	s = op(&b);
	ck_assert_int_eq(storage_run(&s, full, CHILD_DIES, 60000, &text), 0);
	ck_assert_ptr_nonnull(strstr(text.data, "error"));
	buf_release(&text);
	fd = open_metadata();
	ck_assert_int_ne(fd, -1);
	make_lvm_vdi(&b, VDI_A, MIB, 4 * MIB);
	make_lvm_vdi(&b, VDI_B, MIB, 4 * MIB);
	ck_assert_int_eq(storage_vdi_resize(&s, SR_A, VDI_A, 5 * MIB, &out),
	    0);
	ck_assert_int_eq(storage_vdi_destroy(&s, SR_A, VDI_B), 0);
	write_vdi(&b, VDI_A, "text", 0);
	/* the pool goes, but for what is open */
	ck_assert_int_eq(storage_sr_detach(&s, SR_A), -1);
	expect_code(&s, XENOPS_CODE_IN_USE);
	ck_assert(!is_mapped("pool_tdata"));
	ck_assert(is_mapped("pool_tmeta"));
	ck_assert_int_eq(close(fd), 0);
	s = op(&b);
	expect_vdi(&b, VDI_A, "text", 0);
	ck_assert(is_mapped("pool_tdata"));
	ck_assert_int_eq(storage_vdi_destroy(&s, SR_A, VDI_A), 0);
	ck_assert_int_eq(storage_sr_destroy(&s, SR_A), 0);
	teardown(&b);
}
END_TEST

START_TEST(a_killed_worker_leaves_no_active_volume)
{
	static const char *const at_ms[] = { "5", "50", "200", "400", "900" };
	struct storage s;
	struct bench b;
	const char *disk = real_disk(&b);

	make_sr(&b, XENOPS_SR_TYPE_LVM, disk);
	make_lvm_vdi(&b, VDI_A, MIB, 4 * MIB);
	for (size_t i = 0; i < sizeof(at_ms) / sizeof(at_ms[0]); i++) {
		attach_and_die(&b, (useconds_t)strtoul(at_ms[i], NULL, 10) *
		    1000);
		s = op(&b);
		storage_reap(&s, nobody, NULL);
		ck_assert(!is_mapped(VDI_A));
	}
	ck_assert_int_eq(storage_vdi_destroy(&s, SR_A, VDI_A), 0);
	ck_assert_int_eq(storage_sr_destroy(&s, SR_A), 0);
	teardown(&b);
}
END_TEST

START_TEST(a_killed_create_leaves_the_real_disk_unused)
{
	struct storage s;
	struct bench b;
	const char *disk = real_disk(&b);

	kill_creates(&b, XENOPS_SR_TYPE_LVM, disk, 400000, 6);
	s = op(&b);
	ck_assert_int_eq(storage_sr_destroy(&s, SR_A), 0);
	teardown(&b);
}
END_TEST

START_TEST(a_file_sr_lives_on_a_real_disk)
{
	struct storage s;
	struct bench b;
	const char *disk = real_disk(&b);

	make_sr(&b, XENOPS_SR_TYPE_FILE, disk);
	exercise(&b);
	reattach(&b, XENOPS_SR_TYPE_FILE);
	s = op(&b);
	ck_assert_int_eq(storage_sr_destroy(&s, SR_A), 0);
	ck_assert_int_eq(disk_check_unused(&s, disk), 0);
	teardown(&b);
}
END_TEST

static int
run_on_loop_devices(void)
{
	if (!can_mount())
		return unit_skip("loop devices", "needs root and mke2fs");
	return UNIT_RUN("storage on loop devices", a_memory_sr_is_bounded,
	    a_file_sr_lives_on_its_disk,
	    a_file_sr_is_found_again_when_its_disk_returns,
	    a_killed_worker_leaves_no_loop_device,
	    what_is_planted_on_a_foreign_disk_is_no_disk,
	    a_folder_with_too_many_disks_is_not_read,
	    a_killed_create_leaves_the_disk_unused,
	    a_create_that_fails_leaves_the_disk_unused,
	    one_of_two_gets_the_disk, a_full_file_sr_says_so,
	    only_blank_whole_disks_are_unused);
}

static int
run_on_real_disk(void)
{
	return UNIT_RUN("storage on a disk", an_lvm_sr_lives_on_its_disk,
	    an_lvm_sr_is_detached_without_its_disk,
	    whoever_looks_at_the_pools_metadata_does_no_harm,
	    a_killed_worker_leaves_no_active_volume,
	    a_killed_create_leaves_the_real_disk_unused,
	    a_file_sr_lives_on_a_real_disk);
}

int
main(void)
{
	int rc = UNIT_RUN("storage", plain_folders_keep_disks,
	    the_names_of_disks_are_made_to_last,
	    a_disk_whose_name_may_be_lost_is_not_made,
	    links_and_fifos_among_the_disks_do_no_harm,
	    names_that_are_no_uuids_are_refused,
	    one_writer_excludes_everybody_else,
	    sizes_and_doubles_are_checked, uses_of_the_dead_are_reaped);

	if (getenv("STORAGE_TEST_DISK"))
		return run_on_real_disk() || rc ? EXIT_FAILURE : EXIT_SUCCESS;
	return run_on_loop_devices() || rc ? EXIT_FAILURE : EXIT_SUCCESS;
}
