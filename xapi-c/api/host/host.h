/* What messages of class host and the sync of the host's record share. */
#ifndef API_HOST_H
#define API_HOST_H

#include "api/call.h"
#include "gen/types.h"
#include "gen/xenops.h"

/* Sets allowed_operations of a draft after its enabled changed. */
void host_refresh_operations(struct db_txn *t, struct host *host);

/* How the machine is now, not what the last event said; -1: with c->err, which
 * names the operation. */
int host_ask(struct call *c, const char *operation,
    struct xenops_host_get_result *out);

/* xenopsd's word as enum host_ntp_mode. */
int host_ntp_mode(enum xenops_ntp_mode mode);

#endif
