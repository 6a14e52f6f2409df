#include "xenopsd/domains/spec.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int
bad(struct request *rq, const char *what, const char *value)
{
	return request_fail(rq, XENOPS_CODE_BAD_REQUEST, "bad %s '%.80s'",
	    what, value ? value : "");
}

static bool
uuid_ok(const char *uuid)
{
	char text[UUID_TEXT_LEN + 1];
	uint8_t bytes[16];

	/* the one spelling that is also used in paths */
	return uuid && uuid_from_text(uuid, bytes) &&
	    !strcmp(uuid_text(bytes, text), uuid);
}

int
spec_check_uuid(struct request *rq, const char *uuid)
{
	return uuid_ok(uuid) ? 0 : bad(rq, "uuid", uuid);
}

static bool
text_ok(const char *s)
{
	if (!s)
		return true;
	for (size_t i = 0; s[i]; i++) {
		if (i >= VM_MAX_TEXT || (unsigned char)s[i] < ' ')
			return false;
	}
	return true;
}

bool
spec_is_drive(const struct xenops_vm_spec *vm,
    const struct xenops_disk_spec *d)
{
	return vm->type == XENOPS_DOMAIN_TYPE_HVM && d->cdrom;
}

bool
spec_mac_parse(const char *text, uint8_t mac[static 6])
{
	char end;

	return text && strlen(text) == 17 &&
	    sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%c", &mac[0],
	    &mac[1], &mac[2], &mac[3], &mac[4], &mac[5], &end) == 6 &&
	    !(mac[0] & 1);
}

int
spec_check_disk(struct request *rq, const struct xenops_disk_spec *d)
{
	bool empty = !d->vdi || !d->vdi[0];

	if (!uuid_ok(d->vbd))
		return bad(rq, "vbd", d->vbd);
	if (d->device < 0 || d->device >= VM_MAX_DISKS)
		return bad(rq, "disk device of vbd", d->vbd);
	if (empty && !d->cdrom)
		return bad(rq, "disk: no vdi, vbd", d->vbd);
	if (!empty && (!uuid_ok(d->sr) || !uuid_ok(d->vdi)))
		return bad(rq, "vdi", d->vdi);
	return 0;
}

static bool
addresses_ok(int family, struct vec set)
{
	const char *const *v = set.v;
	uint8_t bytes[16];

	if (set.n > VM_MAX_ALLOWED)
		return false;
	for (uint32_t i = 0; i < set.n; i++)
		if (!v[i] || inet_pton(family, v[i], bytes) != 1)
			return false;
	return true;
}

static int
check_lock(struct request *rq, const struct xenops_nic_spec *n)
{
	if (!addresses_ok(AF_INET, n->ipv4_allowed) ||
	    !addresses_ok(AF_INET6, n->ipv6_allowed))
		return bad(rq, "addresses of vif", n->vif);
	if (n->rate < 0 || n->rate > VM_MAX_RATE || n->rate_interval < 0 ||
	    n->rate_interval > VM_MAX_RATE_INTERVAL)
		return bad(rq, "rate of vif", n->vif);
	return 0;
}

void
spec_lock(const struct xenops_nic_spec *n, struct lock *l_out)
{
	const char *const *ipv4 = n->ipv4_allowed.v;
	const char *const *ipv6 = n->ipv6_allowed.v;

	*l_out = (struct lock){ .vif = n->vif, .mode = n->lock,
		.n_ipv4 = n->ipv4_allowed.n, .n_ipv6 = n->ipv6_allowed.n };
	(void)spec_mac_parse(n->mac, l_out->mac);
	for (uint32_t i = 0; i < l_out->n_ipv4; i++)
		(void)inet_pton(AF_INET, ipv4[i], l_out->ipv4[i]);
	for (uint32_t i = 0; i < l_out->n_ipv6; i++)
		(void)inet_pton(AF_INET6, ipv6[i], l_out->ipv6[i]);
}

int
spec_check_nic(struct request *rq, const struct xenops_nic_spec *n)
{
	uint8_t mac[6];

	if (!uuid_ok(n->vif))
		return bad(rq, "vif", n->vif);
	if (n->device < 0 || n->device >= VM_MAX_NICS)
		return bad(rq, "nic device of vif", n->vif);
	if (!spec_mac_parse(n->mac, mac))
		return bad(rq, "mac", n->mac);
	if (!bridge_name_ok(n->bridge))
		return bad(rq, "bridge", n->bridge);
	if (n->mtu != 0 && (n->mtu < VM_MIN_MTU || n->mtu > VM_MAX_MTU))
		return bad(rq, "mtu of vif", n->vif);
	return check_lock(rq, n);
}

static int
check_disks(struct request *rq, struct vec disks)
{
	const struct xenops_disk_spec *d = disks.v;

	if (disks.n > VM_MAX_DISKS)
		return bad(rq, "number of disks", NULL);
	for (uint32_t i = 0; i < disks.n; i++) {
		if (spec_check_disk(rq, &d[i]))
			return -1;
		for (uint32_t k = 0; k < i; k++) {
			if (d[k].device == d[i].device ||
			    !strcmp(d[k].vbd, d[i].vbd))
				return bad(rq, "disk: twice, vbd", d[i].vbd);
		}
	}
	return 0;
}

static int
check_nics(struct request *rq, struct vec nics)
{
	const struct xenops_nic_spec *n = nics.v;

	if (nics.n > VM_MAX_NICS)
		return bad(rq, "number of nics", NULL);
	for (uint32_t i = 0; i < nics.n; i++) {
		if (spec_check_nic(rq, &n[i]))
			return -1;
		for (uint32_t k = 0; k < i; k++) {
			if (n[k].device == n[i].device ||
			    !strcmp(n[k].vif, n[i].vif))
				return bad(rq, "nic: twice, vif", n[i].vif);
		}
	}
	return 0;
}

static int
check_data(struct request *rq, struct vec data)
{
	const struct string_pair *p = data.v;

	if (data.n > VM_MAX_DATA)
		return bad(rq, "number of xenstore data", NULL);
	for (uint32_t i = 0; i < data.n; i++) {
		if (vm_data_goes(p[i].key) && p[i].value &&
		    strlen(p[i].value) > VM_MAX_DATA_VALUE)
			return bad(rq, "xenstore value of", p[i].key);
	}
	return 0;
}

static bool
disk_to_boot(const struct xenops_vm_spec *vm)
{
	const struct xenops_disk_spec *d = vm->disks.v;

	for (uint32_t i = 0; i < vm->disks.n; i++) {
		if (d[i].bootable && d[i].vdi && d[i].vdi[0])
			return true;
	}
	return false;
}

static bool
order_ok(const char *order)
{
	size_t n = order ? strlen(order) : 0;

	if (n < 1 || n > 3 || strspn(order, "cdn") != n)
		return false;
	for (; *order; order++)
		if (strchr(order + 1, *order))
			return false;
	return true;
}

static int
check_hvm(struct request *rq, const struct xenops_vm_spec *vm)
{
	const struct xenops_disk_spec *d = vm->disks.v;
	const struct xenops_hvm_spec *h = &vm->hvm;

	if (!order_ok(h->boot_order))
		return bad(rq, "boot order", h->boot_order);
	if (h->vga != XENOPS_VGA_NONE && (h->videoram < VM_MIN_VIDEORAM ||
	    h->videoram > VM_MAX_VIDEORAM))
		return bad(rq, "videoram of", vm->uuid);
	if (h->timeoffset < -VM_MAX_TIMEOFFSET ||
	    h->timeoffset > VM_MAX_TIMEOFFSET)
		return bad(rq, "timeoffset of", vm->uuid);
	for (uint32_t i = 0; i < vm->disks.n; i++) {
		/* the emulated disk cannot be read-only, nor the drive be
		 * where no emulated one is */
		if (d[i].device < VM_IDE_DISKS && d[i].read_only &&
		    !d[i].cdrom)
			return bad(rq, "read-only disk of vbd", d[i].vbd);
		if (d[i].device >= VM_IDE_DISKS && d[i].cdrom)
			return bad(rq, "place of the drive of vbd", d[i].vbd);
	}
	return 0;
}

int
spec_check_vm(struct request *rq, const struct xenops_vm_spec *vm)
{
	if (spec_check_uuid(rq, vm->uuid))
		return -1;
	if (vm->memory_max < VM_MIN_MEMORY || vm->memory_max > VM_MAX_MEMORY ||
	    vm->memory_target < VM_MIN_MEMORY ||
	    vm->memory_target > vm->memory_max || vm->memory_min < 0 ||
	    vm->memory_min > vm->memory_target)
		return bad(rq, "memory of", vm->uuid);
	if (vm->vcpus < 1 || vm->vcpus > vm->vcpus_max ||
	    vm->vcpus_max > VM_MAX_VCPUS)
		return bad(rq, "number of vcpus of", vm->uuid);
	if (vm->weight < 0 || vm->weight > VM_MAX_SCHED || vm->cap < 0 ||
	    vm->cap > VM_MAX_SCHED)
		return bad(rq, "scheduling of", vm->uuid);
	if (!text_ok(vm->cmdline) || !text_ok(vm->name))
		return bad(rq, "text of", vm->uuid);
	if (check_disks(rq, vm->disks) || check_nics(rq, vm->nics) ||
	    check_data(rq, vm->xenstore_data))
		return -1;
	if (vm->type == XENOPS_DOMAIN_TYPE_HVM)
		return check_hvm(rq, vm);
	if (vm->boot == XENOPS_BOOT_DISK && !disk_to_boot(vm))
		return request_fail(rq, XENOPS_CODE_NO_BOOTABLE_DISK,
		    "no disk of '%s' is bootable", vm->uuid);
	return 0;
}

int
spec_kernel_path(struct request *rq, const char *folder, const char *name,
    const char **path)
{
	struct stat st;
	char *p;

	if (!name || !name[0] || name[0] == '.' || strchr(name, '/') ||
	    strlen(name) > 127)
		return request_fail(rq, XENOPS_CODE_BOOT_FAILED,
		    "'%.80s' is no name of a kernel", name ? name : "");
	p = arena_printf(rq->arena, "%s/%s", folder, name);
	if (lstat(p, &st) == -1 || !S_ISREG(st.st_mode))
		return request_fail(rq, XENOPS_CODE_BOOT_FAILED,
		    "no kernel '%s' in the host's kernel folder", name);
	*path = p;
	return 0;
}

const char *
spec_disk_name(struct arena *a, int64_t device)
{
	if (device < 26)
		return arena_printf(a, "xvd%c", (char)('a' + device));
	return arena_printf(a, "d%lldp0", (long long)device);
}

int64_t
spec_disk_devid(int64_t device)
{
	/* Linux's major number of xvd, then the extended form */
	return device < 16 ? 202 << 8 | device << 4 : 1 << 28 | device << 8;
}
