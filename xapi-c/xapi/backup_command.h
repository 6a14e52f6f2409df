/*
 * bedplate-backup [--state DIR] -: reads a dump of the database, with its
 * secrets, from standard input and writes a line with the backup's length and
 * then the backup, or a line that says why not.
 * bedplate-restore [--state DIR] [--take-identity] FILE|-: checks a backup and
 * keeps it for the next start, one of another host only with that word;
 * --apply, which the boot script calls: puts it in place.
 * Also `xapi backup ...` and `xapi restore ...`.  They share nothing with the
 * daemon but the classes of its database.
 */
#ifndef XAPI_BACKUP_COMMAND_H
#define XAPI_BACKUP_COMMAND_H

#include <stdbool.h>

/* Is the program called for this?  Then skip is how many words to drop. */
bool backup_command_is_meant(int argc, char **argv, int *skip);
/* The exit status: 0; 1: refused or failed; 2: usage. */
int backup_command(int argc, char **argv, bool restore);
/* Which of the two. */
bool backup_command_restores(char **argv, int skip);

#endif
