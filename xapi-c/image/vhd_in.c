/*
 * A VHD from a stream into a disk.  Footer copy, header and table come before the
 * blocks in all that others write; the blocks come in any order.  All offsets are
 * checked before the first byte is written.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "image/job.h"
#include "image/vhd.h"

#define GAP_MAX ((int64_t)64 << 20)	/* passed over before the last footer */

struct block {
	uint32_t sector;		/* of the image */
	uint32_t index;			/* of the disk */
};

struct vhd_in {
	struct job *job;
	struct vhd_footer footer;
	struct vhd_header header;
	uint32_t *table;
	uint32_t n_disk;		/* entries that the disk needs */
	struct block *blocks;		/* as they come */
	uint32_t n_blocks;
	uint8_t *bitmap;
	uint8_t *piece;
};

static int
refuse(struct job *j, const char *why)
{
	return why ? job_fail(j, "not a VHD image that can be taken: %s", why) :
	    0;
}

static int
check_size(struct job *j, int64_t size)
{
	return size <= j->disk.size ? 0 : job_fail(j,
	    "the image is larger than the disk: %lld bytes", (long long)size);
}

static int
read_header(struct vhd_in *v)
{
	uint8_t raw[VHD_HEADER_SIZE];
	struct job *j = v->job;
	int64_t needed;

	if (v->footer.type == VHD_DIFFERENCING)
		return refuse(j, "it holds only what differs from a parent");
	if (v->footer.type != VHD_DYNAMIC)
		return refuse(j, "its type is unknown");
	if (check_size(j, v->footer.size))
		return -1;
	if (v->footer.header_at < (uint64_t)j->at ||
	    v->footer.header_at > (uint64_t)GAP_MAX)
		return refuse(j, "its header is not at the start");
	if (job_skip_to(j, (int64_t)v->footer.header_at) ||
	    job_read(j, raw, sizeof(raw)) ||
	    refuse(j, vhd_header_decode(&v->header, raw)))
		return -1;
	needed = (v->footer.size + v->header.block - 1) / v->header.block;
	if (needed > v->header.entries)
		return refuse(j, "its table is too small");
	v->n_disk = (uint32_t)needed;
	return 0;
}

static int
read_table(struct vhd_in *v)
{
	size_t size = vhd_table_size(v->header.entries);
	struct job *j = v->job;

	if (v->header.table_at < (uint64_t)j->at ||
	    v->header.table_at > (uint64_t)GAP_MAX)
		return refuse(j, "its table of blocks is not at the start");
	v->table = mem_alloc(size);
	if (job_skip_to(j, (int64_t)v->header.table_at) ||
	    job_read(j, v->table, size))
		return -1;
	for (uint32_t i = 0; i < v->header.entries; i++) {
		v->table[i] = be32toh(v->table[i]);
		if (v->table[i] == VHD_UNUSED)
			continue;
		if (i >= v->n_disk)
			return refuse(j, "it has a block beyond its disk's end");
		v->n_blocks++;
	}
	return 0;
}

static int
by_sector(const void *a, const void *b)
{
	const struct block *x = a, *y = b;

	return x->sector < y->sector ? -1 : x->sector > y->sector;
}

/* In the order of the image; each has its place behind the one before. */
static int
order_blocks(struct vhd_in *v)
{
	int64_t room = (int64_t)vhd_bitmap_size(v->header.block) +
	    v->header.block, end = v->job->at;
	uint32_t n = 0;

	v->blocks = mem_alloc((v->n_blocks + 1) * sizeof(*v->blocks));
	for (uint32_t i = 0; i < v->n_disk; i++)
		if (v->table[i] != VHD_UNUSED)
			v->blocks[n++] = (struct block){ v->table[i], i };
	qsort(v->blocks, n, sizeof(*v->blocks), by_sector);
	for (uint32_t i = 0; i < n; i++) {
		int64_t at = (int64_t)v->blocks[i].sector * VHD_SECTOR;

		if (at < end)
			return refuse(v->job, "its blocks overlap");
		if (at - end > GAP_MAX)
			return refuse(v->job, "its blocks are too far apart");
		end = at + room;
	}
	return 0;
}

/* What the bitmap does not name is zero, whatever stands there. */
static void
blank_unnamed(const struct vhd_in *v, size_t first, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t s = first + i;

		if (!(v->bitmap[s / 8] & 0x80 >> s % 8))
			memset(v->piece + i * VHD_SECTOR, 0, VHD_SECTOR);
	}
}

static int
take_block(struct vhd_in *v, const struct block *b)
{
	struct job *j = v->job;
	int64_t at = (int64_t)b->index * v->header.block;
	int64_t left = v->footer.size - at;

	if (job_skip_to(j, (int64_t)b->sector * VHD_SECTOR) ||
	    job_read(j, v->bitmap, vhd_bitmap_size(v->header.block)))
		return -1;
	for (size_t done = 0; done < v->header.block;) {
		size_t n = v->header.block - done;
		int64_t mine;

		n = n < JOB_PIECE ? n : JOB_PIECE;
		if (job_read(j, v->piece, n))
			return -1;
		blank_unnamed(v, done / VHD_SECTOR, n / VHD_SECTOR);
		mine = left - (int64_t)done;
		mine = mine < (int64_t)n ? mine : (int64_t)n;
		if (mine > 0 && job_disk(j, disk_put(&j->disk, v->piece,
		    (size_t)mine, at + (int64_t)done)))
			return -1;
		done += n;
	}
	return 0;
}

static int
take_blocks(struct vhd_in *v)
{
	v->bitmap = mem_alloc(vhd_bitmap_size(v->header.block));
	for (uint32_t i = 0; i < v->n_blocks; i++) {
		if (take_block(v, &v->blocks[i]))
			return -1;
		job_progress(v->job, i + 1, v->n_blocks);
	}
	return 0;
}

/* An image that is whole ends with its footer once more. */
static int
find_footer(struct vhd_in *v, const uint8_t first[VHD_SECTOR])
{
	int64_t last = v->job->at + GAP_MAX;
	uint8_t raw[VHD_SECTOR];

	do {
		if (job_read(v->job, raw, sizeof(raw)))
			return -1;
		if (memcmp(raw, first, sizeof(raw)) == 0)
			return 0;
	} while (v->job->at < last);
	return refuse(v->job, "it does not end with its footer");
}

/* What has no block, on a disk that held something else. */
static int
clear_rest(struct vhd_in *v)
{
	int64_t block = v->header.block, end;

	for (uint32_t i = 0; i < v->n_disk; i++) {
		if (v->table[i] != VHD_UNUSED)
			continue;
		end = (i + 1) * block;
		if (job_disk(v->job, disk_zero(&v->job->disk, i * block,
		    end < v->footer.size ? end : v->footer.size)))
			return -1;
	}
	return 0;
}

static int
take_dynamic(struct vhd_in *v, const uint8_t first[VHD_SECTOR])
{
	if (refuse(v->job, vhd_footer_decode(&v->footer, first)) ||
	    read_header(v) || read_table(v) || order_blocks(v) ||
	    take_blocks(v) || find_footer(v, first))
		return -1;
	return clear_rest(v);
}

/* piece holds JOB_PIECE bytes and, in front, the sector that may be the footer. */
static int
take_fixed_data(struct vhd_in *v)
{
	struct job *j = v->job;
	uint8_t *data = v->piece;
	size_t held = VHD_SECTOR;
	int64_t at = 0;
	ssize_t r;

	while ((r = job_read_some(j, data + held, JOB_PIECE)) > 0) {
		size_t n = held + (size_t)r - VHD_SECTOR;

		if (check_size(j, at + (int64_t)n) ||
		    job_disk(j, disk_put(&j->disk, data, n, at)))
			return -1;
		at += (int64_t)n;
		memmove(data, data + n, VHD_SECTOR);
		job_progress(j, at, j->disk.size);
	}
	return r ? -1 : 0;
}

/* The disk as it is, and a footer: whatever does not begin with one. */
static int
take_fixed(struct vhd_in *v, const uint8_t first[VHD_SECTOR])
{
	struct job *j = v->job;

	if (memcmp(first, "QFI\xfb", 4) == 0)
		return refuse(j, "it is a qcow2 image");
	memcpy(v->piece, first, VHD_SECTOR);
	if (take_fixed_data(v) ||
	    refuse(j, vhd_footer_decode(&v->footer, v->piece)))
		return -1;
	if (v->footer.type != VHD_FIXED ||
	    v->footer.size != j->at - VHD_SECTOR)
		return refuse(j, "its footer is that of another image");
	return 0;
}

int
vhd_in(struct job *j)
{
	uint8_t first[VHD_SECTOR];
	struct vhd_in v = { .job = j };
	int rc;

	if (job_read(j, first, sizeof(first)))
		return -1;
	v.piece = mem_alloc(VHD_SECTOR + JOB_PIECE);
	rc = vhd_is_footer(first) ? take_dynamic(&v, first) :
	    take_fixed(&v, first);
	free(v.piece);
	free(v.bitmap);
	free(v.blocks);
	free(v.table);
	return rc;
}
