/*
 * What lies on a disk, found by its contents alone; the only user of libblkid.
 * Read-only.  A disk image in a file will do.
 */
#ifndef INSTALLER_DISK_HOLDS_H
#define INSTALLER_DISK_HOLDS_H

#include <stdbool.h>
#include <stdint.h>

#define HOLDS_TEXT 256

struct holds {
	char text[HOLDS_TEXT];	/* for a person; "": nothing at all */
	bool known;		/* a file system, a RAID's member or the like */
	bool unread;		/* it could not be read: may hold anything */
	bool answers;		/* a volume that answers are looked for on */
};

/* Of the whole disk: its partition table, each partition, the disk itself. */
void holds_look(const char *path, struct holds *out);
/* Of the size bytes that begin at start. */
void holds_look_at(const char *path, uint64_t start, uint64_t size,
    struct holds *out);

#endif
