/*
 * qcow2 images into a disk and out of it: tables and data in any order, and what a
 * hostile image tries.  That others read and write the same is shown by
 * check-images.
 */
#include <endian.h>

#include "image/awaited.h"
#include "image/passed.h"
#include "image/qcow2.h"
#include "image_rig.h"
#include "unit.h"

#define BITS 12
#define CLUSTER (1 << BITS)
#define DISK (4 * CLUSTER)
#define COMPRESSED (1ull << 62)

/* An image: header, L1, L2, and the first and the last of the disk's clusters. */
struct image {
	unsigned char bytes[5][CLUSTER];
};

static void
put(struct image *m, int cluster, size_t at, uint64_t v)
{
	v = htobe64(v);
	memcpy(m->bytes[cluster] + at, &v, sizeof(v));
}

static void
put32(struct image *m, size_t at, uint32_t v)
{
	v = htobe32(v);
	memcpy(m->bytes[0] + at, &v, sizeof(v));
}

static void
image_init(struct image *m)
{
	const struct qcow2_layout l = { .size = DISK, .tables = 1,
		.l1_at = CLUSTER };

	memset(m, 0, sizeof(*m));
	qcow2_encode(&l, m->bytes[0]);
	put32(m, 20, BITS);
	put(m, 1, 0, 2 * CLUSTER);
	put(m, 2, 0, 3 * CLUSTER);
	put(m, 2, 3 * 8, 4 * CLUSTER);
	memset(m->bytes[3], '1', CLUSTER);
	memset(m->bytes[4], '2', CLUSTER);
}

static int
send(struct rig *r, const struct image *m)
{
	return rig_in(r, qcow2_in, m, sizeof(*m));
}

static void
assert_bytes(const struct rig *r, size_t at, size_t len, int byte)
{
	for (size_t i = 0; i < len; i++)
		ck_assert_int_eq((unsigned char)r->disk.data[at + i], byte);
}

static void
assert_taken(const struct rig *r)
{
	assert_bytes(r, 0, CLUSTER, '1');
	assert_bytes(r, CLUSTER, 2 * CLUSTER, 0);
	assert_bytes(r, 3 * CLUSTER, CLUSTER, '2');
}

START_TEST(clusters_go_where_the_tables_say)
{
	struct rig r;
	struct image m;

	rig_init(&r, DISK + 512);
	image_init(&m);
	ck_assert_int_eq(send(&r, &m), 0);
	assert_taken(&r);
	/* what the image does not know of stays */
	assert_bytes(&r, DISK, 512, RIG_FILL);
	rig_release(&r);
}
END_TEST

/* Clusters 1 to 4 in each order, their contents moved along. */
START_TEST(tables_and_data_come_in_any_order)
{
	struct rig r;
	struct image m, n;

	rig_init(&r, DISK);
	image_init(&m);
	for (int i = 0; i < 4 * 4 * 4 * 4; i++) {
		int to[5] = { 0, 1 + i % 4, 1 + i / 4 % 4, 1 + i / 16 % 4,
			1 + i / 64 };
		unsigned used = 0;

		for (int k = 1; k < 5; k++)
			used |= 1u << to[k];
		if (used != 0x1e)
			continue;
		for (int k = 0; k < 5; k++)
			memcpy(n.bytes[to[k]], m.bytes[k], CLUSTER);
		put(&n, 0, 40, (uint64_t)to[1] * CLUSTER);
		put(&n, to[1], 0, (uint64_t)to[2] * CLUSTER);
		put(&n, to[2], 0, (uint64_t)to[3] * CLUSTER);
		put(&n, to[2], 3 * 8, (uint64_t)to[4] * CLUSTER);
		ck_assert_int_eq(send(&r, &n), 0);
		assert_taken(&r);
	}
	rig_release(&r);
}
END_TEST

START_TEST(a_cluster_that_reads_as_zero_is_zero)
{
	struct rig r;
	struct image m;

	rig_init(&r, DISK);
	image_init(&m);
	put(&m, 2, 0, 3 * CLUSTER | 1);
	ck_assert_int_eq(send(&r, &m), 0);
	assert_bytes(&r, 0, 3 * CLUSTER, 0);
	assert_bytes(&r, 3 * CLUSTER, CLUSTER, '2');
	rig_release(&r);
}
END_TEST

START_TEST(the_last_cluster_is_cut_at_the_end_of_the_disk)
{
	struct rig r;
	struct image m;

	rig_init(&r, DISK - 512);
	image_init(&m);
	put(&m, 0, 24, DISK - 512);
	/* and may be short in the image, too */
	ck_assert_int_eq(rig_in(&r, qcow2_in, &m, sizeof(m) - 512), 0);
	assert_bytes(&r, 3 * CLUSTER, CLUSTER - 512, '2');
	ck_assert_int_eq(rig_in(&r, qcow2_in, &m, sizeof(m) - 513), -1);
	rig_release(&r);
}
END_TEST

START_TEST(every_end_but_the_last_is_too_early)
{
	struct rig r;
	struct image m;

	rig_init(&r, DISK);
	image_init(&m);
	for (size_t n = 0; n < sizeof(m); n += 97)
		ck_assert_int_eq(rig_in(&r, qcow2_in, &m, n), -1);
	ck_assert_int_eq(rig_in(&r, qcow2_in, &m, sizeof(m) - 1), -1);
	rig_release(&r);
}
END_TEST

/* A word of the header, or an entry, that is wrong. */
struct wrong {
	const char *why;
	int cluster;
	size_t at;
	uint64_t v;
};

START_TEST(a_wrong_image_is_told_why)
{
	static const struct wrong all[] = {
		{ "no header", 0, 0, 0 },
		{ "version", 0, 0, 0x514649fb00000004 },
		{ "backing file", 0, 8, 200 },
		{ "clusters' size", 0, 16, 8 },
		{ "clusters' size", 0, 16, 22 },
		{ "clusters' size", 0, 16, UINT32_MAX },
		{ "too many clusters", 0, 24, 0 },
		{ "too many clusters", 0, 24, UINT64_MAX },
		{ "too many clusters", 0, 24,
		    (uint64_t)CLUSTER * (QCOW2_CLUSTERS_MAX + 1ull) },
		{ "larger than the disk", 0, 24, DISK + 1 },
		{ "encrypted", 0, 32, 1ull << 32 | 1 },
		{ "too small", 0, 32, 0 },
		{ "no place", 0, 40, 0 }, { "no place", 0, 40, CLUSTER + 8 },
		{ "no place", 0, 40, 1ull << 60 },
		{ "corrupt", 0, 72, 2 }, { "another file", 0, 72, 4 },
		{ "unknown here", 0, 72, 16 },
		{ "no whole cluster", 1, 0, 2 * CLUSTER + 512 },
		{ "no whole cluster", 2, 0, 3 * CLUSTER + 512 },
		{ "two uses", 1, 0, CLUSTER },	/* L1 as a table */
		{ "two uses", 2, 0, 4 * CLUSTER },
		{ "two uses", 2, 0, 2 * CLUSTER },
		{ "two uses", 2, 0, CLUSTER },
		{ "compressed", 2, 0, COMPRESSED | 3 * CLUSTER },
		{ "ended early", 1, 0, 1ull << 50 },
		{ "ended early", 2, 0, 1ull << 50 },
		{ "ended early", 0, 40, 1ull << 50 },
	};
	struct rig r;
	struct image m;

	rig_init(&r, DISK);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		image_init(&m);
		put(&m, all[i].cluster, all[i].at, all[i].v);
		ck_assert_int_eq(send(&r, &m), -1);
		ck_assert_msg(strstr(r.job.why, all[i].why), "%s: %s",
		    all[i].why, r.job.why);
	}
	rig_release(&r);
}
END_TEST

/* A table that comes behind more than is kept in memory. */
START_TEST(what_waits_for_its_table_has_a_limit)
{
	size_t many = PASSED_MAX / CLUSTER;
	struct buf image = { 0 };
	struct rig r;
	struct image m;

	rig_init(&r, DISK);
	for (size_t more = 0; more < 2; more++) {
		image_init(&m);
		put(&m, 1, 0, (2 + many + more) * CLUSTER);
		buf_reset(&image);
		buf_add(&image, m.bytes, 2 * CLUSTER);
		memset(buf_reserve(&image, (many + more) * CLUSTER), 'x',
		    (many + more) * CLUSTER);
		image.len += (many + more) * CLUSTER;
		put(&m, 2, 0, 2 * CLUSTER);
		put(&m, 2, 3 * 8, 3 * CLUSTER);
		buf_add(&image, m.bytes[2], CLUSTER);
		ck_assert_int_eq(rig_in(&r, qcow2_in, image.data, image.len),
		    more ? -1 : 0);
		assert_bytes(&r, 0, CLUSTER, 'x');
	}
	ck_assert(strstr(r.job.why, "convert it first"));
	buf_release(&image);
	rig_release(&r);
}
END_TEST

START_TEST(pieces_are_awaited_in_their_order)
{
	struct awaited a = { 0 };
	uint32_t seed = 1;
	uint64_t last = 0;

	for (uint32_t i = 0; i < AWAITED_MAX; i++) {
		seed = seed * 1103515245 + 12345;
		ck_assert_int_eq(awaited_add(&a, &(struct awaited_piece){
		    seed, i, i % 2 }), 0);
	}
	ck_assert_int_eq(awaited_add(&a, &(struct awaited_piece){ 1, 1, 1 }),
	    -1);
	ck_assert_uint_eq(a.tables, AWAITED_MAX / 2);
	while (awaited_first(&a)) {
		ck_assert_uint_le(last, awaited_first(&a)->at);
		last = awaited_first(&a)->at;
		awaited_drop_first(&a);
	}
	ck_assert_uint_eq(a.tables, 0);
	awaited_release(&a);
}
END_TEST

START_TEST(what_goes_out_comes_in)
{
	/* beyond what one table names, and no whole cluster at the end */
	size_t size = (size_t)600 << 20 | 512;
	struct buf image = { 0 };
	struct rig r;
	char *body, seen[3];

	memset(&r, 0, sizeof(r));
	r.job.disk.fd = rig_file("", 0);
	r.job.disk.size = (int64_t)size;
	ck_assert_int_eq(ftruncate(r.job.disk.fd, (off_t)size), 0);
	ck_assert_int_eq(fdio_write_at(r.job.disk.fd, "a", 1, 70000), 0);
	ck_assert_int_eq(fdio_write_at(r.job.disk.fd, "b", 1,
	    (int64_t)size - 1), 0);
	ck_assert_int_eq(rig_out(&r, qcow2_out, &image), 0);
	body = memchr(image.data, '\n', 32);
	ck_assert_ptr_nonnull(body);
	ck_assert_int_eq(strtoll(image.data, NULL, 10),
	    image.data + image.len - ++body);
	/* header, L1, table and block of counts, two L2, two of data */
	ck_assert_int_eq(image.data + image.len - body, 8 * QCOW2_CLUSTER);
	ck_assert_int_eq(ftruncate(r.job.disk.fd, 0), 0);
	ck_assert_int_eq(ftruncate(r.job.disk.fd, (off_t)size), 0);
	ck_assert_int_eq(rig_in(&r, qcow2_in, body,
	    (size_t)(image.data + image.len - body)), 0);
	ck_assert_int_eq(fdio_read_at(r.job.disk.fd, seen, 1, 70000), 0);
	ck_assert_int_eq(fdio_read_at(r.job.disk.fd, seen + 1, 1,
	    (int64_t)size - 1), 0);
	ck_assert_int_eq(lseek(r.job.disk.fd, 0, SEEK_DATA), 65536);
	ck_assert(seen[0] == 'a' && seen[1] == 'b');
	buf_release(&image);
	rig_release(&r);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("qcow2", clusters_go_where_the_tables_say,
	    tables_and_data_come_in_any_order,
	    a_cluster_that_reads_as_zero_is_zero,
	    the_last_cluster_is_cut_at_the_end_of_the_disk,
	    every_end_but_the_last_is_too_early, a_wrong_image_is_told_why,
	    what_waits_for_its_table_has_a_limit,
	    pieces_are_awaited_in_their_order, what_goes_out_comes_in);
}
