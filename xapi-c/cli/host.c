#include "cli/host.h"

#include "api/task.h"
#include "api/xapi.h"
#include "cli/call.h"
#include "gen/store.h"

static int
dump(struct cli *k, const struct cli_command *cmd, const struct ref *subject)
{
	(void)cmd, (void)subject;
	cli_send(k, THIN_HTTP_GET, cli_arg(k->args, "file-name"),
	    arena_printf(k->c->arena, "/pool/xmldbdump?session_id=%s",
	    call_ref_text(k->c, &k->c->session)));
	return cli_await(k);
}

/* What became of a transfer is in its task; rc is what the client says of it. */
static int
outcome(struct cli *k, const struct ref *ref, int rc)
{
	struct db_root *root = db_root_get(k->c->x->db);
	const struct task *task = task_find(root, ref);

	if (task && task->error_info.n) {
		const char *const *info = task->error_info.v;

		k->failure = NULL;
		rc = call_error(k->c, info[0], info + 1,
		    (int)task->error_info.n - 1);
	} else if (rc == 0 &&
	    (!task || task->status != TASK_STATUS_TYPE_SUCCESS)) {
		rc = cli_fail(k, "the host did not take part");
	}
	db_root_put(root);
	return rc;
}

/* With a task of ours, since an answer by HTTP comes too early or says too
 * little. */
static int
transfer(struct cli *k, enum thin_tag tag, const char *label, const char *path)
{
	const struct value args[] = { cli_text(label), cli_text("") };
	struct answer task;
	int rc;

	if (cli_call(k, "task.create", args, 2, &task))
		return -1;
	cli_send(k, tag, cli_arg(k->args, "file-name"), arena_printf(
	    k->c->arena, "%ssession_id=%s&task_id=%s", path,
	    call_ref_text(k->c, &k->c->session),
	    call_ref_text(k->c, task.value)));
	rc = cli_await(k);
	rc = outcome(k, task.value, rc);
	k->c->task = *(const struct ref *)task.value;
	task_drop(k->c);
	k->c->task = REF_NULL;
	return rc;
}

static int
backup(struct cli *k, const struct cli_command *cmd, const struct ref *subject)
{
	(void)cmd, (void)subject;
	return transfer(k, THIN_HTTP_GET, "Backup of the host",
	    "/host_backup?");
}

static int
restore(struct cli *k, const struct cli_command *cmd,
    const struct ref *subject)
{
	(void)cmd, (void)subject;
	if (transfer(k, THIN_HTTP_PUT, "Restore of the host",
	    cli_arg_is_set(k->args, "take-identity") ?
	    "/host_restore?take_identity=true&" : "/host_restore?"))
		return -1;
	cli_message(k, "From its next start this host is what the backup says.");
	return 0;
}

static const struct cli_command rows[] = {
	{ .name = "host-enable", .words = "@", .method = "host.enable",
	    .subject = CLI_HOSTS, .help = "Lets VMs start on the hosts." },
	{ .name = "host-disable", .words = "@", .method = "host.disable",
	    .subject = CLI_HOSTS, .help = "Lets no VM start on the hosts." },
	{ .name = "host-enable-ssh", .words = "@",
	    .method = "host.enable_ssh", .subject = CLI_HOSTS,
	    .help = "Opens ssh on the hosts." },
	{ .name = "host-disable-ssh", .words = "@",
	    .method = "host.disable_ssh", .subject = CLI_HOSTS,
	    .help = "Closes ssh on the hosts." },
	{ .name = "host-reboot", .words = "@", .method = "host.reboot",
	    .subject = CLI_HOSTS,
	    .help = "Stops the VMs of the hosts, which must be disabled, and "
	    "restarts them." },
	{ .name = "host-shutdown", .words = "@", .method = "host.shutdown",
	    .subject = CLI_HOSTS,
	    .help = "Stops the VMs of the hosts, which must be disabled, and "
	    "powers them off." },
	{ .name = "host-prepare-for-poweroff", .words = "@",
	    .method = "host.prepare_for_poweroff", .subject = CLI_HOSTS,
	    .help = "Disables the hosts and stops their VMs in order." },
	{ .name = "host-set-hostname-live", .words = "host-uuid host-name",
	    .method = "host.set_hostname_live",
	    .help = "Gives the host another name." },
	{ .name = "host-call-plugin", .method = "host.call_plugin",
	    .words = "host-uuid plugin fn args?",
	    .help = "Runs a function of a plugin on the host." },
	{ .name = "host-compute-free-memory", .words = "@",
	    .method = "host.compute_free_memory", .subject = CLI_HOSTS,
	    .help = "Bytes of memory that no VM has." },
	{ .name = "host-backup", .words = "file-name", .run = backup,
	    .subject = CLI_HOSTS,
	    .help = "Writes the host's configuration to a file, with "
	    "secrets." },
	{ .name = "host-restore", .words = "file-name take-identity?false",
	    .run = restore, .subject = CLI_HOSTS,
	    .help = "Takes such a file: it holds from the next start on. One "
	    "of another host needs take-identity=true." },
	{ .name = "pool-dump-database", .words = "file-name", .run = dump,
	    .help = "Writes a backup of the database, with secrets." },
	{ .name = "pool-sync-database", .words = "",
	    .method = "pool.sync_database",
	    .help = "Makes sure that every host has the newest database." },
};

const struct cli_table cli_host_commands = CLI_TABLE(rows);
