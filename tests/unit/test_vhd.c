/*
 * VHD images into a disk and out of it: what the specification says, and what a
 * hostile image tries.  That others read and write the same is shown by
 * check-images.
 */
#include <endian.h>

#include "image/vhd.h"
#include "image_rig.h"
#include "unit.h"

#define BLOCK VHD_BLOCK_MIN
#define DISK (4 * BLOCK)
#define TABLE 1536
#define DATA (TABLE + 512)
#define ROOM (512 + BLOCK)		/* of a block, with its bitmap */

/* An image of DISK bytes whose second block comes first, then the fourth. */
struct image {
	struct buf all;
	struct vhd_footer footer;
	struct vhd_header header;
	uint32_t table[128];
};

static void
image_init(struct image *m)
{
	memset(m, 0, sizeof(*m));
	memset(m->table, 0xff, sizeof(m->table));
	m->footer = (struct vhd_footer){ .type = VHD_DYNAMIC, .size = DISK,
		.header_at = 512, .uuid = "0123456789abcde" };
	m->header = (struct vhd_header){ .table_at = TABLE, .entries = 4,
		.block = BLOCK };
	m->table[1] = DATA / 512;
	m->table[3] = (DATA + ROOM) / 512;
}

static void
image_make(struct image *m)
{
	uint8_t footer[VHD_SECTOR], header[VHD_HEADER_SIZE];
	char *block;

	vhd_footer_encode(&m->footer, footer);
	vhd_header_encode(&m->header, header);
	buf_reset(&m->all);
	buf_add(&m->all, footer, sizeof(footer));
	buf_add(&m->all, header, sizeof(header));
	for (int i = 0; i < 128; i++)
		buf_add(&m->all, &(uint32_t){ htobe32(m->table[i]) }, 4);
	for (int i = 0; i < 2; i++) {
		block = buf_reserve(&m->all, ROOM);
		memset(block, 0xff, 512);
		memset(block + 512, '1' + i, BLOCK);
		m->all.len += ROOM;
	}
	buf_add(&m->all, footer, sizeof(footer));
}

static int
send(struct rig *r, struct image *m)
{
	image_make(m);
	return rig_in(r, vhd_in, m->all.data, m->all.len);
}

static void
assert_bytes(const struct rig *r, size_t at, size_t len, int byte)
{
	for (size_t i = 0; i < len; i++)
		ck_assert_int_eq((unsigned char)r->disk.data[at + i], byte);
}

static void
release(struct rig *r, struct image *m)
{
	buf_release(&m->all);
	rig_release(r);
}

START_TEST(blocks_go_where_the_table_says)
{
	struct rig r;
	struct image m;

	rig_init(&r, DISK + 512);
	image_init(&m);
	ck_assert_int_eq(send(&r, &m), 0);
	assert_bytes(&r, 0, BLOCK, 0);
	assert_bytes(&r, BLOCK, BLOCK, '1');
	assert_bytes(&r, 2 * BLOCK, BLOCK, 0);
	assert_bytes(&r, 3 * BLOCK, BLOCK, '2');
	/* what the image does not know of stays */
	assert_bytes(&r, DISK, 512, RIG_FILL);
	release(&r, &m);
}
END_TEST

START_TEST(blocks_come_in_any_order)
{
	struct rig r;
	struct image m;

	rig_init(&r, DISK);
	image_init(&m);
	m.table[2] = m.table[1];
	m.table[0] = m.table[3];
	m.table[1] = m.table[3] = VHD_UNUSED;
	ck_assert_int_eq(send(&r, &m), 0);
	assert_bytes(&r, 0, BLOCK, '2');
	assert_bytes(&r, 2 * BLOCK, BLOCK, '1');
	release(&r, &m);
}
END_TEST

START_TEST(a_sector_that_no_bit_names_is_zero)
{
	struct rig r;
	struct image m;

	rig_init(&r, DISK);
	image_init(&m);
	image_make(&m);
	m.all.data[DATA] = (char)0xbf;		/* its second sector */
	ck_assert_int_eq(rig_in(&r, vhd_in, m.all.data, m.all.len), 0);
	assert_bytes(&r, BLOCK, 512, '1');
	assert_bytes(&r, BLOCK + 512, 512, 0);
	assert_bytes(&r, BLOCK + 1024, 512, '1');
	release(&r, &m);
}
END_TEST

START_TEST(the_last_block_is_cut_at_the_end_of_the_disk)
{
	struct rig r;
	struct image m;

	rig_init(&r, DISK - 512);
	image_init(&m);
	m.footer.size = DISK - 512;
	ck_assert_int_eq(send(&r, &m), 0);
	assert_bytes(&r, 3 * BLOCK, BLOCK - 512, '2');
	release(&r, &m);
}
END_TEST

START_TEST(zeroes_are_not_written)
{
	static char zeroes[DISK];
	struct rig r;
	struct image m;

	rig_init(&r, DISK);
	ck_assert_int_eq(ftruncate(r.job.disk.fd, 0), 0);
	ck_assert_int_eq(ftruncate(r.job.disk.fd, DISK), 0);
	ck_assert_int_eq(fdio_write_at(r.job.disk.fd, r.disk.data, RIG_BEHIND,
	    DISK), 0);
	image_init(&m);
	image_make(&m);
	memset(m.all.data + DATA + 512, 0, BLOCK);
	ck_assert_int_eq(rig_in(&r, vhd_in, m.all.data, m.all.len), 0);
	ck_assert_int_eq(lseek(r.job.disk.fd, 0, SEEK_DATA), 3 * BLOCK);
	ck_assert_int_eq(memcmp(r.disk.data, zeroes, 3 * BLOCK), 0);
	release(&r, &m);
}
END_TEST

START_TEST(a_fixed_image_is_the_disk_and_a_footer)
{
	uint8_t footer[VHD_SECTOR];
	struct rig r;
	struct image m;

	rig_init(&r, DISK);
	image_init(&m);
	m.footer.type = VHD_FIXED;
	vhd_footer_encode(&m.footer, footer);
	memset(buf_reserve(&m.all, DISK), 'x', DISK);
	m.all.len = DISK;
	buf_add(&m.all, footer, sizeof(footer));
	ck_assert_int_eq(rig_in(&r, vhd_in, m.all.data, m.all.len), 0);
	assert_bytes(&r, 0, DISK, 'x');
	/* with a byte too few, it is none */
	ck_assert_int_eq(rig_in(&r, vhd_in, m.all.data, m.all.len - 1), -1);
	ck_assert_int_eq(rig_in(&r, vhd_in, m.all.data + 512, DISK), -1);
	r.job.disk.size -= 512;
	memset(r.disk.data + DISK - 512, RIG_FILL, 512);
	ck_assert_int_eq(fdio_write_at(r.job.disk.fd, r.disk.data + DISK - 512,
	    512, DISK - 512), 0);
	ck_assert_int_eq(rig_in(&r, vhd_in, m.all.data, m.all.len), -1);
	ck_assert(strstr(r.job.why, "larger than the disk"));
	release(&r, &m);
}
END_TEST

/* What is wrong, and a word of what is said of it. */
struct wrong {
	const char *why;
	void (*make)(struct image *m);
};

static void
differs(struct image *m)
{
	m->footer.type = VHD_DIFFERENCING;
}

static void
odd_type(struct image *m)
{
	m->footer.type = 9;
}

static void
too_large(struct image *m)
{
	m->footer.size += 512;
	m->header.entries = 5;
}

static void
absurd(struct image *m)
{
	m->footer.size = VHD_SIZE_MAX + 512;
}

static void
empty(struct image *m)
{
	m->footer.size = 0;
}

static void
odd_size(struct image *m)
{
	m->footer.size = DISK - 1;
}

static void
header_behind(struct image *m)
{
	m->footer.header_at = 0;
}

static void
header_far(struct image *m)
{
	m->footer.header_at = UINT64_MAX - 1;
}

static void
table_behind(struct image *m)
{
	m->header.table_at = 512;
}

static void
table_far(struct image *m)
{
	m->header.table_at = UINT64_MAX;
}

static void
table_short(struct image *m)
{
	m->header.entries = 3;
}

static void
table_huge(struct image *m)
{
	m->header.entries = UINT32_MAX;
}

static void
odd_block(struct image *m)
{
	m->header.block = BLOCK + 512;
}

static void
small_block(struct image *m)
{
	m->header.block = 512;
}

static void
huge_block(struct image *m)
{
	m->header.block = 1u << 31;
}

static void
twice(struct image *m)
{
	m->table[2] = m->table[1];
}

static void
overlaps(struct image *m)
{
	m->table[2] = m->table[1] + 1;
}

static void
in_the_table(struct image *m)
{
	m->table[2] = TABLE / 512;
}

static void
at_the_start(struct image *m)
{
	m->table[2] = 0;
}

static void
beyond(struct image *m)
{
	m->header.entries = 5;
	m->table[4] = (DATA + 2 * ROOM) / 512;
}

static void
far(struct image *m)
{
	m->table[2] = UINT32_MAX - 1;
}

static void
missing(struct image *m)
{
	m->table[2] = (DATA + 2 * ROOM) / 512;
}

START_TEST(a_wrong_image_changes_nothing_and_is_told_why)
{
	static const struct wrong all[] = {
		{ "parent", differs }, { "type", odd_type },
		{ "larger than the disk", too_large }, { "size", absurd },
		{ "size", empty }, { "size", odd_size },
		{ "not at the start", header_behind },
		{ "not at the start", header_far },
		{ "not at the start", table_behind },
		{ "not at the start", table_far },
		{ "too small", table_short }, { "too large", table_huge },
		{ "blocks' size", odd_block }, { "blocks' size", small_block },
		{ "blocks' size", huge_block }, { "overlap", twice },
		{ "overlap", overlaps }, { "overlap", in_the_table },
		{ "overlap", at_the_start }, { "beyond", beyond },
		{ "too far apart", far },
	};
	struct rig r;
	struct image m;

	rig_init(&r, DISK);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		image_init(&m);
		all[i].make(&m);
		ck_assert_int_eq(send(&r, &m), -1);
		ck_assert_msg(strstr(r.job.why, all[i].why), "%s: %s",
		    all[i].why, r.job.why);
		assert_bytes(&r, 0, DISK, RIG_FILL);
		buf_release(&m.all);
	}
	rig_release(&r);
}
END_TEST

START_TEST(every_end_but_the_last_is_too_early)
{
	struct rig r;
	struct image m;
	size_t len;

	rig_init(&r, DISK);
	image_init(&m);
	image_make(&m);
	len = m.all.len;
	for (size_t n = 0; n < len; n += n < DATA ? 100 : 8111)
		ck_assert_int_eq(rig_in(&r, vhd_in, m.all.data, n), -1);
	ck_assert_int_eq(rig_in(&r, vhd_in, m.all.data, len - 1), -1);
	ck_assert_int_eq(rig_in(&r, vhd_in, m.all.data, len), 0);
	m.table[2] = VHD_UNUSED;
	missing(&m);
	ck_assert_int_eq(send(&r, &m), -1);
	release(&r, &m);
}
END_TEST

START_TEST(a_changed_byte_of_the_head_is_found)
{
	struct rig r;
	struct image m;

	rig_init(&r, DISK);
	image_init(&m);
	image_make(&m);
	for (size_t i = 0; i < TABLE; i++) {
		m.all.data[i] ^= 1;
		ck_assert_int_eq(rig_in(&r, vhd_in, m.all.data, m.all.len), -1);
		m.all.data[i] ^= 1;
	}
	m.all.data[m.all.len - 1] ^= 1;
	ck_assert_int_eq(rig_in(&r, vhd_in, m.all.data, m.all.len), -1);
	release(&r, &m);
}
END_TEST

START_TEST(what_goes_out_comes_in)
{
	size_t size = 3 * VHD_BLOCK + 1024;
	struct buf image = { 0 };
	struct rig r, s;
	char *body;

	rig_init(&r, size);
	memset(r.disk.data, 0, size);
	memset(r.disk.data + VHD_BLOCK + 5000, 'x', 10);
	memset(r.disk.data + size - 1, 'y', 1);
	ck_assert_int_eq(fdio_write_at(r.job.disk.fd, r.disk.data, size, 0), 0);
	ck_assert_int_eq(rig_out(&r, vhd_out, &image), 0);
	body = memchr(image.data, '\n', 32);
	ck_assert_ptr_nonnull(body);
	ck_assert_int_eq(strtoll(image.data, NULL, 10),
	    image.data + image.len - ++body);
	/* two blocks of four */
	ck_assert_int_eq(image.data + image.len - body, 512 + 1024 + 512 +
	    2 * (512 + VHD_BLOCK) + 512);
	rig_init(&s, size);
	ck_assert_int_eq(rig_in(&s, vhd_in, body,
	    (size_t)(image.data + image.len - body)), 0);
	ck_assert_int_eq(memcmp(s.disk.data, r.disk.data, size), 0);
	buf_release(&image);
	rig_release(&r);
	rig_release(&s);
}
END_TEST

START_TEST(a_disk_that_no_vhd_holds_is_refused_at_once)
{
	struct buf image = { 0 };
	struct rig r;

	rig_init(&r, 512);
	r.job.disk.size = VHD_SIZE_MAX + 1;
	ck_assert_int_eq(rig_out(&r, vhd_out, &image), -1);
	ck_assert_int_eq(image.len, 0);
	ck_assert(strstr(r.job.why, "too large"));
	buf_release(&image);
	rig_release(&r);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("vhd", blocks_go_where_the_table_says,
	    blocks_come_in_any_order, a_sector_that_no_bit_names_is_zero,
	    the_last_block_is_cut_at_the_end_of_the_disk,
	    zeroes_are_not_written, a_fixed_image_is_the_disk_and_a_footer,
	    a_wrong_image_changes_nothing_and_is_told_why,
	    every_end_but_the_last_is_too_early,
	    a_changed_byte_of_the_head_is_found, what_goes_out_comes_in,
	    a_disk_that_no_vhd_holds_is_refused_at_once);
}
