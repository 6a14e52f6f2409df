/*
 * Disks of a folder (dir.h) as loop devices, for the drivers that have one.
 * Called as a driver's functions are (driver.h).
 */
#ifndef XENOPSD_STORAGE_FILE_H
#define XENOPSD_STORAGE_FILE_H

#include "xenopsd/storage/books.h"

int file_map(struct storage *s, struct sr *sr, const char *vdi, bool writable,
    const char **device_out);
int file_unmap(struct storage *s, struct sr *sr, const char *vdi,
    const char *device, bool last);
void file_reap(struct storage *s, struct sr *sr);

#endif
