/*
 * What storage.c asks of a driver, and what it offers to drivers.  Everything
 * here is called with the SR's lock held unless it says otherwise, by any
 * process of xenopsd.  Functions return 0, or -1 after storage_fail.
 */
#ifndef XENOPSD_STORAGE_DRIVER_H
#define XENOPSD_STORAGE_DRIVER_H

#include "base/buf.h"
#include "xenopsd/storage/storage.h"

#define DEVICE_MAX 128

struct sr {
	char uuid[UUID_TEXT_LEN + 1];
	int type;			/* enum xenops_sr_type */
	const struct sr_driver *drv;
	char device[DEVICE_MAX];	/* "" if it has none */
	bool creating;			/* it is not whole yet */
	const char *dir;		/* run_dir/sr/<uuid> */
	int lock_fd;
	void *listing;			/* the driver's, for one operation */
};

struct sr_driver {
	/* Whether sr->device may become a new SR; nobody else gets it before
	 * *fd_out is closed.  NULL: any may. */
	int (*claim)(struct storage *s, struct sr *sr, int *fd_out);
	/* Formats sr->device and attaches; name is the SR's, for people. */
	int (*create)(struct storage *s, struct sr *sr, const char *name);
	/* Takes back what create did, wherever it was cut short: sr->device
	 * is unused again. */
	int (*undo)(struct storage *s, struct sr *sr);
	/* Finds the SR by its uuid, fills sr->device, makes it usable. */
	int (*attach)(struct storage *s, struct sr *sr);
	int (*detach)(struct storage *s, struct sr *sr);
	/* Called detached. */
	int (*destroy)(struct storage *s, struct sr *sr);
	int (*space)(struct storage *s, struct sr *sr, int64_t *size_out,
	    int64_t *used_out);
	/* A set of struct xenops_vdi_info. */
	int (*list)(struct storage *s, struct sr *sr, struct vec *vdis_out);
	/* no_such_vdi if there is none. */
	int (*find)(struct storage *s, struct sr *sr, const char *vdi,
	    struct xenops_vdi_info *out);

	/* The uuid is new; vdi->size was checked.  The driver rounds. */
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
};

extern const struct sr_driver sr_driver_memory;
extern const struct sr_driver sr_driver_file;
extern const struct sr_driver sr_driver_lvm;

/* Sets s->code and s->text, once; returns -1. */
int storage_fail(struct storage *s, enum xenops_code code,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The same for a failed system call: "<what>: <strerror>", the code by err. */
int storage_fail_errno(struct storage *s, int err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

int storage_lock(struct storage *s, struct sr *sr);
/* false: somebody has it, and nothing is locked. */
bool storage_try_lock(struct storage *s, struct sr *sr);
void storage_unlock(struct sr *sr);

/* A use of a disk.  Uses of one VDI are changed under its SR's lock. */
struct use {
	char vdi[UUID_TEXT_LEN + 1];
	char user[64];
	char sr[UUID_TEXT_LEN + 1];
	bool writable;
	char device[DEVICE_MAX];
};

int use_write(struct storage *s, const struct use *u);
bool use_read(struct storage *s, const char *vdi, const char *user,
    struct use *u_out);
void use_remove(struct storage *s, const char *vdi, const char *user);
/* All uses, of one SR or (NULL) of all, in the arena; their number. */
int use_list(struct storage *s, const char *sr, struct use **uses_out);

/* Files in a folder (storage/dir.c): what memory, file and plain share. */
int dir_space(struct storage *s, struct sr *sr, int64_t *size_out,
    int64_t *used_out);
int dir_list(struct storage *s, struct sr *sr, struct vec *vdis_out);
int dir_find(struct storage *s, struct sr *sr, const char *vdi,
    struct xenops_vdi_info *out);
int dir_vdi_create(struct storage *s, struct sr *sr,
    const struct xenops_vdi_info *vdi);
int dir_vdi_clone(struct storage *s, struct sr *sr, const char *source,
    const struct xenops_vdi_info *vdi);
int dir_vdi_destroy(struct storage *s, struct sr *sr, const char *vdi);
int dir_vdi_resize(struct storage *s, struct sr *sr, const char *vdi,
    int64_t size);
int dir_vdi_set_name(struct storage *s, struct sr *sr,
    const struct xenops_vdi_info *vdi);
int dir_open(struct storage *s, struct sr *sr, const char *vdi,
    bool writable, int *fd_out);
void dir_reap(struct storage *s, struct sr *sr);
const char *dir_path(struct storage *s, const struct sr *sr,
    const char *vdi, const char *suffix);

/* Whole small files, whose names others may have taken (base/below.h,
 * base/atomic_file.h); sync: the new one survives a power cut. */
int file_write(const char *path, const void *data, size_t len, bool sync);
/* The bytes go to b; 0 or -errno (-EFBIG above max bytes).  Nothing but a file
 * is read, and nothing waits. */
int file_read(const char *path, size_t max, struct buf *b);
#define SMALL_FILE ((size_t)1 << 20)
/* An attribute in /sys: its text without the end of the line. */
int sysfs_read(const char *path, struct buf *b);
/* The value of a line "key=value", copied to out; false if absent. */
bool file_value(const char *text, const char *key, char *out, size_t size);

#endif
