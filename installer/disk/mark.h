/*
 * How far an installation is on its disk, in one sector near the end of its
 * BIOS boot partition, so that a power cut leaves the old mark or the new one.
 * It says "unfinished" from before the partitions are made until
 * the disk can be started.  A disk of ours whose mark cannot be read counts as
 * finished: nothing is installed over that by mistake.  It keeps, too, the
 * serials of the answer files that reinstalled the host.
 */
#ifndef INSTALLER_DISK_MARK_H
#define INSTALLER_DISK_MARK_H

#include <stdbool.h>
#include <stdint.h>

#define MARK_ROOM 4096	/* at the end of the partition: a sector of its own */
#define MARK_SIZE 512
#define MARK_SERIAL_MAX 32		/* characters of one */

struct layout;

struct mark {
	bool unfinished;
	char serials[MARK_SIZE];	/* a line each */
};

void mark_read(const char *disk, const struct layout *l, struct mark *out);
/* On disk when it returns; 0 or -errno. */
int mark_write(const char *disk, const struct layout *l,
    const struct mark *m);

bool mark_has(const struct mark *m, const char *serial);
/* NULL, or why the serial cannot be kept, for a person. */
const char *mark_add(struct mark *m, const char *serial);

#endif
