/*
 * bedplate-update [-t SECONDS] FILE|-, or `xapi update ...`: writes a signed
 * update image to the other slot of an installed host, and has the next start
 * try it, for SECONDS at most; bedplate-slot does what is to be done to slots.
 * Here because xapi has the library for signatures; it shares nothing with the
 * daemon.
 */
#ifndef XAPI_UPDATE_COMMAND_H
#define XAPI_UPDATE_COMMAND_H

#include <stdbool.h>

/* Is the program called for this?  Then skip is how many words to drop. */
bool update_command_is_meant(int argc, char **argv, int *skip);
/* The exit status: 0; 1: refused, the other slot is as it was; 2: usage;
 * 3: failed, the other slot holds no system now. */
int update_command(int argc, char **argv);

#endif
