/*
 * LVM SRs as far as no device-mapper is needed: how a disk is divided, what
 * LVM's listings and failures are taken for, and, on loop devices (else
 * skipped), groups that LVM itself describes and reads: one at its limit, and
 * one whose disk goes and comes back, with device-mapper played by this file.
 */
#include "xenopsd/storage/lvm_tags.h"

#include <dirent.h>
#include <errno.h>
#include <linux/dm-ioctl.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "base/codec.h"
#include "base/frame.h"
#include "storage_bench.h"
#include "unit.h"
#include "xenopsd/storage/child.h"
#include "xenopsd/storage/lvm_layout.h"
#include "xenopsd/storage/lvm_list.h"

#define GIB ((int64_t)1 << 30)
#define TIB ((int64_t)1 << 40)
#define NAME_LEN 1990			/* the longest that tags take */
#define DESCRIPTION_LEN 2985

/* Disks are asked for an SR wherever they come from: each process has one of
 * its own. */
static char sr_a[UUID_TEXT_LEN + 1];

static void
setup_sr(struct bench *b)
{
	setup(b);
	snprintf(sr_a, sizeof(sr_a), "44444444-0000-4000-8000-%012d",
	    (int)getpid());
}

START_TEST(a_pools_metadata_outlasts_its_data)
{
	struct lvm_layout l;

	ck_assert(!lvm_layout(512 * MIB - 1, &l));
	for (int64_t size = 512 * MIB; size <= 64 * TIB; size += size / 7) {
		int64_t chunks;

		ck_assert(lvm_layout(size, &l));
		chunks = (size - LVM_AREA - 2 * l.pool_metadata) / l.chunk;
		/* a block of mappings for each chunk, and 4 for each disk */
		ck_assert_int_gt(l.pool_metadata, 4096 * chunks +
		    (int64_t)LVM_DISKS_MAX * 4 * 4096);
		ck_assert_int_le(l.pool_metadata, 16256 * MIB);
		ck_assert_int_eq(l.pool_metadata % LVM_EXTENT, 0);
		/* and most of the disk is left */
		ck_assert_int_lt(2 * l.pool_metadata + LVM_AREA, size / 2);
	}
	ck_assert(lvm_layout(100 * GIB, &l));
	ck_assert_int_eq(l.chunk, 256 << 10);
	ck_assert(lvm_layout(16 * TIB, &l));
	ck_assert_int_le(l.chunk, 8 * MIB);
}
END_TEST

static int
run(struct storage *s, const char *script, struct buf *out)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };

	return storage_run(s, argv, CHILD_DIES, 60000, out);
}

START_TEST(a_cut_listing_is_none)
{
	struct storage s = { .arena = arena_new() };
	struct arena *a = s.arena;
	struct buf out = { 0 };

	ck_assert_int_eq(run(&s, "head -c 67108864 /dev/zero", &out), 0);
	ck_assert_uint_eq(out.len, CHILD_MAX_OUTPUT);
	buf_release(&out);
	ck_assert_int_eq(run(&s, "head -c 67108865 /dev/zero", &out), -1);
	expect_code(&s, XENOPS_CODE_IO);
	ck_assert_ptr_nonnull(strstr(s.text, "more than 64 MiB"));
	ck_assert_uint_eq(out.len, 0);
	/* a program may complain as much as it likes */
	s = (struct storage){ .arena = a };
	ck_assert_int_eq(run(&s, "head -c 300000 /dev/zero >&2; echo yes",
	    &out), 0);
	ck_assert_str_eq(out.data, "yes\n");
	buf_release(&out);
	ck_assert_int_eq(run(&s, "head -c 300000 /dev/zero | tr '\\0' '\\n' "
	    ">&2; echo the last >&2; exit 3", NULL), -1);
	ck_assert_str_eq(s.text, "sh: the last");
	arena_free(a);
}
END_TEST

START_TEST(what_a_child_says_is_no_code)
{
	static const char *const scripts[] = {
		"echo No space left >&2; exit 5",
		"echo Insufficient free space >&2; exit 5",
		"echo device in use >&2; exit 1", "kill -9 $$" };
	struct arena *a = arena_new();

	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		struct storage s = { .arena = a };

		ck_assert_int_eq(run(&s, scripts[i], NULL), -1);
		expect_code(&s, XENOPS_CODE_IO);
	}
	arena_free(a);
}
END_TEST

START_TEST(a_child_tells_the_cause_before_the_result)
{
	struct storage s = { .arena = arena_new() };

	ck_assert_int_eq(run(&s, "{ echo '  Check failed (status:1).'; "
	    "echo '  WARNING: nothing.'; echo; echo '  Not activated.'; } "
	    ">&2; exit 5", NULL), -1);
	ck_assert_str_eq(s.text, "sh: Check failed (status:1). "
	    "Not activated.");
	arena_free(s.arena);
}
END_TEST

static void
write_file(const char *path, mode_t mode, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, text, strlen(text)), strlen(text));
	ck_assert_int_eq(close(fd), 0);
}

/* An LVM program of the bench's own, for an SR that counts as attached. */
static void
fake_lvm(struct bench *b, const char *script)
{
	const char *path = arena_printf(b->arena, "%s/lvm", b->dir);
	const char *note = arena_printf(b->arena, "%s/sr/%s.sr", b->dir,
	    sr_a);

	write_file(path, 0700, script);
	b->env.lvm = path;
	b->env.drivers[XENOPS_SR_TYPE_LVM] = &sr_driver_lvm;
	mkdir(arena_printf(b->arena, "%s/sr", b->dir), 0700);
	write_file(note, 0600, arena_printf(b->arena,
	    "type=%d\ndevice=%s\nstate=attached\n", XENOPS_SR_TYPE_LVM,
	    *b->disk ? b->disk : "/dev/null"));
}

/* One that lists a pool and a disk, and fails at everything else. */
static void
failing_lvm(struct bench *b, const char *pool, const char *disk,
    const char *area_free)
{
	fake_lvm(b, arena_printf(b->arena,
	    "#!/bin/sh\n"
	    "if [ \"$1\" = lvs ]; then\n"
	    "echo '  pool|1073741824|%s|active||0|u|g|%s|'\n"
	    "echo '  " VDI_A "|4194304|||active|%s|1|u|g|%s|n0:a'\n"
	    "exit 0; fi\n"
	    "echo '  Insufficient free space, device in use' >&2\n"
	    "exit 5\n", pool, area_free, disk, area_free));
}

static int
create_another(struct bench *b, struct storage *s)
{
	struct xenops_vdi_info in = { .size = MIB,
		.uuid = "55555555-0000-4000-8000-000000000009" }, out;

	*s = op(b);
	return storage_vdi_create(s, sr_a, &in, &out);
}

START_TEST(the_groups_state_tells_why_lvm_failed)
{
	struct storage s;
	struct bench b;

	setup_sr(&b);
	failing_lvm(&b, "100.00|3.00", "", "9999999");
	ck_assert_int_eq(create_another(&b, &s), -1);
	expect_code(&s, XENOPS_CODE_NO_SPACE);
	failing_lvm(&b, "7.00|100.00", "", "9999999");
	ck_assert_int_eq(create_another(&b, &s), -1);
	expect_code(&s, XENOPS_CODE_NO_SPACE);
	failing_lvm(&b, "7.00|3.00", "", "9999999");
	ck_assert_int_eq(create_another(&b, &s), -1);
	expect_code(&s, XENOPS_CODE_IO);
	s = op(&b);
	ck_assert_int_eq(storage_vdi_destroy(&s, sr_a, VDI_A), -1);
	expect_code(&s, XENOPS_CODE_IO);
	failing_lvm(&b, "7.00|3.00", "open", "9999999");
	s = op(&b);
	ck_assert_int_eq(storage_vdi_destroy(&s, sr_a, VDI_A), -1);
	expect_code(&s, XENOPS_CODE_IN_USE);
	/* the area of an SR of before it was made large enough */
	failing_lvm(&b, "7.00|3.00", "", "4000");
	ck_assert_int_eq(create_another(&b, &s), -1);
	expect_code(&s, XENOPS_CODE_TOO_MANY);
	teardown(&b);
}
END_TEST

/* The longest texts that tags take. */
static struct xenops_vdi_info
long_texts(struct arena *a, char c)
{
	char *text = arena_alloc(a, 4000);

	memset(text, c, 3999);
	return (struct xenops_vdi_info){ .uuid = VDI_A, .name = text,
		.description = text, .parent = VDI_A, .read_only = true };
}

static const char *
disk_uuid(struct arena *a, int i)
{
	return arena_printf(a, "66666666-0000-4000-8000-%012d", i);
}

START_TEST(tags_keep_any_text)
{
	struct arena *a = arena_new();
	struct xenops_vdi_info in = { .name = "S\xc3\xbc\xc3\x9f, \"b\"=|x",
		.parent = VDI_A, .read_only = true }, out = { 0 };
	const char *tags[LVM_TAGS_MAX];
	char text[3000], all[8000] = "";
	size_t len = 0;
	int n;

	for (size_t i = 0; i < 600; i++)
		text[i] = i % 7 ? 'a' : '/';
	text[600] = '\0';
	in.description = text;
	n = lvm_tags_encode(a, &in, tags);
	for (int i = n - 1; i >= 0; i--) {	/* LVM sorts as it likes */
		ck_assert_uint_le(strlen(tags[i]), 1024);
		ck_assert_ptr_null(strpbrk(tags[i], ",| \"/"));
		len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s",
		    len ? "," : "", tags[i]);
	}
	lvm_tags_decode(a, all, &out);
	ck_assert_str_eq(out.name, in.name);
	ck_assert_str_eq(out.description, in.description);
	ck_assert_str_eq(out.parent, VDI_A);
	ck_assert(out.read_only);
	/* what does not fit is cut between characters */
	for (size_t i = 0; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa4", 3);
	n = lvm_tags_encode(a, &in, tags);
	ck_assert_int_le(n, LVM_TAGS_MAX);
	len = 0;
	for (int i = 0; i < n; i++)
		len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s",
		    len ? "," : "", tags[i]);
	lvm_tags_decode(a, all, &out);
	len = strlen(out.description);
	ck_assert_uint_gt(len, 900);
	ck_assert_uint_eq(len % 2, 0);
	lvm_tags_decode(a, "", &out);
	ck_assert_str_eq(out.name, "");
	lvm_tags_decode(a, "n0:a=,x,n1:=4,d0:", &out);
	ck_assert_str_eq(out.description, "");
	/* what is no =hh stays as it is; no text has a NUL */
	lvm_tags_decode(a, "n0:a=+1=-1= 1=c3=A4=00b", &out);
	ck_assert_str_eq(out.name, "a=+1=-1= 1\xc3\xa4=00b");
	arena_free(a);
}
END_TEST

START_TEST(tags_have_a_longest)
{
	struct arena *a = arena_new();
	struct xenops_vdi_info in = long_texts(a, 'x');
	const char *tags[LVM_TAGS_MAX];
	size_t sum = 0;

	ck_assert_int_eq(lvm_tags_encode(a, &in, tags), LVM_TAGS_MAX);
	for (int i = 0; i < LVM_TAGS_MAX; i++)
		sum += strlen(tags[i]) + 4;	/* "", and a blank */
	/* what LVM writes besides is below 500 bytes */
	ck_assert_uint_lt(sum + 500, LVM_DISK_TEXT);
	arena_free(a);
}
END_TEST

/* A volume as LVM describes it; tags may be NULL. */
static void
add_volume(struct buf *b, const char *name, int id, const char *body,
    const struct xenops_vdi_info *vdi)
{
	const char *tags[LVM_TAGS_MAX];
	struct arena *a = arena_new();
	int n = vdi ? lvm_tags_encode(a, vdi, tags) : 0;

	buf_addf(b, "%s {\nid = \"%06d-aaaa-bbbb-cccc-dddd-eeee-ffffff\"\n"
	    "status = [\"READ\", \"WRITE\"%s]\nflags = []\n", name, id,
	    id > 3 || !strcmp(name, "pool") ? ", \"VISIBLE\"" : "");
	for (int i = 0; i < n; i++)
		buf_addf(b, "%s\"%s\"%s", i ? ", " : "tags = [", tags[i],
		    i == n - 1 ? "]\n" : "");
	buf_addf(b, "creation_time = 1700000000\ncreation_host = \"dom0\"\n"
	    "segment_count = 1\nsegment1 {\nstart_extent = 0\n%s}\n}\n", body);
	arena_free(a);
}

static void
add_striped(struct buf *b, const char *name, int id, int at, int extents)
{
	char body[200];

	snprintf(body, sizeof(body), "extent_count = %d\ntype = \"striped\"\n"
	    "stripe_count = 1\nstripes = [\"pv0\", %d]\n", extents, at);
	add_volume(b, name, id, body, NULL);
}

/* The pool of 400 MiB, and n disks with the longest texts. */
static void
add_volumes(struct buf *b, struct arena *a, int n)
{
	struct xenops_vdi_info vdi = long_texts(a, 'x');
	char body[300];

	snprintf(body, sizeof(body), "extent_count = 100\ntype = \"thin-pool\"\n"
	    "metadata = \"pool_tmeta\"\npool = \"pool_tdata\"\n"
	    "transaction_id = %d\nchunk_size = 512\ndiscards = \"passdown\"\n"
	    "zero_new_blocks = 1\n", n);
	add_volume(b, "pool", 0, body, NULL);
	add_striped(b, "lvol0_pmspare", 1, 0, 4);
	add_striped(b, "pool_tmeta", 2, 4, 4);
	add_striped(b, "pool_tdata", 3, 8, 100);
	for (int i = 0; i < n; i++) {
		snprintf(body, sizeof(body), "extent_count = 25\n"
		    "type = \"thin\"\nthin_pool = \"pool\"\n"
		    "transaction_id = %d\ndevice_id = %d\norigin = \"%s\"\n",
		    i, i + 1, disk_uuid(a, i ? i - 1 : n - 1));
		add_volume(b, disk_uuid(a, i), i + 4, body, &vdi);
	}
}

/* What the LVM program prints about the group or disk, as one word. */
static const char *
ask_lvm(struct bench *b, const char *command, const char *field)
{
	const char *const argv[] = { b->env.lvm, command, "--config",
		arena_printf(b->arena, "devices{filter=[\"a|^%s$|\",\"r|.*|\"] "
		"use_devicesfile=0}", b->disk), "--noheadings", "--nosuffix",
		"--units", "s", "-o", field, NULL };
	struct storage s = op(b);
	struct buf out = { 0 };
	const char *word;
	size_t blank;

	ck_assert_msg(storage_run(&s, argv, CHILD_DIES, 60000, &out) == 0,
	    "%s", s.text ? s.text : "");
	blank = strspn(out.data, " ");
	word = arena_strndup(b->arena, out.data + blank,
	    strcspn(out.data + blank, " \n"));
	buf_release(&out);
	return word;
}

/*
 * Makes the SR's group as the product does, which only a pool needs
 * device-mapper for, and describes its volumes to LVM.
 */
static void
make_full_group(struct bench *b, int disks)
{
	struct sr sr = { .lock_fd = -1 };
	const char *vg = arena_printf(b->arena, "bedplate-%s", sr_a);
	struct buf text = { 0 };
	const char *path = arena_printf(b->arena, "%s/description", b->dir);
	const char *argv[] = { b->env.lvm, "vgcfgrestore", "--config",
		arena_printf(b->arena, "devices{filter=[\"a|^%s$|\",\"r|.*|\"] "
		"use_devicesfile=0} global{io_memory_size=65536}", b->disk),
		"--force", "-y", "-f", path, vg, NULL };
	struct storage s = op(b);

	snprintf(sr.device, sizeof(sr.device), "%s", b->disk);
	memcpy(sr.uuid, sr_a, sizeof(sr_a));
	sr.dir = arena_printf(b->arena, "%s/sr/%s", b->dir, sr_a);
	ck_assert_int_eq(sr_driver_lvm.create(&s, &sr, ""), -1);
	buf_addf(&text, "contents = \"Text Format Volume Group\"\n"
	    "version = 1\n%s {\nid = \"%s\"\nseqno = 9\n"
	    "format = \"lvm2\"\nstatus = [\"RESIZEABLE\", \"READ\", "
	    "\"WRITE\"]\nflags = []\ntags = [\"bedplate.format.1\"]\n"
	    "extent_size = 8192\nmax_lv = 0\nmax_pv = 0\nmetadata_copies = 0\n"
	    "physical_volumes {\npv0 {\nid = \"%s\"\ndevice = \"%s\"\n"
	    "status = [\"ALLOCATABLE\"]\nflags = []\ndev_size = %s\n"
	    "pe_start = %s\npe_count = %s\n}\n}\nlogical_volumes {\n",
	    vg, ask_lvm(b, "vgs", "vg_uuid"), ask_lvm(b, "pvs", "pv_uuid"),
	    b->disk, ask_lvm(b, "pvs", "dev_size"),
	    ask_lvm(b, "pvs", "pe_start"), ask_lvm(b, "pvs", "pv_pe_count"));
	add_volumes(&text, b->arena, disks);
	buf_adds(&text, "}\n}\n");
	write_file(path, 0600, text.data);
	buf_release(&text);
	s = op(b);
	ck_assert_msg(storage_run(&s, argv, CHILD_DIES, 60000, NULL) == 0,
	    "%s", s.text ? s.text : "");
}

/* All of them are listed with all of their texts, in one answer. */
static void
expect_full_listing(struct bench *b, uint32_t disks)
{
	struct xenops_sr_scan_result r = { 0 };
	const struct xenops_vdi_info *v;
	struct storage s = op(b);
	struct buf encoded = { 0 };

	ck_assert_msg(storage_sr_scan(&s, sr_a, &r.sr, &r.vdis) == 0, "%s",
	    s.text ? s.text : "");
	ck_assert_uint_eq(r.vdis.n, disks);
	v = r.vdis.v;
	for (uint32_t i = 0; i < disks; i++) {
		ck_assert_uint_eq(strlen(v[i].name), NAME_LEN);
		ck_assert_uint_eq(strlen(v[i].description), DESCRIPTION_LEN);
	}
	codec_encode(&encoded, &xenops_sr_scan_result_type, &r, 0);
	ck_assert_uint_le(encoded.len, FRAME_MAX_BODY);
	buf_release(&encoded);
}

static void
expect_rename(struct bench *b, const char *vdi)
{
	struct xenops_vdi_info in = long_texts(b->arena, 'y');
	struct storage s = op(b);
	struct xenops_sr_info info;
	const struct xenops_vdi_info *v;
	struct vec vdis;

	in.uuid = vdi;
	ck_assert_msg(storage_vdi_set_name(&s, sr_a, &in) == 0, "%s",
	    s.text ? s.text : "");
	ck_assert_int_eq(storage_sr_scan(&s, sr_a, &info, &vdis), 0);
	v = vdis.v;
	for (uint32_t i = 0; i < vdis.n; i++)
		ck_assert_int_eq(v[i].name[0], strcmp(v[i].uuid, vdi) ? 'x' :
		    'y');
}

START_TEST(an_lvm_sr_holds_4096_disks_with_long_descriptions)
{
	struct storage s;
	struct bench b;

	setup_sr(&b);
	make_disk(&b, 100 * GIB);
	fake_lvm(&b, "#!/bin/sh\ncommand=$1 config=$3\nshift 3\n"
	    "exec /usr/sbin/lvm \"$command\" "
	    "--config \"$config global{activation=0}\" \"$@\"\n");
	make_full_group(&b, LVM_DISKS_MAX);
	expect_full_listing(&b, LVM_DISKS_MAX);
	expect_rename(&b, disk_uuid(b.arena, 77));
	ck_assert_int_eq(create_another(&b, &s), -1);
	expect_code(&s, XENOPS_CODE_TOO_MANY);
	teardown(&b);
}
END_TEST

/* -- device-mapper, as a folder: a file for each device, with the names of
 * those that it stands on, each in a line after the first -- */

#define DM_PATH 400

static char dm_folder[128];		/* "": the kernel's own is left alone */

/* Stands in for libc's. */
int
open(const char *path, int flags, ...)
{
	va_list ap;
	int mode;

	va_start(ap, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, int) : 0;
	va_end(ap);
	if (*dm_folder && !strcmp(path, "/dev/mapper/control"))
		path = "/dev/null";
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

/* The group's device of that name. */
static const char *
dm_name(const char *lv)
{
	static char name[DM_NAME_LEN];

	snprintf(name, sizeof(name), "bedplate--%.8s--%.4s--%.4s--%.4s--%s-%s",
	    sr_a, sr_a + 9, sr_a + 14, sr_a + 19, sr_a + 24, lv);
	return name;
}

static void
dm_path(const char *name, char path[static DM_PATH])
{
	snprintf(path, DM_PATH, "%s/%s", dm_folder, name);
}

/* Whether a device stands on the one named so. */
static bool
dm_is_held(const char *name)
{
	DIR *d = opendir(dm_folder);
	bool held = false;
	struct dirent *e;
	char line[DM_NAME_LEN + 2], path[DM_PATH];

	snprintf(line, sizeof(line), "\n%s\n", name);
	while ((e = readdir(d))) {
		struct buf b = { 0 };

		dm_path(e->d_name, path);
		if (file_read(path, SMALL_FILE, &b) == 0)
			held |= strstr(b.data, line) != NULL;
		buf_release(&b);
	}
	closedir(d);
	return held;
}

static int
dm_play_thin(const char *path)
{
	char text[DM_NAME_LEN + 2];

	snprintf(text, sizeof(text), "\n%s\n", dm_name("pool-tpool"));
	return file_write(path, text, strlen(text), false);
}

static int
dm_play_remove(const char *path, const char *name)
{
	if (access(path, F_OK) == -1)
		return -ENXIO;
	if (dm_is_held(name))
		return -EBUSY;
	return unlink(path) == -1 ? -errno : 0;
}

/* As the kernel does, with room for all of them at the second try only. */
static int
dm_play_list(struct dm_ioctl *head)
{
	DIR *d = opendir(dm_folder);
	struct dm_name_list *to = NULL;
	char *at = (char *)head + sizeof(*head);
	struct dirent *e;

	head->data_start = sizeof(*head);
	if (head->data_size < 100000)
		head->flags |= DM_BUFFER_FULL_FLAG;
	while (!(head->flags & DM_BUFFER_FULL_FLAG) && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		if (to)
			to->next = (uint32_t)(at - (char *)to);
		to = (struct dm_name_list *)at;
		to->dev = makedev(254, 7);
		to->next = 0;
		memcpy(to->name, e->d_name, strlen(e->d_name) + 1);
		at += (sizeof(*to) + strlen(e->d_name) + 8) / 8 * 8;
	}
	closedir(d);
	return 0;
}

/* 0 or -errno. */
static int
dm_play(unsigned long request, struct dm_ioctl *head)
{
	char path[DM_PATH];

	dm_path(head->name, path);
	switch (request) {
	case DM_LIST_DEVICES:
		return dm_play_list(head);
	case DM_DEV_REMOVE:
		return dm_play_remove(path, head->name);
	case DM_DEV_STATUS:
		head->flags = DM_ACTIVE_PRESENT_FLAG;
		head->dev = makedev(254, 7);
		return access(path, F_OK) == -1 ? -ENXIO : 0;
	case DM_DEV_CREATE:
		return file_write(path, "", 0, false);
	case DM_TABLE_LOAD:
		return dm_play_thin(path);
	default:
		return 0;
	}
}

/* Stands in for libc's. */
#ifdef __GLIBC__
int
ioctl(int fd, unsigned long request, ...)
#else
int
ioctl(int fd, int request, ...)
#endif
{
	unsigned int code = (unsigned int)request;
	va_list ap;
	void *arg;
	int rc;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (!*dm_folder || (code >> 8 & 0xff) != DM_IOCTL)
		return (int)syscall(SYS_ioctl, fd, code, arg);
	rc = dm_play(code, arg);
	if (rc)
		errno = -rc;
	return rc ? -1 : 0;
}

/* LVM, whose lvchange makes and removes a pool's devices in the folder, and
 * fails if a file named `stuck` is there, or if it finds half of a pool. */
static void
lvm_with_devices(struct bench *b)
{
	fake_lvm(b, arena_printf(b->arena,
	    "#!/bin/sh\ncommand=$1 config=$3\nshift 3\n"
	    "config=\"$config global{activation=0}\"\n"
	    "[ $command = lvchange ] || exec /usr/sbin/lvm \"$command\" "
	    "--config \"$config\" \"$@\"\n"
	    "/usr/sbin/lvm vgs --config \"$config\" bedplate-%s >/dev/null "
	    "&& [ ! -e %s/stuck ] || exit 5\n"
	    "cd %s/dm\npool=%s\n"
	    "[ $1 != -ay -o ! -e ${pool}_tmeta -o -e $pool-tpool ] || exit 5\n"
	    "rm -f *\n[ $1 = -ay ] || exit 0\n"
	    "disk=${config#*a|^}\ndisk=${disk%%%%\\$*}\n"
	    "printf '%%s' $disk >${pool}_tdata\n"
	    "printf '%%s' $disk >${pool}_tmeta\n"
	    "printf '\\n%%s\\n' ${pool}_tdata ${pool}_tmeta >$pool-tpool\n"
	    "printf '\\n%%s\\n' $pool-tpool >$pool\n",
	    sr_a, b->dir, b->dir, dm_name("pool")));
	snprintf(dm_folder, sizeof(dm_folder), "%s/dm", b->dir);
	ck_assert_int_eq(mkdir(dm_folder, 0700), 0);
}

static int
count_devices(void)
{
	DIR *d = opendir(dm_folder);
	struct dirent *e;
	int n = 0;

	while ((e = readdir(d)))
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static void
attach_lvm_sr(struct bench *b)
{
	struct storage s = op(b);
	struct xenops_sr_info info;
	struct vec vdis;

	ck_assert_msg(storage_sr_attach(&s, sr_a, XENOPS_SR_TYPE_LVM, NULL,
	    &info) == 0, "%s", s.text ? s.text : "");
	ck_assert_str_eq(info.device, b->disk);
	ck_assert_int_eq(storage_sr_scan(&s, sr_a, &info, &vdis), 0);
	ck_assert_uint_eq(vdis.n, 2);
}

static void
detach_lvm_sr(struct bench *b)
{
	struct storage s = op(b);

	ck_assert_msg(storage_sr_detach(&s, sr_a) == 0, "%s",
	    s.text ? s.text : "");
	ck_assert_int_eq(count_devices(), 0);
}

/* A group of two disks, whose devices are there. */
static void
setup_active_group(struct bench *b)
{
	setup_sr(b);
	make_disk(b, GIB);
	lvm_with_devices(b);
	make_full_group(b, 2);
	detach_lvm_sr(b);
	attach_lvm_sr(b);
}

/* The disk is there under another name, and not under its old one. */
static void
pull_and_return_disk(struct bench *b)
{
	struct storage s = op(b);
	const char *other;

	ck_assert_int_eq(loop_attach(&s, b->disk_file, true, "test-disk",
	    &other), 0);
	ck_assert_str_ne(other, b->disk);
	ck_assert_int_eq(loop_detach(&s, b->disk, "test-disk"), 0);
	snprintf(b->disk, sizeof(b->disk), "%s", other);
}

START_TEST(an_lvm_sr_is_found_again_when_its_disk_returns)
{
	const char *device, *vdi, *other;
	struct xenops_sr_info info;
	struct buf text = { 0 };
	struct storage s;
	struct bench b;
	struct vec vdis;

	setup_active_group(&b);
	vdi = disk_uuid(b.arena, 0);
	s = op(&b);
	ck_assert_int_eq(storage_attach(&s, sr_a, vdi, false, "lease-1",
	    &device), 0);
	ck_assert_int_eq(count_devices(), 5);
	pull_and_return_disk(&b);

	ck_assert_int_eq(storage_sr_scan(&s, sr_a, &info, &vdis), -1);
	s = op(&b);
	ck_assert_int_eq(storage_sr_detach(&s, sr_a), -1);
	expect_code(&s, XENOPS_CODE_IN_USE);
	ck_assert_int_eq(count_devices(), 5);
	ck_assert_int_eq(storage_detach(&s, vdi, "lease-1"), 0);
	/* one that nobody noted, and one of another group */
	ck_assert_int_eq(dm_play_thin(arena_printf(b.arena, "%s/%s", dm_folder,
	    dm_name("left--over"))), 0);
	other = arena_printf(b.arena, "%s/bedplate--other-pool", dm_folder);
	write_file(other, 0600, "");
	s = op(&b);
	ck_assert_msg(storage_sr_detach(&s, sr_a) == 0, "%s",
	    s.text ? s.text : "");
	ck_assert_int_eq(count_devices(), 1);
	ck_assert_int_eq(unlink(other), 0);

	attach_lvm_sr(&b);
	ck_assert_int_eq(file_read(arena_printf(b.arena, "%s/%s",
	    dm_folder, dm_name("pool_tdata")), SMALL_FILE, &text), 0);
	ck_assert_str_eq(text.data, b.disk);
	buf_release(&text);
	detach_lvm_sr(&b);
	teardown(&b);
}
END_TEST

START_TEST(an_lvm_sr_whose_disk_is_there_keeps_its_devices)
{
	struct storage s;
	struct bench b;

	setup_active_group(&b);
	write_file(arena_printf(b.arena, "%s/stuck", b.dir), 0600, "");
	s = op(&b);
	ck_assert_int_eq(storage_sr_detach(&s, sr_a), -1);
	expect_code(&s, XENOPS_CODE_IO);
	ck_assert_int_eq(count_devices(), 4);
	teardown(&b);
}
END_TEST

/* Leaves the pool as a command does that was killed, or found one open. */
static void
leave_half_a_pool(void)
{
	static const char *const gone[] = { "pool", "pool-tpool" };
	char path[DM_PATH];

	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		dm_path(dm_name(gone[i]), path);
		ck_assert_int_eq(unlink(path), 0);
	}
}

/* Somebody has the pool's metadata open, until he is gone. */
static pid_t
hold_metadata(const struct bench *b, useconds_t us)
{
	const char *path = arena_printf(b->arena, "%s/somebody", dm_folder);
	pid_t pid;

	write_file(path, 0600, arena_printf(b->arena, "\n%s\n",
	    dm_name("pool_tmeta")));
	pid = fork();
	if (pid == 0) {
		usleep(us);
		_exit(unlink(path) == -1);
	}
	return pid;
}

START_TEST(half_a_pool_is_made_whole_when_it_is_needed)
{
	const char *device, *vdi;
	struct storage s;
	struct bench b;
	int status;
	pid_t pid;

	setup_active_group(&b);
	vdi = disk_uuid(b.arena, 0);
	leave_half_a_pool();
	pid = hold_metadata(&b, 200000);
	s = op(&b);
	ck_assert_msg(storage_attach(&s, sr_a, vdi, false, "lease-1",
	    &device) == 0, "%s", s.text ? s.text : "");
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(count_devices(), 5);
	ck_assert_int_eq(storage_detach(&s, vdi, "lease-1"), 0);
	detach_lvm_sr(&b);
	/* nor does a part of it keep the SR from being attached */
	write_file(arena_printf(b.arena, "%s/%s", dm_folder,
	    dm_name("pool_tmeta")), 0600, "");
	attach_lvm_sr(&b);
	ck_assert_int_eq(count_devices(), 4);
	detach_lvm_sr(&b);
	teardown(&b);
}
END_TEST

START_TEST(a_pool_that_fails_is_not_taken_for_half_a_one)
{
	struct xenops_sr_info info;
	struct storage s;
	struct bench b;

	setup_active_group(&b);
	detach_lvm_sr(&b);
	write_file(arena_printf(b.arena, "%s/stuck", b.dir), 0600, "");
	s = op(&b);
	ck_assert_int_eq(storage_sr_attach(&s, sr_a, XENOPS_SR_TYPE_LVM, NULL,
	    &info), -1);
	expect_code(&s, XENOPS_CODE_IO);
	ck_assert_int_eq(count_devices(), 0);
	teardown(&b);
}
END_TEST

START_TEST(what_lvm_leaves_of_a_pool_is_detached_too)
{
	struct bench b;

	setup_active_group(&b);
	leave_half_a_pool();
	write_file(arena_printf(b.arena, "%s/stuck", b.dir), 0600, "");
	detach_lvm_sr(&b);
	teardown(&b);
}
END_TEST

int
main(void)
{
	int rc = UNIT_RUN("LVM", a_pools_metadata_outlasts_its_data,
	    a_cut_listing_is_none, what_a_child_says_is_no_code,
	    a_child_tells_the_cause_before_the_result,
	    the_groups_state_tells_why_lvm_failed, tags_keep_any_text,
	    tags_have_a_longest);

	if (!can_mount() || access("/usr/sbin/lvm", X_OK) == -1)
		return unit_skip("LVM groups",
		    "needs root, loop devices and lvm2") || rc ?
		    EXIT_FAILURE : EXIT_SUCCESS;
	return UNIT_RUN("LVM groups",
	    an_lvm_sr_holds_4096_disks_with_long_descriptions,
	    an_lvm_sr_is_found_again_when_its_disk_returns,
	    an_lvm_sr_whose_disk_is_there_keeps_its_devices,
	    half_a_pool_is_made_whole_when_it_is_needed,
	    a_pool_that_fails_is_not_taken_for_half_a_one,
	    what_lvm_leaves_of_a_pool_is_detached_too) || rc ?
	    EXIT_FAILURE : EXIT_SUCCESS;
}
