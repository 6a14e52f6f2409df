/*
 * bedplate-box over a kernel of the test's making: what QEMU is started with,
 * in which order dom0 is left behind, and that it is not started otherwise.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fake_mount(const char *from, const char *to, const char *type,
    unsigned long flags, const void *data);
static int fake_call(const char *name);
static int fake_mkdir(const char *path);
static int fake_exec(const char *path, char **argv);
static int fake_group(const char *domid);
static int fake_open(const char *path, int flags);
static int fake_tap(int fd, const char *name);
static int fake_fstat(int fd, unsigned *mode);
int box_main(int argc, char **argv);

#include "base/confine.h"
#include "xenopsd/domains/group.h"

#define group_join(folder, domid) fake_group(domid)
#define confine_model() fake_call("calls")
#define mount(from, to, type, flags, data) \
	fake_mount(from, to, type, flags, data)
#define mkdir(path, mode) fake_mkdir(path)
#define stat(path, st) ((void)(path), (st)->st_mode = S_IFDIR, 0)
#define mknod(path, mode, dev) fake_mkdir(path)
#define umount2(path, flags) fake_call("umount " path)
#define chdir(path) fake_call("chdir " path)
#define syscall(...) fake_call("pivot")
#define unshare(flags) fake_call("unshare")
#define setrlimit(resource, limit) ((void)(limit), fake_call("limit"))
#define prctl(...) fake_call("no_new_privs")
#define execv(path, argv) fake_exec(path, argv)
#define open(path, flags) fake_open(path, flags)
#define fstat(fd, st) fake_fstat(fd, &(st)->st_mode)
#define ioctl(fd, request, ifr) fake_tap(fd, (ifr)->ifr_name)
#define write(fd, text, n) ((void)(fd), (ssize_t)(n))
#define main box_main
#include "../../xapi-c/xenopsd/core/tree.c"
#include "../../xapi-c/xenopsd/domains/lend.c"
#include "../../xapi-c/xenopsd/domains/box.c"
#undef main
#undef write
#undef ioctl
#undef fstat
#undef open
#undef execv
#undef prctl
#undef setrlimit
#undef unshare
#undef syscall
#undef chdir
#undef umount2
#undef mknod
#undef stat
#undef mkdir
#undef mount
#undef confine_model
#undef group_join

#define fail ck_fail
#include "unit.h"
#undef fail

static char calls[2048];
static const char *failing;

static void
note(const char *text)
{
	size_t n = strlen(calls);

	snprintf(calls + n, sizeof(calls) - n, "%s\n", text);
}

static int
fake_call(const char *name)
{
	note(name);
	if (!failing || strcmp(failing, name) != 0)
		return 0;
	errno = EPERM;
	return -1;
}

static int
fake_mount(const char *from, const char *to, const char *type,
    unsigned long flags, const void *data)
{
	char text[512];

	(void)data;
	snprintf(text, sizeof(text), "%s %s %s%s", flags & MS_REMOUNT ?
	    "remount" : flags & MS_PRIVATE ? "private" : "mount",
	    from ? from : type ? type : "-", to,
	    flags & MS_RDONLY ? " ro" : "");
	return fake_call(text);
}

static int
fake_group(const char *domid)
{
	char text[32];

	snprintf(text, sizeof(text), "group %s", domid);
	return fake_call(text);
}

static int opened[16], n_opened;		/* the disks, as they came */

static int
fake_open(const char *path, int flags)
{
	char text[512];

	if (!strcmp(path, "/proc/self/oom_score_adj"))
		return fake_call("oom") ? -1 : dup(1);
	if (!strcmp(path, "/dev/net/tun"))
		return fake_call(path) ? -1 : dup(1);
	snprintf(text, sizeof(text), "%s%s", path, flags == O_RDONLY ? " ro" :
	    flags == O_RDWR ? " rw" : " ?");
	if (fake_call(text))
		return -1;
	ck_assert_int_lt(n_opened, 16);
	opened[n_opened] = dup(1);
	return opened[n_opened++];
}

static bool no_devices;		/* what is opened is a file */

static int
fake_fstat(int fd, unsigned *mode)
{
	(void)fd;
	*mode = no_devices ? S_IFREG : S_IFBLK;
	return 0;
}

static int tap;			/* the last one that was made */

static int
fake_tap(int fd, const char *name)
{
	char text[32];

	tap = fd;
	snprintf(text, sizeof(text), "tap %s", name);
	return fake_call(text);
}

static int
fake_mkdir(const char *path)
{
	ck_assert_msg(!strncmp(path, "/mnt/", 5), "%s", path);
	return 0;
}

static int
fake_exec(const char *path, char **argv)
{
	note(path);
	for (; *argv; argv++)
		note(*argv);
	errno = ENOENT;
	return -1;
}

static int
run(const char *const *args)
{
	char *argv[32] = { (char[]){ "box" } };
	int n = 1;

	for (; *args; args++)
		argv[n++] = (char *)(uintptr_t)*args;
	calls[0] = '\0';
	return box_main(n, argv);
}

static const char *const restricted[] = { "-xen-domid", "7",
	"-xen-domid-restrict", "-run-with", "user=131079:131072", "-run-with",
	"chroot=/c", NULL };

START_TEST(qemu_starts_where_nothing_else_is)
{
	ck_assert_int_eq(run(restricted), 1);	/* there is none here */
	ck_assert_str_eq(calls, "oom\ngroup 7\nunshare\nprivate - /\nmount box /mnt\n"
	    "mount /usr/lib/xen /mnt/usr/lib/xen\n"
	    "remount - /mnt/usr/lib/xen ro\n"
	    "mount /dev /mnt/dev\nremount - /mnt/dev ro\n"
	    "mount /run/xen /mnt/run/xen\nremount - /mnt/run/xen\n"
	    "mount /run/xenstored /mnt/run/xenstored\n"
	    "remount - /mnt/run/xenstored ro\n"
	    "chdir /mnt\npivot\numount .\nchdir /\nremount - / ro\n"
	    "limit\nlimit\nlimit\nlimit\nlimit\nno_new_privs\ncalls\n"
	    QEMU "\n" QEMU "\n-L\n" ROMS "\n-xen-domid\n7\n"
	    "-xen-domid-restrict\n-run-with\nuser=131079:131072\n"
	    "-run-with\nchroot=/c\n");
}
END_TEST

#define NETDEV(name) "type=tap,id=net3,ifname=" name ",br=xenbr1,script=no"

START_TEST(its_nics_come_as_descriptors)
{
	static const char *const words[] = { "-xen-domid", "7",
		"-xen-domid-restrict", "-run-with", "user=131079:131072",
		"-run-with", "chroot=/c", "-device",
		"rtl8139,id=nic3,netdev=net3", "-netdev", NETDEV("vif7.3-emu"),
		NULL };
	char want[64];

	ck_assert_int_eq(run(words), 1);
	snprintf(want, sizeof(want), "\n-netdev\ntype=tap,id=net3,fd=%d\n", tap);
	ck_assert_ptr_nonnull(strstr(calls, want));
	/* while dom0's network is in reach */
	ck_assert_ptr_nonnull(strstr(calls,
	    "/dev/net/tun\ntap vif7.3-emu\nunshare\n"));
	close(tap);
	failing = "/dev/net/tun";
	ck_assert_int_eq(run(words), 1);
	ck_assert_ptr_null(strstr(calls, "unshare"));
	failing = "tap vif7.3-emu";
	ck_assert_int_eq(run(words), 1);
	ck_assert_ptr_null(strstr(calls, "unshare"));
	failing = NULL;
}
END_TEST

START_TEST(what_is_no_tap_of_libxls_starts_nothing)
{
	static const char *const bad[] = { NETDEV(""),
		NETDEV("vif4294967295.3-emu"), "type=tap,id=net3",
		"type=tap,id=a-name-that-libxl-would-not-give,ifname=vif7.3-emu" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *words[] = { "-xen-domid", "7",
			"-xen-domid-restrict", "-run-with",
			"user=131079:131072", "-run-with", "chroot=/c",
			"-netdev", bad[i], NULL };

		ck_assert_int_eq(run(words), 1);
		ck_assert_ptr_null(strstr(calls, "unshare"));
	}
}
END_TEST

#define RESTRICTED "-xen-domid", "7", "-xen-domid-restrict", "-run-with", \
	"user=131079:131072", "-run-with", "chroot=/c"
#define IDE(path, n) "-drive", "file=" path ",if=ide,index=" #n \
	",media=disk,format=raw,cache=writeback"
#define CD "if=none,readonly=on,id=ide-832,file=/dev/dm-9,format=raw"

static void
close_disks(void)
{
	while (n_opened)
		close(opened[--n_opened]);
}

/* To read and to write, while dom0's devices are in reach. */
START_TEST(its_disks_come_as_descriptors)
{
	static const char *const words[] = { RESTRICTED, IDE("/dev/dm-5", 0),
		"-drive", CD, IDE("/dev/vg/lv", 1), "-drive",
		"file=/dev/loop3,id=scsi0-hd2,format=raw,if=none,readonly=on,"
		"cache=writeback", NULL };
	char want[1024];

	ck_assert_int_eq(run(words), 1);
	ck_assert_ptr_nonnull(strstr(calls, "/dev/dm-5 ro\n/dev/dm-5 rw\n"
	    "/dev/vg/lv ro\n/dev/vg/lv rw\n/dev/loop3 ro\nunshare\n"));
	ck_assert_int_eq(n_opened, 5);
	snprintf(want, sizeof(want), "\n-L\n" ROMS "\n"
	    "-add-fd\nfd=%d,set=0\n-add-fd\nfd=%d,set=0\n"
	    "-add-fd\nfd=%d,set=1\n-add-fd\nfd=%d,set=1\n"
	    "-add-fd\nfd=%d,set=2\n-xen-domid\n7\n", opened[0], opened[1],
	    opened[2], opened[3], opened[4]);
	ck_assert_ptr_nonnull(strstr(calls, want));
	for (int i = 0; i < n_opened; i++)
		ck_assert_int_eq(fcntl(opened[i], F_GETFD), 0);
	ck_assert_ptr_nonnull(strstr(calls, "\n-drive\n"
	    "file=/dev/fdset/0,file.locking=off,if=ide,index=0,media=disk,"
	    "format=raw,cache=writeback\n-drive\n" CD "\n-drive\n"
	    "file=/dev/fdset/1,file.locking=off,if=ide,index=1,media=disk,"
	    "format=raw,cache=writeback\n-drive\n"
	    "file=/dev/fdset/2,file.locking=off,id=scsi0-hd2,format=raw,"
	    "if=none,readonly=on,cache=writeback\n"));
	close_disks();
}
END_TEST

static void
starts_nothing(const char *const *words)
{
	ck_assert_int_eq(run(words), 1);
	ck_assert_ptr_null(strstr(calls, "unshare"));
	close_disks();
}

START_TEST(a_disk_that_does_not_open_starts_nothing)
{
	static const char *const words[] = { RESTRICTED, IDE("/dev/dm-5", 0),
		NULL };

	failing = "/dev/dm-5 ro";
	starts_nothing(words);
	failing = "/dev/dm-5 rw";
	starts_nothing(words);
	failing = NULL;
	no_devices = true;
	starts_nothing(words);
	no_devices = false;
}
END_TEST

#define LONG_32 "0123456789abcdef0123456789abcdef"
#define LONG_256 LONG_32 LONG_32 LONG_32 LONG_32 LONG_32 LONG_32 LONG_32 LONG_32

START_TEST(what_is_no_disk_of_libxls_starts_nothing)
{
	static const char *const elsewhere[] = { RESTRICTED,
		IDE("/etc/shadow", 0), NULL };
	static const char *const relative[] = { RESTRICTED, IDE("dev/dm-5", 0),
		NULL };
	static const char *const none[] = { RESTRICTED, IDE("", 0), NULL };
	static const char *const path[] = { RESTRICTED,
		IDE("/dev/" LONG_256, 0), NULL };
	static const char *const rest[] = { RESTRICTED, "-drive",
		"file=/dev/dm-5,id=" LONG_256, NULL };
	static const char *const five[] = { RESTRICTED, IDE("/dev/dm-5", 0),
		IDE("/dev/dm-6", 1), IDE("/dev/dm-7", 2), IDE("/dev/dm-8", 3),
		IDE("/dev/dm-9", 4), NULL };

	starts_nothing(elsewhere);
	ck_assert_ptr_null(strstr(calls, "/etc"));	/* nor opened */
	starts_nothing(relative);
	starts_nothing(none);
	starts_nothing(path);
	starts_nothing(rest);
	starts_nothing(five);
	ck_assert_ptr_null(strstr(calls, "/dev/dm-9"));
}
END_TEST

/* An option at the end without its value, one of another kind. */
START_TEST(what_has_no_disk_is_left_as_it_is)
{
	static const char *const words[] = { RESTRICTED, "-drive",
		"if=none,readonly=on,id=ide-832", "-device", "file=/dev/dm-5",
		"-drive", NULL };

	ck_assert_int_eq(run(words), 1);
	ck_assert_ptr_nonnull(strstr(calls, "chroot=/c\n-drive\n"
	    "if=none,readonly=on,id=ide-832\n-device\nfile=/dev/dm-5\n"
	    "-drive\n"));
	ck_assert_ptr_null(strstr(calls, "-add-fd"));
}
END_TEST

/* It ends while libxl already makes the socket of the guest's QEMU. */
START_TEST(a_probe_removes_nothing_that_is_xens)
{
	static const char *const probe[] = { "-S", "-machine",
		"none,accel=xen", NULL };

	ck_assert_int_eq(run(probe), 1);
	ck_assert_ptr_nonnull(strstr(calls, "remount - /mnt/run/xen ro\n"));
	ck_assert_ptr_nonnull(strstr(calls, QEMU));
	ck_assert_ptr_null(strstr(calls, "group"));
}
END_TEST

START_TEST(a_guests_qemu_is_restricted_or_not_started)
{
	static const char *const open_one[] = { "-xen-domid", "7",
		"-run-with", "user=1:1", "-run-with", "chroot=/c", NULL };
	static const char *const root[] = { "-xen-domid", "7",
		"-xen-domid-restrict", "-run-with", "chroot=/c", NULL };
	static const char *const none[] = { NULL };

	ck_assert_int_eq(run(open_one), 1);
	ck_assert_str_eq(calls, "");
	ck_assert_int_eq(run(root), 1);
	ck_assert_str_eq(calls, "");
	ck_assert_int_eq(run(none), 2);
	ck_assert_str_eq(calls, "");
}
END_TEST

/* Each step of the box, failing: QEMU is not started. */
START_TEST(half_a_box_is_none)
{
	static const char *const steps[] = { "oom", "group 7", "unshare", "private - /",
		"mount box /mnt", "mount /dev /mnt/dev",
		"remount - /mnt/dev ro", "chdir /mnt", "pivot", "umount .",
		"chdir /", "remount - / ro", "limit", "no_new_privs", "calls" };

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		failing = steps[i];
		ck_assert_int_eq(run(restricted), 1);
		ck_assert_ptr_nonnull(strstr(calls, steps[i]));
		ck_assert_ptr_null(strstr(calls, QEMU));
	}
	failing = NULL;
}
END_TEST

int
main(void)
{
	return UNIT_RUN("box", qemu_starts_where_nothing_else_is,
	    a_probe_removes_nothing_that_is_xens,
	    a_guests_qemu_is_restricted_or_not_started, half_a_box_is_none,
	    its_nics_come_as_descriptors,
	    what_is_no_tap_of_libxls_starts_nothing,
	    its_disks_come_as_descriptors,
	    a_disk_that_does_not_open_starts_nothing,
	    what_is_no_disk_of_libxls_starts_nothing,
	    what_has_no_disk_is_left_as_it_is);
}
