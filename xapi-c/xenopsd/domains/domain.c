#include "xenopsd/domains/domain_private.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "xenopsd/core/daemon.h"
#include "xenopsd/domains/spec.h"
#include "xenopsd/storage/storage.h"

#define SHUTDOWN_DEFAULT_S 1200
#define SHUTDOWN_MAX_S 86400
#define DETACH_LIMIT_MS 15000
#define DETACH_STEP_MS 100

static struct hv *
hv_of(const struct request *rq)
{
	return ((const struct daemon *)rq->daemon)->hv;
}

static const char *
kept_dir(const struct request *rq)
{
	return ((const struct daemon *)rq->daemon)->kept_dir;
}

int
domain_attach_disk(struct request *rq, const struct xenops_disk_spec *d,
    const char **device)
{
	const struct storage_env *env =
	    ((const struct daemon *)rq->daemon)->storage;
	struct storage s = { .env = env, .arena = rq->arena };

	*device = NULL;
	if (!d->vdi || !d->vdi[0])
		return 0;
	if (storage_attach(&s, d->sr, d->vdi, !d->read_only && !d->cdrom,
	    d->vbd, device))
		return request_fail(rq, (enum xenops_code)s.code, "%s", s.text);
	return 0;
}

int
domain_detach_disk(struct request *rq, const struct xenops_disk_spec *d)
{
	const struct storage_env *env =
	    ((const struct daemon *)rq->daemon)->storage;
	int64_t limit = clock_mono_ms() + DETACH_LIMIT_MS;
	struct storage s;

	if (!d->vdi || !d->vdi[0])
		return 0;
	/* blkback closes the device from a work queue, after it told xenstore
	 * that it had: there is nothing to wait on but the device itself */
	for (;;) {
		s = (struct storage){ .env = env,
			.arena = rq->arena };
		if (!storage_detach(&s, d->vdi, d->vbd))
			return 0;
		if (s.code != XENOPS_CODE_IN_USE || clock_mono_ms() >= limit)
			break;
		poll(NULL, 0, DETACH_STEP_MS);
	}
	log_error("cannot detach '%s': %s", d->vdi, s.text);
	return request_fail(rq, (enum xenops_code)s.code, "%s", s.text);
}

int
domain_set_phase(struct request *rq, struct kept *k, enum kept_phase phase)
{
	int rc;

	k->phase = phase;
	rc = kept_write(kept_dir(rq), k);
	if (rc)
		return request_fail(rq, XENOPS_CODE_IO,
		    "cannot keep '%s': %s", k->spec.uuid, strerror(-rc));
	return 0;
}

static void
clear_nics(struct hv *hv, struct vec nics)
{
	const struct xenops_nic_spec *n = nics.v;

	for (uint32_t i = 0; i < nics.n; i++)
		hv->ops->nic_clear(hv, &n[i]);
}

int
domain_clear(struct request *rq, struct hv *hv, const char *uuid,
    struct kept *k)
{
	const struct xenops_disk_spec *d;
	uint32_t domid;
	int rc = 0;

	if (k)
		(void)domain_set_phase(rq, k, KEPT_STOPPING);
	if (hv->ops->find(hv, uuid, true, &domid) &&
	    hv->ops->destroy(hv, domid) &&
	    hv->ops->find(hv, uuid, false, &domid))
		return request_fail(rq, XENOPS_CODE_INTERNAL,
		    "cannot destroy the domain of '%s': %s", uuid,
		    hv->ops->error(hv));
	if (!k)
		return 0;
	clear_nics(hv, k->spec.nics);
	d = k->spec.disks.v;
	for (uint32_t i = 0; i < k->spec.disks.n; i++) {
		if (domain_detach_disk(rq, &d[i]))
			rc = -1;
	}
	if (domain_let_go_of_image(rq, k))
		rc = -1;
	if (!rc)
		kept_remove(kept_dir(rq), uuid);
	return rc;
}

/* The guest may change what is its own: vm-data. */
static int
write_data(struct request *rq, struct hv *hv, uint32_t domid, struct vec data)
{
	const struct string_pair *p = data.v;

	for (uint32_t i = 0; i < data.n; i++) {
		if (vm_data_goes(p[i].key) && hv->ops->write_data(hv, domid,
		    p[i].key, p[i].value ? p[i].value : ""))
			return request_fail(rq, XENOPS_CODE_INTERNAL,
			    "cannot write '%s': %s", p[i].key,
			    hv->ops->error(hv));
	}
	return 0;
}

/* The domain is paused: nobody has sent anything yet. */
static int
set_nics(struct request *rq, struct hv *hv, uint32_t domid, struct vec nics)
{
	const struct xenops_nic_spec *n = nics.v;
	int rc;

	for (uint32_t i = 0; i < nics.n; i++) {
		rc = hv->ops->nic_set(hv, domid, &n[i]);
		if (rc)
			return request_fail(rq, XENOPS_CODE_BOOT_FAILED,
			    "cannot lock the nic '%s': %s", n[i].vif,
			    strerror(-rc));
	}
	return 0;
}

static int
fail_boot(struct request *rq, const char *text)
{
	return request_fail(rq, XENOPS_CODE_BOOT_FAILED,
	    "cannot let the domain run: %s", text);
}

/* It is whole now, and must not go on from its image once more. */
static int
use_up(struct request *rq, struct kept *k, const struct image *im)
{
	int rc;

	if (!im)
		return 0;
	if (domain_set_phase(rq, k, KEPT_RUNNING))
		return -1;
	rc = image_discard(im);
	return rc ? fail_boot(rq, strerror(-rc)) : 0;
}

int
domain_build(struct request *rq, struct hv *hv, struct kept *k,
    const struct image *im, bool paused, struct xenops_domain_info *out)
{
	struct xenops_vm_spec vm = k->spec;
	const struct xenops_disk_spec *d = vm.disks.v;
	const char **devices = arena_alloc(rq->arena,
	    (vm.disks.n + 1) * sizeof(*devices));
	struct hv_domain info;
	uint32_t domid = 0;

	if (domain_fit_memory(rq, hv, k))
		return -1;
	vm.memory_target = k->memory_target;
	for (uint32_t i = 0; i < vm.disks.n; i++) {
		if (domain_attach_disk(rq, &d[i], &devices[i]))
			return -1;
	}
	request_progress(rq, 0.2);
	hv->ops->forget_errors(hv);
	if (domain_create(rq, hv, &vm, devices, im, &domid))
		return -1;
	request_progress(rq, 0.9);
	if (set_nics(rq, hv, domid, vm.nics) ||
	    write_data(rq, hv, domid, vm.xenstore_data))
		return -1;
	k->started = clock_wall_s();
	if (use_up(rq, k, im))
		return -1;
	if (!paused && hv->ops->pause(hv, domid, false))
		return fail_boot(rq, hv->ops->error(hv));
	if (domain_set_phase(rq, k, KEPT_RUNNING))
		return -1;
	if (hv->ops->get(hv, domid, &info))
		return request_fail(rq, XENOPS_CODE_BOOT_FAILED,
		    "the domain is gone already");
	domain_info_fill(hv, rq->arena, vm.uuid, &info, k, out);
	return 0;
}

static int
check_bridges(struct request *rq, const struct xenops_vm_spec *vm)
{
	const struct xenops_nic_spec *nics = vm->nics.v;

	for (uint32_t i = 0; i < vm->nics.n; i++)
		if (!hv_of(rq)->ops->has_bridge(hv_of(rq), nics[i].bridge))
			return request_fail(rq, XENOPS_CODE_NO_SUCH_BRIDGE,
			    "%s", nics[i].bridge);
	return 0;
}

int
domain_check_new(struct request *rq, struct hv *hv,
    const struct xenops_vm_spec *vm)
{
	struct kept old;
	uint32_t domid;

	if (spec_check_vm(rq, vm) || check_bridges(rq, vm))
		return -1;
	if (!kept_read(kept_dir(rq), vm->uuid, rq->arena, &old) ||
	    hv->ops->find(hv, vm->uuid, false, &domid))
		return request_fail(rq, XENOPS_CODE_EXISTS,
		    "'%s' is running", vm->uuid);
	return 0;
}

int
domain_vm_start(struct request *rq, const void *args, void *result)
{
	const struct xenops_vm_start_args *a = args;
	struct xenops_vm_start_result *r = result;
	struct hv *hv = hv_of(rq);
	struct kept k = { .spec = a->vm, .image_sr = "", .image_vdi = "" };

	if (domain_check_new(rq, hv, &a->vm) ||
	    domain_set_phase(rq, &k, KEPT_BUILDING))
		return -1;
	if (domain_build(rq, hv, &k, NULL, a->paused, &r->domain)) {
		(void)domain_clear(rq, hv, a->vm.uuid, &k);
		return -1;
	}
	return 0;
}

static bool
is_down(struct hv *hv, uint32_t domid)
{
	struct hv_domain d;

	return hv->ops->get(hv, domid, &d) || d.shutdown;
}

/* Asks the guest ("poweroff", "reboot") and waits for its end. */
static int
ask_guest(struct request *rq, struct hv *hv, uint32_t domid, const char *what,
    int64_t timeout_s)
{
	int64_t deadline;
	bool down = false;

	if (timeout_s <= 0)
		timeout_s = SHUTDOWN_DEFAULT_S;
	if (timeout_s > SHUTDOWN_MAX_S)
		timeout_s = SHUTDOWN_MAX_S;
	deadline = clock_mono_ms() + timeout_s * 1000;
	if (hv->ops->wait_begin(hv) || hv->ops->ask(hv, domid, what))
		return request_fail(rq, XENOPS_CODE_INTERNAL,
		    "cannot ask the guest: %s", hv->ops->error(hv));
	while (!(down = is_down(hv, domid))) {
		if (!hv->ops->wait(hv, deadline))
			break;
	}
	hv->ops->wait_end(hv);
	if (!down)
		return request_fail(rq, XENOPS_CODE_TIMEOUT,
		    "the guest did not end within %lld s",
		    (long long)timeout_s);
	return 0;
}

int
domain_vm_shutdown(struct request *rq, const void *args, void *result)
{
	const struct xenops_vm_shutdown_args *a = args;
	struct hv *hv = hv_of(rq);
	struct kept k;
	bool kept, found;
	uint32_t domid;

	(void)result;
	if (spec_check_uuid(rq, a->vm))
		return -1;
	kept = !kept_read(kept_dir(rq), a->vm, rq->arena, &k);
	found = hv->ops->find(hv, a->vm, true, &domid);
	if (!found && !kept)
		return request_fail(rq, XENOPS_CODE_NO_SUCH_DOMAIN,
		    "'%s' is not running", a->vm);
	if (found && !a->force &&
	    ask_guest(rq, hv, domid, "poweroff", a->timeout))
		return -1;
	return domain_clear(rq, hv, a->vm, kept ? &k : NULL);
}

int
domain_vm_reboot(struct request *rq, const void *args, void *result)
{
	const struct xenops_vm_reboot_args *a = args;
	struct xenops_vm_reboot_result *r = result;
	struct hv *hv = hv_of(rq);
	struct kept k;
	uint32_t domid;
	bool found;

	if (spec_check_uuid(rq, a->vm))
		return -1;
	if (kept_read(kept_dir(rq), a->vm, rq->arena, &k))
		return request_fail(rq, XENOPS_CODE_NO_SUCH_DOMAIN,
		    "'%s' is not running", a->vm);
	found = hv->ops->find(hv, a->vm, true, &domid);
	if (found && !a->force &&
	    ask_guest(rq, hv, domid, "reboot", a->timeout))
		return -1;
	if (domain_set_phase(rq, &k, KEPT_REBOOTING))
		return -1;
	if (found && hv->ops->destroy(hv, domid) &&
	    hv->ops->find(hv, a->vm, false, &domid))
		return request_fail(rq, XENOPS_CODE_INTERNAL,
		    "cannot destroy the old domain: %s", hv->ops->error(hv));
	if (domain_build(rq, hv, &k, NULL, false, &r->domain)) {
		(void)domain_clear(rq, hv, a->vm, &k);
		return -1;
	}
	return 0;
}

static const char *
vm_of(const struct request *rq, const void *args)
{
	switch (rq->message) {
	case XENOPS_VM_START:
		return ((const struct xenops_vm_start_args *)args)->vm.uuid;
	case XENOPS_VM_RESUME:
		return ((const struct xenops_vm_resume_args *)args)->vm.uuid;
	case XENOPS_VM_REBOOT:
		return ((const struct xenops_vm_reboot_args *)args)->vm;
	default:
		return ((const struct xenops_vm_shutdown_args *)args)->vm;
	}
}

/* For all of them: only a VM that was caught between two states is ended. */
int
domain_reap(struct request *rq, const void *args, void *result)
{
	const char *uuid = vm_of(rq, args);
	struct kept k;

	(void)result;
	if (spec_check_uuid(rq, uuid))
		return -1;
	if (kept_read(kept_dir(rq), uuid, rq->arena, &k))
		return 0;
	if (k.phase != KEPT_RUNNING)
		return domain_clear(rq, hv_of(rq), uuid, &k);
	/* it was resumed, but for that */
	if (!k.image_vdi[0])
		return 0;
	return domain_let_go_of_image(rq, &k) ||
	    domain_set_phase(rq, &k, KEPT_RUNNING) ? -1 : 0;
}
