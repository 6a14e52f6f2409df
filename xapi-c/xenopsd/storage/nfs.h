/*
 * Exports of NFS servers.  A place, which sr->device is for these kinds, is
 * "VERSION,SERVER:/PATH": VERSION any, 3, 4, 4.0, 4.1 or 4.2; SERVER a name, an
 * IPv4 address or [an IPv6 one].
 *
 * Everything here ends: a server that does not answer is given up after
 * NFS_MOUNT_MS, and what is mounted fails instead of waiting for ever
 * (STORAGE.md says why).
 */
#ifndef XENOPSD_STORAGE_NFS_H
#define XENOPSD_STORAGE_NFS_H

#include "xenopsd/storage/books.h"

#define NFS_PORT 2049
#define NFS_CONNECT_MS 5000		/* for each address of the server */
#define NFS_MOUNT_MS 60000		/* for each version that is tried */
#define NFS_ADDRESSES_MAX 4

struct nfs_place {
	const char *version;
	const char *server;		/* without brackets */
	const char *path;		/* from '/' on */
};

/* bad_request: it is no place. */
int nfs_parse(struct storage *s, const char *place, struct nfs_place *out);
/* What mount(2) is given for one address ("192.0.2.1") and version ("4.1"). */
const char *nfs_options(struct arena *a, const char *version,
    const char *address, bool read_only);
/* Whether the server takes connections: no_such_device or timeout. */
int nfs_reach(struct storage *s, const struct nfs_place *place);
/* At sr->dir, by the version of the place, else the first of 4.1, 4.0 and 3 that
 * the server takes (4: not 3).  What is wrong: as nfs_reach; no_such_device for a
 * path that is not there; io. */
int nfs_mount(struct storage *s, struct sr *sr, const struct nfs_place *place,
    bool read_only);

#endif
