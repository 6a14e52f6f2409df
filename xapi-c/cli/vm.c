#include "cli/vm.h"

#include <string.h>

#include "cli/call.h"
#include "gen/types.h"
#include "wire/disks_xml.h"

/* The disks that the VM is still to get, on that SR; what is no list of disks
 * is left to VM.provision to refuse. */
static int
place_disks(struct cli *k, const struct ref *vm, const struct ref *sr)
{
	struct value v[3] = { cli_ref(k, vm), cli_text("disks") };
	struct answer config, uuid, nothing;
	struct disks_xml_disk *disks;
	const char *xml;
	int n;

	if (cli_call_on(k, "VM.get_other_config", vm, &config) ||
	    cli_call_on(k, "SR.get_uuid", sr, &uuid))
		return -1;
	xml = map_get(*(const struct vec *)config.value, "disks");
	n = xml ? disks_xml_parse(k->c->arena, xml, &disks) : 0;
	if (n <= 0)
		return 0;
	for (int i = 0; i < n; i++)
		disks[i].sr = *(const char *const *)uuid.value;
	v[2] = cli_text(disks_xml_text(k->c->arena, disks, n));
	return cli_call(k, "VM.remove_from_other_config", v, 2, &nothing) ||
	    cli_call(k, "VM.add_to_other_config", v, 3, &nothing) ? -1 : 0;
}

/* A copy of the template under a name, with its disks made on an SR. */
static int
install(struct cli *k, const struct cli_command *cmd,
    const struct ref *subject)
{
	const char *name = cli_arg(k->args, "new-name-label");
	const char *template = cli_arg(k->args, "template");
	const char *uuid = cli_arg(k->args, "template-uuid");
	const char *sr = cli_arg(k->args, "sr-uuid");
	const char *sr_name = cli_arg(k->args, "sr-name-label");
	struct ref from, on;
	struct value v[3];
	struct answer vm, nothing;
	int rc;

	(void)cmd, (void)subject;
	if (!template && !uuid)
		return cli_fail(k, "template or template-uuid must be given");
	if (cli_find(k, CLASS_VM, uuid ? uuid : template, &from) ||
	    cli_find(k, CLASS_SR, sr ? sr : sr_name ? sr_name : "", &on))
		return -1;
	v[0] = cli_ref(k, &from);
	v[1] = cli_text(name);
	v[2] = cli_ref(k, &on);
	rc = ref_is_null(&on) ? cli_call(k, "VM.clone", v, 2, &vm) :
	    cli_call(k, "VM.copy", v, 3, &vm);
	if (rc)
		return -1;
	if ((!ref_is_null(&on) && place_disks(k, vm.value, &on)) ||
	    cli_call_on(k, "VM.provision", vm.value, &nothing)) {
		struct error first = k->c->err;

		/* Nothing is left of what could not be made whole. */
		cli_call_on(k, "VM.destroy", vm.value, &nothing);
		k->c->err = first;
		return -1;
	}
	cli_show_answer(k, &vm);
	return 0;
}

/* The disks of a VM, which may be destroyed with it. */
static int
own_disks(struct cli *k, const struct ref *vm, struct vec *out)
{
	struct answer vbds, type, vdi;
	const struct ref *refs;
	const struct vec *set;
	struct ref *disks;

	if (cli_call_on(k, "VM.get_VBDs", vm, &vbds))
		return -1;
	set = vbds.value;
	refs = set->v;
	disks = arena_alloc(k->c->arena, (set->n + 1u) * sizeof(*disks));
	*out = (struct vec){ disks, 0 };
	for (uint32_t i = 0; i < set->n; i++) {
		if (cli_call_on(k, "VBD.get_type", &refs[i], &type) ||
		    cli_call_on(k, "VBD.get_VDI", &refs[i], &vdi))
			return -1;
		if (*(const int *)type.value == VBD_TYPE_DISK &&
		    !ref_is_null(vdi.value))
			disks[out->n++] = *(const struct ref *)vdi.value;
	}
	return 0;
}

static int
stop_if_up(struct cli *k, const struct ref *vm)
{
	struct answer state, nothing;

	if (cli_call_on(k, "VM.get_power_state", vm, &state))
		return -1;
	return *(const int *)state.value == VM_POWER_STATE_HALTED ? 0 :
	    cli_call_on(k, "VM.hard_shutdown", vm, &nothing);
}

static int
destroy_with_disks(struct cli *k, const struct ref *vm, const struct vec *set)
{
	const struct ref *disks = set->v;
	struct answer nothing;

	if (cli_call_on(k, "VM.destroy", vm, &nothing))
		return -1;
	for (uint32_t i = 0; i < set->n; i++)
		if (cli_call_on(k, "VDI.destroy", &disks[i], &nothing))
			return -1;
	cli_message(k, "All objects destroyed");
	return 0;
}

static int
uninstall(struct cli *k, const struct cli_command *cmd,
    const struct ref *subject)
{
	struct vec disks;

	(void)cmd;
	if (own_disks(k, subject, &disks) || cli_confirm(k,
	    "The VM and its disks are about to be destroyed for good."))
		return -1;
	return stop_if_up(k, subject) ? -1 :
	    destroy_with_disks(k, subject, &disks);
}

/* A snapshot or a template: neither runs. */
static int
uninstall_copy(struct cli *k, const struct cli_command *cmd,
    const struct ref *subject)
{
	struct vec disks;
	struct ref copy;

	(void)subject;
	if (cli_find_arg(k, CLASS_VM, cmd->forced, &copy) ||
	    own_disks(k, &copy, &disks) || cli_confirm(k,
	    "It and its disks are about to be destroyed for good."))
		return -1;
	return destroy_with_disks(k, &copy, &disks);
}

static const struct cli_command rows[] = {
	{ .name = "vm-start", .words = "@ paused? force?", .method = "VM.start",
	    .subject = CLI_VMS, .help = "Starts the VMs." },
	{ .name = "vm-shutdown", .words = "@ force?", .subject = CLI_VMS,
	    .method = "VM.clean_shutdown", .forced = "VM.hard_shutdown",
	    .help = "Asks the VMs to shut down, or with --force ends them." },
	{ .name = "vm-reboot", .words = "@ force?", .subject = CLI_VMS,
	    .method = "VM.clean_reboot", .forced = "VM.hard_reboot",
	    .help = "Asks the VMs to restart, or with --force resets them." },
	{ .name = "vm-pause", .words = "@", .method = "VM.pause",
	    .subject = CLI_VMS, .help = "Pauses the VMs." },
	{ .name = "vm-unpause", .words = "@", .method = "VM.unpause",
	    .subject = CLI_VMS, .help = "Lets the VMs run on." },
	{ .name = "vm-suspend", .words = "@", .method = "VM.suspend",
	    .subject = CLI_VMS, .help = "Suspends the VMs to disk." },
	{ .name = "vm-resume", .words = "@ paused? force?",
	    .method = "VM.resume", .subject = CLI_VMS,
	    .help = "Resumes suspended VMs." },
	{ .name = "vm-install", .run = install,
	    .words = "new-name-label template? template-uuid? sr-uuid? "
	    "sr-name-label?",
	    .help = "Makes a VM from a template, with its disks." },
	{ .name = "vm-clone", .words = "@ new-name-label", .subject =
	    CLI_ANY_VM, .method = "VM.clone",
	    .help = "Clones a VM or a template." },
	{ .name = "vm-copy", .words = "@ new-name-label sr-uuid?", .subject =
	    CLI_ANY_VM, .method = "VM.copy",
	    .help = "Copies a VM or a template with its disks in full." },
	{ .name = "vm-destroy", .words = "@", .method = "VM.destroy",
	    .subject = CLI_ANY_VM,
	    .help = "Destroys a halted VM; its disks stay." },
	{ .name = "vm-uninstall", .words = "force?", .run = uninstall,
	    .subject = CLI_VMS,
	    .help = "Destroys a VM with its disks; --force does not ask." },
	{ .name = "vm-reset-powerstate", .words = "@ force",
	    .method = "VM.power_state_reset", .subject = CLI_VMS,
	    .help = "Says that the VM is halted, whatever it was." },
	{ .name = "vm-memory-limits-set", .subject = CLI_VMS,
	    .words = "@ static-min static-max dynamic-min dynamic-max",
	    .method = "VM.set_memory_limits",
	    .help = "Sets the limits of the VM's memory." },
	{ .name = "vm-memory-static-range-set", .subject = CLI_VMS,
	    .words = "@ min max", .method = "VM.set_memory_static_range",
	    .help = "Sets the static limits of the VM's memory." },
	{ .name = "vm-memory-dynamic-range-set", .subject = CLI_VMS,
	    .words = "@ min max", .method = "VM.set_memory_dynamic_range",
	    .help = "Sets the dynamic limits of the VM's memory." },
	{ .name = "vm-memory-set", .words = "@ memory",
	    .method = "VM.set_memory", .subject = CLI_VMS,
	    .help = "Sets the VM's memory." },
	{ .name = "vm-snapshot", .words = "@ new-name-label",
	    .method = "VM.snapshot", .subject = CLI_VMS,
	    .help = "Takes a snapshot of the VM's disks." },
	{ .name = "vm-checkpoint", .words = "@ new-name-label",
	    .method = "VM.checkpoint", .subject = CLI_VMS,
	    .help = "Takes a snapshot of the VM with its memory." },
	{ .name = "snapshot-revert", .words = "snapshot-uuid",
	    .method = "VM.revert",
	    .help = "Takes the VM back to that snapshot." },
	{ .name = "snapshot-destroy", .words = "uuid", .method = "VM.destroy",
	    .help = "Destroys a snapshot; its disks stay." },
	{ .name = "snapshot-uninstall", .words = "snapshot-uuid force?",
	    .run = uninstall_copy, .forced = "snapshot-uuid",
	    .help = "Destroys a snapshot with its disks; --force does not ask." },
	{ .name = "template-uninstall", .words = "template-uuid force?",
	    .run = uninstall_copy, .forced = "template-uuid",
	    .help = "Destroys a template with its disks; --force does not ask." },
};

const struct cli_table cli_vm_commands = CLI_TABLE(rows);
