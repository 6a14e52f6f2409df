#include "api/vm/hvm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/vm_limits.h"
#include "gen/errors.h"

static const struct flag {
	const char *key;
	bool dflt;
	size_t at;		/* a bool of struct xenops_hvm_spec */
} flags[] = {
#define FLAG(key, dflt) { #key, dflt, offsetof(struct xenops_hvm_spec, key) }
	FLAG(acpi, true), FLAG(apic, true), FLAG(pae, true), FLAG(nx, true),
	FLAG(viridian, false), FLAG(hpet, true), FLAG(usb_tablet, true),
#undef FLAG
};

static const char *
field(struct call *c, const char *key)
{
	return arena_printf(c->arena, "platform:%s", key);
}

/* As clients write them. */
static int
flag_of(struct call *c, const struct vm *vm, const struct flag *f, bool *out)
{
	const char *text = map_get(vm->platform, f->key);

	if (!text || !*text)
		*out = f->dflt;
	else if (!strcmp(text, "true") || !strcmp(text, "1"))
		*out = true;
	else if (!strcmp(text, "false") || !strcmp(text, "0"))
		*out = false;
	else
		return err_invalid_value(c, field(c, f->key), text);
	return 0;
}

/* min and max in the key's unit. */
static int
number_of(struct call *c, const struct vm *vm, const char *key, int64_t min,
    int64_t max, int64_t dflt, int64_t *out)
{
	const char *text = map_get(vm->platform, key);
	char *end;

	*out = dflt;
	if (!text || !*text)
		return 0;
	errno = 0;
	*out = strtoll(text, &end, 10);
	if (errno || *end || *out < min || *out > max)
		return err_invalid_value(c, field(c, key), text);
	return 0;
}

/* "n" is passed over where it is one of several and the firmware cannot: a BIOS
 * without a network card does the same. */
static int
boot_order(struct call *c, const struct vm *vm, bool network,
    const char **out)
{
	const char *order = map_get(vm->HVM_boot_params, "order");
	char letters[4] = "";
	size_t n = 0;

	if (!order || !*order)
		order = "cd";
	for (const char *p = order; *p; p++) {
		if (!strchr("cdn", *p))
			return err_invalid_value(c, "HVM_boot_params:order",
			    order);
		if ((network || *p != 'n') && !strchr(letters, *p))
			letters[n++] = *p;
	}
	if (n == 0)
		return err_value_not_supported(c, "HVM_boot_params:order",
		    order, "guests start from the network by BIOS only");
	*out = arena_strdup(c->arena, letters);
	return 0;
}

static int
vga_of(struct call *c, const struct vm *vm, int *out)
{
	const char *text = map_get(vm->platform, "vga");

	if (!text || !*text || !strcmp(text, "std"))
		*out = XENOPS_VGA_STD;
	else if (!strcmp(text, "cirrus"))
		*out = XENOPS_VGA_CIRRUS;
	else if (!strcmp(text, "none"))
		*out = XENOPS_VGA_NONE;
	else
		return err_value_not_supported(c, "platform:vga", text,
		    "it is std, cirrus or none");
	return 0;
}

static int
nic_of(struct call *c, const struct vm *vm, int *out)
{
	const char *text = map_get(vm->platform, "nic_type");

	*out = XENOPS_NIC_MODEL_RTL8139;
	if (!text || !*text || !strcmp(text, "rtl8139"))
		return 0;
	*out = XENOPS_NIC_MODEL_E1000;
	return strcmp(text, "e1000") ? err_value_not_supported(c,
	    "platform:nic_type", text, "it is rtl8139 or e1000") : 0;
}

/* The port is a terminal that xenopsd reads; QEMU opens no file or socket. */
static int
serial_of(struct call *c, const struct vm *vm, bool *out)
{
	const char *text = map_get(vm->platform, "hvm_serial");

	if (!text)
		text = map_get(vm->other_config, "hvm_serial");
	*out = !text || !*text || !strcmp(text, "pty");
	if (!*out && strcmp(text, "none") != 0)
		return err_value_not_supported(c, "hvm_serial", text,
		    "it is pty or none");
	return 0;
}

/* Four places have an emulated disk, which is writable, or a drive. */
static int
check_disks(struct call *c, const struct xenops_vm_spec *out)
{
	const struct xenops_disk_spec *d = out->disks.v;

	for (uint32_t i = 0; i < out->disks.n; i++) {
		const struct vbd *vbd = vbd_find_uuid(c->root, d[i].vbd);

		if (d[i].cdrom && d[i].device >= VM_IDE_DISKS)
			return err_invalid_device(c, vbd ? vbd->userdevice :
			    "");
		if (!d[i].cdrom && d[i].read_only &&
		    d[i].device < VM_IDE_DISKS)
			return err_disk_vbd_must_be_readwrite_for_hvm(c,
			    call_ref_text(c, vbd ? &vbd->obj.ref : &REF_NULL));
	}
	return 0;
}

int
vm_hvm_spec(struct call *c, const struct vm *vm, struct xenops_vm_spec *out)
{
	struct xenops_hvm_spec *h = &out->hvm;
	int64_t mib;

	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
		if (flag_of(c, vm, &flags[i],
		    (bool *)((char *)h + flags[i].at)))
			return -1;
	if (boot_order(c, vm, out->firmware == XENOPS_FIRMWARE_BIOS,
	    &h->boot_order) || vga_of(c, vm, &h->vga) ||
	    nic_of(c, vm, &h->nic) || serial_of(c, vm, &h->serial) ||
	    number_of(c, vm, "videoram", VM_MIN_VIDEORAM >> 20,
	    VM_MAX_VIDEORAM >> 20, 8, &mib) ||
	    number_of(c, vm, "timeoffset", -VM_MAX_TIMEOFFSET,
	    VM_MAX_TIMEOFFSET, 0, &h->timeoffset))
		return -1;
	h->videoram = mib << 20;
	return check_disks(c, out);
}
