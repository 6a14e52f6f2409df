#include "api/vm/domain_type.h"

int
vm_domain_type(const struct vm *vm)
{
	if (vm->domain_type != DOMAIN_TYPE_UNSPECIFIED)
		return vm->domain_type;
	return vm->HVM_boot_policy && *vm->HVM_boot_policy ?
	    DOMAIN_TYPE_HVM : DOMAIN_TYPE_PV;
}

bool
vm_emulates(const struct vm *vm)
{
	return vm_domain_type(vm) == DOMAIN_TYPE_HVM;
}
