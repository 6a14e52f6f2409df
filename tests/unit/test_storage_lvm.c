/*
 * LVM SRs as far as no device-mapper is needed: how a disk is divided, what
 * LVM's listings and failures are taken for, and a group at its limit, whose
 * description LVM itself writes and reads on a loop device (else skipped).
 */
#include "xenopsd/storage/lvm_tags.h"

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
	const char *note = arena_printf(b->arena, "%s/sr/" SR_A ".sr", b->dir);

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
	return storage_vdi_create(s, SR_A, &in, &out);
}

START_TEST(the_groups_state_tells_why_lvm_failed)
{
	struct storage s;
	struct bench b;

	setup(&b);
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
	ck_assert_int_eq(storage_vdi_destroy(&s, SR_A, VDI_A), -1);
	expect_code(&s, XENOPS_CODE_IO);
	failing_lvm(&b, "7.00|3.00", "open", "9999999");
	s = op(&b);
	ck_assert_int_eq(storage_vdi_destroy(&s, SR_A, VDI_A), -1);
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
	struct sr sr = { .uuid = SR_A, .lock_fd = -1 };
	struct buf text = { 0 };
	const char *path = arena_printf(b->arena, "%s/description", b->dir);
	const char *argv[] = { b->env.lvm, "vgcfgrestore", "--config",
		arena_printf(b->arena, "devices{filter=[\"a|^%s$|\",\"r|.*|\"] "
		"use_devicesfile=0} global{io_memory_size=65536}", b->disk),
		"--force", "-y", "-f", path, "bedplate-" SR_A, NULL };
	struct storage s = op(b);

	snprintf(sr.device, sizeof(sr.device), "%s", b->disk);
	sr.dir = arena_printf(b->arena, "%s/sr/" SR_A, b->dir);
	ck_assert_int_eq(sr_driver_lvm.create(&s, &sr, ""), -1);
	buf_addf(&text, "contents = \"Text Format Volume Group\"\n"
	    "version = 1\nbedplate-" SR_A " {\nid = \"%s\"\nseqno = 9\n"
	    "format = \"lvm2\"\nstatus = [\"RESIZEABLE\", \"READ\", "
	    "\"WRITE\"]\nflags = []\ntags = [\"bedplate.format.1\"]\n"
	    "extent_size = 8192\nmax_lv = 0\nmax_pv = 0\nmetadata_copies = 0\n"
	    "physical_volumes {\npv0 {\nid = \"%s\"\ndevice = \"%s\"\n"
	    "status = [\"ALLOCATABLE\"]\nflags = []\ndev_size = %s\n"
	    "pe_start = %s\npe_count = %s\n}\n}\nlogical_volumes {\n",
	    ask_lvm(b, "vgs", "vg_uuid"), ask_lvm(b, "pvs", "pv_uuid"),
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

	ck_assert_msg(storage_sr_scan(&s, SR_A, &r.sr, &r.vdis) == 0, "%s",
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
	ck_assert_msg(storage_vdi_set_name(&s, SR_A, &in) == 0, "%s",
	    s.text ? s.text : "");
	ck_assert_int_eq(storage_sr_scan(&s, SR_A, &info, &vdis), 0);
	v = vdis.v;
	for (uint32_t i = 0; i < vdis.n; i++)
		ck_assert_int_eq(v[i].name[0], strcmp(v[i].uuid, vdi) ? 'x' :
		    'y');
}

START_TEST(an_lvm_sr_holds_4096_disks_with_long_descriptions)
{
	struct storage s;
	struct bench b;

	setup(&b);
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

int
main(void)
{
	int rc = UNIT_RUN("LVM", a_pools_metadata_outlasts_its_data,
	    a_cut_listing_is_none, what_a_child_says_is_no_code,
	    a_child_tells_the_cause_before_the_result,
	    the_groups_state_tells_why_lvm_failed, tags_have_a_longest);

	if (!can_mount() || access("/usr/sbin/lvm", X_OK) == -1)
		return unit_skip("a full LVM group",
		    "needs root, loop devices and lvm2") || rc ?
		    EXIT_FAILURE : EXIT_SUCCESS;
	return UNIT_RUN("full LVM group",
	    an_lvm_sr_holds_4096_disks_with_long_descriptions) || rc ?
	    EXIT_FAILURE : EXIT_SUCCESS;
}
