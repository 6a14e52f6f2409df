/*
 * Which disks of the machine look unused, or hold an SR, found out aside.  A dying disk can
 * hold whoever opens or reads it for minutes, and no signal ends that: so each
 * disk is asked by a process of its own, whoever waits for them does so for a
 * bounded time, and what they told is noted in the run folder (disks.unused),
 * where the main process reads it without touching a disk.  The one that asks
 * holds disk-<name>.lock: a disk that has not answered is not asked again
 * before it has, so that at most one process hangs on it.  Who looks for an SR
 * waits for find-<name>.lock instead: every disk has to be asked then.
 */
#ifndef XENOPSD_STORAGE_LOOK_H
#define XENOPSD_STORAGE_LOOK_H

#include "xenopsd/storage/books.h"

#define LOOK_LIMIT_MS 5000
#define FIND_LIMIT_MS 30000		/* a disk may have to spin up */

typedef bool look_fn(const struct storage_env *env, struct arena *a,
    const char *device);

/* Asks all disks and notes the answers; blocks up to limit_ms.  In a worker. */
void disks_look(const struct storage_env *env, int64_t limit_ms);
/* The same for these n, which are asked by fn, in a child process. */
void disks_look_at(const struct storage_env *env, const char *const *devices,
    int n, look_fn *fn, int64_t limit_ms);
/*
 * For drivers: fills sr->device with the disk that holds the SR, by asking
 * drv->identify: first the one named there already, if any, then all at once.
 * The first that has it ends the search; one that does not answer within
 * limit_ms has not.  no_such_sr if none does.
 */
int disks_find(struct storage *s, struct sr *sr, int64_t limit_ms);
/* Whether device looked unused when it was last asked.  Waits for no disk. */
bool disk_noted_unused(const struct storage_env *env, struct arena *a,
    const char *device);

#endif
