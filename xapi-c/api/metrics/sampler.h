/*
 * The thread that asks xenopsd for a sample whenever the wall clock is at a
 * multiple of 5 seconds, and gives it to x->metrics.  It waits for nobody: what
 * xenopsd does not answer before the next one is due is a gap.
 */
#ifndef API_METRICS_SAMPLER_H
#define API_METRICS_SAMPLER_H

#include "api/xapi.h"

struct sampler;

/* Needs x->metrics, x->ops, x->db.  0 or -errno. */
int sampler_start(struct xapi *x, struct sampler **out);
/* Waits for a round that is under way, and writes the archives as long as that
 * takes SAMPLER_SAVE_MS.  NULL is allowed. */
#define SAMPLER_SAVE_MS 4000
void sampler_stop(struct sampler *s);

#endif
