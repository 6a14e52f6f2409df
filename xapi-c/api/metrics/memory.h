/*
 * How much memory guests have and how much is free, from samples into
 * VM_metrics and host_metrics: guests take and give it whenever they like.
 */
#ifndef API_METRICS_MEMORY_H
#define API_METRICS_MEMORY_H

#include "gen/xenops.h"

struct xapi;
struct db_root;

/* Writes only what differs from root; the sampler's thread. */
void memory_store(struct xapi *x, const struct db_root *root,
    const struct xenops_samples_get_result *s);

#endif
