/* Commands of hosts and the pool. */
#ifndef CLI_HOST_H
#define CLI_HOST_H

#include "cli/command.h"

extern const struct cli_table cli_host_commands;

#endif
