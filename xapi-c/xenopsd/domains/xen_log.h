/* The handlers of what Xen says and is asked at its console, by libxl.  In a
 * worker. */
#ifndef XENOPSD_DOMAINS_XEN_LOG_H
#define XENOPSD_DOMAINS_XEN_LOG_H

#include "xenopsd/core/request.h"

request_handler xen_log_read, xen_debug_keys;

#endif
