/*
 * The slots of the installation that was started, and its environment block
 * (env.h), which lies on the EFI system partition.  That is mounted for a
 * moment only, so that a power cut seldom meets it.  One process at a time: the
 * others wait.  0 or -errno.
 */
#ifndef INSTALLER_SLOT_SLOTS_H
#define INSTALLER_SLOT_SLOTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/installation.h"
#include "env.h"

#define SLOTS_PATH INSTALLATION_PATH

struct slots {
	char id[INSTALLATION_ID_SIZE];
	char running;			/* 'a' or 'b' */
	unsigned trial_s;		/* 0, or it is on trial for so long */
};

/* From the kernel's command line.  -ENODEV: not started from a slot. */
int slots_parse(const char *cmdline, struct slots *out);
int slots_running(struct slots *out);

/* The device of the partition bedplate-NAME-ID.  -ENODEV: there is none. */
int slots_device(const struct slots *s, const char *name,
    char out[static SLOTS_PATH]);
/* Is there a system in that slot, as far as its first sectors tell? */
bool slots_holds_system(const struct slots *s, char slot);

/*
 * Reads the block, lets change work on it and writes it if that answers true;
 * NULL: only reads.  out: what the block says now.  A damaged block, and one
 * that names no good slot, is taken for one whose good slot is the running
 * one.
 */
typedef bool slots_change(void *arg, struct env *e);
int slots_env(const struct slots *s, slots_change *change, void *arg,
    struct env *out);

#endif
