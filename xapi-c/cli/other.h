/* Commands of tasks, events, messages, secrets and the rest. */
#ifndef CLI_OTHER_H
#define CLI_OTHER_H

#include "cli/command.h"

extern const struct cli_table cli_other_commands;

#endif
