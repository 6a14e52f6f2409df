/*
 * What is mounted at an SR's folder, sr->dir.  It may come from anywhere:
 * nothing on it is obeyed, no device, program, owner or link.  Called as a
 * driver's functions are (driver.h).
 */
#ifndef XENOPSD_STORAGE_MOUNTS_H
#define XENOPSD_STORAGE_MOUNTS_H

#include "xenopsd/storage/books.h"

/* Makes the folder.  No error if something is mounted there already. */
int sr_mount(struct storage *s, struct sr *sr, const char *source,
    const char *type, const char *options);
/* The same of a folder of dom0. */
int sr_bind(struct storage *s, struct sr *sr, const char *folder);
/* in_use while anything on it is open.  Unmounting what is not mounted is no
 * error; the folder goes. */
int sr_unmount(struct storage *s, struct sr *sr);

#endif
