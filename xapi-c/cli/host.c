#include "cli/host.h"

static const struct cli_command rows[] = {
};

const struct cli_table cli_host_commands = CLI_TABLE(rows);
