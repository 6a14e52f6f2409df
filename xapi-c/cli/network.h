/* Commands of networks, PIFs, bonds and VLANs. */
#ifndef CLI_NETWORK_H
#define CLI_NETWORK_H

#include "cli/command.h"

extern const struct cli_table cli_network_commands;

#endif
