/*
 * What dom0 has written down lately, as text for people: printable ASCII, tabs and
 * newlines, anything else is '?'.  Handlers run in a worker.
 */
#ifndef XENOPSD_MACHINE_LOGS_H
#define XENOPSD_MACHINE_LOGS_H

#include "base/buf.h"
#include "xenopsd/core/request.h"

#define LOGS_MAX_BYTES (256u << 10)	/* of an answer: the newest */

/* The newest whole lines of a folder of svlogd's: its file "current" and the
 * older ones.  In the arena. */
int logs_read(struct request *rq, const char *folder, const char **text_out);
/* The end of b as such a text; releases it. */
const char *logs_text(struct arena *a, struct buf *b);

/* Are they debug keys of the hypervisor's, at least by their form? */
#define LOGS_KEYS_MAX 32
bool logs_are_keys(const char *keys);

/* Keeps in dir/syslog where bedplate-syslog sends lines to. */
int logs_set_server(struct request *rq, const char *dir,
    const struct xenops_syslog_set_args *a);

/* The handlers of the real host. */
request_handler host_log_read, host_syslog_set;

#endif
