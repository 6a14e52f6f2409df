/*
 * xe: the command line of a host, here or elsewhere.  A program of its own, and
 * in the image, where it costs nothing, a name of xapi.
 */
#ifndef XE_COMMAND_H
#define XE_COMMAND_H

#include <stdbool.h>

/* Was the program started under that name? */
bool xe_is_meant(const char *name);
/* What it ends with; argv[0] is the program's name. */
int xe_command(int argc, char **argv);

#endif
