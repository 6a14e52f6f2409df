/*
 * bedplate-syslog FILE LOGS, or `xapi syslog`: sends what services log from now
 * on to the server that FILE names (base/syslog.h), one datagram of UDP a line.
 * LOGS has a folder of svlogd's for each service; FILE is looked at once a
 * second, and while it is empty or not there nothing is sent.
 *
 * The files are the queue: what a server that is away does not take waits there,
 * as long as svlogd keeps it.  It is known to be away when its name has no
 * address or it refuses; one that is silent is not noticed.  No privileges are
 * needed.  Here because xapi is the one program with others in it; it shares
 * nothing with the daemon.
 */
#ifndef XAPI_SYSLOG_COMMAND_H
#define XAPI_SYSLOG_COMMAND_H

#include <stdbool.h>

/* Is the program called for this?  Then skip is how many words to drop. */
bool syslog_command_is_meant(int argc, char **argv, int *skip);
/* Does not return but for a usage error: 2. */
int syslog_command(int argc, char **argv);

#endif
