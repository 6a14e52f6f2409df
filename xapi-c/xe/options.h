/*
 * What xe's command line says to xe itself; the rest goes to the server as it
 * is.  An option beats the environment's XE_EXTRA_ARGS ("name=value,...", a
 * comma after a backslash is one of the value), and that the lines name=value
 * of ~/.xe.  Texts live in the arena.
 */
#ifndef XE_OPTIONS_H
#define XE_OPTIONS_H

#include <stdbool.h>

#include "base/arena.h"

#define XE_MAX_ARGS 4096

struct xe_options {
	const char *server;		/* NULL: this host */
	int port;			/* 0: the usual one */
	const char *user, *password, *password_file;
	bool plain, debug, version;
	const char **args;		/* for the server */
	int n;
};

/* 0; 1: only help is wanted; -1 after a line on stderr. */
int xe_options_parse(struct arena *a, int argc, char **argv,
    struct xe_options *out);
void xe_usage(void);

#endif
