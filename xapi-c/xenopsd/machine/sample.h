/*
 * What the kernel and the hypervisor count: struct xenops_samples_get_result.
 * Reads only; a few files and hypercalls for each domain.  On the sampler's
 * thread, so that a device which hangs holds up nothing but samples.
 */
#ifndef XENOPSD_MACHINE_SAMPLE_H
#define XENOPSD_MACHINE_SAMPLE_H

#include "base/arena.h"
#include "gen/xenops.h"
#include "xenopsd/core/request.h"

#define SAMPLE_MAX_DISKS 8192
#define SAMPLE_MAX_NICS 8192

/* sample.c: what dom0's kernel knows.  root: "" but in tests.  NICs and load of
 * the host; disks and NICs of the domains in s->domains, which are in the order
 * of their domids. */
void sample_kernel(struct arena *a, const char *root,
    struct xenops_samples_get_result *s);

/* sample_xen.c: for struct sampler_config (core/sampler.h); opens the
 * hypervisor's device when it is first called.  One for the process's life: a
 * thread that hangs may still use it. */
struct sample_xen;
struct sample_xen *sample_xen_new(void);
int sample_xen_take(void *arg, struct arena *a, void *result);

#endif
