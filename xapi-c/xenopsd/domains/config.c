#include "xenopsd/domains/config.h"

#include <string.h>

#include "base/mem.h"
#include "xenopsd/core/daemon.h"
#include "xenopsd/domains/spec.h"

#define GUEST_DIR "/usr/lib/bedplate/guest/"

/* libxl frees what its structs point at: these are heap copies. */
void
domain_config_disk(libxl_device_disk *disk, const struct xenops_disk_spec *d,
    const char *device, struct arena *a)
{
	disk->backend = LIBXL_DISK_BACKEND_PHY;
	disk->format = LIBXL_DISK_FORMAT_RAW;
	disk->pdev_path = mem_strdup(device);
	disk->vdev = mem_strdup(spec_disk_name(a, d->device));
	disk->script = mem_strdup(XENOPSD_HOTPLUG);
	disk->removable = 1;
	disk->readwrite = !d->read_only && !d->cdrom;
}

void
domain_config_nic(libxl_device_nic *nic, const struct xenops_nic_spec *n)
{
	nic->devid = (libxl_devid)n->device;
	nic->bridge = mem_strdup(n->bridge);
	nic->script = mem_strdup(XENOPSD_HOTPLUG);
	nic->nictype = LIBXL_NIC_TYPE_VIF;
	if (n->mtu)
		nic->mtu = (int)n->mtu;
	/* checked by spec_check_nic() */
	(void)spec_mac_parse(n->mac, nic->mac);
}

static int
fill_boot(struct request *rq, const struct xenops_vm_spec *vm,
    libxl_domain_build_info *b)
{
	const char *kernel, *ramdisk;

	if (vm->boot == XENOPS_BOOT_DISK) {
		/* GRUB reads the guest's disk inside the guest: dom0 parses
		 * no file system of theirs */
		b->kernel = mem_strdup(vm->type == XENOPS_DOMAIN_TYPE_PV ?
		    GUEST_DIR "grub-x86_64-xen.bin" :
		    GUEST_DIR "grub-i386-xen_pvh.bin");
		return 0;
	}
	if (spec_kernel_path(rq, SPEC_KERNEL_DIR, vm->kernel, &kernel))
		return -1;
	b->kernel = mem_strdup(kernel);
	if (vm->ramdisk && vm->ramdisk[0]) {
		if (spec_kernel_path(rq, SPEC_KERNEL_DIR, vm->ramdisk,
		    &ramdisk))
			return -1;
		b->ramdisk = mem_strdup(ramdisk);
	}
	if (vm->cmdline && vm->cmdline[0])
		b->cmdline = mem_strdup(vm->cmdline);
	return 0;
}

static int
fill_build(struct request *rq, struct xl *xl, const struct xenops_vm_spec *vm,
    libxl_domain_build_info *b)
{
	b->max_vcpus = (int)vm->vcpus_max;
	if (libxl_cpu_bitmap_alloc(xl->ctx, &b->avail_vcpus,
	    (int)vm->vcpus_max))
		return request_fail(rq, XENOPS_CODE_INTERNAL, "no memory");
	for (int i = 0; i < (int)vm->vcpus; i++)
		libxl_bitmap_set(&b->avail_vcpus, i);
	b->max_memkb = (uint64_t)vm->memory_max >> 10;
	b->target_memkb = (uint64_t)vm->memory_target >> 10;
	if (vm->weight)
		b->sched_params.weight = (int)vm->weight;
	if (vm->cap)
		b->sched_params.cap = (int)vm->cap;
	return fill_boot(rq, vm, b);
}

static void
fill_devices(struct request *rq, const struct xenops_vm_spec *vm,
    const char *const *devices, libxl_domain_config *cfg)
{
	const struct xenops_disk_spec *d = vm->disks.v;
	const struct xenops_nic_spec *n = vm->nics.v;

	if (vm->disks.n)
		cfg->disks = mem_zalloc(vm->disks.n * sizeof(*cfg->disks));
	for (uint32_t i = 0; i < vm->disks.n; i++) {
		if (!devices[i])
			continue;
		libxl_device_disk_init(&cfg->disks[cfg->num_disks]);
		domain_config_disk(&cfg->disks[cfg->num_disks++], &d[i],
		    devices[i], rq->arena);
	}
	if (vm->nics.n)
		cfg->nics = mem_zalloc(vm->nics.n * sizeof(*cfg->nics));
	for (uint32_t i = 0; i < vm->nics.n; i++) {
		libxl_device_nic_init(&cfg->nics[i]);
		domain_config_nic(&cfg->nics[cfg->num_nics++], &n[i]);
	}
}

int
domain_config_fill(struct request *rq, struct xl *xl,
    const struct xenops_vm_spec *vm, const char *const *devices,
    libxl_domain_config *cfg)
{
	libxl_domain_create_info *c = &cfg->c_info;

	c->type = vm->type == XENOPS_DOMAIN_TYPE_PV ? LIBXL_DOMAIN_TYPE_PV :
	    LIBXL_DOMAIN_TYPE_PVH;
	if (!uuid_from_text(vm->uuid, c->uuid.uuid))
		return request_fail(rq, XENOPS_CODE_BAD_REQUEST, "bad uuid");
	c->name = mem_strdup(vm->uuid);
	libxl_domain_build_info_init_type(&cfg->b_info, c->type);
	if (fill_build(rq, xl, vm, &cfg->b_info))
		return -1;
	fill_devices(rq, vm, devices, cfg);
	return 0;
}
