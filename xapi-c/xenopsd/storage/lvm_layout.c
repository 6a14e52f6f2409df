#include "xenopsd/storage/lvm_layout.h"

#define DISK_MIN ((int64_t)512 << 20)
#define CHUNK_MIN ((int64_t)256 << 10)
#define CHUNK_MAX ((int64_t)1 << 30)	/* the kernel's */
/* The most that the kernel uses, in whole extents. */
#define POOL_METADATA_MAX (((int64_t)15 << 30) + ((int64_t)896 << 20))
/* For each chunk a block of the tree of mappings, as if no other mapping were
 * in that block, and a sixteenth for what is above it and for the counts. */
#define CHUNK_COST (4096 + 4096 / 16)
/* The way down the tree that is each disk's own, and what a transaction
 * replaces but still holds. */
#define POOL_METADATA_BASE (LVM_DISKS_MAX * (int64_t)16384)

/* What the pool of a disk may need at most. */
static int64_t
metadata_for(int64_t disk_size, int64_t chunk)
{
	int64_t n = disk_size / chunk * CHUNK_COST + POOL_METADATA_BASE;

	return (n + LVM_EXTENT - 1) / LVM_EXTENT * LVM_EXTENT;
}

bool
lvm_layout(int64_t disk_size, struct lvm_layout *l_out)
{
	int64_t chunk = CHUNK_MIN, needed;

	if (disk_size < DISK_MIN)
		return false;
	while ((needed = metadata_for(disk_size, chunk)) > POOL_METADATA_MAX &&
	    chunk < CHUNK_MAX)
		chunk *= 2;
	*l_out = (struct lvm_layout){ .chunk = chunk, .pool_metadata =
	    needed < POOL_METADATA_MAX ? needed : POOL_METADATA_MAX };
	return true;
}
