/*
 * What xenopsd keeps of every domain it made, in files below /run: the VM's
 * specification with its present devices, from which a guest's reboot is
 * served without asking xapi, and how far building or ending it has come, so
 * that what a killed process left can be found.  One file per VM, named by
 * its uuid; workers and the main process both use it.
 */
#ifndef XENOPSD_DOMAINS_KEPT_H
#define XENOPSD_DOMAINS_KEPT_H

#include "base/arena.h"
#include "gen/xenops.h"

#define KEPT_DIR "/run/xenopsd/domains"

/* Only a worker that runs on the VM changes it. */
enum kept_phase {
	KEPT_BUILDING,		/* vm_start began */
	KEPT_RUNNING,		/* the domain is whole */
	KEPT_REBOOTING,		/* ends, to be built again */
	KEPT_STOPPING,		/* ends for good */
	KEPT_SUSPENDING,	/* ends, once its image is whole */
};

struct kept {
	int64_t phase;		/* enum kept_phase */
	int64_t started;	/* wall clock, seconds */
	struct xenops_vm_spec spec;
	/* the disk of its image, while a suspend or resume uses that; "" */
	const char *image_sr, *image_vdi;
	int64_t memory_target;	/* within the range of spec; bytes */
};

/* 0 or -errno; replaces the file in one step. */
int kept_write(const char *dir, const struct kept *k);
/* -ENOENT if there is none. */
int kept_read(const char *dir, const char *uuid, struct arena *a,
    struct kept *k_out);
void kept_remove(const char *dir, const char *uuid);
/* Calls fn with the uuid of each. */
void kept_each(const char *dir, void (*fn)(void *arg, const char *uuid),
    void *arg);

#endif
