/*
 * What rq->daemon is: in the main process, and in its workers (where only hv,
 * kept_dir, image_key, storage, disk_image, packs and xl are set).  struct sim begins with one.
 */
#ifndef XENOPSD_CORE_DAEMON_H
#define XENOPSD_CORE_DAEMON_H

#include <sys/types.h>

#define XENOPSD_RUN_DIR "/run/xenopsd"
#define XENOPSD_HOTPLUG "/usr/sbin/bedplate-hotplug"

struct daemon {
	struct loop *loop;
	struct server *server;
	struct workers *workers;
	struct vms *vms;
	struct consoles *consoles;
	const struct spawn_program *picture;	/* domains/picture.h */
	struct hv *hv;			/* hv.h */
	const char *kept_dir;		/* kept.h */
	const char *image_key;		/* a path: image.h */
	const struct storage_env *storage;
	const struct spawn_program *disk_image;	/* storage/disk_image.h */
	const struct packs_place *packs;	/* machine/packs.h */
	struct xl *xl;			/* hv's libxl, for hostinfo */
	struct leases *leases;		/* storage/lease.h */
	struct hostwatch *hostwatch;	/* hostinfo.h */
	struct secret_guard *secret_guard;
	struct sampler *sampler;	/* core/sampler.h */
	struct sample_xen *sample;	/* machine/sample.h: its */
};

/* The user xapi runs as, and its group. */
uid_t daemon_xapi_uid(void);
gid_t daemon_xapi_gid(void);

#endif
