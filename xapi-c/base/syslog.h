/*
 * Logs for another machine: where they go to, and the form of RFC 5424.  No
 * state; any thread.
 */
#ifndef BASE_SYSLOG_H
#define BASE_SYSLOG_H

#include <stdbool.h>
#include <stddef.h>

#define SYSLOG_PORT "514"
#define SYSLOG_HOST_SIZE 256
#define SYSLOG_PORT_SIZE 6
#define SYSLOG_MESSAGE_MAX 2048		/* what servers should take, as the RFC
					 * has it; longer ones are cut */

struct syslog_destination {
	char host[SYSLOG_HOST_SIZE], port[SYSLOG_PORT_SIZE];
};

/* "HOST", "HOST:PORT" or "[IPV6]:PORT", where HOST is a name or an address.
 * NULL, or what is wrong with it. */
const char *syslog_destination_parse(const char *text,
    struct syslog_destination *out);

/*
 * A message of a line as svlogd keeps it ("2026-11-28_13:45:58.12345 error: ..."),
 * without its newline; what has no such time gets none.  Facility daemon, the
 * severity by the line's first word.  Anything but printable ASCII is '?'.
 * Returns its length; out is not a string.
 */
size_t syslog_message(const char *hostname, const char *service,
    const char *line, size_t len, char out[static SYSLOG_MESSAGE_MAX]);

#endif
