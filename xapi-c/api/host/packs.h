/*
 * Records of the host's extension packs: a pool_update for each, in host.updates,
 * and a key VENDOR:NAME of software_version, as clients look for them.
 */
#ifndef API_HOST_PACKS_H
#define API_HOST_PACKS_H

#include "api/call.h"
#include "gen/types.h"
#include "gen/xenops.h"

/* Asks xenopsd, and makes the records true; any thread but the writer's. */
int packs_refresh(struct call *c);
/* A record, of a pack. */
void packs_fill(struct pool_update *u, const struct xenops_pack_info *p);
/* What xenopsd says. */
int packs_ask(struct call *c, struct xenops_packs_get_result *out);
/* A software_version made anew, with the packs that the old one has. */
struct vec packs_keep_versions(struct arena *a, struct vec map,
    struct vec old);

#endif
