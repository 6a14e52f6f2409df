/*
 * The partition that the installer keeps for the SR of an installed host, on
 * the disk that the running system came from (base/installation.h).  Waits for
 * no disk; any process.
 */
#ifndef XENOPSD_STORAGE_OWN_H
#define XENOPSD_STORAGE_OWN_H

#include "base/arena.h"

/* "/dev/sda6" in the arena, or NULL: there is none, as in live mode.  root: ""
 * but in tests, where copies of /proc and /sys lie below it. */
const char *own_partition(struct arena *a, const char *root);

#endif
