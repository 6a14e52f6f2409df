#include "cli/host.h"

static int
dump(struct cli *k, const struct cli_command *cmd, const struct ref *subject)
{
	(void)cmd, (void)subject;
	cli_send(k, THIN_HTTP_GET, cli_arg(k->args, "file-name"),
	    arena_printf(k->c->arena, "/pool/xmldbdump?session_id=%s",
	    call_ref_text(k->c, &k->c->session)));
	return cli_await(k);
}

static const struct cli_command rows[] = {
	{ .name = "host-enable", .words = "@", .method = "host.enable",
	    .subject = CLI_HOSTS, .help = "Lets VMs start on the hosts." },
	{ .name = "host-disable", .words = "@", .method = "host.disable",
	    .subject = CLI_HOSTS, .help = "Lets no VM start on the hosts." },
	{ .name = "host-reboot", .words = "@", .method = "host.reboot",
	    .subject = CLI_HOSTS,
	    .help = "Restarts the hosts, which must be disabled." },
	{ .name = "host-shutdown", .words = "@", .method = "host.shutdown",
	    .subject = CLI_HOSTS,
	    .help = "Powers off the hosts, which must be disabled." },
	{ .name = "host-set-hostname-live", .words = "host-uuid host-name",
	    .method = "host.set_hostname_live",
	    .help = "Gives the host another name." },
	{ .name = "host-call-plugin", .method = "host.call_plugin",
	    .words = "host-uuid plugin fn args?",
	    .help = "Runs a function of a plugin on the host." },
	{ .name = "host-compute-free-memory", .words = "@",
	    .method = "host.compute_free_memory", .subject = CLI_HOSTS,
	    .help = "Bytes of memory that no VM has." },
	{ .name = "pool-dump-database", .words = "file-name", .run = dump,
	    .help = "Writes a backup of the database, with secrets." },
	{ .name = "pool-sync-database", .words = "",
	    .method = "pool.sync_database",
	    .help = "Makes sure that every host has the newest database." },
};

const struct cli_table cli_host_commands = CLI_TABLE(rows);
