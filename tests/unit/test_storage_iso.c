/*
 * ISO libraries: image files as disks, in a folder that others may write to.
 * What is mounted is so in a mount namespace of the test's own, if this is root.
 */
#include <errno.h>
#include <linux/fs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

#include "base/iso_name.h"
#include "storage_bench.h"
#include "unit.h"
#include "xenopsd/storage/iso.h"

START_TEST(names_are_those_of_image_files)
{
	char longest[ISO_NAME_MAX + 2];
	struct arena *a = arena_new();

	memset(longest, 'x', sizeof(longest));
	memcpy(longest + ISO_NAME_MAX - 4, ".iso", 5);
	ck_assert(iso_name_ok(longest));
	longest[ISO_NAME_MAX - 5] = '\0';
	ck_assert_ptr_null(iso_name_of(a, arena_printf(a, "%s.is", longest)));
	ck_assert(iso_name_ok("a.iso"));
	ck_assert(iso_name_ok("A b \xc3\xa4.IMG"));
	ck_assert(!iso_name_ok(""));
	ck_assert(!iso_name_ok(".iso"));
	ck_assert(!iso_name_ok("x.is"));
	ck_assert(!iso_name_ok("..iso"));
	ck_assert(!iso_name_ok("a/b.iso"));
	ck_assert(!iso_name_ok("\xe4.iso"));
	ck_assert(!iso_name_ok("a\x7f.iso"));
	ck_assert(!iso_name_ok("a\n.iso"));
	ck_assert_str_eq(iso_name_of(a, "debian"), "debian.iso");
	ck_assert_str_eq(iso_name_of(a, "debian.Img"), "debian.Img");
	ck_assert_ptr_null(iso_name_of(a, ""));
	ck_assert_ptr_null(iso_name_of(a, "../etc/passwd"));
	arena_free(a);
}
END_TEST

START_TEST(a_files_uuid_is_its_own_and_stays)
{
	struct sr one = { .uuid = SR_A }, two = { .uuid = VDI_A };
	char a[UUID_TEXT_LEN + 1], b[UUID_TEXT_LEN + 1];
	uint8_t bytes[16];

	iso_uuid(&one, "a.iso", a);
	/* kept for ever: records name disks by it */
	ck_assert_str_eq(a, "bb10d78e-1bc0-899b-974c-3b510cc7b146");
	ck_assert(uuid_from_text(a, bytes));
	iso_uuid(&one, "b.iso", b);
	ck_assert_str_ne(a, b);
	iso_uuid(&two, "a.iso", b);
	ck_assert_str_ne(a, b);
}
END_TEST

/* A library in plain sight: what the simulator has, or a real one. */
static void
make_library(struct bench *b)
{
	struct xenops_sr_create_args a = { .uuid = SR_A,
		.type = XENOPS_SR_TYPE_ISO, .name = "library" };
	struct xenops_sr_info info;
	struct storage s = op(b);

	ck_assert_msg(storage_sr_create(&s, &a, &info) == 0, "%s",
	    s.text ? s.text : "");
}

static const char *
file_in(struct bench *b, const char *name)
{
	return arena_printf(b->arena, "%s/sr/" SR_A "/%s", b->dir, name);
}

static void
put(struct bench *b, const char *name, const char *text)
{
	int fd = open(file_in(b, name), O_WRONLY | O_CREAT, 0644);

	ck_assert_int_eq(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* The only disk there is. */
static struct xenops_vdi_info
only_disk(struct bench *b)
{
	struct xenops_sr_info info;
	struct storage s = op(b);
	struct vec vdis;

	ck_assert_int_eq(storage_sr_scan(&s, SR_A, &info, &vdis), 0);
	ck_assert_uint_eq(vdis.n, 1);
	return *(const struct xenops_vdi_info *)vdis.v;
}

static int
new_disk(struct bench *b, struct storage *s, const char *name, int64_t size,
    struct xenops_vdi_info *out)
{
	struct xenops_vdi_info in = { .uuid = VDI_A, .name = name,
		.size = size };

	*s = op(b);
	return storage_vdi_create(s, SR_A, &in, out);
}

static void
upload(struct bench *b, const char *vdi, const char *text)
{
	struct storage s = op(b);
	int64_t size;
	int fd;

	ck_assert_int_eq(storage_open(&s, SR_A, vdi, true, "lease-1", &fd,
	    &size), 0);
	ck_assert_int_eq(pwrite(fd, text, strlen(text), 0), strlen(text));
	close(fd);
	ck_assert_int_eq(storage_detach(&s, vdi, "lease-1"), 0);
}

static void
fill_and_empty(struct bench *b)
{
	struct xenops_vdi_info made, out;
	const char *device;
	struct storage s;
	char *uuid;

	ck_assert_int_eq(new_disk(b, &s, "first", 5000, &made), 0);
	ck_assert_str_eq(made.name, "first.iso");
	ck_assert_int_eq(made.size, 6144);
	ck_assert(made.read_only);
	ck_assert_str_ne(made.uuid, VDI_A);
	uuid = arena_strdup(b->arena, made.uuid);
	ck_assert_int_eq(new_disk(b, &s, "first.iso", 5000, &out), -1);
	expect_code(&s, XENOPS_CODE_EXISTS);
	upload(b, uuid, "CD001");
	out = only_disk(b);
	ck_assert_str_eq(out.uuid, uuid);
	s = op(b);
	ck_assert_int_eq(storage_attach(&s, SR_A, uuid, true, "vbd", &device),
	    -1);
	expect_code(&s, XENOPS_CODE_READ_ONLY);
	s = op(b);
	ck_assert_int_eq(storage_vdi_resize(&s, SR_A, uuid, MIB, &out), -1);
	expect_code(&s, XENOPS_CODE_NOT_SUPPORTED);
	s = op(b);
	out.uuid = VDI_A;
	ck_assert_int_eq(storage_vdi_clone(&s, SR_A, uuid, &out, &made), -1);
	expect_code(&s, XENOPS_CODE_NOT_SUPPORTED);
	s = op(b);
	ck_assert_int_eq(storage_vdi_destroy(&s, SR_A, uuid), 0);
	ck_assert_int_eq(access(file_in(b, "first.iso"), F_OK), -1);
}

static void
setup_plain(struct bench *b)
{
	setup(b);
	b->env.drivers[XENOPS_SR_TYPE_ISO] = &sr_driver_plain_iso;
	make_library(b);
}

START_TEST(images_come_and_go)
{
	struct bench b;

	setup_plain(&b);
	fill_and_empty(&b);
	teardown(&b);
}
END_TEST

START_TEST(only_files_are_disks)
{
	struct xenops_vdi_info vdi;
	struct storage s;
	struct bench b;
	int64_t size;
	char *uuid;
	int fd;

	setup_plain(&b);
	put(&b, "a.iso", "bytes");
	put(&b, "notes", "bytes");
	put(&b, "l\xe4tin.iso", "bytes");
	ck_assert_int_eq(symlink("/etc/passwd", file_in(&b, "b.iso")), 0);
	ck_assert_int_eq(mkfifo(file_in(&b, "c.iso"), 0600), 0);
	ck_assert_int_eq(mkdir(file_in(&b, "d.iso"), 0700), 0);
	vdi = only_disk(&b);
	ck_assert_str_eq(vdi.name, "a.iso");
	ck_assert_int_eq(vdi.size, 5);
	uuid = arena_strdup(b.arena, vdi.uuid);
	/* which has become a link since */
	ck_assert_int_eq(unlink(file_in(&b, "a.iso")), 0);
	ck_assert_int_eq(symlink("notes", file_in(&b, "a.iso")), 0);
	s = op(&b);
	ck_assert_int_eq(storage_open(&s, SR_A, uuid, false, "lease-1", &fd,
	    &size), -1);
	expect_code(&s, XENOPS_CODE_NO_SUCH_VDI);
	/* what a client names is no way out, either */
	ck_assert_int_eq(new_disk(&b, &s, "../../x.iso", 4096, &vdi), -1);
	expect_code(&s, XENOPS_CODE_BAD_REQUEST);
	/* a name that is taken by no disk is taken all the same */
	ck_assert_int_eq(new_disk(&b, &s, "b", 4096, &vdi), -1);
	expect_code(&s, XENOPS_CODE_EXISTS);
	teardown(&b);
}
END_TEST

static bool
nobody(void *arg, const char *user)
{
	(void)arg;
	(void)user;
	return false;
}

START_TEST(half_a_file_goes)
{
	struct storage s;
	struct bench b;

	setup_plain(&b);
	put(&b, "." VDI_A ".new", "");
	put(&b, ".something.new", "");
	s = op(&b);
	storage_reap(&s, nobody, NULL);
	ck_assert_int_eq(access(file_in(&b, "." VDI_A ".new"), F_OK), -1);
	ck_assert_int_eq(access(file_in(&b, ".something.new"), F_OK), 0);
	teardown(&b);
}
END_TEST

/* A state volume of 8 MiB, of which the database has 4. */
static void
setup_state(struct bench *b)
{
	const char *state;

	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	setup(b);
	state = arena_printf(b->arena, "%s/state", b->dir);
	ck_assert_int_eq(mkdir(state, 0700), 0);
	ck_assert_int_eq(mount("x", state, "tmpfs", 0, "size=8m"), 0);
	b->env.library = arena_printf(b->arena, "%s/iso", state);
	b->env.library_spare = 4 * MIB;
	b->env.drivers[XENOPS_SR_TYPE_ISO] = &sr_driver_library;
	make_library(b);
}

static void
teardown_state(struct bench *b)
{
	ck_assert_int_eq(umount(arena_printf(b->arena, "%s/state", b->dir)),
	    0);
	teardown(b);
}

START_TEST(the_hosts_library_lives_on_its_state_volume)
{
	struct xenops_sr_info info;
	struct xenops_vdi_info vdi;
	struct storage s;
	struct bench b;
	struct vec vdis;

	setup_state(&b);
	fill_and_empty(&b);
	ck_assert_int_eq(new_disk(&b, &s, "large", 5 * MIB, &vdi), -1);
	expect_code(&s, XENOPS_CODE_NO_SPACE);
	ck_assert_int_eq(new_disk(&b, &s, "fits", 3 * MIB, &vdi), 0);
	ck_assert_int_eq(new_disk(&b, &s, "fits not", MIB, &vdi), -1);
	expect_code(&s, XENOPS_CODE_NO_SPACE);
	s = op(&b);
	ck_assert_int_eq(storage_sr_scan(&s, SR_A, &info, &vdis), 0);
	ck_assert_int_eq(info.used, 3 * MIB);
	ck_assert_int_le(info.size, 4 * MIB);
	ck_assert_int_eq(storage_sr_detach(&s, SR_A), 0);
	ck_assert_int_eq(access(file_in(&b, "."), F_OK), -1);
	ck_assert_int_eq(storage_sr_attach(&s, SR_A, XENOPS_SR_TYPE_ISO, NULL,
	    &info), 0);
	ck_assert_str_eq(only_disk(&b).name, "fits.iso");
	/* with disks in it, it stays */
	ck_assert_int_eq(storage_sr_destroy(&s, SR_A), -1);
	s = op(&b);
	ck_assert_int_eq(storage_sr_attach(&s, SR_A, XENOPS_SR_TYPE_ISO, NULL,
	    &info), 0);
	ck_assert_int_eq(storage_vdi_destroy(&s, SR_A, only_disk(&b).uuid), 0);
	ck_assert_int_eq(storage_sr_destroy(&s, SR_A), 0);
	s = op(&b);
	ck_assert_int_eq(storage_sr_attach(&s, SR_A, XENOPS_SR_TYPE_ISO, NULL,
	    &info), -1);
	expect_code(&s, XENOPS_CODE_NO_SUCH_SR);
	teardown_state(&b);
}
END_TEST

START_TEST(a_guest_gets_an_image_by_a_loop_device)
{
	struct xenops_vdi_info vdi;
	const char *device;
	struct storage s;
	struct bench b;
	char got[6] = "";
	int fd, read_only = 0;

	setup_state(&b);
	ck_assert_int_eq(new_disk(&b, &s, "a", 4096, &vdi), 0);
	upload(&b, vdi.uuid, "CD001");
	s = op(&b);
	ck_assert_int_eq(storage_attach(&s, SR_A, vdi.uuid, false, "vbd",
	    &device), 0);
	fd = open(device, O_RDONLY);
	ck_assert_int_eq(pread(fd, got, 5, 0), 5);
	ck_assert_str_eq(got, "CD001");
	ck_assert_int_eq(ioctl(fd, BLKROGET, &read_only), 0);
	ck_assert_int_eq(read_only, 1);
	close(fd);
	ck_assert_int_eq(storage_sr_detach(&s, SR_A), -1);
	expect_code(&s, XENOPS_CODE_IN_USE);
	/* removed below it by somebody else: it goes on, and can be let go */
	ck_assert_int_eq(unlink(file_in(&b, "a.iso")), 0);
	s = op(&b);
	ck_assert_int_eq(storage_detach(&s, vdi.uuid, "vbd"), 0);
	ck_assert_int_eq(storage_sr_destroy(&s, SR_A), 0);
	teardown_state(&b);
}
END_TEST

int
main(void)
{
	int rc = UNIT_RUN("ISO libraries", names_are_those_of_image_files,
	    a_files_uuid_is_its_own_and_stays, images_come_and_go,
	    only_files_are_disks, half_a_file_goes);

	if (!can_mount())
		printf("SKIP mounts: no root, or no loop devices\n");
	else
		rc |= UNIT_RUN("the host's library",
		    the_hosts_library_lives_on_its_state_volume,
		    a_guest_gets_an_image_by_a_loop_device);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}
