/* What a domain is and does, from libxl, xenstore and our books. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xenopsd/domain.h"
#include "xenopsd/domain_spec.h"

#define GUEST_MAX_ENTRIES 128
#define GUEST_MAX_VALUE 512
#define GUEST_MAX_DEPTH 5
#define GUEST_MAX_PATH 200

struct guest {
	struct xl *xl;
	struct arena *a;
	uint32_t domid;
	struct string_pair *pairs;
	uint32_t n;
};

/* The guest wrote it: short and printable, whatever it was. */
static const char *
tame(struct arena *a, const char *s)
{
	char *copy = arena_strndup(a, s, strnlen(s, GUEST_MAX_VALUE));

	for (char *p = copy; *p; p++) {
		if (*p < ' ' || *p > '~')
			*p = '?';
	}
	return copy;
}

static void
guest_add(struct guest *g, const char *key)
{
	const char *value;

	if (g->n >= GUEST_MAX_ENTRIES || strlen(key) > GUEST_MAX_PATH)
		return;
	value = xl_read(g->xl, g->a, "/local/domain/%u/%s", g->domid, key);
	if (!value)
		return;
	g->pairs[g->n].key = tame(g->a, key);
	g->pairs[g->n].value = tame(g->a, value);
	g->n++;
}

static void
guest_walk(struct guest *g, const char *key, const char *prefix, int depth)
{
	unsigned int n = 0;
	char **names;
	const char *path;

	if (depth > GUEST_MAX_DEPTH || strlen(key) > GUEST_MAX_PATH)
		return;
	names = xs_directory(g->xl->xs, XBT_NULL, arena_printf(g->a,
	    "/local/domain/%u/%s", g->domid, key), &n);
	for (unsigned int i = 0; names && i < n; i++) {
		if (strncmp(names[i], prefix, strlen(prefix)) != 0 ||
		    g->n >= GUEST_MAX_ENTRIES)
			continue;
		path = arena_printf(g->a, "%s/%s", key, names[i]);
		guest_add(g, path);
		guest_walk(g, path, "", depth + 1);
	}
	free(names);
}

static struct vec
guest_data(struct xl *xl, struct arena *a, uint32_t domid)
{
	struct guest g = { .xl = xl, .a = a, .domid = domid,
		.pairs = arena_alloc(a,
		    GUEST_MAX_ENTRIES * sizeof(struct string_pair)) };

	guest_walk(&g, "control", "feature-", 0);
	guest_walk(&g, "attr", "", 0);
	guest_walk(&g, "data", "", 0);
	return (struct vec){ .v = g.pairs, .n = g.n };
}

static bool
feature(struct vec guest, const char *name)
{
	const char *v = map_get(guest, name);

	return v && !strcmp(v, "1");
}

static void
fill_devices(struct xl *xl, struct arena *a, const libxl_dominfo *info,
    const struct xenops_vm_spec *vm, struct xenops_domain_info *out)
{
	const struct xenops_disk_spec *d = vm->disks.v;
	const struct xenops_nic_spec *n = vm->nics.v;
	struct xenops_device_state *disks = arena_alloc(a,
	    (vm->disks.n + 1) * sizeof(*disks));
	struct xenops_device_state *nics = arena_alloc(a,
	    (vm->nics.n + 1) * sizeof(*nics));

	for (uint32_t i = 0; i < vm->disks.n; i++) {
		disks[i].uuid = d[i].vbd;
		disks[i].attached = info && xl_exists(xl,
		    "/libxl/%u/device/vbd/%lld", info->domid,
		    (long long)spec_disk_devid(d[i].device));
	}
	for (uint32_t i = 0; i < vm->nics.n; i++) {
		nics[i].uuid = n[i].vif;
		nics[i].attached = info && xl_exists(xl,
		    "/libxl/%u/device/vif/%lld", info->domid,
		    (long long)n[i].device);
	}
	out->disks = (struct vec){ .v = disks, .n = vm->disks.n };
	out->nics = (struct vec){ .v = nics, .n = vm->nics.n };
}

static int
state_of(const libxl_dominfo *info, const struct kept *k)
{
	if (k && k->phase == KEPT_REBOOTING)
		return XENOPS_DOMAIN_STATE_REBOOTING;
	if (!info)
		return XENOPS_DOMAIN_STATE_HALTED;
	if (info->shutdown) {
		if (info->shutdown_reason == LIBXL_SHUTDOWN_REASON_CRASH ||
		    info->shutdown_reason == LIBXL_SHUTDOWN_REASON_WATCHDOG)
			return XENOPS_DOMAIN_STATE_CRASHED;
		return XENOPS_DOMAIN_STATE_RUNNING;
	}
	return info->paused ? XENOPS_DOMAIN_STATE_PAUSED :
	    XENOPS_DOMAIN_STATE_RUNNING;
}

void
domain_info_fill(struct xl *xl, struct arena *a, const char *uuid,
    const libxl_dominfo *info, const struct kept *k,
    struct xenops_domain_info *out)
{
	memcpy(out, xenops_domain_info_type.dflt, sizeof(*out));
	out->uuid = arena_strdup(a, uuid);
	out->state = state_of(info, k);
	out->domid = -1;
	if (k) {
		out->type = k->spec.type;
		out->started = k->started;
		fill_devices(xl, a, info, &k->spec, out);
	}
	if (!info)
		return;
	out->domid = info->domid;
	if (!k)
		out->type = info->domain_type == LIBXL_DOMAIN_TYPE_HVM ?
		    XENOPS_DOMAIN_TYPE_HVM : info->domain_type ==
		    LIBXL_DOMAIN_TYPE_PVH ? XENOPS_DOMAIN_TYPE_PVH :
		    XENOPS_DOMAIN_TYPE_PV;
	out->vcpus = info->vcpu_online;
	out->memory = (int64_t)(info->current_memkb +
	    info->outstanding_memkb) << 10;
	out->guest = guest_data(xl, a, info->domid);
	out->shutdown_feature =
	    feature(out->guest, "control/feature-poweroff") ||
	    feature(out->guest, "control/feature-shutdown");
}
