/*
 * Extension packs of the host (base/packs.h): which there are, and that one goes.
 * They come by a program of their own (update.h).  In a worker.
 */
#ifndef XENOPSD_MACHINE_PACKS_H
#define XENOPSD_MACHINE_PACKS_H

#include "xenopsd/core/request.h"

struct packs_place {
	const char *folder;
	const char *user;		/* that programs of packs run as */
	const char *cgroup;		/* and in; NULL: none */
};

request_handler packs_get, packs_remove_one;

#endif
