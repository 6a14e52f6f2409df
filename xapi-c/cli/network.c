#include "cli/network.h"

static const struct cli_command rows[] = {
	{ .name = "network-create", .method = "network.create",
	    .words = "name_label:name-label "
	    "name_description:name-description? MTU:mtu?1500 "
	    "bridge:bridge? other_config:other-config?",
	    .help = "Makes a network." },
	{ .name = "network-destroy", .words = "uuid",
	    .method = "network.destroy", .help = "Destroys a network." },
};

const struct cli_table cli_network_commands = CLI_TABLE(rows);
