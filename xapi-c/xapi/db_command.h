/*
 * xapi-db, or `xapi db`: what to do with the database file while no xapi has
 * it.  Runs as the owner of the state folder, whoever calls it.
 */
#ifndef XAPI_DB_COMMAND_H
#define XAPI_DB_COMMAND_H

#include <stdbool.h>

/* Is the program called for this?  Then skip is how many words to drop. */
bool db_command_is_meant(int argc, char **argv, int *skip);
/* The exit status: 0, 1 (something is wrong, or it failed), 2 (usage). */
int db_command(int argc, char **argv);

#endif
