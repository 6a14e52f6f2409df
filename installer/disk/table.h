/*
 * A disk's partition table; the only user of libfdisk.
 */
#ifndef INSTALLER_DISK_TABLE_H
#define INSTALLER_DISK_TABLE_H

#include "disk/layout.h"

#define TABLE_FOREIGN 1

/* Replaces the table by one of the layout, and waits for the devices of its
 * partitions.  What a BIOS starts from the first sector stays.  0 or -errno. */
int table_write(const char *disk, unsigned sector, const struct layout *l);
/* The same for a disk that is in use, or an image: of its first n partitions,
 * and the kernel learns of it at the next start. */
int table_put(const char *disk, unsigned sector, const struct layout *l, int n);
/* The layout of an installation, of which every partition is there and has its
 * name.  0, TABLE_FOREIGN if that is not what the disk has, or -errno. */
int table_read(const char *disk, struct layout *out);

#endif
