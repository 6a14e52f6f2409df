/*
 * A request that is answered by a thread of its own, one at a time: it may take
 * as long as the kernel takes to tell its counters, and the loop goes on.  Who
 * asks meanwhile is refused (in_use), a client that does not wait any longer is
 * answered at once; the thread's work is then nobody's.
 */
#ifndef XENOPSD_CORE_SAMPLER_H
#define XENOPSD_CORE_SAMPLER_H

#include "xenopsd/core/loop.h"
#include "xenopsd/core/request.h"

struct sampler;

struct sampler_config {
	struct loop *loop;
	const struct record_type *result;
	/* On the thread: fills the result, preset to its defaults.  0, or
	 * -errno: it could not. */
	int (*take)(void *arg, struct arena *a, void *result);
	void *arg;
};

/* NULL, logged, if there is no thread to be had. */
struct sampler *sampler_new(const struct sampler_config *cfg);
/* Waits for the thread, but not for one that hangs in the kernel: then the
 * process has to end. NULL is allowed. */
void sampler_free(struct sampler *s);
/* For a handler: what it returns. */
int sampler_request(struct sampler *s, struct request *rq);

#endif
