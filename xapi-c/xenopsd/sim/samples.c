#include "xenopsd/sim/samples.h"

#include "base/clock.h"
#include "xenopsd/sim/sim.h"

#define NS 1000000			/* in a ms */
#define MAX_DEVICES 16			/* that are looked for */
#define READS 100			/* a second */
#define WRITES 50
#define BLOCK 4096
#define HOST_RX 1000000
#define GUEST_RX 10000

/* Part of the time in percent, in nanoseconds. */
static struct vec
cpus(struct arena *a, int64_t mono_ms, int64_t n, int percent, bool idle)
{
	int64_t *v = arena_alloc(a, (size_t)(n + 1) * sizeof(*v));

	for (int64_t i = 0; i < n; i++) {
		int64_t busy = percent * (i % 4 + 1);

		v[i] = mono_ms * (idle ? 100 - busy : busy) * (NS / 100);
	}
	return (struct vec){ .v = v, .n = (uint32_t)n };
}

/* rx and tx are dom0's view: what a guest is sent, dom0 transmits. */
static struct xenops_nic_sample
nic(const char *device, int64_t mono_ms, int64_t rate, bool guest)
{
	int64_t much = mono_ms * rate / 1000, little = much / 2;

	return (struct xenops_nic_sample){ .device = device,
		.rx = guest ? little : much, .tx = guest ? much : little };
}

static struct xenops_disk_sample
disk(int64_t device, int64_t mono_ms)
{
	int64_t reads = mono_ms * READS / 1000;
	int64_t writes = mono_ms * WRITES / 1000;

	return (struct xenops_disk_sample){ .device = device,
		.reads = reads, .writes = writes,
		.read_bytes = reads * BLOCK, .write_bytes = writes * BLOCK,
		.read_ms = reads, .write_ms = writes,
		.busy_ms = reads + writes, .queue_ms = reads + writes };
}

static void
host(struct sim *m, struct arena *a, int64_t mono_ms,
    struct xenops_host_sample *h)
{
	const struct xenops_nic_info *nics;
	struct xenops_host_info info;
	struct xenops_nic_sample *v;

	sim_host_fill(m, a, &info);
	nics = info.nics.v;
	v = arena_alloc(a, (info.nics.n + 1) * sizeof(*v));
	for (uint32_t i = 0; i < info.nics.n; i++)
		v[i] = nic(nics[i].device, mono_ms, HOST_RX * (i + 1), false);
	h->idle = cpus(a, mono_ms, info.cpu.count, 5, true);
	h->load = 0.5;
	h->memory_total = info.memory_total;
	h->memory_free = info.memory_free;
	h->nics = (struct vec){ .v = v, .n = info.nics.n };
}

static void
devices(struct sim *m, struct arena *a, int64_t mono_ms,
    struct xenops_domain_sample *d)
{
	const struct hv_ops *ops = m->d.hv->ops;
	struct xenops_disk_sample *disks = arena_alloc(a,
	    MAX_DEVICES * sizeof(*disks));
	struct xenops_nic_sample *nics = arena_alloc(a,
	    MAX_DEVICES * sizeof(*nics));
	uint32_t n_disks = 0, n_nics = 0;

	for (int i = 0; i < MAX_DEVICES; i++) {
		if (ops->has_disk(m->d.hv, (uint32_t)d->domid, i))
			disks[n_disks++] = disk(i, mono_ms);
		if (ops->has_nic(m->d.hv, (uint32_t)d->domid, i))
			nics[n_nics++] = nic(arena_printf(a, "%d", i), mono_ms,
			    GUEST_RX * (i + 1), true);
	}
	d->disks = (struct vec){ .v = disks, .n = n_disks };
	d->nics = (struct vec){ .v = nics, .n = n_nics };
}

int
sim_samples_get(struct request *rq, const void *args, void *result)
{
	struct xenops_samples_get_result *s = result;
	struct sim *m = rq->daemon;
	struct arena *a = rq->arena;
	struct xenops_domain_sample *v;
	struct xenops_host_info info;
	struct hv_domain *list;
	uint32_t n;

	(void)args;
	s->mono_ms = clock_mono_ms();
	host(m, a, s->mono_ms, &s->host);
	sim_host_fill(m, a, &info);
	sim_machine_list(m->machine, a, &list, &n);
	v = arena_alloc(a, ((size_t)n + 1) * sizeof(*v));
	v[0] = (struct xenops_domain_sample){ .uuid = "", .running = true,
		.memory = info.dom0_memory,
		.cpus = cpus(a, s->mono_ms, info.dom0_vcpus, 10, false) };
	for (uint32_t i = 0; i < n; i++) {
		v[i + 1] = (struct xenops_domain_sample){
			.uuid = list[i].uuid, .domid = list[i].domid,
			.memory = list[i].memory,
			.running = !list[i].paused && !list[i].shutdown,
			.cpus = cpus(a, s->mono_ms, list[i].vcpus, 10, false) };
		devices(m, a, s->mono_ms, &v[i + 1]);
	}
	s->domains = (struct vec){ .v = v, .n = n + 1 };
	return 0;
}
