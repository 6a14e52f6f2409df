#include "cli/device.h"

#include <string.h>

#include "cli/call.h"
#include "gen/errors.h"
#include "gen/types.h"

/* What records of devices must have and nobody asks for. */
#define MORE "other_config:other-config? qos_algorithm_type:= " \
	"qos_algorithm_params:qos-params?"

/* With a disk if one is given; a drive may be empty. */
static int
vbd_create(struct cli *k, const struct cli_command *cmd,
    const struct ref *subject)
{
	const char *words = cli_arg(k->args, "vdi-uuid") ?
	    "VM:vm-uuid userdevice:device VDI:vdi-uuid empty:=false "
	    "bootable:bootable?false mode:mode?RW type:type?Disk "
	    "unpluggable:unpluggable?true " MORE :
	    "VM:vm-uuid userdevice:device empty:=true "
	    "bootable:bootable?false mode:mode?RO type:type?CD "
	    "unpluggable:unpluggable?true " MORE;
	struct answer a;

	(void)cmd;
	if (cli_call_words(k, "VBD.create", words, subject, &a))
		return -1;
	cli_show_answer(k, &a);
	return 0;
}

#define VIF_WORDS(mac) "VM:vm-uuid network:network-uuid device:device " mac \
	" MTU:mtu?1500 locking_mode:=network_default " MORE

/* A MAC address of its own if none is given, or "random". */
static int
vif_create(struct cli *k, const struct cli_command *cmd,
    const struct ref *subject)
{
	const char *mac = cli_arg(k->args, "mac");
	const char *words = mac && !strcmp(mac, "random") ?
	    VIF_WORDS("MAC:=") : VIF_WORDS("MAC:mac?");
	struct answer a;

	(void)cmd;
	if (cli_call_words(k, "VIF.create", words, subject, &a))
		return -1;
	cli_show_answer(k, &a);
	return 0;
}

/* A new disk for the VM, as its next device. */
static int
disk_add(struct cli *k, const struct cli_command *cmd,
    const struct ref *subject)
{
	static const char vdi_words[] = "name_label:name-label?Disk "
	    "other_config:other-config? "
	    "SR:sr-uuid virtual_size:disk-size type:=user sharable:=false "
	    "read_only:=false";
	struct member m[11];
	struct value record = { .kind = VALUE_STRUCT, .members = m };
	struct answer vdi, vbd, nothing;
	const struct error *e = &k->c->err;
	struct error first;

	(void)cmd;
	if (cli_call_words(k, "VDI.create", vdi_words, NULL, &vdi))
		return -1;
	m[record.n++] = (struct member){ "VM", cli_ref(k, subject) };
	m[record.n++] = (struct member){ "VDI", cli_ref(k, vdi.value) };
	m[record.n++] = (struct member){ "userdevice",
		cli_text(cli_arg(k->args, "device")) };
	m[record.n++] = (struct member){ "mode", cli_text("RW") };
	m[record.n++] = (struct member){ "type", cli_text("Disk") };
	m[record.n++] = (struct member){ "bootable", cli_bool(false) };
	m[record.n++] = (struct member){ "unpluggable", cli_bool(true) };
	m[record.n++] = (struct member){ "empty", cli_bool(false) };
	m[record.n++] = (struct member){ "other_config",
		{ .kind = VALUE_STRUCT } };
	m[record.n++] = (struct member){ "qos_algorithm_type", cli_text("") };
	m[record.n++] = (struct member){ "qos_algorithm_params",
		{ .kind = VALUE_STRUCT } };
	if (cli_call(k, "VBD.create", &record, 1, &vbd) == 0) {
		cli_show_answer(k, &vbd);
		return 0;
	}
	first = *e;
	cli_call_on(k, "VDI.destroy", vdi.value, &nothing);
	k->c->err = first;
	return -1;
}

/* The uuids of the VBDs (or VIFs) of the VM. */
static int
list_of(struct cli *k, const struct cli_command *cmd,
    const struct ref *subject)
{
	struct answer set, uuid;
	const struct ref *refs;
	const struct vec *v;

	if (cli_call_on(k, cmd->method, subject, &set))
		return -1;
	v = set.value;
	refs = v->v;
	for (uint32_t i = 0; i < v->n; i++) {
		if (cli_call_on(k, cmd->forced, &refs[i], &uuid))
			return -1;
		cli_show_answer(k, &uuid);
	}
	return 0;
}

/* The text console of the VM; of its screen nothing could be shown. */
static int
find_text(struct cli *k, const struct ref *vm, struct ref *console_out)
{
	struct answer set, protocol;
	const struct ref *refs;
	const struct vec *v;

	if (cli_call_on(k, "VM.get_consoles", vm, &set))
		return -1;
	v = set.value;
	refs = v->v;
	for (uint32_t i = 0; i < v->n; i++) {
		if (cli_call_on(k, "console.get_protocol", &refs[i],
		    &protocol))
			return -1;
		*console_out = refs[i];
		if (*(const int *)protocol.value == CONSOLE_PROTOCOL_VT100)
			return 0;
	}
	return err_vm_bad_power_state(k->c, call_ref_text(k->c, vm),
	    "running, paused", "halted");
}

static int
console(struct cli *k, const struct cli_command *cmd,
    const struct ref *subject)
{
	struct ref text;

	(void)cmd;
	if (find_text(k, subject, &text))
		return -1;
	cli_send(k, THIN_HTTP_CONNECT, arena_printf(k->c->arena,
	    "/console?ref=%s&session_id=%s", call_ref_text(k->c, &text),
	    call_ref_text(k->c, &k->c->session)), NULL);
	return cli_await(k);
}

static const struct cli_command rows[] = {
	{ .name = "vbd-create", .run = vbd_create,
	    .words = "vm-uuid device vdi-uuid? bootable? mode? type? "
	    "unpluggable?", .help = "Gives a VM a disk or a drive." },
	{ .name = "vbd-destroy", .words = "uuid", .method = "VBD.destroy",
	    .help = "Takes a disk or drive from a VM; the VDI stays." },
	{ .name = "vbd-plug", .words = "uuid", .method = "VBD.plug",
	    .help = "Attaches it to the running VM." },
	{ .name = "vbd-unplug", .words = "uuid", .method = "VBD.unplug",
	    .forced = "VBD.unplug_force",
	    .help = "Detaches it from the running VM." },
	{ .name = "vbd-insert", .words = "uuid vdi-uuid",
	    .method = "VBD.insert", .help = "Puts a medium into the drive." },
	{ .name = "vbd-eject", .words = "uuid", .method = "VBD.eject",
	    .help = "Takes the medium out of the drive." },
	{ .name = "vm-disk-add", .words = "disk-size device sr-uuid "
	    "name-label?", .run = disk_add, .subject = CLI_VMS,
	    .help = "Makes a disk and gives it to the VM." },
	{ .name = "vm-disk-list", .words = "", .run = list_of,
	    .subject = CLI_VMS, .method = "VM.get_VBDs",
	    .forced = "VBD.get_uuid",
	    .help = "The uuids of the VM's disks and drives." },
	{ .name = "vm-vif-list", .words = "", .run = list_of,
	    .subject = CLI_VMS, .method = "VM.get_VIFs",
	    .forced = "VIF.get_uuid", .help = "The uuids of the VM's VIFs." },
	{ .name = "vif-create", .run = vif_create,
	    .words = "vm-uuid network-uuid device mac? mtu? other-config? "
	    "qos-params?", .help = "Gives a VM a network interface." },
	{ .name = "vif-destroy", .words = "uuid", .method = "VIF.destroy",
	    .help = "Takes a network interface from a VM." },
	{ .name = "vif-plug", .words = "uuid", .method = "VIF.plug",
	    .help = "Attaches it to the running VM." },
	{ .name = "vif-unplug", .words = "uuid", .method = "VIF.unplug",
	    .help = "Detaches it from the running VM." },
	{ .name = "vif-move", .words = "uuid network-uuid",
	    .method = "VIF.move", .help = "Moves it to another network." },
	{ .name = "console", .words = "", .run = console,
	    .subject = CLI_VMS,
	    .help = "The VM's text console; Ctrl-] ends it." },
};

const struct cli_table cli_device_commands = CLI_TABLE(rows);
