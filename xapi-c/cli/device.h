/* Commands of VBDs, VIFs, CDs and consoles. */
#ifndef CLI_DEVICE_H
#define CLI_DEVICE_H

#include "cli/command.h"

extern const struct cli_table cli_device_commands;

#endif
