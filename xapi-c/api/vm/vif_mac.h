/* MAC addresses of VIFs that are not given one. */
#ifndef API_VM_VIF_MAC_H
#define API_VM_VIF_MAC_H

#include "gen/types.h"

#define MAC_TEXT_LEN 17

/* The address of the VM's NIC at that place, locally administered: the same
 * for as long as other_config:mac_seed is, so that a guest keeps its lease
 * when its VIF is made again.  Random if the VM has no seed. */
void mac_of(const struct vm *vm, const char *device,
    char out[static MAC_TEXT_LEN + 1]);

#endif
