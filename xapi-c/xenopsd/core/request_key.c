#include "xenopsd/core/request_key.h"

const char *
request_vm(const struct request *rq)
{
	const void *a = rq->args;

	switch (rq->message) {
	case XENOPS_VM_START:
		return ((const struct xenops_vm_start_args *)a)->vm.uuid;
	case XENOPS_VM_SHUTDOWN:
		return ((const struct xenops_vm_shutdown_args *)a)->vm;
	case XENOPS_VM_REBOOT:
		return ((const struct xenops_vm_reboot_args *)a)->vm;
	case XENOPS_VM_SUSPEND:
		return ((const struct xenops_vm_suspend_args *)a)->vm;
	case XENOPS_VM_RESUME:
		return ((const struct xenops_vm_resume_args *)a)->vm.uuid;
	case XENOPS_VM_IMAGE_CHECK:
		return ((const struct xenops_vm_image_check_args *)a)->vm;
	case XENOPS_VM_WAKE:
		return ((const struct xenops_vm_wake_args *)a)->vm;
	case XENOPS_VM_SET_MEMORY:
		return ((const struct xenops_vm_set_memory_args *)a)->vm;
	case XENOPS_VBD_PLUG:
		return ((const struct xenops_vbd_plug_args *)a)->vm;
	case XENOPS_VBD_UNPLUG:
		return ((const struct xenops_vbd_unplug_args *)a)->vm;
	case XENOPS_VIF_PLUG:
		return ((const struct xenops_vif_plug_args *)a)->vm;
	case XENOPS_VIF_UNPLUG:
		return ((const struct xenops_vif_unplug_args *)a)->vm;
	case XENOPS_VIF_CHANGE:
		return ((const struct xenops_vif_change_args *)a)->vm;
	default:
		return NULL;
	}
}

/* Whether the guest is asked first, which may take as long as it likes. */
static bool
asks_guest(const struct request *rq)
{
	const void *a = rq->args;

	switch (rq->message) {
	case XENOPS_VM_SHUTDOWN:
		return !((const struct xenops_vm_shutdown_args *)a)->force;
	case XENOPS_VM_REBOOT:
		return !((const struct xenops_vm_reboot_args *)a)->force;
	case XENOPS_VM_SUSPEND:
		return true;
	case XENOPS_VBD_UNPLUG:
		return !((const struct xenops_vbd_unplug_args *)a)->force;
	case XENOPS_VIF_UNPLUG:
		return !((const struct xenops_vif_unplug_args *)a)->force;
	default:
		return false;
	}
}

/* Of a VM's disks the first one's: the others are opened after it. */
static const char *
sr_of_disks(struct vec disks)
{
	const struct xenops_disk_spec *d = disks.v;

	for (uint32_t i = 0; i < disks.n; i++)
		if (d[i].sr && *d[i].sr)
			return d[i].sr;
	return NULL;
}

/* NULL for what takes a disk from a domain: that does not name it. */
static const char *
sr_of(const struct request *rq)
{
	const void *a = rq->args;

	switch (rq->message) {
	case XENOPS_VM_START:
		return sr_of_disks(
		    ((const struct xenops_vm_start_args *)a)->vm.disks);
	case XENOPS_VM_SUSPEND:
		return ((const struct xenops_vm_suspend_args *)a)->sr;
	case XENOPS_VM_RESUME:
		return ((const struct xenops_vm_resume_args *)a)->sr;
	case XENOPS_VM_IMAGE_CHECK:
		return ((const struct xenops_vm_image_check_args *)a)->sr;
	case XENOPS_VBD_PLUG:
		return ((const struct xenops_vbd_plug_args *)a)->disk.sr;
	case XENOPS_SR_CREATE:
		return ((const struct xenops_sr_create_args *)a)->uuid;
	case XENOPS_SR_ATTACH:
		return ((const struct xenops_sr_attach_args *)a)->uuid;
	case XENOPS_SR_LOCAL:
		return ((const struct xenops_sr_local_args *)a)->uuid;
	case XENOPS_SR_DETACH:
		return ((const struct xenops_sr_detach_args *)a)->uuid;
	case XENOPS_SR_DESTROY:
		return ((const struct xenops_sr_destroy_args *)a)->uuid;
	case XENOPS_SR_SCAN:
		return ((const struct xenops_sr_scan_args *)a)->uuid;
	case XENOPS_VDI_CREATE:
		return ((const struct xenops_vdi_create_args *)a)->sr;
	case XENOPS_VDI_CLONE:
		return ((const struct xenops_vdi_clone_args *)a)->sr;
	case XENOPS_VDI_DESTROY:
		return ((const struct xenops_vdi_destroy_args *)a)->sr;
	case XENOPS_VDI_RESIZE:
		return ((const struct xenops_vdi_resize_args *)a)->sr;
	case XENOPS_VDI_SET_NAME:
		return ((const struct xenops_vdi_set_name_args *)a)->sr;
	case XENOPS_VDI_OPEN:
		return ((const struct xenops_vdi_open_args *)a)->sr;
	case XENOPS_VDI_CLOSE:
		return ((const struct xenops_vdi_close_args *)a)->sr;
	default:
		return NULL;
	}
}

/* Storage needs no names: it keeps its own locks between processes
 * (storage.h). */
struct worker_key
request_key(const struct request *rq)
{
	const char *vm = request_vm(rq);
	bool asks = asks_guest(rq);

	if (rq->message == XENOPS_SECRET_SET)
		return (struct worker_key){ .name = REQUEST_KEY_SECRET,
			.class = WORKER_HOST };
	if (rq->message == XENOPS_HOST_SET_HOSTNAME)
		return (struct worker_key){ .name = "hostname",
			.class = WORKER_HOST };
	if (rq->message == XENOPS_LOG_READ ||
	    rq->message == XENOPS_XEN_LOG_READ ||
	    rq->message == XENOPS_DEBUG_KEYS)
		return (struct worker_key){ .name = "log",
			.class = WORKER_HOST };
	if (rq->message == XENOPS_PACKS_GET ||
	    rq->message == XENOPS_PACK_REMOVE)
		return (struct worker_key){ .name = "packs",
			.class = WORKER_HOST };
	if (rq->message == XENOPS_PLUGIN_RUN)
		return (struct worker_key){ .class = WORKER_PLUGIN };
	if (rq->message == XENOPS_SYSLOG_SET)
		return (struct worker_key){ .name = "syslog",
			.class = WORKER_HOST };
	if (rq->message == XENOPS_HOST_SET_NTP_MODE ||
	    rq->message == XENOPS_HOST_SET_NTP_SERVERS ||
	    rq->message == XENOPS_HOST_SET_TIMEZONE ||
	    rq->message == XENOPS_HOST_SET_TIME)
		return (struct worker_key){ .name = "time",
			.class = WORKER_HOST };
	return (struct worker_key){ .name = vm, .sr = sr_of(rq),
		.class = asks ? WORKER_GUEST :
		    vm ? WORKER_DOMAIN : WORKER_STORAGE,
		.urgent = rq->message == XENOPS_VM_SHUTDOWN && !asks };
}
