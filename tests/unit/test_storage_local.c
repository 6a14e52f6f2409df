/*
 * The SR on the partition that an installed host keeps for it: which partition
 * that is, and what is made of what lies on it.  A loop device plays it where
 * this is root and has mke2fs, and lvm2 for what LVM leaves (else skipped).
 */
#include "xenopsd/storage/own.h"

#include "storage_bench.h"
#include "unit.h"
#include "xenopsd/storage/child.h"

#define SR_B "44444444-0000-4000-8000-000000000002"
#define SR_C "44444444-0000-4000-8000-000000000003"
#define ID "00112233445566aa"

static const char *own_device;		/* of the test that runs */

static const char *
own(const struct storage_env *env, struct arena *a)
{
	(void)env;
	(void)a;
	return own_device;
}

/* -- which partition -- */

static void
put(struct bench *b, const char *path, const char *text)
{
	char *full = arena_printf(b->arena, "%s%s", b->dir, path);
	FILE *f;

	for (char *p = full + strlen(b->dir) + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		mkdir(full, 0700);
		*p = '/';
	}
	f = fopen(full, "we");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static void
put_partition(struct bench *b, const char *disk, int n, const char *name)
{
	const char *at = arena_printf(b->arena, "/sys/block/%s/%s%d", disk,
	    disk, n);

	put(b, arena_printf(b->arena, "%s/partition", at), "1\n");
	put(b, arena_printf(b->arena, "%s/uevent", at), arena_printf(b->arena,
	    "MAJOR=8\nDEVTYPE=partition\nPARTN=%d\nPARTNAME=%s\n", n, name));
}

static void
put_machine(struct bench *b, const char *cmdline, const char *slot)
{
	put(b, "/proc/cmdline", cmdline);
	put(b, "/proc/mounts", arena_printf(b->arena,
	    "proc /proc proc rw 0 0\n%s /run/slot iso9660 ro,nodev 0 0\n",
	    slot));
}

START_TEST(the_partition_is_the_one_of_the_running_installation)
{
	struct bench b;

	setup(&b);
	ck_assert_ptr_null(own_partition(b.arena, b.dir));
	put_partition(&b, "sda", 3, "bedplate-a-" ID);
	put_partition(&b, "sda", 6, "bedplate-sr-" ID);
	put_partition(&b, "sdb", 3, "bedplate-a-" ID);
	put_partition(&b, "sdb", 6, "bedplate-sr-" ID);
	put_partition(&b, "sdc", 6, "bedplate-sr-00112233445566ab");
	put_machine(&b, "console=hvc0 bedplate.disk=" ID " bedplate.slot=a\n",
	    "/dev/sdb3");
	ck_assert_str_eq(own_partition(b.arena, b.dir), "/dev/sdb6");
	put_machine(&b, "bedplate.disk=" ID, "/dev/sda3");
	ck_assert_str_eq(own_partition(b.arena, b.dir), "/dev/sda6");
	put_machine(&b, "bedplate.disk=" ID, "/dev/sdc6");
	ck_assert_ptr_null(own_partition(b.arena, b.dir));
	put_machine(&b, "bedplate.disk=" ID, "/dev/loop0");
	ck_assert_ptr_null(own_partition(b.arena, b.dir));
	put_machine(&b, "bedplate.disk=" ID "0", "/dev/sda3");
	ck_assert_ptr_null(own_partition(b.arena, b.dir));
	put_machine(&b, "x.bedplate.disk=" ID, "/dev/sda3");
	ck_assert_ptr_null(own_partition(b.arena, b.dir));
	put_machine(&b, "console=hvc0\n", "/dev/sda3");
	ck_assert_ptr_null(own_partition(b.arena, b.dir));
	teardown(&b);
}
END_TEST

/* -- what becomes of it -- */

static void
expect_local(struct bench *b, const char *suggested, const char *want)
{
	struct xenops_sr_info info;
	struct storage s = op(b);

	ck_assert_msg(storage_sr_local(&s, suggested, "a name", &info) == 0,
	    "%s", s.text ? s.text : "");
	ck_assert_str_eq(info.uuid, want);
	ck_assert_str_eq(info.device, own_device);
}

static void
refuse_local(struct bench *b, int code)
{
	struct xenops_sr_info info;
	struct storage s = op(b);

	ck_assert_int_eq(storage_sr_local(&s, SR_C, "a name", &info), -1);
	expect_code(&s, code);
}

static void
boot(struct bench *b)
{
	struct storage s = op(b);

	storage_forget(&s);
}

START_TEST(an_sr_is_made_once_and_then_found)
{
	struct xenops_vdi_info in = { .uuid = VDI_A, .size = MIB }, out;
	struct xenops_sr_info info;
	struct storage s;
	struct vec vdis;
	struct bench b;

	setup(&b);
	refuse_local(&b, XENOPS_CODE_NO_SUCH_DEVICE);
	b.env.own = own;
	own_device = NULL;
	refuse_local(&b, XENOPS_CODE_NO_SUCH_DEVICE);
	own_device = "/dev/sdx6";
	expect_local(&b, SR_A, SR_A);
	s = op(&b);
	ck_assert_int_eq(storage_vdi_create(&s, SR_A, &in, &out), 0);
	expect_local(&b, SR_B, SR_A);
	boot(&b);
	expect_local(&b, SR_C, SR_A);
	s = op(&b);
	ck_assert_int_eq(storage_sr_scan(&s, SR_A, &info, &vdis), 0);
	ck_assert_uint_eq(vdis.n, 1);
	ck_assert_int_eq(storage_vdi_destroy(&s, SR_A, VDI_A), 0);
	ck_assert_int_eq(storage_sr_destroy(&s, SR_A), 0);
	expect_local(&b, SR_B, SR_B);
	teardown(&b);
}
END_TEST

START_TEST(an_sr_that_is_being_made_is_waited_for)
{
	struct bench b;

	setup(&b);
	b.env.own = own;
	own_device = "/dev/sdx6";
	put(&b, "/sr/" SR_A ".sr", "type=2\ndevice=/dev/sdx6\n"
	    "state=creating\n");
	refuse_local(&b, XENOPS_CODE_IN_USE);
	teardown(&b);
}
END_TEST

/* -- on a device -- */

static void
setup_device(struct bench *b)
{
	setup(b);
	make_disk(b, 600 * MIB);
	b->env.own = own;
	b->env.loop_disks = false;	/* only the own device is one */
	own_device = b->disk;
	b->env.drivers[XENOPS_SR_TYPE_MEMORY] = &sr_driver_memory;
	b->env.drivers[XENOPS_SR_TYPE_FILE] = &sr_driver_file;
	b->env.drivers[XENOPS_SR_TYPE_LVM] = &sr_driver_lvm;
	b->env.lvm = arena_printf(b->arena, "%s/lvm", b->dir);
	put(b, "/lvm", "#!/bin/sh\ncommand=$1 config=$3\nshift 3\n"
	    "exec /usr/sbin/lvm \"$command\" "
	    "--config \"$config global{activation=0}\" \"$@\"\n");
	ck_assert_int_eq(chmod(b->env.lvm, 0700), 0);
}

static void
write_at(struct bench *b, const char *text, off_t at)
{
	int fd = open(b->disk, O_RDWR);

	ck_assert_int_eq(pwrite(fd, text, strlen(text), at), strlen(text));
	ck_assert_int_eq(close(fd), 0);
}

START_TEST(a_file_sr_on_the_partition_is_found)
{
	struct xenops_sr_create_args a = { .uuid = SR_A,
		.type = XENOPS_SR_TYPE_FILE };
	struct xenops_sr_info info;
	struct storage s;
	struct bench b;

	setup_device(&b);
	a.device = b.disk;
	s = op(&b);
	ck_assert_msg(storage_sr_create(&s, &a, &info) == 0, "%s",
	    s.text ? s.text : "");
	ck_assert_int_eq(storage_sr_detach(&s, SR_A), 0);
	boot(&b);
	expect_local(&b, SR_B, SR_A);
	s = op(&b);
	ck_assert_int_eq(storage_sr_destroy(&s, SR_A), 0);
	ck_assert_int_eq(disk_check_unused(&s, b.disk), 0);
	teardown(&b);
}
END_TEST

START_TEST(what_is_no_sr_is_left_alone)
{
	struct bench b;
	char got[8] = "";
	int fd;

	setup_device(&b);
	write_at(&b, "precious", 4096);
	refuse_local(&b, XENOPS_CODE_DEVICE_NOT_USABLE);
	fd = open(b.disk, O_RDONLY);
	ck_assert_int_eq(pread(fd, got, 8, 4096), 8);
	ck_assert_int_eq(memcmp(got, "precious", 8), 0);
	close(fd);
	teardown(&b);
}
END_TEST

/* -- what LVM leaves -- */

static struct sr
lvm_sr(struct bench *b, const char *uuid)
{
	struct sr sr = { .type = XENOPS_SR_TYPE_LVM, .lock_fd = -1,
		.drv = &sr_driver_lvm,
		.dir = arena_printf(b->arena, "%s/sr/%s", b->dir, uuid) };

	memcpy(sr.uuid, uuid, UUID_TEXT_LEN);
	snprintf(sr.device, sizeof(sr.device), "%s", b->disk);
	return sr;
}

static void
expect_found(struct bench *b, enum sr_found want, const char *uuid)
{
	struct sr sr = lvm_sr(b, SR_C);
	struct storage s = op(b);

	ck_assert_int_eq(sr_driver_lvm.identify(&s, &sr), want);
	if (want != SR_NONE)
		ck_assert_str_eq(sr.uuid, uuid);
	if (want != SR_HALF)
		return;
	ck_assert_int_eq(sr_driver_lvm.undo(&s, &sr), 0);
	ck_assert_int_eq(disk_check_unused(&s, b->disk), 0);
}

/* An LVM command about the device. */
static void
lvm_command(struct bench *b, const char *command, const char *option,
    const char *value, const char *group)
{
	const char *argv[] = { b->env.lvm, command, "--config",
		arena_printf(b->arena, "devices{filter=[\"a|^%s$|\",\"r|.*|\"] "
		"use_devicesfile=0}", b->disk), option, value, group,
		b->disk, NULL };
	struct storage s = op(b);

	if (!strcmp(command, "vgchange"))
		argv[7] = NULL;
	ck_assert_msg(storage_run(&s, argv, CHILD_DIES, 60000, NULL) == 0,
	    "%s", s.text ? s.text : "");
}

/* Here LVM can make the group, but for want of device-mapper no pool: so what
 * create leaves is what a power cut before the pool does. */
START_TEST(half_made_groups_are_told_from_whole_ones)
{
	struct storage s;
	struct bench b;
	struct sr sr;

	setup_device(&b);
	expect_found(&b, SR_NONE, NULL);
	write_at(&b, "precious", 4096);
	expect_found(&b, SR_NONE, NULL);
	s = op(&b);
	ck_assert_int_eq(disk_wipe(&s, b.disk), 0);
	/* a volume and no group yet */
	lvm_command(&b, "pvcreate", "-y", "--metadatasize", "64m");
	expect_found(&b, SR_HALF, "");
	/* a group without its pool */
	sr = lvm_sr(&b, SR_A);
	s = op(&b);
	ck_assert_int_eq(sr_driver_lvm.create(&s, &sr, ""), -1);
	expect_found(&b, SR_HALF, SR_A);
	/* one that is whole */
	s = op(&b);
	ck_assert_int_eq(sr_driver_lvm.create(&s, &sr, ""), -1);
	lvm_command(&b, "vgchange", "--deltag", "bedplate.making",
	    "bedplate-" SR_A);
	expect_found(&b, SR_WHOLE, SR_A);
	s = op(&b);
	ck_assert_int_eq(sr_driver_lvm.undo(&s, &sr), 0);
	/* somebody else's */
	lvm_command(&b, "vgcreate", "--addtag", "bedplate.making", "other");
	expect_found(&b, SR_NONE, NULL);
	refuse_local(&b, XENOPS_CODE_DEVICE_NOT_USABLE);
	expect_found(&b, SR_NONE, NULL);
	teardown(&b);
}
END_TEST

static int
run_on_loop_devices(void)
{
	int rc;

	if (!can_mount())
		return unit_skip("an SR on a loop device",
		    "needs root and mke2fs");
	rc = UNIT_RUN("local SR on a device",
	    a_file_sr_on_the_partition_is_found, what_is_no_sr_is_left_alone);
	if (access("/usr/sbin/lvm", X_OK) == -1)
		return unit_skip("half-made LVM groups", "needs lvm2") || rc;
	return UNIT_RUN("half-made LVM groups",
	    half_made_groups_are_told_from_whole_ones) || rc;
}

int
main(void)
{
	int rc = UNIT_RUN("local SR",
	    the_partition_is_the_one_of_the_running_installation,
	    an_sr_is_made_once_and_then_found,
	    an_sr_that_is_being_made_is_waited_for);

	return run_on_loop_devices() || rc ? EXIT_FAILURE : EXIT_SUCCESS;
}
