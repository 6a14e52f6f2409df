/*
 * Requests of xapi to xenopsd: two bytes of the message's number, then the
 * body.  What decodes is checked as the handlers do, and what passes the checks
 * keeps the limits that the code behind them relies upon.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "fuzz.h"
#include "xenopsd/core/request_impl.h"
#include "xenopsd/domains/spec.h"

/* As a part of a path, and as a name in xenstore. */
static void
uuid_holds(const char *uuid)
{
	assert(strlen(uuid) == UUID_TEXT_LEN);
	assert(strspn(uuid, "0123456789abcdef-") == UUID_TEXT_LEN);
}

static void
disk_holds(struct arena *a, const struct xenops_disk_spec *d)
{
	uuid_holds(d->vbd);
	assert(d->cdrom || (d->vdi && *d->vdi));
	if (d->vdi && *d->vdi) {
		uuid_holds(d->vdi);
		uuid_holds(d->sr);
	}
	assert(strlen(spec_disk_name(a, d->device)) < 8);
	assert(spec_disk_devid(d->device) > 0);
}

static void
nic_holds(const struct xenops_nic_spec *n)
{
	uint8_t mac[6];

	uuid_holds(n->vif);
	assert(n->device >= 0 && n->device < VM_MAX_NICS);
	assert(spec_mac_parse(n->mac, mac) && !(mac[0] & 1));
	assert(strlen(n->bridge) < 16 && !strpbrk(n->bridge, "/ \n'\""));
}

static void
vm_holds(struct arena *a, const struct xenops_vm_spec *vm)
{
	const struct xenops_disk_spec *disks = vm->disks.v;
	const struct xenops_nic_spec *nics = vm->nics.v;
	uint32_t i;

	uuid_holds(vm->uuid);
	assert(vm->vcpus >= 1 && vm->vcpus <= vm->vcpus_max &&
	    vm->vcpus_max <= VM_MAX_VCPUS);
	assert(vm->memory_target >= VM_MIN_MEMORY &&
	    vm->memory_target <= vm->memory_max);
	assert(vm->disks.n <= VM_MAX_DISKS && vm->nics.n <= VM_MAX_NICS);
	for (i = 0; i < vm->disks.n; i++)
		disk_holds(a, &disks[i]);
	for (i = 0; i < vm->nics.n; i++)
		nic_holds(&nics[i]);
}

static void
check(struct request *rq)
{
	const struct xenops_vm_start_args *start = rq->args;
	const struct xenops_vbd_plug_args *vbd = rq->args;
	const struct xenops_vif_plug_args *vif = rq->args;
	const char *path;

	switch (rq->message) {
	case XENOPS_VM_START:
		if (!spec_kernel_path(rq, "/nowhere", start->vm.kernel, &path))
			abort();
		if (!spec_check_vm(rq, &start->vm))
			vm_holds(rq->arena, &start->vm);
		break;
	case XENOPS_VBD_PLUG:
		if (!spec_check_disk(rq, &vbd->disk))
			disk_holds(rq->arena, &vbd->disk);
		break;
	case XENOPS_VIF_PLUG:
		if (!spec_check_nic(rq, &vif->nic))
			nic_holds(&vif->nic);
		break;
	default:
		break;
	}
	assert(!rq->impl->failed || *rq->impl->failure.text);
}

/* What was decoded means the same when it is sent on, as to a worker. */
static void
send_on(const struct request *rq)
{
	const struct record_type *rt = xenops_messages[rq->message].args;
	struct request_impl im = { .failed = false };
	struct request other = { .arena = rq->arena, .message = rq->message,
		.impl = &im };
	struct buf once = { 0 }, twice = { 0 };

	if (!rt)
		return;
	codec_encode(&once, rt, rq->args, 0);
	assert(!request_decode(&other, once.data, (uint32_t)once.len));
	codec_encode(&twice, rt, other.args, 0);
	assert(once.len == twice.len);
	assert(!once.len || !memcmp(once.data, twice.data, once.len));
	buf_release(&once);
	buf_release(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct request_impl im = { .failed = false };
	struct request rq = { .impl = &im };
	int rc;

	if (len < 2)
		return 0;
	rq.arena = arena_new();
	rq.message = (uint16_t)((data[0] | data[1] << 8) % XENOPS_N);
	rc = request_decode(&rq, data + 2, (uint32_t)(len - 2));
	assert(rc == 0 || rc == -EBADMSG);
	if (rc == 0) {
		send_on(&rq);
		check(&rq);
	}
	arena_free(rq.arena);
	return 0;
}
