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

#define DISKS_MAX 256
#define DISK_TEXT 128

struct disk {
	char path[64];			/* /dev/sda */
	char model[DISK_TEXT];		/* these may be "" */
	char serial[DISK_TEXT];
	char wwn[DISK_TEXT];
	uint64_t size;
	unsigned sector;		/* logical, 512 or 4096 */
	bool removable;
	bool in_use;			/* mounted (the medium), of an SR, a RAID */
	char holds[DISK_TEXT];		/* what is on it, for a person; "" */
};

/* The disks, in the order of their names; their number. */
int disks_list(struct disk out[static DISKS_MAX]);
/*
 * The disk that an answer file names: by serial number, WWN, or kernel name
 * (sda, /dev/sda), the last only if the machine has no other fixed disk.
 * NULL with *why, for a person, unless it is exactly one that nobody uses.
 */
const struct disk *disk_named(const struct disk *disks, int n,
    const char *name, const char **why);

#endif
