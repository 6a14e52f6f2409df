/* The words for a VM's power state in errors: lower case, as XenServer has them. */
#ifndef API_VM_POWER_STATE_H
#define API_VM_POWER_STATE_H

#include "gen/types.h"

/* vm NULL: as of one that is off. */
const char *vm_power_state_word(const struct vm *vm);
const char *power_state_word(int power_state);

#endif
