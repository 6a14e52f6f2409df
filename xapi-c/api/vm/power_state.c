#include "api/vm/power_state.h"

const char *
power_state_word(int power_state)
{
	switch (power_state) {
	case VM_POWER_STATE_PAUSED:
		return "paused";
	case VM_POWER_STATE_RUNNING:
		return "running";
	case VM_POWER_STATE_SUSPENDED:
		return "suspended";
	default:
		return "halted";
	}
}

const char *
vm_power_state_word(const struct vm *vm)
{
	return power_state_word(vm ? vm->power_state :
	    (int)VM_POWER_STATE_HALTED);
}
