/*
 * Disks of the machine that may become SRs, and loop devices.  Looks at
 * /sys/block and at the disks themselves.
 */
#ifndef XENOPSD_STORAGE_DISK_H
#define XENOPSD_STORAGE_DISK_H

#include "xenopsd/storage/books.h"

#define DISK_EXT4_LABEL "bedplate-sr"

/* A disk that a person would call one: not a loop, RAM, CD, mapped or guest
 * device.  name is that of /sys/block. */
bool disk_is_disk(const struct storage_env *env, const char *name);
/* Whether device ("/dev/sdb") is one that may be named: such a disk of this
 * machine, or the partition kept for this host's SR (env->own). */
bool disk_is_named(const struct storage_env *env, struct arena *a,
    const char *device);
/*
 * 0 if device ("/dev/sdb") is a whole, writable disk that nobody uses, without
 * partitions, or the partition kept for this host's SR (env->own), and its first
 * and last MiB hold nothing but zeros.  Otherwise fails with device_not_usable
 * and the reason.
 */
int disk_check_unused(struct storage *s, const char *device);
/* The same, and nobody else can claim it before *fd_out is closed. */
int disk_claim(struct storage *s, const char *device, int *fd_out);
/* Whether /sys or the books tell that it is used.  Waits for no disk. */
bool disk_is_taken(const struct storage_env *env, struct arena *a,
    const char *device);
/* The same as disk_check_unused at a glance, for lists: only 64 KiB at each end
 * are read.  May hang with the disk: see storage/look.h. */
bool disk_looks_unused(const struct storage_env *env, struct arena *a,
    const char *device);
/* Its size in bytes. */
int disk_size(struct storage *s, const char *device, int64_t *size_out);
/* Zeros the first and the last MiB, so that it is unused.  Whoever has it still
 * open gets a moment to let go. */
int disk_wipe(struct storage *s, const char *device);
/* Whether device holds an ext4 file system that is called DISK_EXT4_LABEL;
 * then its uuid. */
bool disk_is_ext4(const char *device, uint8_t uuid[static 16]);
/*
 * A loop device for a file; tag (a uuid) is kept in it, and loop_detach leaves
 * a device alone that carries another one or none.
 */
int loop_attach(struct storage *s, const char *file, bool writable,
    const char *tag, const char **device_out);
int loop_detach(struct storage *s, const char *device, const char *tag);
/* Calls fn for every loop device whose file lies in folder. */
void loop_each(const char *folder, void (*fn)(void *arg, const char *device,
    const char *file), void *arg);

#endif
