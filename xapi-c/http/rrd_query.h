/*
 * What a request for metrics asks for.  Pure functions on its head.
 */
#ifndef HTTP_RRD_QUERY_H
#define HTTP_RRD_QUERY_H

#include "http/head.h"
#include "metrics/store.h"

/* Of /rrd_updates; names point into the head.  NULL, or why it is refused. */
const char *rrd_query_parse(struct arena *a, const struct http_head *h,
    struct metrics_query *out);
/* Accept decides if it names a type that we have, else the key "json" of the
 * query, whatever its value. */
bool rrd_query_json(const struct http_head *h);

#endif
