/*
 * What rq->daemon is in xenopsd: in the main process, and in its workers
 * (where only xl is set).  The simulator has its own.
 */
#ifndef XENOPSD_DAEMON_H
#define XENOPSD_DAEMON_H

#include <sys/types.h>

#define XENOPSD_RUN_DIR "/run/xenopsd"
#define XENOPSD_HOTPLUG "/usr/sbin/bedplate-hotplug"

struct daemon {
	struct loop *loop;
	struct server *server;
	struct workers *workers;
	struct vms *vms;
	struct xl *xl;			/* libxl and xenstore: xl.h */
	struct leases *leases;		/* storage_lease.h */
	struct hostwatch *hostwatch;	/* hostinfo.h */
};

/* The user xapi runs as, and its group. */
uid_t daemon_xapi_uid(void);
gid_t daemon_xapi_gid(void);

#endif
