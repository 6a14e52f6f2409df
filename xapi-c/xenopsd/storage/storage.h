/*
 * Storage repositories and their disks (VDIs).  What holds for all kinds is
 * here, over the books (books.h) that every process of xenopsd finds in
 * env->run_dir: workers and the main process may all call this, and any of them
 * may be killed at any time.  A driver (driver.h) knows how one kind keeps its
 * bytes.  The on-disk formats are in STORAGE.md.
 *
 * A user of a disk is the uuid of a VBD, or lease-<number>.  One writing user
 * excludes all others.
 *
 * Functions return 0, or -1 with s->code (enum xenops_code) and s->text set.
 * Sizes are bytes.  Results live in s->arena.
 */
#ifndef XENOPSD_STORAGE_STORAGE_H
#define XENOPSD_STORAGE_STORAGE_H

#include "xenopsd/storage/books.h"

/* The real thing: memory, file and lvm below /run/xenopsd. */
extern const struct storage_env storage_real;

int storage_sr_create(struct storage *s,
    const struct xenops_sr_create_args *a, struct xenops_sr_info *sr_out);
/* device: where it was last, may be NULL. */
int storage_sr_attach(struct storage *s, const char *uuid, int type,
    const char *device, struct xenops_sr_info *sr_out);
/*
 * The SR on the partition that is kept for this host's (env->own): the one that
 * is there is attached, with its own uuid; on an empty partition, or one with a
 * half-made SR on it, it is made.  no_such_device: this host keeps none.
 */
int storage_sr_local(struct storage *s, const char *uuid, const char *name,
    struct xenops_sr_info *sr_out);
int storage_sr_detach(struct storage *s, const char *uuid);
int storage_sr_destroy(struct storage *s, const char *uuid);
/* vdis_out: set of struct xenops_vdi_info. */
int storage_sr_scan(struct storage *s, const char *uuid,
    struct xenops_sr_info *sr_out, struct vec *vdis_out);

int storage_vdi_create(struct storage *s, const char *sr,
    const struct xenops_vdi_info *vdi, struct xenops_vdi_info *vdi_out);
int storage_vdi_clone(struct storage *s, const char *sr, const char *source,
    const struct xenops_vdi_info *vdi, struct xenops_vdi_info *vdi_out);
int storage_vdi_destroy(struct storage *s, const char *sr, const char *vdi);
int storage_vdi_resize(struct storage *s, const char *sr, const char *vdi,
    int64_t size, struct xenops_vdi_info *vdi_out);
int storage_vdi_set_name(struct storage *s, const char *sr,
    const struct xenops_vdi_info *vdi);

/*
 * A block device for a domain, until storage_detach with the same user.  Doing
 * it twice gives the same device; detaching what is not attached is no error.
 */
int storage_attach(struct storage *s, const char *sr, const char *vdi,
    bool writable, const char *user, const char **device_out);
int storage_detach(struct storage *s, const char *vdi, const char *user);
/*
 * A descriptor to the disk's bytes (the caller closes it); the disk is in use
 * by `user` until storage_detach.
 */
int storage_open(struct storage *s, const char *sr, const char *vdi,
    bool writable, const char *user, int *fd_out, int64_t *size_out);

/*
 * Ends every use whose user is not alive, and removes what killed workers left
 * (loop devices, active volumes, half-made disks).  alive is asked with the
 * user's name.  Never fails; logs.
 */
void storage_reap(struct storage *s,
    bool (*alive)(void *arg, const char *user), void *arg);
/* Forgets which SRs are attached and which disks in use, as a boot does. */
void storage_forget(struct storage *s);

#endif
