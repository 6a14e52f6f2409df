/*
 * From what xenopsd counted to data sources by their names, with what the
 * database knows of it: the VM of a domain, the SR of a disk.  The sampler's
 * thread.
 */
#ifndef API_METRICS_SAMPLE_H
#define API_METRICS_SAMPLE_H

#include "db/db.h"
#include "gen/xenops.h"
#include "metrics/store.h"

struct xapi;

/* One round, of that slot.  Texts are made in a. */
void sample_store(struct xapi *x, const struct db_root *root, struct arena *a,
    int64_t slot, const struct xenops_samples_get_result *s);

#endif
