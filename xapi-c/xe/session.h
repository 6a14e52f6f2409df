/*
 * xe's talk with a server: it sends the command line and then does what the
 * server says.  Files are only read or written when the command line named
 * them.  One thread.
 */
#ifndef XE_SESSION_H
#define XE_SESSION_H

#include "xe/options.h"

/* What xe ends with. */
int xe_session(struct arena *a, const struct xe_options *o);

#endif
