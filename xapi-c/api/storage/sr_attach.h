/*
 * An SR's way to this host, for those who make, plug and resume SRs.  0, or -1
 * with c->err set; task and sync threads.
 */
#ifndef API_STORAGE_SR_ATTACH_H
#define API_STORAGE_SR_ATTACH_H

#include "api/call.h"
#include "gen/types.h"

/* Makes the SR usable on this host; attaching twice is no error. */
int sr_attach(struct call *c, const struct sr *sr, const struct pbd *pbd);
/* allowed_operations after the SR's PBDs changed in a write before. */
void sr_refresh_operations(struct call *c, const struct ref *sr);
/* SR.type and device_config to enum xenops_sr_type: SR_UNKNOWN_DRIVER, or what is
 * wrong with device_config. */
int sr_ops_type(struct call *c, const char *type, struct vec device_config,
    int *out);
/* Where an SR of such a type is, for xenopsd; NULL: nowhere in particular. */
const char *sr_ops_device(struct call *c, int type, struct vec device_config);
/* The pool object in a write. */
const struct pool *txn_only_pool(struct db_txn *t);

#endif
