/*
 * What the machine is: struct xenops_host_info from /sys, /proc, the network
 * (hostinfo_net.c), its buses (hostinfo_bus.c) and the hypervisor
 * (hostinfo_xen.c).  Reads only, and no
 * disk: what disks tell themselves a worker has noted (storage/look.h).  Texts
 * live in the arena.  Main process of xenopsd.
 */
#ifndef XENOPSD_MACHINE_HOSTINFO_H
#define XENOPSD_MACHINE_HOSTINFO_H

#include "base/arena.h"
#include "gen/xenops.h"
#include "xenopsd/core/loop.h"
#include "xenopsd/core/request.h"
#include "xenopsd/storage/storage.h"

/* Everything that needs no hypervisor.  root: "" but in tests, where copies
 * of /sys and /proc lie below it.  state_dir keeps the host's uuids. */
void hostinfo_fill(struct arena *a, const char *root, const char *state_dir,
    const struct storage_env *env, struct xenops_host_info *h);
/* nics, address; of the machine that runs this. */
void hostinfo_fill_net(struct arena *a, const char *root,
    struct xenops_host_info *h);
/* pcis, usbs. */
void hostinfo_fill_buses(struct arena *a, const char *root,
    struct xenops_host_info *h);
/* A file's first line without blanks at its ends; "" if there is none. */
const char *hostinfo_line(struct arena *a, const char *root,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The last part of where a link points; "" if there is none. */
const char *hostinfo_link(struct arena *a, const char *root,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* hostinfo_xen.c: the handler of host_get, and events when something changed:
 * the network and the buses tell by themselves, others by hostwatch_poke. */
struct daemon;
struct hostwatch;
request_handler hostinfo_get;
struct hostwatch *hostwatch_new(struct daemon *d);	/* needs loop, xl */
void hostwatch_free(struct hostwatch *w);		/* NULL is allowed */
/* Memory may have changed: tells soon, once, and now and then asks the disks. */
void hostwatch_poke(struct hostwatch *w);
/* Disks have changed: asks them, and tells. */
void hostwatch_poke_disks(struct hostwatch *w);

#endif
