#include "cli/other.h"

static const struct cli_command rows[] = {
	{ .name = "task-cancel", .words = "uuid", .method = "task.cancel",
	    .help = "Asks a task to stop." },
	{ .name = "task-destroy", .words = "uuid", .method = "task.destroy",
	    .help = "Forgets a task." },
	{ .name = "message-create", .method = "message.create",
	    .words = "name priority class obj-uuid body",
	    .help = "Makes a message about an object." },
	{ .name = "message-destroy", .words = "uuid",
	    .method = "message.destroy", .help = "Destroys a message." },
	{ .name = "secret-create", .method = "secret.create",
	    .words = "value:value other_config:other-config?",
	    .help = "Keeps a secret text." },
	{ .name = "secret-destroy", .words = "uuid",
	    .method = "secret.destroy", .help = "Destroys a secret." },
	{ .name = "appliance-create", .method = "VM_appliance.create",
	    .words = "name_label:name-label "
	    "name_description:name-description?",
	    .help = "Makes an appliance." },
	{ .name = "appliance-destroy", .words = "uuid",
	    .method = "VM_appliance.destroy",
	    .help = "Destroys an appliance; its VMs stay." },
	{ .name = "appliance-start", .words = "uuid paused?",
	    .method = "VM_appliance.start",
	    .help = "Starts the appliance's VMs in their order." },
	{ .name = "appliance-shutdown", .words = "uuid force?",
	    .method = "VM_appliance.clean_shutdown",
	    .forced = "VM_appliance.hard_shutdown",
	    .help = "Shuts the appliance's VMs down in their order." },
};

const struct cli_table cli_other_commands = CLI_TABLE(rows);
