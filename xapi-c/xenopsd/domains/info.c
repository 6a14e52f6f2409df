/* What a domain is and does, and what it needs, by the hypervisor and by our
 * books. */
#include <string.h>

#include "xenopsd/domains/domain.h"

static bool
feature(struct vec guest, const char *name)
{
	const char *v = map_get(guest, name);

	return v && !strcmp(v, "1");
}

static void
fill_devices(struct hv *hv, struct arena *a, const struct hv_domain *dom,
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
		disks[i].attached = dom && hv->ops->has_disk(hv, dom->domid,
		    d[i].device);
	}
	for (uint32_t i = 0; i < vm->nics.n; i++) {
		nics[i].uuid = n[i].vif;
		nics[i].nic = n[i];
		nics[i].attached = dom && hv->ops->has_nic(hv, dom->domid,
		    n[i].device);
	}
	out->disks = (struct vec){ .v = disks, .n = vm->disks.n };
	out->nics = (struct vec){ .v = nics, .n = vm->nics.n };
}

static int
state_of(const struct hv_domain *d, const struct kept *k)
{
	if (k && k->phase == KEPT_REBOOTING)
		return XENOPS_DOMAIN_STATE_REBOOTING;
	if (!d)
		return XENOPS_DOMAIN_STATE_HALTED;
	if (d->shutdown)
		return d->end == HV_END_CRASH ? XENOPS_DOMAIN_STATE_CRASHED :
		    XENOPS_DOMAIN_STATE_RUNNING;
	return d->paused ? XENOPS_DOMAIN_STATE_PAUSED :
	    XENOPS_DOMAIN_STATE_RUNNING;
}

void
domain_info_fill(struct hv *hv, struct arena *a, const char *uuid,
    const struct hv_domain *d, const struct kept *k,
    struct xenops_domain_info *out)
{
	memcpy(out, xenops_domain_info_type.dflt, sizeof(*out));
	out->uuid = arena_strdup(a, uuid);
	out->state = state_of(d, k);
	out->domid = -1;
	if (k) {
		out->type = k->spec.type;
		out->started = k->started;
		out->actions = k->spec.actions;
		/* or caught while it resumes: the image may be all there is */
		out->suspending = k->phase != KEPT_RUNNING &&
		    k->image_vdi[0];
		out->memory_min = k->spec.memory_min;
		out->memory_max = k->spec.memory_target;
		out->memory_target = k->memory_target;
		fill_devices(hv, a, d, &k->spec, out);
	}
	if (!d)
		return;
	out->domid = d->domid;
	if (!k)
		out->type = d->type;
	out->vcpus = d->vcpus;
	out->memory = d->memory;
	out->guest = hv->ops->guest_data(hv, a, d->domid);
	out->shutdown_feature =
	    feature(out->guest, "control/feature-poweroff") ||
	    feature(out->guest, "control/feature-shutdown");
}

/* What its specification wants after an end by the guest. */
static int
after(const struct hv_domain *d, const struct kept *k)
{
	switch (d->end) {
	case HV_END_REBOOT:
		return k->spec.actions.after_reboot;
	case HV_END_CRASH:
		return k->spec.actions.after_crash;
	default:
		return k->spec.actions.after_shutdown;
	}
}

enum xenops_message
domain_remedy(const struct hv_domain *d, const struct kept *k)
{
	if (k->phase == KEPT_REBOOTING)
		return XENOPS_VM_REBOOT;
	if (k->phase == KEPT_SUSPENDING)
		return XENOPS_VM_WAKE;
	if (k->phase != KEPT_RUNNING || !d)
		return XENOPS_VM_SHUTDOWN;
	if (!d->shutdown)
		return XENOPS_N;
	/* nobody is at it any more */
	if (d->end == HV_END_SUSPEND)
		return XENOPS_VM_WAKE;
	switch (after(d, k)) {
	case XENOPS_AFTER_RESTART:
		return XENOPS_VM_REBOOT;
	case XENOPS_AFTER_DESTROY:
		return XENOPS_VM_SHUTDOWN;
	default:
		return XENOPS_N;
	}
}
