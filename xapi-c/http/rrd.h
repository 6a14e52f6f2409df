/*
 * The handlers of metrics: /rrd_updates, /host_rrd, /vm_rrd, /sr_rrd, and
 * /metrics for Prometheus.  Each on a stream's thread; the replies are
 * written piece by piece, and end with their connection.
 */
#ifndef HTTP_RRD_H
#define HTTP_RRD_H

#include "http/stream.h"

void rrd_updates(struct stream *s);
void rrd_of_host(struct stream *s);
void rrd_of_vm(struct stream *s);
void rrd_of_sr(struct stream *s);
void rrd_prometheus(struct stream *s);

#endif
