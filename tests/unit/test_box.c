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
static int fake_open(const char *path);
static int fake_tap(int fd, const char *name);
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
#define open(path, flags) fake_open(path)
#define ioctl(fd, request, ifr) fake_tap(fd, (ifr)->ifr_name)
#define write(fd, text, n) ((void)(fd), (ssize_t)(n))
#define main box_main
#include "../../xapi-c/xenopsd/core/tree.c"
#include "../../xapi-c/xenopsd/domains/box.c"
#undef main
#undef write
#undef ioctl
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

static int
fake_open(const char *path)
{
	const char *name = !strcmp(path, "/proc/self/oom_score_adj") ? "oom" :
	    path;

	return fake_call(name) ? -1 : dup(1);
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
	char *argv[16] = { (char[]){ "box" } };
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
	    what_is_no_tap_of_libxls_starts_nothing);
}
