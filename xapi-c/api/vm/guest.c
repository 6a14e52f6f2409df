#include "api/vm/guest.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "gen/store.h"

/* -- VM_metrics -- */

static int
domain_type(const struct xenops_domain_info *d)
{
	switch (d->type) {
	case XENOPS_DOMAIN_TYPE_PV:
		return DOMAIN_TYPE_PV;
	case XENOPS_DOMAIN_TYPE_PVH:
		return DOMAIN_TYPE_PVH;
	default:
		return DOMAIN_TYPE_HVM;
	}
}

static bool
is_on(const struct xenops_domain_info *d)
{
	return d && d->state != XENOPS_DOMAIN_STATE_HALTED;
}

static void
vm_metrics(struct db_txn *t, struct vm *vm,
    const struct xenops_domain_info *d)
{
	struct vm_metrics *m = vm_metrics_txn_edit(t, &vm->metrics);
	struct vm_metrics before;

	if (!m) {
		m = vm_metrics_txn_new(t);
		vm->metrics = m->obj.ref;
	}
	before = *m;
	m->memory_actual = is_on(d) ? d->memory : 0;
	m->VCPUs_number = is_on(d) ? d->vcpus : 0;
	m->hvm = is_on(d) && d->type == XENOPS_DOMAIN_TYPE_HVM;
	if (is_on(d)) {
		m->start_time = d->started;
		m->current_domain_type = domain_type(d);
	} else {
		m->current_domain_type = DOMAIN_TYPE_UNSPECIFIED;
	}
	if (before.memory_actual != m->memory_actual ||
	    before.VCPUs_number != m->VCPUs_number ||
	    before.start_time != m->start_time ||
	    before.current_domain_type != m->current_domain_type)
		m->last_updated = clock_wall_s();
}

/* -- VM_guest_metrics -- */

struct guest {
	struct arena *a;
	struct vec os_version;
	struct vec drivers;
	struct vec networks;
	struct vec other;
	struct vec memory;
	bool detected;
};

/* Entries of the guest's tree with a fixed place in the record. */
static const struct {
	const char *path;
	size_t map;
	const char *key;
} places[] = {
	{ "data/os_name", offsetof(struct guest, os_version), "name" },
	{ "data/os_distro", offsetof(struct guest, os_version), "distro" },
	{ "data/os_uname", offsetof(struct guest, os_version), "uname" },
	{ "data/os_majorver", offsetof(struct guest, os_version), "major" },
	{ "data/os_minorver", offsetof(struct guest, os_version), "minor" },
	{ "attr/PVAddons/MajorVersion", offsetof(struct guest, drivers),
	  "major" },
	{ "attr/PVAddons/MinorVersion", offsetof(struct guest, drivers),
	  "minor" },
	{ "attr/PVAddons/MicroVersion", offsetof(struct guest, drivers),
	  "micro" },
	{ "attr/PVAddons/BuildVersion", offsetof(struct guest, drivers),
	  "build" },
	{ "data/meminfo_total", offsetof(struct guest, memory), "total" },
	{ "data/meminfo_free", offsetof(struct guest, memory), "free" },
};

static void
put(struct guest *g, struct vec *map, const char *key, const char *value)
{
	*map = map_set(g->a, *map, key, value);
}

/* attr/vif/0/ipv4/0 -> "0/ipv4/0", and the first one also as "0/ip". */
static void
take_network(struct guest *g, const char *rest, const char *value)
{
	unsigned device, index;
	char end;

	put(g, &g->networks, rest, value);
	if (sscanf(rest, "%u/ipv4/%u%c", &device, &index, &end) == 2 &&
	    index == 0)
		put(g, &g->networks, arena_printf(g->a, "%u/ip", device),
		    value);
}

static void
take(struct guest *g, const char *path, const char *value)
{
	static const char vif[] = "attr/vif/", feature[] = "control/feature-";

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (strcmp(places[i].path, path) == 0)
			put(g, (struct vec *)((char *)g + places[i].map),
			    places[i].key, value);
	if (strncmp(path, vif, sizeof(vif) - 1) == 0) {
		take_network(g, path + sizeof(vif) - 1, value);
	} else if (strncmp(path, feature, sizeof(feature) - 1) == 0) {
		put(g, &g->other, path + strlen("control/"), value);
		if (strcmp(value, "1") == 0)
			g->detected = true;
	} else if (strcmp(path, "attr/PVAddons/Installed") == 0 &&
	    strcmp(value, "1") == 0) {
		g->detected = true;
	}
}

static bool
same(const struct vec *a, const struct vec *b)
{
	return type_equal(&type_string_map, a, b);
}

static void
store_guest(struct vm_guest_metrics *m, const struct guest *g)
{
	if (same(&m->os_version, &g->os_version) &&
	    same(&m->PV_drivers_version, &g->drivers) &&
	    same(&m->networks, &g->networks) && same(&m->other, &g->other) &&
	    same(&m->memory, &g->memory) &&
	    m->PV_drivers_detected == g->detected && m->live)
		return;
	m->os_version = g->os_version;
	m->PV_drivers_version = g->drivers;
	m->networks = g->networks;
	m->other = g->other;
	m->memory = g->memory;
	m->PV_drivers_detected = g->detected;
	m->PV_drivers_up_to_date = g->detected;
	m->can_use_hotplug_vbd = m->can_use_hotplug_vif = g->detected ?
	    TRISTATE_TYPE_YES : TRISTATE_TYPE_UNSPECIFIED;
	m->live = true;
	m->last_updated = clock_wall_s();
}

void
guest_metrics_apply(struct db_txn *t, struct vm *vm,
    const struct xenops_domain_info *d)
{
	struct guest g = { .a = txn_arena(t) };
	struct vm_guest_metrics *m;
	const struct string_pair *p;

	vm_metrics(t, vm, d);
	if (!is_on(d)) {
		if (!ref_is_null(&vm->guest_metrics))
			txn_delete(t, CLASS_VM_GUEST_METRICS,
			    &vm->guest_metrics);
		vm->guest_metrics = REF_NULL;
		return;
	}
	if (!d->guest.n && ref_is_null(&vm->guest_metrics))
		return;
	p = d->guest.v;
	for (uint32_t i = 0; i < d->guest.n; i++)
		take(&g, p[i].key, p[i].value ? p[i].value : "");
	m = vm_guest_metrics_txn_edit(t, &vm->guest_metrics);
	if (!m) {
		m = vm_guest_metrics_txn_new(t);
		vm->guest_metrics = m->obj.ref;
	}
	store_guest(m, &g);
}

/* -- consoles -- */

static const char *
console_location(struct db_txn *t, const struct xapi *x, const char *uuid)
{
	const struct host *host = host_txn_get(t, &x->host);
	const char *address = host && host->address ? host->address : "";
	const char *port = "";
	bool bracket;

	if (!*address && host && host->hostname)
		address = host->hostname;
	bracket = strchr(address, ':') != NULL;
	if (x->cfg.https_port != 443)
		port = arena_printf(txn_arena(t), ":%d", x->cfg.https_port);
	return arena_printf(txn_arena(t), "https://%s%s%s%s/console?uuid=%s",
	    bracket ? "[" : "", address, bracket ? "]" : "", port, uuid);
}

/* The VM's console by that protocol, made if it has none. */
static void
apply_one(struct db_txn *t, const struct xapi *x, const struct vm *vm,
    const struct vec *had, int protocol)
{
	const struct ref *refs = had->v;
	const struct console *found = NULL;
	struct console *con;

	for (uint32_t i = 0; i < had->n && !found; i++) {
		found = console_txn_get(t, &refs[i]);
		if (found && found->protocol != protocol)
			found = NULL;
	}
	con = found ? console_txn_edit(t, &found->obj.ref) : console_txn_new(t);
	con->protocol = protocol;
	con->VM = vm->obj.ref;
	con->location = console_location(t, x, con->uuid);
}

void
guest_console_apply(struct db_txn *t, const struct xapi *x,
    const struct vm *vm, bool on)
{
	const struct vec had = vm->consoles;
	const struct ref *refs = had.v;

	if (on) {
		if (!vm->is_control_domain)
			apply_one(t, x, vm, &had, CONSOLE_PROTOCOL_RFB);
		apply_one(t, x, vm, &had, CONSOLE_PROTOCOL_VT100);
		return;
	}
	for (uint32_t i = 0; i < had.n; i++)
		txn_delete(t, CLASS_CONSOLE, &refs[i]);
}
