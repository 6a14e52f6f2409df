/*
 * The disks of this machine that a system could be installed to, and what lies
 * on them.  Whole, writable disks: media with answers, loop, RAM and mapped
 * devices are none.
 * Read-only; one thread.  Sizes in bytes.
 */
#ifndef INSTALLER_DISK_DISK_H
#define INSTALLER_DISK_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "disk/holds.h"
#include "disk/layout.h"
#include "disk/mark.h"

#define DISKS_MAX 256
#define DISK_TEXT 128

/* Whose it is.  What could not be read whole is foreign. */
enum disk_kind {
	DISK_BLANK,			/* nothing on it */
	DISK_FOREIGN,
	DISK_UNFINISHED,		/* an installation that did not end */
	DISK_INSTALLED,			/* an installed host */
};

struct disk {
	char path[64];			/* /dev/sda */
	char model[DISK_TEXT];		/* these may be "" */
	char serial[DISK_TEXT];
	char wwn[DISK_TEXT];
	uint64_t size;
	unsigned sector;		/* logical, 512 or 4096 */
	bool removable;
	bool in_use;			/* mounted (the medium), of an SR, a RAID */
	enum disk_kind kind;
	struct holds holds;
	/* of ours */
	struct layout layout;
	struct mark mark;
	bool has_table;			/* layout is that of the disk */
	bool has_sr;			/* something is on the last partition */
};

/* Fills in what lies on d->path, of which only path and size are known; a disk
 * image in a file will do. */
void disk_look(struct disk *d);
/* The one that the kernel calls so (sda).  False if it is none of these. */
bool disk_take(const char *name, struct disk *d);
/* The disks, in the order of their names; their number. */
int disks_list(struct disk out[static DISKS_MAX]);
/*
 * The disk that an answer file names: by serial number, WWN, its link of
 * /dev/disk/by-id/ as other systems have it (wwn-, scsi-3, BUS-MODEL_SERIAL), or
 * kernel name (sda, /dev/sda), the last only if there is no other fixed disk.
 * NULL with *why, for a person, unless it is exactly one that nobody uses.
 */
const struct disk *disk_named(const struct disk *disks, int n,
    const char *name, const char **why);

#endif
