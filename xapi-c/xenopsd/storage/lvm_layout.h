/*
 * How an LVM SR divides its disk.  This is part of the on-disk format and is
 * fixed when an SR is made; STORAGE.md says how the numbers come about.  Sizes
 * are bytes.  Pure computation.
 */
#ifndef XENOPSD_STORAGE_LVM_LAYOUT_H
#define XENOPSD_STORAGE_LVM_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#define LVM_DISKS_MAX 4096
/* What LVM writes of a volume with the longest tags: 5,4 KiB, with room. */
#define LVM_DISK_TEXT ((int64_t)6 << 10)
/* LVM keeps the old description of the group while it writes the new one. */
#define LVM_AREA ((int64_t)64 << 20)
#define LVM_EXTENT ((int64_t)4 << 20)

struct lvm_layout {
	int64_t chunk;			/* what the pool hands out at a time */
	int64_t pool_metadata;		/* there is a spare of the same size */
};

/* false: the disk is too small for an SR. */
bool lvm_layout(int64_t disk_size, struct lvm_layout *l_out);

#endif
