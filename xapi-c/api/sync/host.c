/* The records of this host, from what xenopsd says about it. */
#include <stdlib.h>
#include <string.h>

#include "api/vm/guest.h"
#include "api/host/certificate.h"
#include "api/host/host.h"
#include "api/host/packs.h"
#include "api/host/product.h"
#include "api/message.h"
#include "api/oplock.h"
#include "api/sync/parts.h"
#include "api/xapi.h"
#include "base/clock.h"
#include "base/zone.h"
#include "gen/store.h"

#define FAILURE_PRIORITY 1		/* guests may be lost */
#define CPUS_MAX 8192			/* more is a broken answer */

struct host_sync {
	struct call *c;
	const struct xenops_host_info *h;
};

static const char *
number(struct arena *a, int64_t n)
{
	return arena_printf(a, "%lld", (long long)n);
}

static const char *
text(const char *s)
{
	return s ? s : "";
}

/* -- software_version -- */

static struct vec
software_version(struct arena *a, const struct host_sync *s,
    const struct host *host, const struct pool *pool)
{
	struct vec map = product_with_settings(a, s->c->x,
	    product_own(a, s->c->x), pool->other_config);

	if (*text(s->h->hostname))
		map = map_set(a, map, "hostname", s->h->hostname);
	if (*text(s->h->xen_version))
		map = map_set(a, map, "xen", s->h->xen_version);
	if (*text(s->h->kernel_version))
		map = map_set(a, map, "linux", s->h->kernel_version);
	return packs_keep_versions(a, map, host->software_version);
}

/* -- host -- */

static struct vec
cpu_info(struct arena *a, const struct xenops_cpu_info *cpu)
{
	struct vec m = { 0 };

	m = map_set(a, m, "cpu_count", number(a, cpu->count));
	m = map_set(a, m, "socket_count", number(a, cpu->sockets));
	m = map_set(a, m, "threads_per_core",
	    number(a, cpu->threads_per_core));
	m = map_set(a, m, "nr_nodes", number(a, cpu->nr_nodes));
	m = map_set(a, m, "vendor", text(cpu->vendor));
	m = map_set(a, m, "speed", arena_printf(a, "%.3f", cpu->mhz));
	m = map_set(a, m, "modelname", text(cpu->modelname));
	m = map_set(a, m, "family", number(a, cpu->family));
	m = map_set(a, m, "model", number(a, cpu->model));
	m = map_set(a, m, "stepping", number(a, cpu->stepping));
	m = map_set(a, m, "flags", text(cpu->flags));
	m = map_set(a, m, "features_pv", text(cpu->features_pv));
	m = map_set(a, m, "features_hvm", text(cpu->features_hvm));
	m = map_set(a, m, "features_pv_host", text(cpu->features_pv));
	m = map_set(a, m, "features_hvm_host", text(cpu->features_hvm));
	return map_set(a, m, "features", text(cpu->features_host));
}

/* The first look after a boot of the machine enables the host again. */
static void
set_boot(struct host *host, const char *id)
{
	if (!*id || strcmp(text(host->boot_id), id) == 0)
		return;
	host->boot_id = id;
	host->enabled = true;
}

/* The kernel tells when it was booted by the clock of now: that moves when
 * the clock is set, and a little by itself. */
static void
set_times(struct arena *a, struct host *host, const struct host_sync *s)
{
	const char *boot = arena_printf(a, "%lld.",
	    (long long)s->h->boot_time);
	const char *old = map_get(host->other_config, "boot_time");

	if (!old || labs(strtol(old, NULL, 10) - (long)s->h->boot_time) > 5)
		host->other_config = map_set(a, host->other_config,
		    "boot_time", boot);
	host->other_config = map_set(a, host->other_config,
	    "agent_start_time", arena_printf(a, "%lld.",
	    (long long)s->c->x->started));
}

/* A host that has lost what guests need takes no more of them, and says so
 * once.  A restart of the machine mends it. */
static void
set_failure(struct db_txn *t, struct host *host, const char *failure)
{
	if (!*failure || !host->enabled)
		return;
	host->enabled = false;
	message_tell(t, "HOST_FAILED", FAILURE_PRIORITY, CLS_HOST, host->uuid,
	    arena_printf(txn_arena(t), "%s: no guest can be started until the "
	    "host restarts.", failure));
}

static void
set_names(struct host *host, const struct xenops_host_info *h)
{
	bool unnamed = !host->name_label ||
	    strcmp(host->name_label, text(host->hostname)) == 0;

	if (!*text(h->hostname))
		return;
	if (unnamed)
		host->name_label = h->hostname;
	host->hostname = h->hostname;
}

static void
set_host(struct db_txn *t, const struct host_sync *s)
{
	struct arena *a = txn_arena(t);
	const struct xenops_host_info *h = s->h;
	struct host *host = host_txn_edit(t, &s->c->x->host);
	struct pool *pool = pool_txn_edit(t, &s->c->x->pool);

	if (*text(h->uuid))
		host->uuid = h->uuid;
	set_names(host, h);
	host->address = text(h->address);
	host->software_version = software_version(a, s, host, pool);
	host->capabilities = h->xen_caps;
	host->bios_strings = h->bios_strings;
	host->cpu_info = cpu_info(a, &h->cpu);
	host->chipset_info = map_set(a, (struct vec){ 0 }, "iommu",
	    h->chipset_iommu ? "true" : "false");
	host->ntp_mode = host_ntp_mode(h->ntp_mode);
	host->ntp_custom_servers = h->ntp_servers;
	host->timezone = text(h->timezone);
	set_boot(host, text(h->boot_id));
	set_times(a, host, s);
	set_failure(t, host, text(h->failure));
	host->ssh_enabled = h->ssh_until >= 0;
	host->ssh_expiry = h->ssh_until > 0 ? h->ssh_until : 0;
	if (!host->iscsi_iqn || !*host->iscsi_iqn)
		host->iscsi_iqn = arena_printf(a,
		    "iqn.2026-11.local.bedplate:%s", host->uuid);
	host_refresh_operations(t, host);
	pool->cpu_info = host->cpu_info;
}

static void
set_metrics(struct db_txn *t, const struct host_sync *s)
{
	const struct host *host = host_txn_get(t, &s->c->x->host);
	struct host_metrics *m = host_metrics_txn_edit(t, &host->metrics);

	if (!m) {
		m = host_metrics_txn_new(t);
		host_txn_edit(t, &s->c->x->host)->metrics = m->obj.ref;
	}
	m->memory_total = s->h->memory_total;
	m->memory_free = s->h->memory_free;
	m->live = true;
	m->last_updated = clock_wall_s();
}

/* -- host_cpus -- */

static void
fill_cpu(struct arena *a, struct host_cpu *cpu, int64_t i,
    const struct xenops_cpu_info *info)
{
	cpu->number = i;
	cpu->vendor = text(info->vendor);
	cpu->speed = (int64_t)info->mhz;
	cpu->modelname = text(info->modelname);
	cpu->family = info->family;
	cpu->model = info->model;
	cpu->stepping = number(a, info->stepping);
	cpu->flags = text(info->flags);
	cpu->features = text(info->features_host);
}

static void
set_cpus(struct db_txn *t, const struct host_sync *s)
{
	const struct host *host = host_txn_get(t, &s->c->x->host);
	const struct vec set = host->host_CPUs;
	const struct ref *refs = set.v;
	int64_t n = s->h->cpu.count;
	uint8_t seen[CPUS_MAX] = { 0 };

	if (n > CPUS_MAX)
		n = CPUS_MAX;
	for (uint32_t i = 0; i < set.n; i++) {
		struct host_cpu *cpu = host_cpu_txn_edit(t, &refs[i]);

		if (!cpu)
			continue;
		if (cpu->number < 0 || cpu->number >= n ||
		    seen[cpu->number]) {
			txn_delete(t, CLASS_HOST_CPU, &refs[i]);
			continue;
		}
		seen[cpu->number] = 1;
		fill_cpu(txn_arena(t), cpu, cpu->number, &s->h->cpu);
	}
	for (int64_t i = 0; i < n; i++) {
		struct host_cpu *cpu;

		if (seen[i])
			continue;
		cpu = host_cpu_txn_new(t);
		cpu->host = host->obj.ref;
		fill_cpu(txn_arena(t), cpu, i, &s->h->cpu);
	}
}

/* -- the control domain -- */

static struct vm *
find_dom0(struct db_txn *t, const struct host_sync *s)
{
	struct host *host = host_txn_edit(t, &s->c->x->host);
	struct vm *vm = vm_txn_edit(t, &host->control_domain);
	const struct vm *same;

	if (vm)
		return vm;
	same = txn_find_uuid(t, CLASS_VM, text(s->h->dom0_uuid));
	vm = same ? vm_txn_edit(t, &same->obj.ref) : vm_txn_new(t);
	host->control_domain = vm->obj.ref;
	return vm;
}

static void
set_dom0(struct db_txn *t, const struct host_sync *s)
{
	const struct xenops_host_info *h = s->h;
	struct arena *a = txn_arena(t);
	struct vm *vm = find_dom0(t, s);
	const struct xenops_domain_info info = {
		.state = XENOPS_DOMAIN_STATE_RUNNING,
		.type = XENOPS_DOMAIN_TYPE_PV,
		.vcpus = h->dom0_vcpus, .memory = h->dom0_memory,
		.started = h->boot_time,
	};

	if (*text(h->dom0_uuid))
		vm->uuid = h->dom0_uuid;
	vm->name_label = arena_printf(a, "Control domain on host: %s",
	    text(h->hostname));
	vm->name_description = "The domain that manages this host";
	vm->is_control_domain = true;
	vm->domid = 0;
	vm->domain_type = DOMAIN_TYPE_PV;
	vm->power_state = VM_POWER_STATE_RUNNING;
	vm->resident_on = s->c->x->host;
	vm->affinity = s->c->x->host;
	vm->memory_static_min = vm->memory_static_max = h->dom0_memory;
	vm->memory_dynamic_min = vm->memory_dynamic_max = h->dom0_memory;
	vm->memory_target = h->dom0_memory;
	vm->VCPUs_max = vm->VCPUs_at_startup = h->dom0_vcpus;
	vm->actions_after_shutdown = ON_NORMAL_EXIT_DESTROY;
	vm->actions_after_reboot = ON_NORMAL_EXIT_DESTROY;
	vm->actions_after_crash = ON_CRASH_BEHAVIOUR_DESTROY;
	if (!map_get(vm->platform, "cores-per-socket"))
		vm->platform = map_set(a, vm->platform, "cores-per-socket",
		    "1");
	guest_metrics_apply(t, vm, &info);
	guest_console_apply(t, s->c->x, vm, true);
	op_refresh(t, &vm_op_class, &vm->obj.ref);
}

/* -- all of it -- */

struct consoles {
	struct db_txn *t;
	const struct xapi *x;
};

/* The address is part of every console's location. */
static int
move_console(const void *obj, void *arg)
{
	const struct vm *vm = obj;
	struct consoles *m = arg;

	if (vm->consoles.n)
		guest_console_apply(m->t, m->x, vm, true);
	return 0;
}

static int
host_in(struct db_txn *t, void *arg)
{
	struct host_sync *s = arg;
	struct consoles m = { .t = t, .x = s->c->x };

	set_host(t, s);
	set_metrics(t, s);
	set_cpus(t, s);
	set_dom0(t, s);
	txn_each(t, CLASS_VM, move_console, &m);
	return 0;
}

int
sync_host(struct call *c, const struct xenops_host_info *h)
{
	struct host_sync s = { .c = c, .h = h };

	zone_set(text(h->timezone_rule));
	return call_write(c, host_in, &s) ? -1 : certificate_record(c);
}
