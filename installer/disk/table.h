/*
 * A disk's partition table; the only user of libfdisk.
 */
#ifndef INSTALLER_DISK_TABLE_H
#define INSTALLER_DISK_TABLE_H

#include "layout.h"

/* Replaces the table by one of the layout, and waits for the devices of its
 * partitions.  0 or -errno. */
int table_write(const struct disk *d, const struct layout *l);

#endif
