/*
 * Storage repositories and their disks (VDIs).  storage.c keeps the books for
 * all kinds (which SRs are attached, who uses which disk, locks between
 * processes); a driver knows how one kind keeps its bytes.  The on-disk formats
 * are in STORAGE.md.
 *
 * Nothing is kept in memory: every process of xenopsd finds the present state
 * in env->run_dir, so workers and the main process may all call this, and any
 * of them may be killed at any time:
 *     sr/<sr uuid>/          where the file kinds keep or mount their files
 *     sr/<sr uuid>.sr        an attached or half-made SR: its type and device
 *     sr/<sr uuid>.lock      locked (flock) during every change
 *     use/<vdi>.<user>       the disk is in use: SR, mode, block device
 * A user is the uuid of a VBD, or lease-<number>.  One writing user excludes
 * all others.
 *
 * Functions return 0, or -1 with s->code (enum xenops_code) and s->text set.
 * Sizes are bytes.  Results live in s->arena.
 */
#ifndef XENOPSD_STORAGE_STORAGE_H
#define XENOPSD_STORAGE_STORAGE_H

#include "base/arena.h"
#include "gen/xenops.h"

#define STORAGE_SR_TYPES 3		/* values of enum xenops_sr_type */

struct sr_driver;

struct storage_env {
	const char *run_dir;		/* "/run/xenopsd" */
	const char *lvm;		/* path of the LVM program */
	const char *mkfs;		/* path of mke2fs */
	const char *thin_check;		/* what LVM checks thin pools with */
	int64_t memory_limit;		/* bytes one memory SR may hold; 0: half
					 * of the memory */
	bool loop_disks;		/* tests: loop devices count as disks */
	const struct sr_driver *drivers[STORAGE_SR_TYPES];
};

/* The real thing: memory, file and lvm below /run/xenopsd. */
extern const struct storage_env storage_real;

/* One operation of one thread. */
struct storage {
	const struct storage_env *env;
	struct arena *arena;
	void (*progress)(void *arg, double fraction);	/* may be NULL */
	void *progress_arg;
	int code;			/* of a failure: enum xenops_code */
	const char *text;
};

int storage_sr_create(struct storage *s,
    const struct xenops_sr_create_args *a, struct xenops_sr_info *sr_out);
int storage_sr_attach(struct storage *s, const char *uuid, int type,
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
/* Whether the disk device (/dev/sdb) belongs to an SR that is attached or is
 * being made. */
bool storage_owns_device(const struct storage_env *env, const char *device);

#endif
