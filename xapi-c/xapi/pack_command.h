/*
 * bedplate-pack [-k KEYS] [-p PACKS] FILE|-, or `xapi pack ...`: installs a
 * signed extension pack in the folder PACKS (/state/packs) if it is signed by
 * one of KEYS.  Here for the same reason as update_command.h.
 */
#ifndef XAPI_PACK_COMMAND_H
#define XAPI_PACK_COMMAND_H

#include <stdbool.h>

/* Is the program called for this?  Then skip is how many words to drop. */
bool pack_command_is_meant(int argc, char **argv, int *skip);
/* The exit status: 0; 1: refused, 3: failed, both with the packs as they were;
 * 2: usage. */
int pack_command(int argc, char **argv);

#endif
