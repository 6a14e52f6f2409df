#include "cli/network.h"

static const struct cli_command rows[] = {
};

const struct cli_table cli_network_commands = CLI_TABLE(rows);
