/*
 * The templates that every pool is given.  Which of the table it has been
 * given its other_config says, so that one which was made a VM of, or
 * destroyed, does not come back with every start; without the key, those that
 * are missing are made again.
 */
#include <stdlib.h>
#include <string.h>

#include "api/oplock.h"
#include "api/sync/parts.h"
#include "api/sync/template_table.h"
#include "base/buf.h"
#include "gen/store.h"
#include "wire/disks_xml.h"

#define GIVEN "default-templates"	/* generation, in pool.other_config */
#define MIB (INT64_C(1) << 20)
#define GIB (INT64_C(1) << 30)

static const struct string_pair platform_of_all[] = {
	{ "cores-per-socket", "1" }, { "acpi", "1" }, { "apic", "true" },
	{ "nx", "true" }, { "pae", "true" }, { 0 },
};

struct find {
	const struct template_row *row;
};

/* Early hosts labelled theirs by name. */
static int
look(const void *obj, void *arg)
{
	const struct vm *vm = obj;
	const struct find *f = arg;

	return vm->is_default_template && vm->reference_label &&
	    (strcmp(vm->reference_label, f->row->label) == 0 ||
	    strcmp(vm->reference_label, f->row->name) == 0);
}

static struct vec
add_all(struct arena *a, struct vec map, const struct string_pair *p)
{
	for (; p->key; p++)
		map = map_set(a, map, p->key, p->value);
	return map;
}

static const char *
recommendations(struct arena *a, const struct template_rule *rule)
{
	struct buf b = { 0 };
	const char *text;

	buf_adds(&b, "<restrictions>");
	for (; rule->kind; rule++)
		buf_addf(&b, "<restriction %s=\"%s\" %s=\"%s\"/>", rule->kind,
		    rule->of, rule->bound, rule->value);
	buf_adds(&b, "</restrictions>");
	text = arena_strdup(a, b.data);
	buf_release(&b);
	return text;
}

static struct vec
other_config(struct arena *a, const struct template_row *row)
{
	struct disks_xml_disk disk = {
		.device = "0", .size = row->disk_gib * GIB, .sr = "",
		.bootable = true, .type = "system",
	};
	struct vec map = { 0 };

	map = map_set(a, map, "default_template", "true");
	map = map_set(a, map, "base_template_name", row->name);
	if (row->family->methods)
		map = map_set(a, map, "install-methods", row->family->methods);
	if (row->disk_gib)
		map = map_set(a, map, "disks", disks_xml_text(a, &disk, 1));
	return add_all(a, map, row->family->other);
}

static void
set_boot(struct arena *a, struct vm *vm, const struct template_family *f)
{
	vm->domain_type = f->domain_type;
	if (f->domain_type != DOMAIN_TYPE_HVM)
		return;
	vm->HVM_boot_policy = "BIOS order";
	vm->HVM_boot_params = map_set(a, (struct vec){ 0 }, "order", f->order);
	vm->HVM_boot_params = map_set(a, vm->HVM_boot_params, "firmware",
	    f->firmware);
}

static void
make(struct db_txn *t, const struct template_row *row)
{
	const struct template_family *f = row->family;
	struct arena *a = txn_arena(t);
	struct vm *vm = vm_txn_new(t);

	vm->name_label = row->name;
	vm->name_description = f->description;
	vm->reference_label = row->label;
	vm->is_a_template = true;
	vm->is_default_template = true;
	vm->domid = -1;
	vm->user_version = 1;
	vm->has_vendor_device = false;
	vm->memory_static_min = row->memory_min_mib * MIB;
	vm->memory_dynamic_min = vm->memory_dynamic_max =
	    vm->memory_static_max = row->memory_mib * MIB;
	vm->VCPUs_max = vm->VCPUs_at_startup = f->vcpus;
	vm->actions_after_shutdown = ON_NORMAL_EXIT_DESTROY;
	vm->actions_after_reboot = ON_NORMAL_EXIT_RESTART;
	vm->actions_after_crash = ON_CRASH_BEHAVIOUR_RESTART;
	vm->platform = add_all(a, add_all(a, (struct vec){ 0 },
	    platform_of_all), f->platform);
	vm->other_config = other_config(a, row);
	vm->recommendations = recommendations(a, f->rules);
	set_boot(a, vm, f);
	op_refresh(t, &vm_op_class, &vm->obj.ref);
}

void
sync_templates(struct db_txn *t, struct pool *pool)
{
	const char *text = map_get(pool->other_config, GIVEN);
	long given = text ? strtol(text, NULL, 10) : 0;

	for (size_t i = 0; i < template_rows_n; i++) {
		struct find f = { .row = &template_rows[i] };

		if (f.row->generation > given &&
		    !txn_each(t, CLASS_VM, look, &f))
			make(t, f.row);
	}
	if (given < TEMPLATE_GENERATION)
		pool->other_config = map_set(txn_arena(t), pool->other_config,
		    GIVEN, arena_printf(txn_arena(t), "%d",
		    TEMPLATE_GENERATION));
}
