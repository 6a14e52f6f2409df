/* Asking disks whether they are unused: one that hangs holds up nobody. */
#include "xenopsd/storage/look.h"

#include <errno.h>
#include <linux/fuse.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "storage_bench.h"
#include "unit.h"
#include "xenopsd/machine/hostinfo.h"

#define GENEROUS_MS 30000	/* a hang of the code under test lasts for ever */

static const char *const devices[] = { "/dev/sda", "/dev/sdb", "/dev/sdc" };

/* sda is unused, sdb never answers, sdc is used; who is asked leaves a file. */
static bool
fake_disk(const struct storage_env *env, struct arena *a, const char *device)
{
	const char *path = arena_printf(a, "%s/asked-%s", env->run_dir,
	    device + strlen("/dev/"));

	close(open(path, O_CREAT | O_WRONLY, 0600));
	while (!strcmp(device, "/dev/sdb"))
		pause();
	return !strcmp(device, "/dev/sda");
}

static bool
was_asked(struct bench *b, const char *name)
{
	const char *path = arena_printf(b->arena, "%s/asked-%s", b->dir, name);
	bool asked = access(path, F_OK) == 0;

	unlink(path);
	return asked;
}

START_TEST(a_disk_that_hangs_holds_nobody)
{
	int64_t start = clock_mono_ms();
	struct bench b;

	setup(&b);
	ck_assert(!disk_noted_unused(&b.env, b.arena, "/dev/sda"));
	disks_look_at(&b.env, devices, 3, fake_disk, 2000);
	ck_assert_int_lt(clock_mono_ms() - start, GENEROUS_MS);
	ck_assert(disk_noted_unused(&b.env, b.arena, "/dev/sda"));
	ck_assert(!disk_noted_unused(&b.env, b.arena, "/dev/sdb"));
	ck_assert(!disk_noted_unused(&b.env, b.arena, "/dev/sdc"));
	ck_assert(!disk_noted_unused(&b.env, b.arena, "/dev/sd"));
	ck_assert(was_asked(&b, "sdb"));
	teardown(&b);
}
END_TEST

START_TEST(a_disk_that_still_hangs_is_not_asked_again)
{
	struct bench b;
	int fd;

	setup(&b);
	/* what a process that no signal ends would hold */
	fd = open(arena_printf(b.arena, "%s/disk-sdb.lock", b.dir),
	    O_RDWR | O_CREAT, 0600);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	disks_look_at(&b.env, devices, 3, fake_disk, GENEROUS_MS);
	ck_assert(was_asked(&b, "sda"));
	ck_assert(!was_asked(&b, "sdb"));
	ck_assert(disk_noted_unused(&b.env, b.arena, "/dev/sda"));
	ck_assert(!disk_noted_unused(&b.env, b.arena, "/dev/sdb"));
	close(fd);
	teardown(&b);
}
END_TEST

/*
 * A file system with one file, "disk", whose reads are never answered: a loop
 * device of it hangs whoever reads, as a dying disk does.
 */
static struct fuse_attr
attr_of(uint64_t node)
{
	return (struct fuse_attr){ .ino = node, .nlink = 1,
		.size = node == FUSE_ROOT_ID ? 0 : 64 * MIB,
		.mode = node == FUSE_ROOT_ID ? S_IFDIR | 0700 : S_IFREG | 0600 };
}

static void
answer(int fd, uint64_t unique, int error, const void *data, size_t len)
{
	char bytes[512];
	struct fuse_out_header h = { .len = (uint32_t)(sizeof(h) + len),
		.error = error, .unique = unique };

	memcpy(bytes, &h, sizeof(h));
	if (len)
		memcpy(bytes + sizeof(h), data, len);
	if (write(fd, bytes, h.len) == -1)
		fprintf(stderr, "fuse: %s\n", strerror(errno));
}

static void
serve_one(int fd, const struct fuse_in_header *in)
{
	const struct fuse_init_out init = { .major = FUSE_KERNEL_VERSION,
		.minor = 31, .max_write = 65536 };
	const struct fuse_entry_out entry = { .nodeid = 2, .attr = attr_of(2),
		.entry_valid = 1000, .attr_valid = 1000 };
	const struct fuse_attr_out attr = { .attr_valid = 1000,
		.attr = attr_of(in->nodeid) };
	const struct fuse_open_out opened = { .fh = 1 };

	switch (in->opcode) {
	case FUSE_INIT:
		answer(fd, in->unique, 0, &init, sizeof(init));
		break;
	case FUSE_LOOKUP:
		answer(fd, in->unique, 0, &entry, sizeof(entry));
		break;
	case FUSE_GETATTR:
		answer(fd, in->unique, 0, &attr, sizeof(attr));
		break;
	case FUSE_OPEN:
		answer(fd, in->unique, 0, &opened, sizeof(opened));
		break;
	case FUSE_READ:
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break;
	default:
		answer(fd, in->unique, -ENOSYS, NULL, 0);
	}
}

static pid_t
serve(int fd)
{
	static union {
		struct fuse_in_header head;
		char bytes[1 << 18];
	} in;
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(fd, in.bytes, sizeof(in)) > 0)
		serve_one(fd, &in.head);
	_exit(0);
}

struct dying {
	struct bench b;
	const char *folder;
	const char *device;
	pid_t server;
};

static void
dying_setup(struct dying *d)
{
	struct storage s;
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	setup(&d->b);
	s = op(&d->b);
	ck_assert_int_ne(fd, -1);
	d->folder = arena_printf(d->b.arena, "%s/fuse", d->b.dir);
	ck_assert_int_eq(mkdir(d->folder, 0700), 0);
	ck_assert_int_eq(mount("dying", d->folder, "fuse", 0,
	    arena_printf(d->b.arena, "fd=%d,rootmode=40000,user_id=0,"
	    "group_id=0", fd)), 0);
	d->server = serve(fd);
	close(fd);
	ck_assert_msg(loop_attach(&s, arena_printf(d->b.arena, "%s/disk",
	    d->folder), true, "dying", &d->device) == 0, "%s",
	    s.text ? s.text : "");
}

static void
dying_teardown(struct dying *d)
{
	struct storage s = op(&d->b);

	/* now reads fail, and what hung goes on */
	kill(d->server, SIGKILL);
	waitpid(d->server, NULL, 0);
	ck_assert_int_eq(loop_detach(&s, d->device, "dying"), 0);
	umount2(d->folder, MNT_DETACH);
	teardown(&d->b);
}

/* What the main process does; true if it came back in time. */
static bool
tells_of_the_machine(struct dying *d)
{
	struct pollfd p = { .events = POLLIN };
	struct xenops_host_info h;
	pid_t pid = fork();
	bool ended;

	if (pid == 0) {
		hostinfo_fill(d->b.arena, "", d->b.dir, &d->b.env, &h);
		_exit(h.disks.n > 0 ? 0 : 1);
	}
	p.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	ended = poll(&p, 1, GENEROUS_MS) == 1;
	close(p.fd);
	if (!ended)
		kill(pid, SIGKILL);
	return ended;
}

START_TEST(the_main_process_touches_no_dying_disk)
{
	int64_t start = clock_mono_ms();
	struct dying d;
	bool ok;

	dying_setup(&d);
	disks_look_at(&d.b.env, &d.device, 1, disk_looks_unused, 1000);
	ok = clock_mono_ms() - start < GENEROUS_MS &&
	    !disk_noted_unused(&d.b.env, d.b.arena, d.device) &&
	    tells_of_the_machine(&d);
	dying_teardown(&d);
	ck_assert(ok);
}
END_TEST

/* Attaches the good disk's SR, told where it was or not, and looks for one that
 * is nowhere: what a worker does. */
static bool
finds_what_is_there(struct bench *b, const char *device)
{
	struct sr nowhere = { .uuid = VDI_A, .type = XENOPS_SR_TYPE_FILE,
		.drv = &sr_driver_file };
	struct xenops_sr_info info;
	struct storage s = op(b);

	if (storage_sr_attach(&s, SR_A, XENOPS_SR_TYPE_FILE, device, &info) ||
	    strcmp(info.device, b->disk) || storage_sr_detach(&s, SR_A))
		return false;
	return disks_find(&s, &nowhere, 1000) == -1 &&
	    s.code == XENOPS_CODE_NO_SUCH_SR;
}

static bool
finds_in_time(struct bench *b, const char *device)
{
	struct pollfd p = { .events = POLLIN };
	pid_t pid = fork();
	int status = -1;

	if (pid == 0)
		_exit(finds_what_is_there(b, device) ? 0 : 1);
	p.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (poll(&p, 1, GENEROUS_MS) == 1)
		waitpid(pid, &status, 0);
	else
		kill(pid, SIGKILL);
	close(p.fd);
	return status == 0;
}

START_TEST(an_sr_is_found_beside_a_dying_disk)
{
	struct xenops_sr_create_args a = { .uuid = SR_A,
		.type = XENOPS_SR_TYPE_FILE };
	struct xenops_sr_info info;
	struct dying d;
	struct storage s;
	bool ok;

	dying_setup(&d);
	d.b.env.drivers[XENOPS_SR_TYPE_FILE] = &sr_driver_file;
	make_disk(&d.b, 64 * MIB);
	a.device = d.b.disk;
	s = op(&d.b);
	ok = storage_sr_create(&s, &a, &info) == 0 &&
	    storage_sr_detach(&s, SR_A) == 0 &&
	    finds_in_time(&d.b, d.b.disk) && finds_in_time(&d.b, NULL) &&
	    finds_in_time(&d.b, "/dev/null/no such");
	dying_teardown(&d);
	ck_assert(ok);
}
END_TEST

int
main(void)
{
	int rc = UNIT_RUN("looking at disks", a_disk_that_hangs_holds_nobody,
	    a_disk_that_still_hangs_is_not_asked_again);

	if (!can_mount() || access("/dev/fuse", R_OK | W_OK) == -1)
		return unit_skip("a dying disk",
		    "needs root, loop devices and FUSE") || rc ?
		    EXIT_FAILURE : EXIT_SUCCESS;
	return UNIT_RUN("a dying disk",
	    the_main_process_touches_no_dying_disk,
	    an_sr_is_found_beside_a_dying_disk) || rc ?
	    EXIT_FAILURE : EXIT_SUCCESS;
}
