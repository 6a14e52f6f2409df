/* The handler of xen_log_read: Xen's console ring, by libxl.  In a worker. */
#ifndef XENOPSD_DOMAINS_XEN_LOG_H
#define XENOPSD_DOMAINS_XEN_LOG_H

#include "xenopsd/core/request.h"

request_handler xen_log_read;

#endif
