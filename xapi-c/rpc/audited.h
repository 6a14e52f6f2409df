/*
 * Messages that change state, on their way to the audit log
 * (api/access/audit.h).  Any thread.
 */
#ifndef RPC_AUDITED_H
#define RPC_AUDITED_H

#include "api/access/audit.h"
#include "rpc/accessors.h"

/* Begins the line of a message that audit_wants: before it runs, as it may
 * delete what its arguments name.  args: of an explicit one. */
void audited_begin(struct call *c, const struct method *m, const void *args,
    const struct accessor_args *accessor, struct audit_line *l);

#endif
