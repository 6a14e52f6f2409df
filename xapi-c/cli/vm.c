#include "cli/vm.h"

static const struct cli_command rows[] = {
};

const struct cli_table cli_vm_commands = CLI_TABLE(rows);
