/*
 * /system-status and /host_logs_download: the host's state and logs as a tar
 * file, for those who help.  What opens something is not in it: neither
 * sessions, secrets and results of tasks nor what storage is reached with.
 */
#ifndef HTTP_REPORT_H
#define HTTP_REPORT_H

#include "http/stream.h"

#define REPORT_MAX_AUDIT (256u << 10)	/* bytes of the audit log: the newest */

/* GET: entries= as report_parts takes it, output=tar; drives a task. */
void report_status(struct stream *s);
/* GET: the logs alone. */
void report_logs(struct stream *s);

#endif
