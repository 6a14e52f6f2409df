#include "cli/other.h"

static const struct cli_command rows[] = {
};

const struct cli_table cli_other_commands = CLI_TABLE(rows);
