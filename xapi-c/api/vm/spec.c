#include "api/vm/spec.h"

#include <stdlib.h>
#include <string.h>

#include "api/oplock.h"
#include "api/storage/vdi_use.h"
#include "api/vm/actions.h"
#include "api/vm/domain_type.h"
#include "api/vm/firmware.h"
#include "api/vm/hvm.h"
#include "api/xapi.h"
#include "base/vm_limits.h"
#include "gen/errors.h"
#include "gen/store.h"

#define DOMAIN_NAME_MAX 255		/* bytes */

int
vbd_device_number(const char *u)
{
	static const char *const prefixes[] = { "xvd", "sd", "hd" };
	char *end;
	long n;

	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
		size_t len = strlen(prefixes[i]);

		if (strncmp(u, prefixes[i], len) == 0 && u[len] >= 'a' &&
		    u[len] <= 'z' && u[len + 1] == '\0')
			return u[len] - 'a';
	}
	if (*u < '0' || *u > '9')
		return -1;
	n = strtol(u, &end, 10);
	return *end || n >= VM_MAX_DISKS ? -1 : (int)n;
}

bool
sr_is_attached(const struct call *c, const struct ref *ref)
{
	const struct sr *sr = sr_find(c->root, ref);
	const struct ref *pbds = sr ? sr->PBDs.v : NULL;

	for (uint32_t i = 0; sr && i < sr->PBDs.n; i++) {
		const struct pbd *pbd = pbd_find(c->root, &pbds[i]);

		if (pbd && ref_equal(&pbd->host, &c->x->host) &&
		    pbd->currently_attached)
			return true;
	}
	return false;
}

/* Who else has the VDI: an operation, or another VBD, when one of the two
 * writes. */
static int
check_sharing(struct call *c, const struct vbd *vbd, const struct vdi *vdi)
{
	const struct enum_pair *op = vdi->current_operations.v;
	const struct view v = { .root = c->root };
	const char *ref = call_ref_text(c, &vbd->VDI);

	if (vdi->current_operations.n)
		return err_vdi_in_use(c, ref,
		    enum_vdi_operations.names[op->value]);
	if (vbd->mode == VBD_MODE_RW && vdi->read_only)
		return err_vdi_readonly(c, ref);
	if (!vdi->sharable && vdi_use_conflict(&v, vdi, vbd,
	    vbd->mode == VBD_MODE_RW))
		return err_vdi_in_use(c, ref, "attach");
	return 0;
}

int
vbd_spec(struct call *c, const struct vbd *vbd, struct xenops_disk_spec *out)
{
	const struct vdi *vdi;
	const struct sr *sr;

	memset(out, 0, sizeof *out);
	out->vbd = vbd->uuid;
	out->device = vbd_device_number(vbd->userdevice);
	out->cdrom = vbd->type == VBD_TYPE_CD;
	out->read_only = vbd->mode == VBD_MODE_RO;
	out->bootable = vbd->bootable;
	if (out->device == -1)
		return err_invalid_device(c, vbd->userdevice);
	if (vbd->empty)
		return 0;
	vdi = vdi_find(c->root, &vbd->VDI);
	sr = vdi ? sr_find(c->root, &vdi->SR) : NULL;
	if (!vdi || !sr)
		return err_handle_invalid(c, "VDI",
		    call_ref_text(c, &vbd->VDI));
	if (!sr_is_attached(c, &vdi->SR))
		return err_vm_requires_sr(c, call_ref_text(c, &vbd->VM),
		    call_ref_text(c, &vdi->SR));
	if (vdi->missing)
		return err_vdi_missing(c, call_ref_text(c, &vdi->SR),
		    call_ref_text(c, &vbd->VDI));
	out->sr = sr->uuid;
	out->vdi = vdi->uuid;
	return check_sharing(c, vbd, vdi);
}

/* As the network says, or as the VIF itself does. */
static enum xenops_vif_lock
lock_of(const struct vif *vif, const struct network *net)
{
	switch (vif->locking_mode) {
	case VIF_LOCKING_MODE_LOCKED:
		return XENOPS_VIF_LOCK_LOCKED;
	case VIF_LOCKING_MODE_UNLOCKED:
		return XENOPS_VIF_LOCK_UNLOCKED;
	case VIF_LOCKING_MODE_DISABLED:
		return XENOPS_VIF_LOCK_DISABLED;
	default:
		return net->default_locking_mode ==
		    NETWORK_DEFAULT_LOCKING_MODE_DISABLED ?
		    XENOPS_VIF_LOCK_DISABLED : XENOPS_VIF_LOCK_UNLOCKED;
	}
}

/* The number of qos_algorithm_params; 0 if it is not there. */
static int
read_limit(struct call *c, const struct vif *vif, const char *key, int64_t max,
    int64_t *out)
{
	const char *text = map_get(vif->qos_algorithm_params, key);
	char *end;

	if (!text)
		return 0;
	*out = strtoll(text, &end, 10);
	if (end == text || *end || *out < 1 || *out > max)
		return err_invalid_value(c, arena_printf(c->arena,
		    "qos_algorithm_params:%s", key), text);
	return 0;
}

static int
read_rate(struct call *c, const struct vif *vif, struct xenops_nic_spec *out)
{
	const char *type = vif->qos_algorithm_type;

	if (!type || strcmp(type, "ratelimit"))
		return 0;
	return read_limit(c, vif, "kbps", VM_MAX_RATE, &out->rate) ||
	    read_limit(c, vif, "timeslice_us", VM_MAX_RATE_INTERVAL,
	    &out->rate_interval) ? -1 : 0;
}

int
vif_spec(struct call *c, const struct vif *vif, struct xenops_nic_spec *out)
{
	const struct network *net = network_find(c->root, &vif->network);

	memset(out, 0, sizeof *out);
	if (!net)
		return err_handle_invalid(c, "network",
		    call_ref_text(c, &vif->network));
	out->vif = vif->uuid;
	out->device = strtol(vif->device, NULL, 10);
	out->mac = vif->MAC;
	out->bridge = net->bridge;
	out->lock = lock_of(vif, net);
	out->ipv4_allowed = vif->ipv4_allowed;
	out->ipv6_allowed = vif->ipv6_allowed;
	out->mtu = vif->MTU ? vif->MTU : net->MTU;
	if (out->mtu < VM_MIN_MTU || out->mtu > VM_MAX_MTU)
		return err_invalid_value(c, "MTU",
		    arena_printf(c->arena, "%lld", (long long)out->mtu));
	return read_rate(c, vif, out);
}

static int
by_device(const void *a, const void *b)
{
	const struct xenops_disk_spec *x = a, *y = b;

	return (x->device > y->device) - (x->device < y->device);
}

static int
duplicate_device(struct call *c, const struct vm *vm,
    const struct xenops_disk_spec *disk)
{
	const struct vbd *vbd = vbd_find_uuid(c->root, disk->vbd);

	return err_vm_duplicate_vbd_device(c, call_ref_text(c, &vm->obj.ref),
	    call_ref_text(c, vbd ? &vbd->obj.ref : &REF_NULL),
	    arena_printf(c->arena, "%lld", (long long)disk->device));
}

static int
add_disks(struct call *c, const struct vm *vm, struct xenops_vm_spec *out)
{
	const struct view v = { .root = c->root };
	const struct ref *refs = vm->VBDs.v;
	struct xenops_disk_spec *disks =
	    arena_alloc(c->arena, vm->VBDs.n * sizeof *disks);
	uint32_t n = 0;

	for (uint32_t i = 0; i < vm->VBDs.n; i++) {
		const struct vbd *vbd = vbd_find(c->root, &refs[i]);

		if (!vbd)
			continue;
		if (op_check(&v, &vbd_op_class, vbd, VBD_OPERATIONS_ATTACH,
		    c) || vbd_spec(c, vbd, &disks[n]))
			return -1;
		/* PV drivers have no drive without a medium */
		if (vbd->empty && out->type != XENOPS_DOMAIN_TYPE_HVM)
			continue;
		n++;
	}
	qsort(disks, n, sizeof *disks, by_device);
	for (uint32_t i = 1; i < n; i++)
		if (disks[i].device == disks[i - 1].device)
			return duplicate_device(c, vm, &disks[i]);
	out->disks = (struct vec){ disks, n };
	return 0;
}

static int
add_nics(struct call *c, const struct vm *vm, struct xenops_vm_spec *out)
{
	const struct view v = { .root = c->root };
	const struct ref *refs = vm->VIFs.v;
	struct xenops_nic_spec *nics =
	    arena_alloc(c->arena, vm->VIFs.n * sizeof *nics);
	uint32_t n = 0;

	for (uint32_t i = 0; i < vm->VIFs.n; i++) {
		const struct vif *vif = vif_find(c->root, &refs[i]);

		if (vif && (op_check(&v, &vif_op_class, vif,
		    VIF_OPERATIONS_ATTACH, c) ||
		    vif_spec(c, vif, &nics[n++])))
			return -1;
	}
	out->nics = (struct vec){ nics, n };
	return 0;
}

static int
domain_type(struct call *c, const struct vm *vm, int *out)
{
	int type = vm_domain_type(vm);

	switch (type) {
	case DOMAIN_TYPE_PV:
		*out = XENOPS_DOMAIN_TYPE_PV;
		return 0;
	case DOMAIN_TYPE_PVH:
		*out = XENOPS_DOMAIN_TYPE_PVH;
		return 0;
	case DOMAIN_TYPE_HVM:
		*out = XENOPS_DOMAIN_TYPE_HVM;
		return 0;
	default:
		return err_value_not_supported(c, "domain_type",
		    enum_domain_type.names[type], "not supported by this host");
	}
}

static int64_t
number_in(struct vec map, const char *key)
{
	const char *text = map_get(map, key);

	return text ? strtoll(text, NULL, 10) : 0;
}

/* The domain's name is for people who look at the host: what of the VM's name
 * fits on a line. */
static const char *
plain_name(struct call *c, const char *name)
{
	size_t n = name ? strlen(name) : 0;
	char *plain;

	if (n > DOMAIN_NAME_MAX)
		for (n = DOMAIN_NAME_MAX; (name[n] & 0xc0) == 0x80; n--)
			;
	plain = arena_printf(c->arena, "%.*s", (int)n, name ? name : "");
	for (char *p = plain; *p; p++)
		if ((unsigned char)*p < ' ')
			*p = ' ';
	return plain;
}

int
vm_spec(struct call *c, const struct vm *vm, struct xenops_vm_spec *out)
{
	bool kernel;
	int type = 0;

	memset(out, 0, sizeof *out);
	if (domain_type(c, vm, &type))
		return -1;
	kernel = type != XENOPS_DOMAIN_TYPE_HVM && vm->PV_kernel &&
	    *vm->PV_kernel;
	out->uuid = vm->uuid;
	out->name = plain_name(c, vm->name_label);
	out->type = type;
	out->memory_max = vm->memory_static_max;
	out->memory_min = vm->memory_dynamic_min;
	out->memory_target = vm->memory_dynamic_max;
	out->vcpus_max = vm->VCPUs_max;
	out->vcpus = vm->VCPUs_at_startup;
	out->weight = number_in(vm->VCPUs_params, "weight");
	out->cap = number_in(vm->VCPUs_params, "cap");
	out->boot = kernel ? XENOPS_BOOT_KERNEL : XENOPS_BOOT_DISK;
	out->kernel = vm->PV_kernel;
	out->ramdisk = vm->PV_ramdisk;
	out->cmdline = vm->PV_args;
	out->xenstore_data = vm->xenstore_data;
	out->actions = vm_actions(vm);
	if (vm_firmware(c, vm, out) || add_disks(c, vm, out) ||
	    add_nics(c, vm, out))
		return -1;
	return type == XENOPS_DOMAIN_TYPE_HVM ? vm_hvm_spec(c, vm, out) : 0;
}
