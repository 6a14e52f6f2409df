/*
 * Thin volumes as devices, by device-mapper's own ioctls.  LVM keeps what
 * there is and makes the pool's device; a volume's device comes and goes with
 * each start and end of a VM, and one of LVM's programs takes longer for that
 * than all the rest of an attach; and of a group whose disk is gone LVM knows
 * nothing, though its devices are there.  Names and uuids are those that LVM
 * would give, so its programs take the devices for their own.
 */
#ifndef XENOPSD_STORAGE_DM_H
#define XENOPSD_STORAGE_DM_H

#include "xenopsd/storage/books.h"

struct dm_thin {
	const char *vg;			/* LVM's names */
	const char *lv;
	const char *pool;
	const char *vg_uuid;		/* LVM's uuids */
	const char *lv_uuid;
	int64_t size;			/* bytes, whole sectors */
	uint64_t id;			/* within the pool */
};

/* Makes the device, unless it is there; its path is in s->arena. */
int dm_thin_map(struct storage *s, const struct dm_thin *t,
    const char **device_out);
/* Removes the device of a volume once nobody has it open, which may take some
 * time after a guest has closed it; in_use when limit_ms have passed. */
int dm_unmap(struct storage *s, const char *vg, const char *lv,
    int64_t limit_ms);
/* Whether the pool has no device that runs, as far as device-mapper can be
 * asked. */
bool dm_pool_is_gone(struct storage *s, const char *vg, const char *pool);
/* Removes what is left of the devices of a pool that is gone, as dm_unmap does
 * it; found_out: whether anything was. */
int dm_clear_pool(struct storage *s, const char *vg, const char *pool,
    int64_t limit_ms, bool *found_out);
/* Removes all devices of the group, LVM's own too, with nothing read of its
 * disk; in_use when one is still open after limit_ms. */
int dm_remove_group(struct storage *s, const char *vg, int64_t limit_ms);

#endif
