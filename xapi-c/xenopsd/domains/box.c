/*
 * bedplate-box: what libxl runs as an HVM guest's device model.  It builds a
 * box around itself and becomes QEMU in it:
 *
 *   - a read-only tree of a few mounts, the rest of dom0 unmounted, so that
 *     QEMU also holds no file system busy that somebody detaches;
 *   - namespaces of its own for mounts, network (no interface), IPC and names;
 *   - limits, a control group for its memory and processors, and the first to
 *     go when dom0's memory is short;
 *   - the system calls that a device model needs, others fail.
 *
 * Of dom0's network it has the taps of its own guest's emulated NICs, which are
 * made before the network goes out of reach and handed over as descriptors.
 *
 * libxl's dm_restrict does the rest, once QEMU has opened what it was given: a
 * user of the domain's own, an empty root folder, and the hypervisor's word
 * that QEMU reaches no other domain.  A guest's QEMU without that does not
 * start.  Started as root by a worker of xenopsd; the group goes with the
 * domain (model.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/vm_limits.h"
#include "xenopsd/core/tree.h"
#include "xenopsd/domains/group.h"

#define QEMU "/usr/lib/xen/bin/qemu-system-i386"
#define ROMS "/usr/lib/xen/share/qemu"
#define ARGS_MAX 1024
#define TAP "type=tap,id="	/* how libxl's words for one begin */

/* What QEMU opens before it is restricted. */
static const struct tree_part parts[] = {
	{ "/usr/lib/xen", .flags = MS_RDONLY | MS_NOSUID | MS_NODEV },
	{ "/dev", .flags = MS_RDONLY | MS_NOSUID | MS_NOEXEC },
	{ "/run/xen", .flags = MS_NOSUID | MS_NODEV | MS_NOEXEC },
	{ "/run/xenstored", .flags = MS_RDONLY | MS_NOSUID | MS_NODEV |
	    MS_NOEXEC },
};

static const struct {
	int resource;
	rlim_t limit;
} limits[] = {
	/* stacks of threads most of all; the guest's memory is not counted */
	{ RLIMIT_DATA, 1 << 30 },
	{ RLIMIT_NPROC, 128 },		/* threads: 64 for disks at most */
	{ RLIMIT_NOFILE, 512 },		/* 255 disks, and its own */
	{ RLIMIT_CORE, 0 },
	/* its picture is a file in memory, for which libxl leaves no room;
	 * its log is on a file system of its own size */
	{ RLIMIT_FSIZE, VM_MAX_VIDEORAM },
};

static int
fail(const char *what)
{
	fprintf(stderr, "bedplate-box: cannot %s: %s\n", what,
	    strerror(errno));
	return -1;
}

/* begin: how the option's value begins; NULL: it has none. */
static bool
has(char **argv, const char *option, const char *begin)
{
	for (; *argv; argv++) {
		if (!strcmp(*argv, option) && (!begin || (argv[1] &&
		    !strncmp(argv[1], begin, strlen(begin)))))
			return true;
	}
	return false;
}

/* The word after an option; NULL: there is none. */
static const char *
word_after(char **argv, const char *option)
{
	for (; *argv; argv++) {
		if (!strcmp(*argv, option))
			return argv[1];
	}
	return NULL;
}

/* Without a guest: libxl only asks for its options. */
static bool
is_probe(char **argv)
{
	return !has(argv, "-xen-domid", NULL);
}

static bool
is_restricted(char **argv)
{
	return has(argv, "-xen-domid-restrict", NULL) &&
	    has(argv, "-run-with", "user=") &&
	    has(argv, "-run-with", "chroot=");
}

/*
 * A probe changes nothing of it: on its way out it would remove the socket that
 * libxl has made at the same path for the guest's QEMU.
 */
static int
build_tree(bool probe)
{
	const char *what;

	return tree_enter(parts, sizeof(parts) / sizeof(parts[0]),
	    probe ? MS_RDONLY : 0, &what) ? fail(what) : 0;
}

static int
set_limits(void)
{
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct rlimit r = { limits[i].limit, limits[i].limit };

		if (setrlimit(limits[i].resource, &r) == -1)
			return fail("set the limits");
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return fail("give up privileges to come");
	return 0;
}

/* Before the tree: /proc is not in it. */
static int
offer_to_oom_killer(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	int rc = fd != -1 && write(fd, "800", 3) == 3 ? 0 :
	    fail("offer itself when memory is short");

	if (fd != -1)
		close(fd);
	return rc;
}

/* An interface of that name, with QEMU's end as a descriptor that it inherits.
 * It is gone with QEMU. */
static int
open_tap(const char *name, size_t len)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd;

	if (len == 0 || len >= sizeof(ifr.ifr_name)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(ifr.ifr_name, name, len);
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
	if (fd != -1 && ioctl(fd, TUNSETIFF, &ifr) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

/* "type=tap,id=net0,ifname=vif7.0-emu,..." with a descriptor for the name. */
static char *
lend_tap(const char *words)
{
	static char lent[VM_EMULATED_NICS][64];
	static size_t n;
	const char *id = words + strlen(TAP);
	const char *name = strstr(words, ",ifname=");
	int fd;

	if (!name || n == VM_EMULATED_NICS || strcspn(id, ",") > 16) {
		errno = EINVAL;
		return NULL;
	}
	name += strlen(",ifname=");
	fd = open_tap(name, strcspn(name, ","));
	if (fd == -1)
		return NULL;
	snprintf(lent[n], sizeof(lent[n]), TAP "%.*s,fd=%d",
	    (int)strcspn(id, ","), id, fd);
	return lent[n++];
}

static int
lend_taps(char **argv)
{
	for (; argv[0] && argv[1]; argv++) {
		if (strcmp(argv[0], "-netdev") != 0 ||
		    strncmp(argv[1], TAP, strlen(TAP)) != 0)
			continue;
		argv[1] = lend_tap(argv[1]);
		if (!argv[1])
			return fail("open a NIC's tap");
	}
	return 0;
}

int
main(int argc, char **argv)
{
	static char program[] = QEMU, roms_option[] = "-L", roms[] = ROMS;
	char *args[ARGS_MAX + 3] = { program, roms_option, roms };
	int n = 3;

	if (argc < 2 || argc > ARGS_MAX) {
		fprintf(stderr, "usage: bedplate-box QEMU'S OPTIONS, run by "
		    "libxl\n");
		return 2;
	}
	if (!is_probe(argv) && !is_restricted(argv)) {
		fprintf(stderr, "bedplate-box: QEMU is not to run without "
		    "restriction\n");
		return 1;
	}
	if (offer_to_oom_killer())
		return 1;
	if (!is_probe(argv) && group_join(GROUP_DIR,
	    word_after(argv, "-xen-domid"))) {
		fail("join a control group");
		return 1;
	}
	if (lend_taps(argv))
		return 1;
	if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC |
	    CLONE_NEWUTS) == -1) {
		fail("leave dom0's namespaces");
		return 1;
	}
	if (build_tree(is_probe(argv)) || set_limits())
		return 1;
	for (int i = 1; i < argc; i++)
		args[n++] = argv[i];
	args[n] = NULL;
	if (confine_model())
		return 1;
	execv(QEMU, args);
	fail("start " QEMU);
	return 1;
}
