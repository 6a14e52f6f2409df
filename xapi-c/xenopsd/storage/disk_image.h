/*
 * A disk in a form that is not its own: a program of its own for each transfer
 * (image/main.c), which trusts nothing of an image.  It ends with the image, with
 * whoever sends or takes it, or with its lease.  Any process of xenopsd.
 */
#ifndef XENOPSD_STORAGE_DISK_IMAGE_H
#define XENOPSD_STORAGE_DISK_IMAGE_H

#include <stdbool.h>

#include "xenopsd/core/spawn.h"

#define DISK_IMAGE_PROGRAM "/usr/sbin/bedplate-image"
#define DISK_IMAGE_USER "image"
/* Of all of them together, whose group is p->group.  One takes up to 64 MiB
 * (image/main.c) if its image is made for that, else some. */
#define DISK_IMAGE_MEMORY "268435456"
#define DISK_IMAGE_CPU "100000 100000"	/* one CPU */

/* disk: taken over.  lock: the program's (core/holder.h), which stays the caller's.
 * form: enum xenops_disk_form, but raw.  in: into the disk.  The other end of the
 * program's stream (image/job.h), or -errno. */
int disk_image_open(const struct spawn_program *p, int form, bool in,
    int disk, int lock);

#endif
