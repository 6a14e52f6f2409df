/*
 * The books of storage, in files below env->run_dir, for all processes of
 * xenopsd; nothing is kept in memory:
 *     sr/<sr uuid>/          where the file kinds keep or mount their files
 *     sr/<sr uuid>.sr        an attached or half-made SR: its type and device
 *     sr/<sr uuid>.lock      locked (flock) during every change
 *     use/<vdi>.<user>       the disk is in use: SR, mode, block device
 *     use/<user>.program     locked (core/holder.h) as long as a program has the
 *                            disk for that user
 * And what everything in storage/ stands on: an operation, its failure, small
 * files.  Functions return 0, or -1 after storage_fail, unless they say
 * otherwise.
 */
#ifndef XENOPSD_STORAGE_BOOKS_H
#define XENOPSD_STORAGE_BOOKS_H

#include "base/arena.h"
#include "base/buf.h"
#include "gen/xenops.h"

#define STORAGE_SR_TYPES 6		/* values of enum xenops_sr_type */

struct sr_driver;

struct storage_env {
	const char *run_dir;		/* "/run/xenopsd" */
	const char *lvm;		/* path of the LVM program */
	const char *mkfs;		/* path of mke2fs */
	const char *thin_check;		/* what LVM checks thin pools with */
	const char *host_uuid;		/* file of this host's uuid */
	const char *library;		/* folder of the host's ISO libraries */
	int64_t library_spare;		/* bytes they leave of its file system */
	int64_t memory_limit;		/* bytes one memory SR may hold; 0: half
					 * of the memory */
	bool loop_disks;		/* tests: loop devices count as disks */
	/* The partition that is kept for this host's SR, a device's path in
	 * the arena, or NULL.  No function: there is none. */
	const char *(*own)(const struct storage_env *env, struct arena *a);
	const struct sr_driver *drivers[STORAGE_SR_TYPES];
};

/* One operation of one thread. */
struct storage {
	const struct storage_env *env;
	struct arena *arena;
	void (*progress)(void *arg, double fraction);	/* may be NULL */
	void *progress_arg;
	int code;			/* of a failure: enum xenops_code */
	const char *text;
};

#define DEVICE_MAX 128
#define PLACE_MAX 1400

struct sr {
	char uuid[UUID_TEXT_LEN + 1];
	int type;			/* enum xenops_sr_type */
	const struct sr_driver *drv;
	char device[PLACE_MAX];		/* or a place (nfs.h); "": none */
	bool creating;			/* it is not whole yet */
	const char *dir;		/* run_dir/sr/<uuid> */
	int lock_fd;
	void *listing;			/* the driver's, for one operation */
};

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

/* Notes that the SR is attached or, if sr->creating, being made. */
int sr_remember(struct storage *s, const struct sr *sr);
/* Reads what sr_remember wrote of the SR sr->uuid; false if there is nothing. */
bool sr_read(struct storage *s, struct sr *sr);
void sr_forget(struct storage *s, const struct sr *sr);
/* The SR that is attached or being made on device, as its note says; false if
 * there is none. */
bool storage_device_owner(struct storage *s, const char *device,
    struct sr *sr_out);
/* Whether the disk device (/dev/sdb) belongs to an SR that is attached or is
 * being made. */
bool storage_owns_device(const struct storage_env *env, const char *device);

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
