/*
 * system.listMethods and system.isAlive:<anything>, which need no session and
 * answer without the Status struct in XML-RPC.  Any thread.
 */
#ifndef RPC_SYSTEM_H
#define RPC_SYSTEM_H

#include "api/call.h"
#include "rpc/answer.h"
#include "wire/value.h"

bool system_handles(const char *method);
int system_run(struct call *c, const struct request *req,
    struct answer *out);

#endif
