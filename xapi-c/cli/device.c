#include "cli/device.h"

static const struct cli_command rows[] = {
};

const struct cli_table cli_device_commands = CLI_TABLE(rows);
