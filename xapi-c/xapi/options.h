/* The command line of xapi and the files read before privileges are gone. */
#ifndef XAPI_OPTIONS_H
#define XAPI_OPTIONS_H

#include "api/xapi.h"

struct arena;

/* Fills cfg; texts point into argv.  0, or -1 after a message: exit 2. */
int options_parse(int argc, char **argv, struct xapi_config *cfg);
/*
 * software_version's own entries out of the release file: KEY=value lines;
 * VERSION becomes product_version_text, lower-case keys are taken as they are
 * (an empty value removes a key).  Texts live in the arena.
 */
struct vec options_version(const char *path, struct arena *a);

#endif
