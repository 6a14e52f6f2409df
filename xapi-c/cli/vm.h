/* Commands of VMs, templates and snapshots. */
#ifndef CLI_VM_H
#define CLI_VM_H

#include "cli/command.h"

extern const struct cli_table cli_vm_commands;

#endif
