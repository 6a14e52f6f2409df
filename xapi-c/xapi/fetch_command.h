/*
 * bedplate-fetch URL FILE [cert=sha256:HEX] [digest=sha256:HEX], or `xapi
 * fetch`: the answer file of answerfile=URL into FILE, which its owner alone
 * may read; a script of it, too.  -p FILE URL [cert=sha256:HEX] sends FILE to
 * the server by POST, its first 256 KiB.  Here because xapi has TLS; it shares
 * nothing with the daemon.
 */
#ifndef XAPI_FETCH_COMMAND_H
#define XAPI_FETCH_COMMAND_H

#include <stdbool.h>

/* Is the program called for this?  Then skip is how many words to drop. */
bool fetch_command_is_meant(int argc, char **argv, int *skip);
/* The exit status: 0, 1 (there is no such file), 2 (usage). */
int fetch_command(int argc, char **argv);

#endif
