/*
 * A pack that lies on a disk, from its first byte on, whatever follows it.  As an
 * upload it is looked into by a program of xenopsd's alone (http/update.h), to
 * which its bytes are passed.  On the thread of a call that may wait.
 */
#ifndef API_HOST_PACK_DISK_H
#define API_HOST_PACK_DISK_H

#include "api/call.h"
#include "base/pack.h"

/* What it says of itself, once all of it was verified; nothing is written.
 * INVALID_UPDATE, and what keeps the disk from being read. */
int pack_disk_look(struct call *c, const struct ref *vdi,
    struct pack_about *out);
/* Installs it; packs_refresh comes after it. */
int pack_disk_install(struct call *c, const struct ref *vdi);

#endif
