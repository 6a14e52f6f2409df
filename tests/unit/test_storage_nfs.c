/*
 * SRs on NFS servers.  What has no server is here for everybody; with
 * $NFS_TEST_SERVER, a server whose exports /disks and /images (with cd.iso of
 * 4096 bytes in it) this root may mount, they are: that is for the appliance.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "storage_bench.h"
#include "unit.h"
#include "xenopsd/storage/mark.h"
#include "xenopsd/storage/mounts.h"
#include "xenopsd/storage/nfs.h"

#define HOST_A "66666666-0000-4000-8000-000000000001"
#define HOST_B "66666666-0000-4000-8000-000000000002"

static void
expect_place(struct bench *b, const char *text, const char *server,
    const char *path)
{
	struct storage s = op(b);
	struct nfs_place p;

	ck_assert_msg(nfs_parse(&s, text, &p) == 0, "%s", s.text);
	ck_assert_str_eq(p.server, server);
	ck_assert_str_eq(p.path, path);
}

START_TEST(a_place_is_a_server_and_a_path)
{
	static const char *const bad[] = { "", "any", "any,", "any,server",
		"any,:/x", "any,server:x", "server:/x", "5,server:/x",
		"any,ser ver:/x", "any,-o:/x", "any,a,b:/x",
		"any,server:/a\nb", "any,server:/a\x7f" };
	struct nfs_place p;
	struct storage s;
	struct bench b;

	setup(&b);
	expect_place(&b, "any,nas.example:/a,b c", "nas.example", "/a,b c");
	expect_place(&b, "4.1,192.0.2.1:/", "192.0.2.1", "/");
	expect_place(&b, "3,[2001:db8::1]:/x:/y", "2001:db8::1", "/x:/y");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		s = op(&b);
		ck_assert_msg(nfs_parse(&s, bad[i], &p) == -1, "%s", bad[i]);
		expect_code(&s, XENOPS_CODE_BAD_REQUEST);
	}
	teardown(&b);
}
END_TEST

START_TEST(options_bound_every_wait)
{
	struct bench b;

	setup(&b);
	ck_assert_str_eq(nfs_options(b.arena, "4.2", "192.0.2.1", false),
	    "vers=4.2,addr=192.0.2.1,proto=tcp,sec=sys,softerr,"
	    "timeo=100,retrans=3,acdirmin=0,acdirmax=0");
	ck_assert_str_eq(nfs_options(b.arena, "3", "2001:db8::1", true),
	    "vers=3,addr=2001:db8::1,proto=tcp6,mountproto=tcp6,nolock,"
	    "sec=sys,softerr,timeo=50,retrans=2,acdirmin=0,acdirmax=0");
	teardown(&b);
}
END_TEST

static int
create(struct bench *b, struct storage *s, int type, const char *device)
{
	struct xenops_sr_create_args a = { .uuid = SR_A, .type = type,
		.device = device, .name = "a name" };
	struct xenops_sr_info info;

	*s = op(b);
	return storage_sr_create(s, &a, &info);
}

static void
setup_nfs(struct bench *b)
{
	const char *path;

	setup(b);
	path = arena_printf(b->arena, "%s/host.uuid", b->dir);
	ck_assert_int_eq(file_write(path, HOST_A "\n", 37, false), 0);
	b->env.host_uuid = path;
	b->env.drivers[XENOPS_SR_TYPE_NFS] = &sr_driver_nfs;
	b->env.drivers[XENOPS_SR_TYPE_NFS_ISO] = &sr_driver_nfs_iso;
}

START_TEST(a_server_that_is_none_is_told)
{
	int64_t start = clock_mono_ms();
	struct storage s;
	struct bench b;

	setup_nfs(&b);
	ck_assert_int_eq(create(&b, &s, XENOPS_SR_TYPE_NFS,
	    "any,no-such-host.invalid:/x"), -1);
	expect_code(&s, XENOPS_CODE_NO_SUCH_DEVICE);
	ck_assert_ptr_nonnull(strstr(s.text, "no-such-host.invalid"));
	/* this host's loopback has no server in an address of its own */
	ck_assert_int_eq(create(&b, &s, XENOPS_SR_TYPE_NFS_ISO,
	    "any,127.77.0.1:/x"), -1);
	expect_code(&s, XENOPS_CODE_NO_SUCH_DEVICE);
	ck_assert_ptr_nonnull(strstr(s.text, "refused"));
	ck_assert_int_lt(clock_mono_ms() - start, 60000);
	/* nothing is left */
	ck_assert_int_eq(access(arena_printf(b.arena, "%s/sr/" SR_A, b.dir),
	    F_OK), -1);
	ck_assert_int_eq(access(arena_printf(b.arena, "%s/sr/" SR_A ".sr",
	    b.dir), F_OK), -1);
	teardown(&b);
}
END_TEST

START_TEST(a_folder_has_one_owner_until_it_lets_go)
{
	struct sr sr = { .uuid = SR_A };
	struct storage s;
	struct bench b;
	const char *dir;

	setup_nfs(&b);
	dir = arena_printf(b.arena, "%s/folder", b.dir);
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	s = op(&b);
	ck_assert_int_eq(mark_check(&s, &sr, dir), -1);
	expect_code(&s, XENOPS_CODE_NO_SUCH_SR);
	s = op(&b);
	ck_assert_int_eq(mark_write(&s, dir, "a name"), 0);
	ck_assert_int_eq(mark_check(&s, &sr, dir), 0);
	ck_assert_int_eq(mark_own(&s, &sr, dir), 0);
	ck_assert_int_eq(mark_own(&s, &sr, dir), 0);
	ck_assert_int_eq(file_write(b.env.host_uuid, HOST_B "\n", 37, false),
	    0);
	ck_assert_int_eq(mark_own(&s, &sr, dir), -1);
	expect_code(&s, XENOPS_CODE_IN_USE);
	ck_assert_ptr_nonnull(strstr(s.text, HOST_A));
	s = op(&b);
	mark_disown(&s, dir);
	ck_assert_int_eq(mark_own(&s, &sr, dir), 0);
	/* what somebody put there keeps the folder */
	ck_assert_int_eq(mkdir(arena_printf(b.arena, "%s/x", dir), 0700), 0);
	ck_assert_int_eq(mark_remove(&s, &sr, dir), -1);
	s = op(&b);
	ck_assert_int_eq(mark_check(&s, &sr, dir), 0);
	ck_assert_int_eq(rmdir(arena_printf(b.arena, "%s/x", dir)), 0);
	ck_assert_int_eq(mark_remove(&s, &sr, dir), 0);
	ck_assert_int_eq(access(dir, F_OK), -1);
	teardown(&b);
}
END_TEST

START_TEST(what_the_kernel_cannot_mount_is_told)
{
	struct remote_mount m = { .source = "x", .type = "no-such-type",
		.options = "", .limit_ms = 10000 };
	struct sr sr = { .uuid = SR_A };
	struct storage s;
	struct bench b;
	int err;

	setup(&b);
	sr.dir = arena_printf(b.arena, "%s/mnt", b.dir);
	s = op(&b);
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	ck_assert_int_eq(sr_mount_remote(&s, &sr, &m, &err), 0);
	ck_assert_int_eq(err, ENODEV);
	ck_assert_int_eq(access(sr.dir, F_OK), -1);
	m.type = "tmpfs";
	m.read_only = true;
	ck_assert_int_eq(sr_mount_remote(&s, &sr, &m, &err), 0);
	ck_assert_int_eq(err, 0);
	ck_assert_int_eq(mkdir(arena_printf(b.arena, "%s/x", sr.dir), 0700),
	    -1);
	ck_assert_int_eq(errno, EROFS);
	/* twice is once */
	ck_assert_int_eq(sr_mount_remote(&s, &sr, &m, &err), 0);
	ck_assert_int_eq(sr_unmount(&s, &sr), 0);
	ck_assert_int_eq(access(sr.dir, F_OK), -1);
	teardown(&b);
}
END_TEST

/* -- with a server -- */

static const char *
at(struct bench *b, const char *version, const char *path)
{
	return arena_printf(b->arena, "%s,%s:%s", version,
	    getenv("NFS_TEST_SERVER"), path);
}

static void
attach(struct bench *b, int type, const char *device)
{
	struct xenops_sr_info info;
	struct storage s = op(b);

	ck_assert_msg(storage_sr_attach(&s, SR_A, type, device, &info) == 0,
	    "%s", s.text ? s.text : "");
}

START_TEST(disks_live_on_a_server)
{
	struct xenops_vdi_info in = { .uuid = VDI_A, .name = "a disk",
		.size = 8 * MIB }, out;
	const char *place, *device;
	struct xenops_sr_info info;
	struct storage s;
	struct bench b;
	char got[6] = "";
	int fd;

	setup_nfs(&b);
	place = at(&b, "any", "/disks");
	ck_assert_msg(create(&b, &s, XENOPS_SR_TYPE_NFS, place) == 0, "%s",
	    s.text ? s.text : "");
	ck_assert_int_eq(storage_vdi_create(&s, SR_A, &in, &out), 0);
	ck_assert_int_lt(out.used, MIB);
	ck_assert_msg(storage_attach(&s, SR_A, VDI_A, true, "vbd", &device)
	    == 0, "%s", s.text ? s.text : "");
	fd = open(device, O_RDWR);
	ck_assert_int_eq(pwrite(fd, "bytes", 5, 4 * MIB), 5);
	ck_assert_int_eq(fsync(fd), 0);
	close(fd);
	ck_assert_int_eq(storage_detach(&s, VDI_A, "vbd"), 0);
	ck_assert_int_eq(storage_sr_detach(&s, SR_A), 0);
	/* another host would be let in now, but not while this one has it */
	attach(&b, XENOPS_SR_TYPE_NFS, place);
	ck_assert_int_eq(storage_sr_detach(&s, SR_A), 0);
	attach(&b, XENOPS_SR_TYPE_NFS, at(&b, "4", "/disks/"));
	ck_assert_int_eq(storage_attach(&s, SR_A, VDI_A, false, "vbd",
	    &device), 0);
	fd = open(device, O_RDONLY);
	ck_assert_int_eq(pread(fd, got, 5, 4 * MIB), 5);
	ck_assert_str_eq(got, "bytes");
	close(fd);
	ck_assert_int_eq(storage_detach(&s, VDI_A, "vbd"), 0);
	ck_assert_int_eq(storage_sr_destroy(&s, SR_A), -1);
	s = op(&b);
	attach(&b, XENOPS_SR_TYPE_NFS, place);
	ck_assert_int_eq(storage_vdi_destroy(&s, SR_A, VDI_A), 0);
	ck_assert_msg(storage_sr_destroy(&s, SR_A) == 0, "%s",
	    s.text ? s.text : "");
	s = op(&b);
	ck_assert_int_eq(storage_sr_attach(&s, SR_A, XENOPS_SR_TYPE_NFS, place,
	    &info), -1);
	expect_code(&s, XENOPS_CODE_NO_SUCH_SR);
	teardown(&b);
}
END_TEST

START_TEST(images_are_read_from_a_server)
{
	struct xenops_vdi_info in = { .uuid = VDI_A, .name = "new",
		.size = MIB };
	const struct xenops_vdi_info *vdi;
	struct xenops_sr_info info;
	const char *device;
	struct storage s;
	struct bench b;
	struct vec vdis;

	setup_nfs(&b);
	ck_assert_msg(create(&b, &s, XENOPS_SR_TYPE_NFS_ISO,
	    at(&b, "any", "/images")) == 0, "%s", s.text ? s.text : "");
	ck_assert_int_eq(storage_sr_scan(&s, SR_A, &info, &vdis), 0);
	ck_assert_uint_eq(vdis.n, 1);
	vdi = vdis.v;
	ck_assert_str_eq(vdi->name, "cd.iso");
	ck_assert_int_eq(vdi->size, 4096);
	ck_assert_int_eq(storage_attach(&s, SR_A, vdi->uuid, false, "vbd",
	    &device), 0);
	ck_assert_int_eq(storage_detach(&s, vdi->uuid, "vbd"), 0);
	ck_assert_int_eq(storage_vdi_create(&s, SR_A, &in, &in), -1);
	expect_code(&s, XENOPS_CODE_NOT_SUPPORTED);
	s = op(&b);
	ck_assert_int_eq(storage_sr_destroy(&s, SR_A), -1);
	expect_code(&s, XENOPS_CODE_NOT_SUPPORTED);
	s = op(&b);
	ck_assert_int_eq(storage_sr_detach(&s, SR_A), 0);
	teardown(&b);
}
END_TEST

START_TEST(what_the_server_refuses_is_told)
{
	struct storage s;
	struct bench b;

	setup_nfs(&b);
	ck_assert_int_eq(create(&b, &s, XENOPS_SR_TYPE_NFS_ISO,
	    at(&b, "any", "/nothing")), -1);
	expect_code(&s, XENOPS_CODE_NO_SUCH_DEVICE);
	ck_assert_ptr_nonnull(strstr(s.text, "there is no such path"));
	ck_assert_int_eq(create(&b, &s, XENOPS_SR_TYPE_NFS,
	    at(&b, "any", "/nothing")), -1);
	expect_code(&s, XENOPS_CODE_NO_SUCH_DEVICE);
	teardown(&b);
}
END_TEST

int
main(void)
{
	int rc = UNIT_RUN("NFS", a_place_is_a_server_and_a_path,
	    options_bound_every_wait, a_server_that_is_none_is_told,
	    a_folder_has_one_owner_until_it_lets_go);

	if (!can_mount() && !getenv("NFS_TEST_SERVER"))
		printf("SKIP mounts: no root\n");
	else
		rc |= UNIT_RUN("NFS mounts",
		    what_the_kernel_cannot_mount_is_told);
	if (getenv("NFS_TEST_SERVER"))
		rc |= UNIT_RUN("an NFS server", disks_live_on_a_server,
		    images_are_read_from_a_server,
		    what_the_server_refuses_is_told);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}
