#include "xenopsd/domain.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "xenopsd/bridge.h"
#include "xenopsd/daemon.h"
#include "xenopsd/domain_config.h"
#include "xenopsd/domain_spec.h"
#include "xenopsd/storage.h"

#define SHUTDOWN_DEFAULT_S 1200
#define SHUTDOWN_MAX_S 86400
#define DETACH_LIMIT_MS 15000
#define DETACH_STEP_MS 100

static struct xl *
xl_of(struct request *rq)
{
	return ((struct daemon *)rq->daemon)->xl;
}

int
domain_attach_disk(struct request *rq, const struct xenops_disk_spec *d,
    const char **device)
{
	struct storage s = { .env = &storage_real, .arena = rq->arena };

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
	int64_t limit = clock_mono_ms() + DETACH_LIMIT_MS;
	struct storage s;

	if (!d->vdi || !d->vdi[0])
		return 0;
	/* blkback closes the device from a work queue, after it told xenstore
	 * that it had: there is nothing to wait on but the device itself */
	for (;;) {
		s = (struct storage){ .env = &storage_real,
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

static int
set_phase(struct request *rq, struct kept *k, enum kept_phase phase)
{
	int rc;

	k->phase = phase;
	rc = kept_write(KEPT_DIR, k);
	if (rc)
		return request_fail(rq, XENOPS_CODE_IO,
		    "cannot keep '%s': %s", k->spec.uuid, strerror(-rc));
	return 0;
}

/* Ends the domain and everything the VM holds on the host. */
static int
domain_clear(struct request *rq, struct xl *xl, const char *uuid,
    struct kept *k)
{
	const struct xenops_disk_spec *d;
	uint32_t domid;
	int rc = 0;

	if (k)
		(void)set_phase(rq, k, KEPT_STOPPING);
	if (xl_find(xl, uuid, true, &domid, NULL) &&
	    libxl_domain_destroy(xl->ctx, domid, NULL) &&
	    xl_find(xl, uuid, false, &domid, NULL))
		return request_fail(rq, XENOPS_CODE_INTERNAL,
		    "cannot destroy the domain of '%s': %s", uuid,
		    xl_error(xl));
	if (!k)
		return 0;
	d = k->spec.disks.v;
	for (uint32_t i = 0; i < k->spec.disks.n; i++) {
		if (domain_detach_disk(rq, &d[i]))
			rc = -1;
	}
	if (!rc)
		kept_remove(KEPT_DIR, uuid);
	return rc;
}

static int
check_memory(struct request *rq, struct xl *xl, libxl_domain_config *cfg)
{
	uint64_t need, have;

	if (libxl_domain_need_memory(xl->ctx, cfg, INVALID_DOMID, &need) ||
	    libxl_get_free_memory(xl->ctx, &have))
		return request_fail(rq, XENOPS_CODE_INTERNAL,
		    "cannot ask for free memory: %s", xl_error(xl));
	if (need <= have)
		return 0;
	return request_fail(rq, XENOPS_CODE_NO_MEMORY,
	    "%llu KiB needed, %llu free", (unsigned long long)need,
	    (unsigned long long)have);
}

static int
create(struct request *rq, struct xl *xl, const struct xenops_vm_spec *vm,
    const char *const *devices, uint32_t *domid)
{
	libxl_domain_config cfg;
	int rc;

	libxl_domain_config_init(&cfg);
	rc = domain_config_fill(rq, xl, vm, devices, &cfg);
	if (!rc)
		rc = check_memory(rq, xl, &cfg);
	if (rc)
		goto out;
	xl_forget_errors(xl);
	rc = libxl_domain_create_new(xl->ctx, &cfg, domid, NULL, NULL);
	if (rc)
		rc = request_fail(rq, rc == ERROR_NOMEM ?
		    XENOPS_CODE_NO_MEMORY : XENOPS_CODE_BOOT_FAILED,
		    "cannot create the domain: %s", xl_error(xl));
out:
	libxl_domain_config_dispose(&cfg);
	return rc;
}

/* The guest may change what is its own: vm-data. */
static int
write_data(struct request *rq, struct xl *xl, uint32_t domid, struct vec data)
{
	struct xs_permissions perms = { .id = domid, .perms = XS_PERM_NONE };
	const struct string_pair *p = data.v;
	const char *path;

	for (uint32_t i = 0; i < data.n; i++) {
		if (!vm_data_goes(p[i].key))
			continue;
		path = arena_printf(rq->arena, "/local/domain/%u/%s", domid,
		    p[i].key);
		if (!xl_write(xl, p[i].value ? p[i].value : "", "%s", path) ||
		    !xs_set_permissions(xl->xs, XBT_NULL, path, &perms, 1))
			return request_fail(rq, XENOPS_CODE_INTERNAL,
			    "cannot write '%s': %s", path, strerror(errno));
	}
	return 0;
}

/* Attaches, creates, lets run.  What it leaves on failure, domain_clear
 * takes away. */
static int
domain_build(struct request *rq, struct xl *xl, struct kept *k, bool paused,
    struct xenops_domain_info *out)
{
	const struct xenops_vm_spec *vm = &k->spec;
	const struct xenops_disk_spec *d = vm->disks.v;
	const char **devices = arena_alloc(rq->arena,
	    (vm->disks.n + 1) * sizeof(*devices));
	libxl_dominfo info;
	uint32_t domid = INVALID_DOMID;

	for (uint32_t i = 0; i < vm->disks.n; i++) {
		if (domain_attach_disk(rq, &d[i], &devices[i]))
			return -1;
	}
	request_progress(rq, 0.2);
	if (create(rq, xl, vm, devices, &domid))
		return -1;
	request_progress(rq, 0.9);
	if (write_data(rq, xl, domid, vm->xenstore_data))
		return -1;
	k->started = clock_wall_s();
	if (!paused && libxl_domain_unpause(xl->ctx, domid, NULL))
		return request_fail(rq, XENOPS_CODE_BOOT_FAILED,
		    "cannot let the domain run: %s", xl_error(xl));
	if (set_phase(rq, k, KEPT_RUNNING))
		return -1;
	if (!xl_find(xl, vm->uuid, true, &domid, &info))
		return request_fail(rq, XENOPS_CODE_BOOT_FAILED,
		    "the domain is gone already");
	domain_info_fill(xl, rq->arena, vm->uuid, &info, k, out);
	libxl_dominfo_dispose(&info);
	return 0;
}

static int
check_bridges(struct request *rq, const struct xenops_vm_spec *vm)
{
	const struct xenops_nic_spec *nics = vm->nics.v;

	for (uint32_t i = 0; i < vm->nics.n; i++)
		if (!bridge_exists(nics[i].bridge))
			return request_fail(rq, XENOPS_CODE_NO_SUCH_BRIDGE,
			    "%s", nics[i].bridge);
	return 0;
}

int
domain_vm_start(struct request *rq, const void *args, void *result)
{
	const struct xenops_vm_start_args *a = args;
	struct xenops_vm_start_result *r = result;
	struct xl *xl = xl_of(rq);
	struct kept k = { .spec = a->vm };
	struct kept old;
	uint32_t domid;

	if (spec_check_vm(rq, &a->vm) || check_bridges(rq, &a->vm))
		return -1;
	if (!kept_read(KEPT_DIR, a->vm.uuid, rq->arena, &old) ||
	    xl_find(xl, a->vm.uuid, false, &domid, NULL))
		return request_fail(rq, XENOPS_CODE_EXISTS,
		    "'%s' is running", a->vm.uuid);
	if (set_phase(rq, &k, KEPT_BUILDING))
		return -1;
	if (domain_build(rq, xl, &k, a->paused, &r->domain)) {
		(void)domain_clear(rq, xl, a->vm.uuid, &k);
		return -1;
	}
	return 0;
}

/* 1: the domain is down; 0: it runs; -1: it is gone. */
static int
domain_is_down(struct xl *xl, uint32_t domid)
{
	libxl_dominfo info;
	int rc;

	libxl_dominfo_init(&info);
	if (libxl_domain_info(xl->ctx, &info, domid))
		rc = -1;
	else
		rc = info.shutdown || info.dying;
	libxl_dominfo_dispose(&info);
	return rc;
}

/* Sleeps until a domain somewhere ends, or the time is over. */
static bool
wait_for_release(struct xl *xl, int64_t deadline)
{
	struct pollfd p = { .fd = xs_fileno(xl->xs), .events = POLLIN };
	int64_t left = deadline - clock_mono_ms();
	char **ev;

	if (left <= 0)
		return false;
	if (poll(&p, 1, left > 60000 ? 60000 : (int)left) == -1 &&
	    errno != EINTR)
		return false;
	while ((ev = xs_check_watch(xl->xs)))
		free(ev);
	return true;
}

/* Asks the guest ("poweroff", "reboot") and waits for its end. */
static int
ask_guest(struct request *rq, struct xl *xl, uint32_t domid, const char *what,
    int64_t timeout_s)
{
	int64_t deadline;
	int down = 0;

	if (timeout_s <= 0)
		timeout_s = SHUTDOWN_DEFAULT_S;
	if (timeout_s > SHUTDOWN_MAX_S)
		timeout_s = SHUTDOWN_MAX_S;
	deadline = clock_mono_ms() + timeout_s * 1000;
	if (!xs_watch(xl->xs, "@releaseDomain", "down") ||
	    !xl_write(xl, what, "/local/domain/%u/control/shutdown", domid))
		return request_fail(rq, XENOPS_CODE_INTERNAL,
		    "cannot write to xenstore: %s", strerror(errno));
	while (!(down = domain_is_down(xl, domid))) {
		if (!wait_for_release(xl, deadline))
			break;
	}
	xs_unwatch(xl->xs, "@releaseDomain", "down");
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
	struct xl *xl = xl_of(rq);
	struct kept k;
	bool kept, found;
	uint32_t domid;

	(void)result;
	if (spec_check_uuid(rq, a->vm))
		return -1;
	kept = !kept_read(KEPT_DIR, a->vm, rq->arena, &k);
	found = xl_find(xl, a->vm, true, &domid, NULL);
	if (!found && !kept)
		return request_fail(rq, XENOPS_CODE_NO_SUCH_DOMAIN,
		    "'%s' is not running", a->vm);
	if (found && !a->force &&
	    ask_guest(rq, xl, domid, "poweroff", a->timeout))
		return -1;
	return domain_clear(rq, xl, a->vm, kept ? &k : NULL);
}

int
domain_vm_reboot(struct request *rq, const void *args, void *result)
{
	const struct xenops_vm_reboot_args *a = args;
	struct xenops_vm_reboot_result *r = result;
	struct xl *xl = xl_of(rq);
	struct kept k;
	uint32_t domid;
	bool found;

	if (spec_check_uuid(rq, a->vm))
		return -1;
	if (kept_read(KEPT_DIR, a->vm, rq->arena, &k))
		return request_fail(rq, XENOPS_CODE_NO_SUCH_DOMAIN,
		    "'%s' is not running", a->vm);
	found = xl_find(xl, a->vm, true, &domid, NULL);
	if (found && !a->force &&
	    ask_guest(rq, xl, domid, "reboot", a->timeout))
		return -1;
	if (set_phase(rq, &k, KEPT_REBOOTING))
		return -1;
	if (found && libxl_domain_destroy(xl->ctx, domid, NULL) &&
	    xl_find(xl, a->vm, false, &domid, NULL))
		return request_fail(rq, XENOPS_CODE_INTERNAL,
		    "cannot destroy the old domain: %s", xl_error(xl));
	if (domain_build(rq, xl, &k, false, &r->domain)) {
		(void)domain_clear(rq, xl, a->vm, &k);
		return -1;
	}
	return 0;
}

/* For all three: only a VM that was caught between two states is ended. */
int
domain_reap(struct request *rq, const void *args, void *result)
{
	const char *uuid = rq->message == XENOPS_VM_START ?
	    ((const struct xenops_vm_start_args *)args)->vm.uuid :
	    rq->message == XENOPS_VM_REBOOT ?
	    ((const struct xenops_vm_reboot_args *)args)->vm :
	    ((const struct xenops_vm_shutdown_args *)args)->vm;
	struct kept k;

	(void)result;
	if (spec_check_uuid(rq, uuid))
		return -1;
	if (kept_read(KEPT_DIR, uuid, rq->arena, &k) ||
	    k.phase == KEPT_RUNNING)
		return 0;
	return domain_clear(rq, xl_of(rq), uuid, &k);
}
