/* Which kind of domain a VM is to be, by its record alone. */
#ifndef API_VM_DOMAIN_TYPE_H
#define API_VM_DOMAIN_TYPE_H

#include <stdbool.h>

#include "gen/types.h"

/* domain_type says it; unspecified: a BIOS boot policy means HVM, else PV. */
int vm_domain_type(const struct vm *vm);
/* Has it a device model, and so its drives from its start to its end? */
bool vm_emulates(const struct vm *vm);

#endif
