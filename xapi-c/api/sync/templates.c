/* The templates that every pool has. */
#include <string.h>

#include "api/oplock.h"
#include "api/sync/parts.h"
#include "gen/store.h"

#define MIB (INT64_C(1) << 20)

/* Never exactly one restriction: a well-known client fails on that. */
#define RESTRICTIONS \
	"<restrictions>" \
	"<restriction field=\"memory-static-max\" min=\"33554432\"" \
	" max=\"1649267441664\"/>" \
	"<restriction field=\"vcpus-max\" min=\"1\" max=\"64\"/>" \
	"<restriction property=\"number-of-vbds\" min=\"0\" max=\"255\"/>" \
	"<restriction property=\"number-of-vifs\" min=\"0\" max=\"7\"/>" \
	"</restrictions>"

static const struct template {
	const char *name;
	const char *description;
	int type;
	int64_t memory_min;
	int64_t memory;
} templates[] = {
	{ "Linux PVH guest (boots from its own disk)",
	  "A Linux whose disk brings its own GRUB configuration and kernel; "
	  "give the VM a disk to boot from",
	  DOMAIN_TYPE_PVH, 128 * MIB, 512 * MIB },
	{ "Linux PV guest (boots from its own disk)",
	  "The same for older Linux, and for hosts without hardware "
	  "virtualisation",
	  DOMAIN_TYPE_PV, 128 * MIB, 512 * MIB },
	{ "Other install media",
	  "Any other system, with emulated hardware, from a CD or the network",
	  DOMAIN_TYPE_HVM, 256 * MIB, 1024 * MIB },
};

struct find {
	const char *name;
	struct ref ref;
};

static int
look(const void *obj, void *arg)
{
	const struct vm *vm = obj;
	struct find *f = arg;

	if (!vm->is_default_template || !vm->reference_label ||
	    strcmp(vm->reference_label, f->name))
		return 0;
	f->ref = vm->obj.ref;
	return 1;
}

static struct vec
platform(struct arena *a, int type)
{
	struct vec map = { 0 };

	map = map_set(a, map, "cores-per-socket", "1");
	map = map_set(a, map, "acpi", "1");
	map = map_set(a, map, "apic", "true");
	map = map_set(a, map, "nx", "true");
	map = map_set(a, map, "pae", "true");
	if (type != DOMAIN_TYPE_HVM)
		return map;
	map = map_set(a, map, "viridian", "false");
	map = map_set(a, map, "vga", "std");
	map = map_set(a, map, "videoram", "8");
	map = map_set(a, map, "hpet", "true");
	return map_set(a, map, "device-model", "qemu-upstream-compat");
}

static struct vec
other_config(struct arena *a, const struct template *tpl)
{
	struct vec map = { 0 };

	map = map_set(a, map, "default_template", "true");
	map = map_set(a, map, "base_template_name", tpl->name);
	if (tpl->type != DOMAIN_TYPE_HVM)
		return map;
	map = map_set(a, map, "install-methods", "cdrom");
	return map_set(a, map, "disks", "<provision><disk device=\"0\""
	    " size=\"8589934592\" sr=\"\" bootable=\"true\""
	    " type=\"system\"/></provision>");
}

static void
make(struct db_txn *t, const struct template *tpl)
{
	struct arena *a = txn_arena(t);
	struct vm *vm = vm_txn_new(t);

	vm->name_label = tpl->name;
	vm->name_description = tpl->description;
	vm->reference_label = tpl->name;
	vm->is_a_template = true;
	vm->is_default_template = true;
	vm->domain_type = tpl->type;
	vm->domid = -1;
	vm->user_version = 1;
	vm->has_vendor_device = false;
	vm->memory_static_min = tpl->memory_min;
	vm->memory_dynamic_min = tpl->memory;
	vm->memory_dynamic_max = tpl->memory;
	vm->memory_static_max = tpl->memory;
	vm->VCPUs_max = 1;
	vm->VCPUs_at_startup = 1;
	vm->actions_after_shutdown = ON_NORMAL_EXIT_DESTROY;
	vm->actions_after_reboot = ON_NORMAL_EXIT_RESTART;
	vm->actions_after_crash = ON_CRASH_BEHAVIOUR_RESTART;
	vm->platform = platform(a, tpl->type);
	vm->other_config = other_config(a, tpl);
	vm->recommendations = RESTRICTIONS;
	if (tpl->type == DOMAIN_TYPE_HVM) {
		vm->HVM_boot_policy = "BIOS order";
		vm->HVM_boot_params = map_set(a, (struct vec){ 0 },
		    "order", "dc");
		vm->HVM_boot_params = map_set(a, vm->HVM_boot_params,
		    "firmware", "bios");
	}
	op_refresh(t, &vm_op_class, &vm->obj.ref);
}

void
sync_templates(struct db_txn *t)
{
	for (size_t i = 0; i < sizeof(templates) / sizeof(templates[0]);
	    i++) {
		struct find f = { .name = templates[i].name };

		if (!txn_each(t, CLASS_VM, look, &f))
			make(t, &templates[i]);
	}
}
