#include "xenopsd/domains/config.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/vm_limits.h"
#include "xenopsd/core/daemon.h"
#include "xenopsd/domains/model.h"
#include "xenopsd/domains/spec.h"

#define GUEST_DIR "/usr/lib/bedplate/guest/"
#define RATE_INTERVAL_US 50000	/* netback counts anew after each */
#define GUEST_UEFI GUEST_DIR "ovmf.fd"

/* libxl frees what its structs point at: these are heap copies. */

/* It is QEMU's alone: no back end in the kernel, from which no medium could be
 * taken while the guest runs. */
void
domain_config_drive(libxl_device_disk *disk, const struct xenops_disk_spec *d,
    const char *device, struct arena *a)
{
	disk->backend = LIBXL_DISK_BACKEND_QDISK;
	disk->format = device ? LIBXL_DISK_FORMAT_RAW :
	    LIBXL_DISK_FORMAT_EMPTY;
	if (device)
		disk->pdev_path = mem_strdup(device);
	disk->vdev = mem_strdup(spec_disk_name(a, d->device));
	disk->removable = 1;
	disk->is_cdrom = 1;
}

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
	disk->is_cdrom = d->cdrom;
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
	if (n->rate) {
		nic->rate_interval_usecs = n->rate_interval ?
		    (uint32_t)n->rate_interval : RATE_INTERVAL_US;
		nic->rate_bytes_per_interval = (uint64_t)n->rate * 1024 *
		    nic->rate_interval_usecs / 1000000;
	}
	/* checked by spec_check_nic() */
	(void)spec_mac_parse(n->mac, nic->mac);
}

/* For guests without a driver: it goes once theirs is there. */
static void
emulate_nic(libxl_device_nic *nic, const struct xenops_hvm_spec *hvm)
{
	if (nic->devid >= VM_EMULATED_NICS)
		return;
	nic->nictype = LIBXL_NIC_TYPE_VIF_IOEMU;
	nic->model = mem_strdup(hvm->nic == XENOPS_NIC_MODEL_E1000 ?
	    "e1000" : "rtl8139");
}

/* It reads the guest's disk inside the guest: dom0 parses no file system of
 * theirs. */
static const char *
loader_of(const struct xenops_vm_spec *vm)
{
	if (vm->type == XENOPS_DOMAIN_TYPE_PV)
		return GUEST_DIR "grub-x86_64-xen.bin";
	if (vm->firmware == XENOPS_FIRMWARE_UEFI)
		return GUEST_UEFI;
	return GUEST_DIR "grub-i386-xen_pvh.bin";
}

static int
fill_boot(struct request *rq, const struct xenops_vm_spec *vm,
    libxl_domain_build_info *b)
{
	const char *kernel, *ramdisk;

	if (vm->type == XENOPS_DOMAIN_TYPE_HVM)
		return 0;
	if (vm->boot == XENOPS_BOOT_DISK) {
		b->kernel = mem_strdup(loader_of(vm));
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

static libxl_vga_interface_type
vga_of(const struct xenops_hvm_spec *hvm)
{
	switch (hvm->vga) {
	case XENOPS_VGA_STD:
		return LIBXL_VGA_INTERFACE_TYPE_STD;
	case XENOPS_VGA_CIRRUS:
		return LIBXL_VGA_INTERFACE_TYPE_CIRRUS;
	default:
		return LIBXL_VGA_INTERFACE_TYPE_NONE;
	}
}

/* Clients ask for less than QEMU's cards have at the least. */
static uint64_t
videoram_kib(const struct xenops_hvm_spec *hvm)
{
	uint64_t least = hvm->vga == XENOPS_VGA_STD ? 16 << 10 : 8 << 10;
	uint64_t kib = (uint64_t)hvm->videoram >> 10;

	if (hvm->vga == XENOPS_VGA_NONE)
		return 0;
	return kib > least ? kib : least;
}

/* The device model runs restricted, in a box, or not at all. */
static void
fill_model(libxl_domain_build_info *b)
{
	b->device_model_version = LIBXL_DEVICE_MODEL_VERSION_QEMU_XEN;
	b->device_model = mem_strdup(MODEL_PROGRAM);
	libxl_defbool_set(&b->dm_restrict, true);
	libxl_defbool_set(&b->u.hvm.sdl.enable, false);
	/* nobody serves one: a guest's driver would wait for it */
	libxl_defbool_set(&b->u.hvm.vkb_device, false);
}

/* Served at a socket of dom0's file system: the box has no network.  Viewers
 * are no reason to cut others off. */
static void
fill_screen(const struct xenops_vm_spec *vm, libxl_domain_build_info *b)
{
	libxl_vnc_info *vnc = &b->u.hvm.vnc;
	char path[MODEL_PATH], listen[MODEL_PATH + 32];
	bool has = vm->hvm.vga != XENOPS_VGA_NONE;

	libxl_defbool_set(&vnc->enable, has);
	if (!has)
		return;
	model_screen_path(path, MODEL_RUN, vm->uuid);
	snprintf(listen, sizeof(listen), "unix:%s,share=force-shared", path);
	libxl_defbool_set(&vnc->findunused, false);
	vnc->listen = mem_strdup(listen);
}

static void
fill_firmware(enum xenops_firmware firmware, libxl_domain_build_info *b)
{
	b->u.hvm.bios = LIBXL_BIOS_TYPE_SEABIOS;
	if (firmware != XENOPS_FIRMWARE_UEFI)
		return;
	b->u.hvm.bios = LIBXL_BIOS_TYPE_OVMF;
	b->u.hvm.system_firmware = mem_strdup(GUEST_UEFI);
}

static void
fill_hvm(const struct xenops_vm_spec *vm, libxl_domain_build_info *b)
{
	const struct xenops_hvm_spec *hvm = &vm->hvm;

	fill_model(b);
	fill_screen(vm, b);
	fill_firmware(vm->firmware, b);
	b->u.hvm.boot = mem_strdup(hvm->boot_order);
	libxl_defbool_set(&b->acpi, hvm->acpi);
	libxl_defbool_set(&b->apic, hvm->apic);
	libxl_defbool_set(&b->u.hvm.pae, hvm->pae);
	libxl_defbool_set(&b->u.hvm.nx, hvm->nx);
	libxl_defbool_set(&b->u.hvm.viridian, hvm->viridian);
	libxl_defbool_set(&b->u.hvm.hpet, hvm->hpet);
	b->u.hvm.vga.kind = vga_of(hvm);
	b->video_memkb = videoram_kib(hvm);
	b->rtc_timeoffset = (uint32_t)hvm->timeoffset;
	if (hvm->serial)
		b->u.hvm.serial = mem_strdup("pty");
	if (hvm->usb_tablet) {
		libxl_defbool_set(&b->u.hvm.usb, true);
		b->u.hvm.usbdevice = mem_strdup("tablet");
	}
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
	if (vm->type == XENOPS_DOMAIN_TYPE_HVM)
		fill_hvm(vm, b);
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
		libxl_device_disk *disk = &cfg->disks[cfg->num_disks];
		bool drive = spec_is_drive(vm, &d[i]);

		/* PV drivers have no drive without a medium */
		if (!devices[i] && !drive)
			continue;
		libxl_device_disk_init(disk);
		cfg->num_disks++;
		if (drive)
			domain_config_drive(disk, &d[i], devices[i],
			    rq->arena);
		else
			domain_config_disk(disk, &d[i], devices[i], rq->arena);
	}
	if (vm->nics.n)
		cfg->nics = mem_zalloc(vm->nics.n * sizeof(*cfg->nics));
	for (uint32_t i = 0; i < vm->nics.n; i++) {
		libxl_device_nic_init(&cfg->nics[i]);
		domain_config_nic(&cfg->nics[i], &n[i]);
		if (vm->type == XENOPS_DOMAIN_TYPE_HVM)
			emulate_nic(&cfg->nics[i], &vm->hvm);
		cfg->num_nics++;
	}
}

static libxl_domain_type
type_of(const struct xenops_vm_spec *vm)
{
	switch (vm->type) {
	case XENOPS_DOMAIN_TYPE_HVM:
		return LIBXL_DOMAIN_TYPE_HVM;
	case XENOPS_DOMAIN_TYPE_PVH:
		return LIBXL_DOMAIN_TYPE_PVH;
	default:
		return LIBXL_DOMAIN_TYPE_PV;
	}
}

int
domain_config_fill(struct request *rq, struct xl *xl,
    const struct xenops_vm_spec *vm, const char *const *devices,
    libxl_domain_config *cfg)
{
	libxl_domain_create_info *c = &cfg->c_info;

	c->type = type_of(vm);
	if (!uuid_from_text(vm->uuid, c->uuid.uuid))
		return request_fail(rq, XENOPS_CODE_BAD_REQUEST, "bad uuid");
	c->name = mem_strdup(vm->uuid);
	libxl_domain_build_info_init_type(&cfg->b_info, c->type);
	if (fill_build(rq, xl, vm, &cfg->b_info))
		return -1;
	fill_devices(rq, vm, devices, cfg);
	return 0;
}
