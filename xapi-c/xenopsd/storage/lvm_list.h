/*
 * The volumes of an LVM SR as `lvs` lists them.  A listing is kept in the run
 * folder beside what tells that it is still true: the first sector of the
 * disk's metadata area, where LVM notes the place and the checksum of the
 * group's description, so that it changes with each change of the group.
 * Everything is in s->arena; the SR's lock is held.
 */
#ifndef XENOPSD_STORAGE_LVM_LIST_H
#define XENOPSD_STORAGE_LVM_LIST_H

#include "xenopsd/storage/books.h"

#define LVM_POOL "pool"
/* What lvs is to print, separated by `|`, sizes in bytes. */
#define LVM_LISTING_FIELDS "lv_name,lv_size,data_percent,metadata_percent," \
	"lv_active,lv_device_open,thin_id,lv_uuid,vg_uuid,vg_mda_free,lv_tags"

struct lvm_volume {
	const char *name;
	int64_t size;
	double percent;			/* used, of an active one; else 0 */
	double metadata_percent;	/* of the pool, likewise */
	bool active;
	bool open;			/* somebody has its device open */
	uint64_t id;			/* within the pool */
	const char *uuid;		/* LVM's, as that of its group */
	const char *vg_uuid;
	const char *tags;
};

struct lvm_listing {
	struct lvm_volume *v;		/* those that are disks */
	uint32_t n;
	struct lvm_volume pool;
	int64_t area_free;		/* bytes, for descriptions of volumes */
	bool fresh;			/* percents, active and open are true */
};

/* Read before lvs runs; .read false: it cannot be told what a listing is of. */
struct lvm_head {
	bool read;
	char bytes[512];
};

void lvm_head_read(const struct sr *sr, struct lvm_head *head);
/* Of one that was read: whether no group was ever written there. */
bool lvm_head_is_new(const struct lvm_head *head);
/* What lvs has just printed; also keeps it. */
struct lvm_listing *lvm_listing_take(struct storage *s, const struct sr *sr,
    const struct lvm_head *head, const struct buf *text);
/* The one that was kept, or NULL if the group has changed since. */
struct lvm_listing *lvm_listing_kept(struct storage *s, const struct sr *sr);
void lvm_listing_forget(struct storage *s, const struct sr *sr);

#endif
