/* Commands of SRs, PBDs and VDIs. */
#ifndef CLI_STORAGE_H
#define CLI_STORAGE_H

#include "cli/command.h"

extern const struct cli_table cli_storage_commands;

#endif
