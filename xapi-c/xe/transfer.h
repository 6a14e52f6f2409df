/*
 * What a server asks xe to fetch, send or connect a terminal to, on further
 * connections to it.  0, or -1 after a line on stderr.
 */
#ifndef XE_TRANSFER_H
#define XE_TRANSFER_H

#include "xe/options.h"

#define XE_BEAT_S 60

struct xe_transfer {
	const struct xe_options *o;
	const char *file;		/* "": standard output */
	const char *path;		/* with the query */
	void (*beat)(void *arg);	/* every XE_BEAT_S, meanwhile */
	void *arg;
};

int xe_put(const struct xe_transfer *t);
int xe_get(const struct xe_transfer *t);
/* Until Ctrl-] or the console's end. */
int xe_console(const struct xe_transfer *t);

#endif
