/*
 * Suspend and resume.  The image's head decides (image.h): until it is there, a
 * suspend that fails or is killed ends with the guest running; once it is, with
 * the domain gone.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/fdio.h"
#include "xenopsd/core/daemon.h"
#include "xenopsd/domains/domain_private.h"
#include "xenopsd/domains/spec.h"
#include "xenopsd/storage/storage.h"

/* What a guest says it does when it is asked to.  It says so once, as it starts,
 * and its next domain knows nothing of it: so the image does, by these places. */
static const char *const features[] = {
	"control/feature-poweroff", "control/feature-shutdown",
	"control/feature-reboot", "control/feature-suspend",
};

#define N_FEATURES (sizeof(features) / sizeof(features[0]))

static const struct daemon *
daemon_of(const struct request *rq)
{
	return rq->daemon;
}

/* In use by the VM itself, until let_go. */
static int
try_open(struct request *rq, const char *vm, const char *sr, const char *vdi,
    struct image *im, struct storage *s)
{
	*s = (struct storage){ .env = daemon_of(rq)->storage,
		.arena = rq->arena };
	*im = (struct image){ .fd = -1, .vm = vm,
		.key_path = daemon_of(rq)->image_key };
	return storage_open(s, sr, vdi, true, vm, &im->fd, &im->size);
}

static int
open_image(struct request *rq, const char *vm, const char *sr,
    const char *vdi, struct image *im)
{
	struct storage s;

	return try_open(rq, vm, sr, vdi, im, &s) ? request_fail(rq,
	    (enum xenops_code)s.code, "%s", s.text) : 0;
}

static int
let_go(struct request *rq, const char *vm, const char *vdi)
{
	struct storage s = { .env = daemon_of(rq)->storage,
		.arena = rq->arena };

	if (storage_detach(&s, vdi, vm))
		return request_fail(rq, (enum xenops_code)s.code, "%s",
		    s.text);
	return 0;
}

int
domain_let_go_of_image(struct request *rq, struct kept *k)
{
	if (!k->image_vdi[0])
		return 0;
	if (let_go(rq, k->spec.uuid, k->image_vdi))
		return -1;
	k->image_sr = k->image_vdi = "";
	return 0;
}

static int
fail_image(struct request *rq, const char *vm, int rc)
{
	return request_fail(rq, rc == -EBADMSG ? XENOPS_CODE_BAD_STATE :
	    rc == -ENOSPC ? XENOPS_CODE_NO_SPACE : XENOPS_CODE_IO,
	    rc == -EBADMSG ? "the disk holds no whole image of '%s'" :
	    "the image of '%s': %s", vm, strerror(-rc));
}

/* -- suspend -- */

static uint32_t
read_features(struct hv *hv, struct arena *a, uint32_t domid)
{
	struct vec guest = hv->ops->guest_data(hv, a, domid);
	uint32_t bits = 0;

	for (uint32_t i = 0; i < N_FEATURES; i++) {
		const char *v = map_get(guest, features[i]);

		if (v && !strcmp(v, "1"))
			bits |= 1u << i;
	}
	return bits;
}

/* The guest's part, then the image's head. */
static int
write_image(struct request *rq, struct hv *hv, uint32_t domid,
    const struct image *im)
{
	struct image_pump *p;
	int fd, rc, written;

	rc = image_write(im, &p, &fd);
	if (rc)
		return fail_image(rq, im->vm, rc);
	rc = hv->ops->suspend(hv, domid, fd);
	close(fd);
	written = image_finish(p, rc == 0);
	if (rc == -ETIMEDOUT)
		return request_fail(rq, XENOPS_CODE_TIMEOUT,
		    "the guest does not let itself be suspended");
	if (written)
		return fail_image(rq, im->vm, written);
	return rc ? request_fail(rq, XENOPS_CODE_INTERNAL,
	    "cannot suspend '%s': %s", im->vm, hv->ops->error(hv)) : 0;
}

/* The guest goes on, or is gone. */
static int
wake(struct request *rq, struct hv *hv, struct kept *k)
{
	struct hv_domain d;
	uint32_t domid;

	if (!hv->ops->find(hv, k->spec.uuid, false, &domid) ||
	    hv->ops->get(hv, domid, &d))
		return domain_clear(rq, hv, k->spec.uuid, k);
	if (d.shutdown && d.end == HV_END_SUSPEND && hv->ops->wake(hv, domid))
		return request_fail(rq, XENOPS_CODE_INTERNAL,
		    "cannot wake '%s': %s", k->spec.uuid, hv->ops->error(hv));
	if (domain_let_go_of_image(rq, k))
		return -1;
	return domain_set_phase(rq, k, KEPT_RUNNING);
}

/* A suspend that came as far as k says, and no further: which way it goes. */
static int
settle(struct request *rq, struct hv *hv, struct kept *k)
{
	struct storage s;
	struct image im;
	int rc;

	if (try_open(rq, k->spec.uuid, k->image_sr, k->image_vdi, &im, &s))
		/* without its disk it is none; else later again */
		return s.code == XENOPS_CODE_NO_SUCH_VDI ? wake(rq, hv, k) :
		    request_fail(rq, (enum xenops_code)s.code, "%s", s.text);
	rc = image_check(&im);
	if (rc == -EBADMSG)
		rc = image_discard(&im);
	else if (rc == 0)
		rc = 1;
	fdio_close(&im.fd);
	if (rc < 0)
		return fail_image(rq, im.vm, rc);
	return rc ? domain_clear(rq, hv, k->spec.uuid, k) : wake(rq, hv, k);
}

static int
find_guest(struct request *rq, const char *vm, struct kept *k,
    uint32_t *domid)
{
	struct hv *hv = daemon_of(rq)->hv;

	if (kept_read(daemon_of(rq)->kept_dir, vm, rq->arena, k) ||
	    !hv->ops->find(hv, vm, false, domid))
		return request_fail(rq, XENOPS_CODE_NO_SUCH_DOMAIN,
		    "'%s' is not running", vm);
	if (k->phase != KEPT_RUNNING)
		return request_fail(rq, XENOPS_CODE_BAD_STATE,
		    "'%s' is on its way to another state", vm);
	return 0;
}

int
domain_vm_suspend(struct request *rq, const void *args, void *result)
{
	const struct xenops_vm_suspend_args *a = args;
	struct hv *hv = daemon_of(rq)->hv;
	struct image im;
	struct kept k;
	uint32_t domid;
	int rc;

	(void)result;
	if (spec_check_uuid(rq, a->vm) || spec_check_uuid(rq, a->sr) ||
	    spec_check_uuid(rq, a->vdi) ||
	    find_guest(rq, a->vm, &k, &domid) ||
	    open_image(rq, a->vm, a->sr, a->vdi, &im))
		return -1;
	k.image_sr = a->sr;
	k.image_vdi = a->vdi;
	hv->ops->forget_errors(hv);
	im.features = read_features(hv, rq->arena, domid);
	rc = domain_set_phase(rq, &k, KEPT_SUSPENDING) ||
	    write_image(rq, hv, domid, &im);
	fdio_close(&im.fd);
	if (!rc)
		return domain_clear(rq, hv, a->vm, &k);
	(void)wake(rq, hv, &k);
	return -1;
}

int
domain_vm_wake(struct request *rq, const void *args, void *result)
{
	const struct xenops_vm_wake_args *a = args;
	struct hv *hv = daemon_of(rq)->hv;
	struct kept k;

	(void)result;
	if (spec_check_uuid(rq, a->vm))
		return -1;
	if (kept_read(daemon_of(rq)->kept_dir, a->vm, rq->arena, &k))
		return 0;
	return k.phase == KEPT_SUSPENDING ? settle(rq, hv, &k) :
	    k.phase == KEPT_RUNNING ? wake(rq, hv, &k) : 0;
}

int
domain_reap_vm_suspend(struct request *rq, const void *args, void *result)
{
	const struct xenops_vm_suspend_args *a = args;
	struct kept k;

	if (spec_check_uuid(rq, a->vm) || spec_check_uuid(rq, a->vdi))
		return -1;
	if (kept_read(daemon_of(rq)->kept_dir, a->vm, rq->arena, &k))
		return let_go(rq, a->vm, a->vdi);
	if (k.phase == KEPT_STOPPING)
		return domain_clear(rq, daemon_of(rq)->hv, a->vm, &k);
	if (k.phase != KEPT_SUSPENDING)
		return let_go(rq, a->vm, a->vdi);
	return domain_vm_wake(rq, &(struct xenops_vm_wake_args){ .vm = a->vm },
	    result);
}

/* -- resume -- */

static int
write_features(struct request *rq, struct hv *hv, uint32_t domid, uint32_t bits)
{
	for (uint32_t i = 0; i < N_FEATURES; i++)
		if (bits & 1u << i && hv->ops->write_data(hv, domid,
		    features[i], "1"))
			return request_fail(rq, XENOPS_CODE_INTERNAL,
			    "cannot write '%s': %s", features[i],
			    hv->ops->error(hv));
	return 0;
}

int
domain_create(struct request *rq, struct hv *hv,
    const struct xenops_vm_spec *vm, const char *const *devices,
    const struct image *im, uint32_t *domid_out)
{
	struct image_pump *p;
	uint32_t bits;
	int fd, rc, came;

	if (!im)
		return hv->ops->create(hv, rq, vm, devices, -1, domid_out);
	rc = image_read(im, &p, &fd);
	if (rc)
		return fail_image(rq, im->vm, rc);
	rc = hv->ops->create(hv, rq, vm, devices, fd, domid_out);
	close(fd);
	bits = image_features(p);
	came = image_finish(p, true);
	if (!came && !rc)
		return write_features(rq, hv, *domid_out, bits);
	if (!came || came != -EBADMSG)
		return rc;
	/* of what is wrong with the image the hypervisor saw only an end */
	request_forget_failure(rq);
	return fail_image(rq, im->vm, came);
}

int
domain_vm_resume(struct request *rq, const void *args, void *result)
{
	const struct xenops_vm_resume_args *a = args;
	struct xenops_vm_resume_result *r = result;
	struct hv *hv = daemon_of(rq)->hv;
	struct kept k = { .spec = a->vm, .image_sr = a->sr,
		.image_vdi = a->vdi };
	struct image im = { .fd = -1 };
	int rc;

	if (spec_check_uuid(rq, a->sr) || spec_check_uuid(rq, a->vdi) ||
	    domain_check_new(rq, hv, &a->vm))
		return -1;
	rc = domain_set_phase(rq, &k, KEPT_BUILDING) ||
	    open_image(rq, a->vm.uuid, a->sr, a->vdi, &im) ||
	    domain_build(rq, hv, &k, &im, a->paused, &r->domain);
	fdio_close(&im.fd);
	if (rc) {
		(void)domain_clear(rq, hv, a->vm.uuid, &k);
		return -1;
	}
	return domain_let_go_of_image(rq, &k) ||
	    domain_set_phase(rq, &k, KEPT_RUNNING) ? -1 : 0;
}

/* -- check -- */

int
domain_vm_image_check(struct request *rq, const void *args, void *result)
{
	const struct xenops_vm_image_check_args *a = args;
	struct image im;
	int rc;

	(void)result;
	if (spec_check_uuid(rq, a->vm) || spec_check_uuid(rq, a->sr) ||
	    spec_check_uuid(rq, a->vdi) ||
	    open_image(rq, a->vm, a->sr, a->vdi, &im))
		return -1;
	rc = image_check(&im);
	fdio_close(&im.fd);
	if (rc)
		fail_image(rq, a->vm, rc);
	return let_go(rq, a->vm, a->vdi) || rc ? -1 : 0;
}

int
domain_reap_vm_image_check(struct request *rq, const void *args, void *result)
{
	const struct xenops_vm_image_check_args *a = args;
	struct kept k;

	(void)result;
	if (spec_check_uuid(rq, a->vm) || spec_check_uuid(rq, a->vdi))
		return -1;
	/* it may be that of a suspend or resume as well */
	if (!kept_read(daemon_of(rq)->kept_dir, a->vm, rq->arena, &k) &&
	    !strcmp(k.image_vdi, a->vdi))
		return 0;
	return let_go(rq, a->vm, a->vdi);
}
