/*
 * What rq->daemon is in xenopsd: in the main process, and in its workers
 * (where only xl and storage are set).  The simulator has its own.
 */
#ifndef XENOPSD_DAEMON_H
#define XENOPSD_DAEMON_H

#define XENOPSD_RUN_DIR "/run/xenopsd"
#define XENOPSD_HOTPLUG "/usr/sbin/bedplate-hotplug"

struct daemon {
	struct loop *loop;
	struct server *server;
	struct workers *workers;
	struct vms *vms;
	struct xl *xl;			/* libxl and xenstore: xl.h */
	struct storage *storage;	/* leases and the like: storage.h */
};

#endif
