/*
 * What storage.c asks of a driver.  Everything here is called with the SR's
 * lock held unless it says otherwise, by any process of xenopsd.  Functions
 * return 0, or -1 after storage_fail.
 */
#ifndef XENOPSD_STORAGE_DRIVER_H
#define XENOPSD_STORAGE_DRIVER_H

#include "xenopsd/storage/books.h"

/* What a device holds of a kind of SR.  Half: it was being made when the power
 * went, or its maker died; it never held a disk. */
enum sr_found { SR_NONE, SR_WHOLE, SR_HALF };

struct sr_driver {
	/* Whether sr->device may become a new SR; nobody else gets it before
	 * *fd_out is closed.  NULL: any may. */
	int (*claim)(struct storage *s, struct sr *sr, int *fd_out);
	/* Formats sr->device and attaches; name is the SR's, for people. */
	int (*create)(struct storage *s, struct sr *sr, const char *name);
	/* Takes back what create did, wherever it was cut short: sr->device
	 * is unused again. */
	int (*undo)(struct storage *s, struct sr *sr);
	/* Whether sr->device holds an SR of this kind; if so, sr->uuid is set
	 * ("" of one that was not given any yet: undo takes it).  Called
	 * without the lock.  NULL: no device does. */
	enum sr_found (*identify)(struct storage *s, struct sr *sr);
	/* Finds the SR by its uuid, fills sr->device (where it was last, or
	 * ""), makes it usable. */
	int (*attach)(struct storage *s, struct sr *sr);
	int (*detach)(struct storage *s, struct sr *sr);
	/* Called detached.  NULL: what this kind shows is not its own. */
	int (*destroy)(struct storage *s, struct sr *sr);
	int (*space)(struct storage *s, struct sr *sr, int64_t *size_out,
	    int64_t *used_out);
	/* A set of struct xenops_vdi_info. */
	int (*list)(struct storage *s, struct sr *sr, struct vec *vdis_out);
	/* no_such_vdi if there is none. */
	int (*find)(struct storage *s, struct sr *sr, const char *vdi,
	    struct xenops_vdi_info *out);

	/* The uuid that a new disk gets here; NULL: the one it comes with. */
	int (*vdi_uuid)(struct storage *s, struct sr *sr,
	    const struct xenops_vdi_info *vdi, const char **uuid_out);
	/* From here to vdi_set_name, NULL: this kind cannot do that.  The uuid
	 * is new; vdi->size was checked.  The driver rounds. */
	int (*vdi_create)(struct storage *s, struct sr *sr,
	    const struct xenops_vdi_info *vdi);
	/* May drop the lock while it copies (storage_unlock, storage_lock). */
	int (*vdi_clone)(struct storage *s, struct sr *sr, const char *source,
	    const struct xenops_vdi_info *vdi);
	int (*vdi_destroy)(struct storage *s, struct sr *sr, const char *vdi);
	int (*vdi_resize)(struct storage *s, struct sr *sr, const char *vdi,
	    int64_t size);
	int (*vdi_set_name)(struct storage *s, struct sr *sr,
	    const struct xenops_vdi_info *vdi);

	/* A block device; unmap gets what map gave, "" if map was cut short.
	 * Unmapping what is not mapped is no error. */
	int (*map)(struct storage *s, struct sr *sr, const char *vdi,
	    bool writable, const char **device_out);
	int (*unmap)(struct storage *s, struct sr *sr, const char *vdi,
	    const char *device, bool last);
	/* The bytes without a block device; NULL: map and open that. */
	int (*open)(struct storage *s, struct sr *sr, const char *vdi,
	    bool writable, int *fd_out);
	/* Removes what killed processes left; in_use tells a device or file
	 * that a use names. */
	void (*reap)(struct storage *s, struct sr *sr);
	bool clone_in_use;		/* may clone a disk that is written */
	bool uploads;			/* open, not map, may write to a disk
					 * that is read-only */
};

extern const struct sr_driver sr_driver_memory;
extern const struct sr_driver sr_driver_file;
extern const struct sr_driver sr_driver_lvm;
extern const struct sr_driver sr_driver_library;
extern const struct sr_driver sr_driver_nfs;
extern const struct sr_driver sr_driver_nfs_iso;

#endif
