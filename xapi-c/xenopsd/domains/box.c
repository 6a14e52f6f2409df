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
 * Of dom0 it has its own guest's disks and the taps of its emulated NICs, which
 * are opened before they go out of reach and handed over as descriptors
 * (lend.h).
 *
 * libxl's dm_restrict does the rest, once QEMU has opened what it was given: a
 * user of the domain's own, an empty root folder, and the hypervisor's word
 * that QEMU reaches no other domain.  A guest's QEMU without that does not
 * start.  Started as root by a worker of xenopsd; the group goes with the
 * domain (model.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/vm_limits.h"
#include "xenopsd/core/tree.h"
#include "xenopsd/domains/group.h"
#include "xenopsd/domains/lend.h"

#define QEMU "/usr/lib/xen/bin/qemu-system-i386"
#define ROMS "/usr/lib/xen/share/qemu"
#define ARGS_MAX 1024

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

/* Where args ends with what QEMU is told of it; NULL: nothing of it is for
 * QEMU. */
static char **
lend(char **argv, char **args)
{
	int n = lend_disks(argv, args);

	if (n == -1) {
		fail("open a disk");
		return NULL;
	}
	if (lend_taps(argv) == -1) {
		fail("open a NIC's tap");
		return NULL;
	}
	return args + n;
}

int
main(int argc, char **argv)
{
	static char program[] = QEMU, roms_option[] = "-L", roms[] = ROMS;
	char *args[ARGS_MAX + 3 + LEND_WORDS] = { program, roms_option, roms };
	char **next = args + 3;

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
	next = lend(argv, next);
	if (!next)
		return 1;
	if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC |
	    CLONE_NEWUTS) == -1) {
		fail("leave dom0's namespaces");
		return 1;
	}
	if (build_tree(is_probe(argv)) || set_limits())
		return 1;
	memcpy(next, argv + 1, (size_t)argc * sizeof(*argv));
	if (confine_model())
		return 1;
	execv(QEMU, args);
	fail("start " QEMU);
	return 1;
}
