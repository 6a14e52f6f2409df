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
struct remote_mount {
	const char *source, *type, *options;
	bool read_only;
	int64_t limit_ms;
};

/* The same by a process of its own, which is killed after the limit; err_out: 0,
 * or what mount(2) said, ETIMEDOUT after the limit. */
int sr_mount_remote(struct storage *s, struct sr *sr,
    const struct remote_mount *m, int *err_out);
/* The same of a folder of dom0. */
int sr_bind(struct storage *s, struct sr *sr, const char *folder);
/* in_use while anything on it is open.  Unmounting what is not mounted is no
 * error; the folder goes. */
int sr_unmount(struct storage *s, struct sr *sr);

#endif
