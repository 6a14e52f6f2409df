#include "api/vm/check.h"

#include <stdlib.h>

#include "api/vm/spec.h"
#include "base/vm_limits.h"
#include "gen/errors.h"
#include "gen/store.h"

int
vm_bad_number(struct call *c, const char *field, int64_t value)
{
	return err_invalid_value(c, field,
	    arena_printf(c->arena, "%lld", (long long)value));
}

/* Zero and little are good minimums, but nothing runs in so little. */
int
vm_check_memory(struct call *c, const struct vm *vm)
{
	const struct {
		const char *field;
		int64_t value, least;
	} sizes[] = {
		{ "memory_static_min", vm->memory_static_min, 0 },
		{ "memory_dynamic_min", vm->memory_dynamic_min, 0 },
		{ "memory_dynamic_max", vm->memory_dynamic_max,
		    VM_MIN_MEMORY },
		{ "memory_static_max", vm->memory_static_max, VM_MIN_MEMORY },
	};
	size_t n = sizeof sizes / sizeof sizes[0];

	for (size_t i = 0; i < n; i++)
		if (sizes[i].value < sizes[i].least)
			return vm_bad_number(c, sizes[i].field,
			    sizes[i].value);
	for (size_t i = 1; i < n; i++)
		if (sizes[i - 1].value > sizes[i].value)
			return err_memory_constraint_violation_order(c);
	return 0;
}

int
vm_check_vcpus(struct call *c, const struct vm *vm)
{
	if (vm->VCPUs_max < 1)
		return vm_bad_number(c, "VCPUs_max", vm->VCPUs_max);
	if (vm->VCPUs_at_startup < 1 || vm->VCPUs_at_startup > vm->VCPUs_max)
		return vm_bad_number(c, "VCPUs_at_startup",
		    vm->VCPUs_at_startup);
	return 0;
}

void
vm_devices_used(const struct db_root *root, const struct vm *vm, bool vifs,
    bool *used, int n)
{
	struct vec set = vifs ? vm->VIFs : vm->VBDs;
	const struct ref *refs = set.v;

	for (uint32_t i = 0; i < set.n; i++) {
		const struct vif *vif = vifs ? vif_find(root, &refs[i]) : NULL;
		const struct vbd *vbd = vifs ? NULL : vbd_find(root, &refs[i]);
		int d = vif ? (int)strtol(vif->device, NULL, 10) :
		    vbd ? vbd_device_number(vbd->userdevice) : -1;

		if (d >= 0 && d < n)
			used[d] = true;
	}
}
