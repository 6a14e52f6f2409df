#include "api/metrics/sample.h"

#include <stdlib.h>
#include <string.h>

#include "api/vm/spec.h"
#include "api/xapi.h"
#include "gen/store.h"
#include "metrics/defs.h"

#define SR_PREFIX 8		/* of its uuid, in names of the host's */
#define NS 1e-9
#define MS 1e-3
#define MS_IN_US 1e3

/* Values under way. */
struct values {
	struct arena *a;
	struct rrd_value *v;
	int n, room;
};

/* What all disks of an SR did. */
struct sr_sum {
	const char *uuid;
	struct xenops_disk_sample disk;
};

struct round {
	struct xapi *x;
	const struct db_root *root;
	struct arena *a;
	const struct xenops_samples_get_result *s;
	struct sr_sum *srs;
	int n_srs, srs_room;
};

static struct values
values_for(struct arena *a, size_t room)
{
	return (struct values){ .a = a, .room = (int)room,
		.v = arena_alloc(a, (room + 1) * sizeof(struct rrd_value)) };
}

/* The '*' of the definition's name becomes the instance. */
static struct rrd_value *
put(struct values *to, const struct rrd_def *def, const char *instance)
{
	const char *star = strchr(def->name, '*');
	struct rrd_value *v;

	if (to->n == to->room)
		abort();
	v = &to->v[to->n++];
	v->def = def;
	v->name = star ? arena_printf(to->a, "%.*s%s%s",
	    (int)(star - def->name), def->name, instance, star + 1) :
	    def->name;
	return v;
}

static void
gauge(struct values *to, const struct rrd_def *def, double x)
{
	put(to, def, "")->gauge = x;
}

static void
count(struct values *to, const struct rrd_def *def, const char *instance,
    int64_t x, double scale)
{
	struct rrd_value *v = put(to, def, instance);

	v->count = (uint64_t)x;
	v->scale = scale;
}

static void
ratio(struct values *to, const struct rrd_def *def, const char *instance,
    int64_t x, int64_t per)
{
	struct rrd_value *v = put(to, def, instance);

	v->count = (uint64_t)x;
	v->per = (uint64_t)per;
	v->scale = MS_IN_US;
}

static void
disk(struct values *to, const struct rrd_def *defs, const char *instance,
    const struct xenops_disk_sample *d)
{
	static const double mib = 1.0 / (1 << 20);
	int64_t bytes = d->read_bytes + d->write_bytes;
	int64_t requests = d->reads + d->writes;

	count(to, &defs[DISK_READ], instance, d->read_bytes, 1);
	count(to, &defs[DISK_WRITE], instance, d->write_bytes, 1);
	count(to, &defs[DISK_IOPS_READ], instance, d->reads, 1);
	count(to, &defs[DISK_IOPS_WRITE], instance, d->writes, 1);
	count(to, &defs[DISK_IOPS_TOTAL], instance, requests, 1);
	count(to, &defs[DISK_MIB_READ], instance, d->read_bytes, mib);
	count(to, &defs[DISK_MIB_WRITE], instance, d->write_bytes, mib);
	count(to, &defs[DISK_MIB_TOTAL], instance, bytes, mib);
	ratio(to, &defs[DISK_READ_LATENCY], instance, d->read_ms, d->reads);
	ratio(to, &defs[DISK_WRITE_LATENCY], instance, d->write_ms,
	    d->writes);
	ratio(to, &defs[DISK_LATENCY], instance, d->read_ms + d->write_ms,
	    requests);
	count(to, &defs[DISK_IOWAIT], instance, d->busy_ms, MS);
	put(to, &defs[DISK_INFLIGHT], instance)->gauge = (double)d->inflight;
	count(to, &defs[DISK_QUEUE], instance, d->queue_ms, MS);
}

/* rx, tx: as its user sees it. */
static void
nic(struct values *to, const struct rrd_def *defs, const char *instance,
    const struct xenops_nic_sample *n, bool guest)
{
	count(to, &defs[NIC_RX], instance, guest ? n->tx : n->rx, 1);
	count(to, &defs[NIC_TX], instance, guest ? n->rx : n->tx, 1);
	count(to, &defs[NIC_RX_ERRORS], instance,
	    guest ? n->tx_errors : n->rx_errors, 1);
	count(to, &defs[NIC_TX_ERRORS], instance,
	    guest ? n->rx_errors : n->tx_errors, 1);
}

/* Each CPU, and their average. */
static void
cpus(struct values *to, const struct rrd_def *each,
    const struct rrd_def *average, const struct vec *ns)
{
	const int64_t *v = ns->v;
	int64_t sum = 0;

	for (uint32_t i = 0; i < ns->n; i++) {
		count(to, each, arena_printf(to->a, "%u", i), v[i], NS);
		sum += v[i];
	}
	if (ns->n)
		count(to, average, "", sum, NS / ns->n);
}

/* -- VMs -- */

static const char *
disk_name(struct arena *a, int64_t device)
{
	if (device < 26)
		return arena_printf(a, "xvd%c", (char)('a' + device));
	return arena_printf(a, "xvd%c%c", (char)('a' + device / 26 - 1),
	    (char)('a' + device % 26));
}

static const struct vm *
vm_of(const struct round *r, const struct xenops_domain_sample *d)
{
	const struct host *host;

	if (d->domid)
		return vm_find_uuid(r->root, d->uuid ? d->uuid : "");
	host = host_find(r->root, &r->x->host);
	return host ? vm_find(r->root, &host->control_domain) : NULL;
}

/* The SR of the VM's disk at that device, or NULL. */
static const struct sr *
sr_of(const struct round *r, const struct vm *vm, int64_t device)
{
	const struct ref *refs = vm->VBDs.v;

	for (uint32_t i = 0; i < vm->VBDs.n; i++) {
		const struct vbd *vbd = vbd_find(r->root, &refs[i]);
		const struct vdi *vdi;

		if (!vbd || vbd_device_number(vbd->userdevice) != device)
			continue;
		vdi = vdi_find(r->root, &vbd->VDI);
		return vdi ? sr_find(r->root, &vdi->SR) : NULL;
	}
	return NULL;
}

static void
add_to_sr(struct round *r, const struct sr *sr,
    const struct xenops_disk_sample *d)
{
	struct xenops_disk_sample *to;
	int i = 0;

	while (i < r->n_srs && strcmp(r->srs[i].uuid, sr->uuid) != 0)
		i++;
	if (i == r->srs_room)
		return;
	if (i == r->n_srs)
		r->srs[r->n_srs++] = (struct sr_sum){ .uuid = sr->uuid };
	to = &r->srs[i].disk;
	to->reads += d->reads;
	to->writes += d->writes;
	to->read_bytes += d->read_bytes;
	to->write_bytes += d->write_bytes;
	to->read_ms += d->read_ms;
	to->write_ms += d->write_ms;
	to->busy_ms += d->busy_ms;
	to->queue_ms += d->queue_ms;
	to->inflight += d->inflight;
}

static void
memory(struct values *to, const struct round *r, const struct vm *vm,
    const struct xenops_domain_sample *d)
{
	const struct vm_guest_metrics *g = vm_guest_metrics_find(r->root,
	    &vm->guest_metrics);
	const char *kib = g ? map_get(g->memory, "free") : NULL;
	char *end;
	double x;

	gauge(to, &vm_defs[VM_MEMORY], (double)d->memory);
	gauge(to, &vm_defs[VM_MEMORY_TARGET], (double)(vm->memory_target > 0 ?
	    vm->memory_target : vm->memory_dynamic_max));
	if (!kib)
		return;
	x = strtod(kib, &end);
	if (end != kib && *end == '\0')
		gauge(to, &vm_defs[VM_MEMORY_FREE], x);
}

static void
store_vm(struct round *r, const struct xenops_domain_sample *d)
{
	const struct xenops_disk_sample *disks = d->disks.v;
	const struct xenops_nic_sample *nics = d->nics.v;
	const struct vm *vm = vm_of(r, d);
	struct metrics_sample s = { .class = METRICS_VM, .life = d->domid };
	struct values to = values_for(r->a, VM_DEFS + d->cpus.n +
	    (size_t)d->disks.n * DISK_DEFS + (size_t)d->nics.n * NIC_DEFS);
	const struct sr *sr;

	if (!vm)
		return;
	cpus(&to, &vm_defs[VM_CPU], &vm_defs[VM_CPU_USAGE], &d->cpus);
	memory(&to, r, vm, d);
	for (uint32_t i = 0; i < d->nics.n; i++)
		nic(&to, &vm_defs[VM_VIF], nics[i].device, &nics[i], true);
	for (uint32_t i = 0; i < d->disks.n; i++) {
		disk(&to, &vm_defs[VM_VBD], disk_name(r->a, disks[i].device),
		    &disks[i]);
		sr = sr_of(r, vm, disks[i].device);
		if (sr)
			add_to_sr(r, sr, &disks[i]);
	}
	s.uuid = vm->uuid;
	s.values = to.v;
	s.n = to.n;
	metrics_sample(r->x->metrics, &s);
}

/* -- the host and its SRs -- */

static void
domains(struct values *to, const struct round *r)
{
	const struct xenops_domain_sample *v = r->s->domains.v;
	uint32_t n = 0, n_cpus = 0;

	for (uint32_t i = 0; i < r->s->domains.n; i++) {
		if (!v[i].running)
			continue;
		n++;
		n_cpus += v[i].cpus.n;
	}
	gauge(to, &host_defs[HOST_VCPUS], n_cpus);
	gauge(to, &host_defs[HOST_DOMAINS], n);
}

static void
pifs(struct values *to, const struct vec *nics)
{
	const struct xenops_nic_sample *v = nics->v;
	int64_t rx = 0, tx = 0;

	for (uint32_t i = 0; i < nics->n; i++) {
		nic(to, &host_defs[HOST_PIF_RX], v[i].device, &v[i], false);
		rx += v[i].rx;
		tx += v[i].tx;
	}
	count(to, &host_defs[HOST_ALL_RX], "", rx, 1);
	count(to, &host_defs[HOST_ALL_TX], "", tx, 1);
}

static void
store_host(struct round *r)
{
	const struct host *host = host_find(r->root, &r->x->host);
	const struct xenops_host_sample *h = &r->s->host;
	struct metrics_sample s = { .class = METRICS_HOST };
	struct values to = values_for(r->a, HOST_DEFS + h->idle.n +
	    (size_t)h->nics.n * NIC_DEFS + (size_t)r->n_srs * DISK_DEFS);

	if (!host)
		return;
	cpus(&to, &host_defs[HOST_CPU], &host_defs[HOST_CPU_AVG], &h->idle);
	gauge(&to, &host_defs[HOST_LOADAVG], h->load);
	domains(&to, r);
	gauge(&to, &host_defs[HOST_MEMORY_TOTAL],
	    (double)h->memory_total / 1024);
	gauge(&to, &host_defs[HOST_MEMORY_FREE],
	    (double)h->memory_free / 1024);
	pifs(&to, &h->nics);
	for (int i = 0; i < r->n_srs; i++)
		disk(&to, &host_defs[HOST_SR], arena_strndup(r->a,
		    r->srs[i].uuid, SR_PREFIX), &r->srs[i].disk);
	s.uuid = host->uuid;
	s.values = to.v;
	s.n = to.n;
	metrics_sample(r->x->metrics, &s);
}

static void
store_srs(struct round *r)
{
	for (int i = 0; i < r->n_srs; i++) {
		struct values to = values_for(r->a, DISK_DEFS);
		struct metrics_sample s = { .class = METRICS_SR,
			.uuid = r->srs[i].uuid };

		disk(&to, sr_defs, "", &r->srs[i].disk);
		s.values = to.v;
		s.n = to.n;
		metrics_sample(r->x->metrics, &s);
	}
}

void
sample_store(struct xapi *x, const struct db_root *root, struct arena *a,
    int64_t slot, const struct xenops_samples_get_result *s)
{
	struct round r = { .x = x, .root = root, .a = a, .s = s,
		.srs_room = (int)db_count(root, CLASS_SR) };
	const struct xenops_domain_sample *v = s->domains.v;

	r.srs = arena_alloc(a, (size_t)(r.srs_room + 1) * sizeof(*r.srs));
	metrics_begin(x->metrics, slot, (double)s->mono_ms / 1000);
	for (uint32_t i = 0; i < s->domains.n; i++)
		store_vm(&r, &v[i]);
	store_srs(&r);
	store_host(&r);
	metrics_end(x->metrics);
}
