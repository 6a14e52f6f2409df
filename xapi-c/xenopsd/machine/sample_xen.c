/* What the hypervisor counts.  One hypercall for 256 domains, and one for each
 * vCPU. */
#include <errno.h>
#include <xenctrl.h>

#include "base/clock.h"
#include "base/mem.h"
#include "xenopsd/machine/sample.h"

#define BATCH 256
#define MAX_CPUS 4096
#define MAX_VCPUS 8192			/* the most that Xen gives a domain */
#define PAGE 4096

struct sample_xen {
	xc_interface *xc;		/* NULL: not open yet */
	xc_cpuinfo_t cpus[MAX_CPUS];
	xc_domaininfo_t domains[BATCH];
};

struct sample_xen *
sample_xen_new(void)
{
	return mem_zalloc(sizeof(struct sample_xen));
}

static int
take_host(struct sample_xen *x, struct arena *a, struct xenops_host_sample *h)
{
	xc_physinfo_t p = { 0 };
	int64_t *idle;
	int n = 0;

	if (xc_physinfo(x->xc, &p) ||
	    xc_getcpuinfo(x->xc, MAX_CPUS, x->cpus, &n))
		return -errno;
	h->memory_total = (int64_t)p.total_pages * PAGE;
	h->memory_free = (int64_t)(p.free_pages + p.scrub_pages) * PAGE;
	idle = arena_alloc(a, ((size_t)n + 1) * sizeof(*idle));
	for (int i = 0; i < n; i++)
		idle[i] = (int64_t)x->cpus[i].idletime;
	h->idle = (struct vec){ .v = idle, .n = (uint32_t)n };
	return 0;
}

/* A domain that is being made has none yet: its highest is ~0. */
static uint32_t
vcpu_room(const xc_domaininfo_t *info)
{
	return info->max_vcpu_id < MAX_VCPUS ? info->max_vcpu_id + 1 : 0;
}

/* Those that are on, and those before them. */
static struct vec
vcpus(struct sample_xen *x, struct arena *a, const xc_domaininfo_t *info)
{
	uint32_t n = 0, room = vcpu_room(info);
	int64_t *ns = arena_alloc(a, room * sizeof(*ns));

	for (uint32_t i = 0; i < room; i++) {
		xc_vcpuinfo_t v;

		if (xc_vcpu_getinfo(x->xc, info->domain, i, &v))
			continue;
		ns[i] = (int64_t)v.cpu_time;
		if (v.online)
			n = i + 1;
	}
	return (struct vec){ .v = ns, .n = n };
}

static void
take_domain(struct sample_xen *x, struct arena *a,
    const xc_domaininfo_t *info, struct xenops_domain_sample *d)
{
	char uuid[UUID_TEXT_LEN + 1];

	*d = *(const struct xenops_domain_sample *)
	    xenops_domain_sample_type.dflt;
	uuid_text(info->handle, uuid);
	d->domid = info->domain;
	d->uuid = info->domain ? arena_strdup(a, uuid) : "";
	d->memory = (int64_t)info->tot_pages * PAGE;
	d->running = !(info->flags & (XEN_DOMINF_paused |
	    XEN_DOMINF_shutdown));
	d->cpus = vcpus(x, a, info);
}

static int
take_domains(struct sample_xen *x, struct arena *a, struct vec *out)
{
	struct xenops_domain_sample *v = NULL, *old;
	uint32_t first = 0, n = 0, room = 0;
	int got;

	do {
		got = xc_domain_getinfolist(x->xc, first, BATCH, x->domains);
		if (got < 0)
			return -errno;
		if (n + (uint32_t)got > room) {
			old = v;
			room = (n + (uint32_t)got) * 2;
			v = arena_alloc(a, room * sizeof(*v));
			for (uint32_t i = 0; i < n; i++)
				v[i] = old[i];
		}
		for (int i = 0; i < got; i++) {
			first = x->domains[i].domain + 1u;
			if (!(x->domains[i].flags & XEN_DOMINF_dying))
				take_domain(x, a, &x->domains[i], &v[n++]);
		}
	} while (got == BATCH);
	*out = (struct vec){ .v = v, .n = n };
	return 0;
}

int
sample_xen_take(void *arg, struct arena *a, void *result)
{
	struct xenops_samples_get_result *s = result;
	struct sample_xen *x = arg;
	int rc;

	if (!x->xc)
		x->xc = xc_interface_open(NULL, NULL, 0);
	if (!x->xc)
		return -errno;
	s->mono_ms = clock_mono_ms();
	rc = take_host(x, a, &s->host);
	if (!rc)
		rc = take_domains(x, a, &s->domains);
	if (!rc)
		sample_kernel(a, "", s);
	return rc;
}
