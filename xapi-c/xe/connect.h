/*
 * Where xe finds its server.
 */
#ifndef XE_CONNECT_H
#define XE_CONNECT_H

#include "net/dial.h"
#include "xe/options.h"

/* Of this host's root; XE_SOCKET in the environment names another. */
#define XE_SOCKET "/var/lib/xcp/xapi"

/* A connection as the options say, or NULL with a text in why. */
struct dial *xe_connect(const struct xe_options *o,
    char why[static DIAL_WHY]);

#endif
