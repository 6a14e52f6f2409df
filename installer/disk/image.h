/*
 * Bytes onto disks: every function returns after they are on the disk, by
 * fsync.  0 or -errno; after a failure the place holds anything.
 */
#ifndef INSTALLER_DISK_IMAGE_H
#define INSTALLER_DISK_IMAGE_H

#include <stdint.h>

/* Told now and then how much is done, 0 to 1. */
typedef void image_progress(void *arg, double done);

/* Copies the file into the device, of size bytes (-EFBIG: too small), and
 * reads it back from the disk; -EIO if that differs. */
int image_write(const char *file, const char *device, uint64_t size,
    image_progress *progress, void *arg);
/* Zeroes over the first and last MiB of the size bytes that begin at start:
 * whatever was there is not found again. */
int image_blank(const char *device, uint64_t start, uint64_t size);

#endif
