/*
 * A disk as a dynamic VHD.  The table of blocks comes first, so the disk is looked
 * through for what is not zero before anything is sent.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/mem.h"
#include "image/job.h"
#include "image/vhd.h"

#define EPOCH 946684800			/* 2000-01-01 */

struct vhd_out {
	struct job *job;
	struct vhd_footer footer;
	struct vhd_header header;
	uint32_t *table;		/* big-endian */
	int64_t length;			/* of the image */
	uint8_t *block;			/* with its bitmap in front */
};

static int
describe(struct vhd_out *v)
{
	int64_t size = v->job->disk.size;
	struct timespec now;

	if (size == 0 || size > VHD_SIZE_MAX)
		return job_fail(v->job, "the disk is too large for a VHD");
	clock_gettime(CLOCK_REALTIME, &now);
	v->footer = (struct vhd_footer){
		.type = VHD_DYNAMIC,
		.size = (size + VHD_SECTOR - 1) / VHD_SECTOR * VHD_SECTOR,
		.header_at = VHD_SECTOR,
		.time = (uint32_t)(now.tv_sec - EPOCH),
	};
	v->header = (struct vhd_header){
		.table_at = VHD_SECTOR + VHD_HEADER_SIZE,
		.entries = (uint32_t)((size + VHD_BLOCK - 1) / VHD_BLOCK),
		.block = VHD_BLOCK,
	};
	if (getrandom(v->footer.uuid, VHD_UUID_SIZE, 0) != VHD_UUID_SIZE)
		return job_fail(v->job, "no random numbers");
	return 0;
}

static int64_t
block_end(const struct vhd_out *v, uint32_t i)
{
	int64_t end = ((int64_t)i + 1) * VHD_BLOCK;

	return end < v->job->disk.size ? end : v->job->disk.size;
}

/* Gives each block that is not all zeroes its place. */
static int
make_table(struct vhd_out *v)
{
	size_t size = vhd_table_size(v->header.entries);
	const struct disk *d = &v->job->disk;
	int64_t at = 0, next = (int64_t)v->header.table_at + (int64_t)size;

	v->table = mem_alloc(size);
	memset(v->table, 0xff, size);
	while ((at = disk_next(d, at)) < d->size) {
		uint32_t i = (uint32_t)(at / VHD_BLOCK);
		bool zero;

		if (job_is_wanted(v->job) || job_disk(v->job,
		    disk_is_zero(d, at, block_end(v, i), &zero)))
			return -1;
		at = block_end(v, i);
		if (zero)
			continue;
		v->table[i] = htobe32((uint32_t)(next / VHD_SECTOR));
		next += (int64_t)vhd_bitmap_size(VHD_BLOCK) + VHD_BLOCK;
	}
	v->length = next + VHD_SECTOR;
	return 0;
}

static int
send_block(struct vhd_out *v, uint32_t i)
{
	size_t bitmap = vhd_bitmap_size(VHD_BLOCK);
	int64_t at = (int64_t)i * VHD_BLOCK;
	size_t len = (size_t)(block_end(v, i) - at);

	memset(v->block, 0xff, bitmap);
	memset(v->block + bitmap + len, 0, VHD_BLOCK - len);
	if (job_disk(v->job, disk_get(&v->job->disk, v->block + bitmap, len,
	    at)))
		return -1;
	return job_write(v->job, v->block, bitmap + VHD_BLOCK);
}

static int
send_image(struct vhd_out *v)
{
	uint8_t footer[VHD_SECTOR], header[VHD_HEADER_SIZE];
	struct job *j = v->job;

	vhd_footer_encode(&v->footer, footer);
	vhd_header_encode(&v->header, header);
	job_begin(j, v->length);
	if (job_write(j, footer, sizeof(footer)) ||
	    job_write(j, header, sizeof(header)) || job_write(j, v->table,
	    vhd_table_size(v->header.entries)))
		return -1;
	v->block = mem_alloc(vhd_bitmap_size(VHD_BLOCK) + VHD_BLOCK);
	for (uint32_t i = 0; i < v->header.entries; i++)
		if (v->table[i] != VHD_UNUSED && send_block(v, i))
			return -1;
	return job_write(j, footer, sizeof(footer));
}

int
vhd_out(struct job *j)
{
	struct vhd_out v = { .job = j };
	int rc = 0;

	if (describe(&v) || make_table(&v) || send_image(&v))
		rc = -1;
	free(v.block);
	free(v.table);
	return rc;
}
