#include "cli/storage.h"

static const struct cli_command rows[] = {
};

const struct cli_table cli_storage_commands = CLI_TABLE(rows);
