#include "cli/storage.h"

#include "cli/call.h"
#include "gen/types.h"

static int
each_pbd(struct cli *k, const struct cli_command *cmd,
    const struct ref *subject)
{
	struct answer set, nothing;
	const struct ref *refs;
	const struct vec *v;
	struct ref sr;

	(void)subject;
	if (cli_find_arg(k, CLASS_SR, "uuid", &sr) ||
	    cli_call_on(k, "SR.get_PBDs", &sr, &set))
		return -1;
	v = set.value;
	refs = v->v;
	for (uint32_t i = 0; i < v->n; i++)
		if (cli_call_on(k, cmd->method, &refs[i], &nothing))
			return -1;
	return 0;
}

/* On the only host, if none is named. */
static int
sr_create(struct cli *k, const struct cli_command *cmd,
    const struct ref *subject)
{
	static const char rest[] = "host-uuid device-config? physical-size?0 "
	    "name-label name-description? type content-type?user shared?false "
	    "sm-config?";
	static const char anywhere[] = "@ device-config? physical-size?0 "
	    "name-label name-description? type content-type?user shared?false "
	    "sm-config?";
	bool named = cli_arg(k->args, "host-uuid");
	const struct vec *hosts;
	struct answer a;

	(void)cmd, (void)subject;
	if (cli_call(k, "host.get_all", NULL, 0, &a))
		return -1;
	hosts = a.value;
	if (!named && hosts->n != 1)
		return cli_fail(k, "host-uuid must be given");
	if (cli_call_words(k, "SR.create", named ? rest : anywhere,
	    hosts->v, &a))
		return -1;
	cli_show_answer(k, &a);
	return 0;
}

static const struct cli_command rows[] = {
	{ .name = "sr-create", .run = sr_create,
	    .words = "name-label type host-uuid? device-config? "
	    "physical-size? content-type? shared? sm-config? "
	    "name-description?", .help = "Makes an SR and attaches it." },
	{ .name = "sr-scan", .words = "uuid", .method = "SR.scan",
	    .help = "Looks for disks that came or went." },
	{ .name = "sr-destroy", .words = "uuid", .method = "SR.destroy",
	    .help = "Erases the SR, which must be unplugged." },
	{ .name = "sr-forget", .words = "uuid", .method = "SR.forget",
	    .help = "Forgets the SR and leaves what is on it." },
	{ .name = "sr-plug", .words = "uuid", .run = each_pbd,
	    .method = "PBD.plug", .help = "Attaches the SR to its hosts." },
	{ .name = "sr-unplug", .words = "uuid", .run = each_pbd,
	    .method = "PBD.unplug",
	    .help = "Detaches the SR from its hosts." },
	{ .name = "pbd-create", .method = "PBD.create",
	    .words = "host:host-uuid SR:sr-uuid device_config:device-config?",
	    .help = "Says how a host reaches an SR." },
	{ .name = "pbd-destroy", .words = "uuid", .method = "PBD.destroy",
	    .help = "Forgets how a host reaches an SR." },
	{ .name = "pbd-plug", .words = "uuid", .method = "PBD.plug",
	    .help = "Attaches the SR to the host." },
	{ .name = "pbd-unplug", .words = "uuid", .method = "PBD.unplug",
	    .help = "Detaches the SR from the host." },
	{ .name = "vdi-create", .method = "VDI.create",
	    .words = "name_label:name-label SR:sr-uuid "
	    "virtual_size:virtual-size type:type?user sharable:sharable? "
	    "read_only:read-only? name_description:name-description? "
	    "sm_config:sm-config? other_config:other-config?",
	    .help = "Makes a disk." },
	{ .name = "vdi-destroy", .words = "uuid", .method = "VDI.destroy",
	    .help = "Destroys a disk." },
	{ .name = "vdi-forget", .words = "uuid", .method = "VDI.forget",
	    .help = "Forgets a disk." },
	{ .name = "vdi-clone", .words = "uuid driver-params?",
	    .method = "VDI.clone", .help = "Clones a disk." },
	{ .name = "vdi-snapshot", .words = "uuid driver-params?",
	    .method = "VDI.snapshot", .help = "Takes a snapshot of a disk." },
	{ .name = "vdi-copy", .words = "uuid sr-uuid", .method = "VDI.copy",
	    .help = "Copies a disk in full to an SR." },
	{ .name = "vdi-resize", .words = "uuid disk-size",
	    .method = "VDI.resize", .help = "Makes a disk larger." },
};

const struct cli_table cli_storage_commands = CLI_TABLE(rows);
