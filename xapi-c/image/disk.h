/*
 * A VDI as a file or a block device.  What reads as zeroes is not written with
 * zeroes, so that a thin disk stays thin.  Places and sizes are bytes; nobody goes
 * beyond the end: that is the caller's rule, and asserted.  0 or -errno.
 */
#ifndef IMAGE_DISK_H
#define IMAGE_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISK_STEP (64u << 10)	/* is zero, or is not, as a whole */

struct disk {
	int fd;
	int64_t size;
};

/* fd stays the caller's. */
int disk_init(struct disk *d, int fd);
int disk_get(const struct disk *d, void *data, size_t len, int64_t at);
int disk_put(const struct disk *d, const void *data, size_t len, int64_t at);
/* Makes all of it read as zeroes. */
int disk_zero(const struct disk *d, int64_t at, int64_t end);
/* Whether all of it does. */
int disk_is_zero(const struct disk *d, int64_t at, int64_t end, bool *zero_out);
/* The first place from there on that may hold anything else; the size if there
 * is none. */
int64_t disk_next(const struct disk *d, int64_t at);
/* Waits until it is on the medium. */
int disk_sync(const struct disk *d);

#endif
