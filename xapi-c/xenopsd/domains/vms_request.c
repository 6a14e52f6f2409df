/* The requests on domains that the main process answers itself. */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "xenopsd/core/loop.h"
#include "xenopsd/core/worker.h"
#include "xenopsd/domains/console.h"
#include "xenopsd/domains/domain.h"
#include "xenopsd/domains/picture.h"
#include "xenopsd/domains/spec.h"
#include "xenopsd/domains/vms_private.h"

#define LIST_TURN 4		/* domains, then others have their turn */

/* A domain_list under way. */
struct lister {
	struct request *rq;
	struct daemon *d;
	struct hv_domain *found;
	uint32_t n_found, done;
	struct xenops_domain_info *v;
	uint32_t n, max;
};

static struct xenops_domain_info *
lister_next(struct lister *l)
{
	struct xenops_domain_info *v;

	if (l->n == l->max) {
		l->max = l->max ? 2 * l->max : 64;
		v = arena_alloc(l->rq->arena, l->max * sizeof(*v));
		if (l->n)
			memcpy(v, l->v, l->n * sizeof(*v));
		l->v = v;
	}
	return &l->v[l->n++];
}

/* Between two domains: a VM that reboots has none, but is not halted. */
static void
list_rebooting(void *arg, const char *uuid)
{
	struct lister *l = arg;
	struct kept k;

	for (uint32_t i = 0; i < l->n; i++) {
		if (!strcmp(l->v[i].uuid, uuid))
			return;
	}
	if (!kept_read(l->d->kept_dir, uuid, l->rq->arena, &k) &&
	    k.phase == KEPT_REBOOTING)
		domain_info_fill(l->d->hv, l->rq->arena, uuid, NULL, &k,
		    lister_next(l));
}

static void
list_one(struct lister *l, const struct hv_domain *d)
{
	struct kept k;
	bool kept = !kept_read(l->d->kept_dir, d->uuid, l->rq->arena, &k);

	if (kept && k.phase == KEPT_BUILDING)
		return;
	domain_info_fill(l->d->hv, l->rq->arena, d->uuid, d,
	    kept ? &k : NULL, lister_next(l));
}

static void
list_some(void *arg)
{
	struct lister *l = arg;
	struct vms *vms = l->d->vms;
	struct xenops_domain_list_result r;

	for (int i = 0; i < LIST_TURN && l->done < l->n_found; i++)
		list_one(l, &l->found[l->done++]);
	if (l->done < l->n_found) {
		loop_timer(l->d->loop, 0, list_some, l);
		return;
	}
	kept_each(l->d->kept_dir, list_rebooting, l);
	r.domains = (struct vec){ .v = l->v, .n = l->n };
	request_finish(l->rq, &r);	/* l is gone */
	vms_listing(vms, false);
}

int
vms_domain_list(struct request *rq, const void *args, void *result)
{
	struct lister *l = arena_alloc(rq->arena, sizeof(*l));

	(void)args;
	(void)result;
	l->rq = rq;
	l->d = rq->daemon;
	if (l->d->hv->ops->list(l->d->hv, rq->arena, &l->found, &l->n_found))
		return request_fail(rq, XENOPS_CODE_INTERNAL,
		    "cannot list domains: %s", l->d->hv->ops->error(l->d->hv));
	vms_listing(l->d->vms, true);
	loop_timer(l->d->loop, 0, list_some, l);
	return REQUEST_PENDING;
}

/* NULL: after request_fail. */
static struct vm *
running(struct request *rq, const char *uuid)
{
	struct daemon *d = rq->daemon;
	struct vm *vm;

	if (spec_check_uuid(rq, uuid))
		return NULL;
	vm = vms_find_domain(d->vms, uuid);
	if (!vm)
		request_fail(rq, XENOPS_CODE_NO_SUCH_DOMAIN,
		    "'%s' is not running", uuid);
	d->hv->ops->forget_errors(d->hv);
	return vm;
}

static int
cannot(struct request *rq, const char *what, const char *uuid)
{
	struct daemon *d = rq->daemon;

	return request_fail(rq, XENOPS_CODE_INTERNAL, "cannot %s '%s': %s",
	    what, uuid, d->hv->ops->error(d->hv));
}

static int
pause_or_not(struct request *rq, const char *uuid, bool on)
{
	struct daemon *d = rq->daemon;
	struct vm *vm = running(rq, uuid);

	if (!vm)
		return -1;
	if (d->hv->ops->pause(d->hv, vm->domain.domid, on))
		return cannot(rq, on ? "pause" : "unpause", uuid);
	vms_touched(d->vms, uuid);
	return 0;
}

int
vms_vm_pause(struct request *rq, const void *args, void *result)
{
	(void)result;
	return pause_or_not(rq, ((const struct xenops_vm_pause_args *)args)->vm,
	    true);
}

int
vms_vm_unpause(struct request *rq, const void *args, void *result)
{
	(void)result;
	return pause_or_not(rq,
	    ((const struct xenops_vm_unpause_args *)args)->vm, false);
}

int
vms_vm_sysrq(struct request *rq, const void *args, void *result)
{
	const struct xenops_vm_sysrq_args *a = args;
	struct daemon *d = rq->daemon;
	const char *key = a->key ? a->key : "";
	struct vm *vm = running(rq, a->vm);

	(void)result;
	if (!vm)
		return -1;
	if (*key <= ' ' || *key > '~' || key[1])
		return request_fail(rq, XENOPS_CODE_BAD_REQUEST,
		    "a SysRq key is one printable character");
	return d->hv->ops->sysrq(d->hv, vm->domain.domid, *key) ?
	    cannot(rq, "give a SysRq key to", a->vm) : 0;
}

int
vms_vm_trigger(struct request *rq, const void *args, void *result)
{
	const struct xenops_vm_trigger_args *a = args;
	struct daemon *d = rq->daemon;
	struct vm *vm = running(rq, a->vm);

	(void)result;
	if (!vm)
		return -1;
	if (a->trigger != XENOPS_TRIGGER_NMI &&
	    vm->domain.type != XENOPS_DOMAIN_TYPE_HVM)
		return request_fail(rq, XENOPS_CODE_NOT_SUPPORTED,
		    "'%s' has no such button", a->vm);
	return d->hv->ops->trigger(d->hv, vm->domain.domid, a->trigger) ?
	    cannot(rq, "press a button of", a->vm) : 0;
}

/* Of what is being made only the worker knows; it is looked at when that ends,
 * and so is what is done with it then. */
static int
keep_actions(struct request *rq, struct vm *vm)
{
	struct daemon *d = rq->daemon;
	struct kept k;
	int rc;

	if (workers_busy(d->workers, vm->uuid))
		return 0;
	rc = kept_read(d->kept_dir, vm->uuid, rq->arena, &k);
	if (rc == 0)
		rc = vms_keep_actions(d->vms, vm, &k);
	vm->new_actions = false;
	if (rc)
		return request_fail(rq, rc == -ENOENT ?
		    XENOPS_CODE_NO_SUCH_DOMAIN : XENOPS_CODE_IO,
		    "cannot keep '%s': %s", vm->uuid, strerror(-rc));
	return 0;
}

int
vms_vm_set_actions(struct request *rq, const void *args, void *result)
{
	const struct xenops_vm_set_actions_args *a = args;
	struct daemon *d = rq->daemon;
	struct vm *vm;

	(void)result;
	if (spec_check_uuid(rq, a->vm))
		return -1;
	vm = vms_find(d->vms, a->vm);
	if (!vm)
		return request_fail(rq, XENOPS_CODE_NO_SUCH_DOMAIN,
		    "'%s' is not running", a->vm);
	vm->actions = a->actions;
	vm->new_actions = true;
	if (keep_actions(rq, vm))
		return -1;
	log_info("'%s': what follows its end is changed", a->vm);
	vms_touched(d->vms, a->vm);
	return 0;
}

/* The VM's own screen, or a picture of its text: a descriptor or -errno. */
static int
open_screen(struct daemon *d, struct vm *vm)
{
	int fd = d->hv->ops->screen(d->hv, &vm->domain);

	if (fd != -ENOENT)
		return fd;
	fd = console_view(vms_console(vm));
	return fd < 0 ? fd : picture_open(d->picture, vm->uuid, fd);
}

/* The terminal may not be there yet: its bytes come when it is. */
int
vms_console_open(struct request *rq, const void *args, void *result)
{
	const struct xenops_console_open_args *a = args;
	struct daemon *d = rq->daemon;
	struct vm *vm;
	int fd;

	(void)result;
	if (spec_check_uuid(rq, a->vm))
		return -1;
	vm = vms_find(d->vms, a->vm);
	if (!vm || vm->state != XENOPS_DOMAIN_STATE_REBOOTING)
		vm = vms_find_domain(d->vms, a->vm);
	if (!vm)
		return request_fail(rq, XENOPS_CODE_NO_SUCH_DOMAIN,
		    "'%s' is not running", a->vm);
	fd = a->screen ? open_screen(d, vm) : console_view(vms_console(vm));
	if (fd == -EMFILE)
		return request_fail(rq, XENOPS_CODE_IN_USE,
		    "the console of '%s' has too many viewers", a->vm);
	if (fd < 0)
		return request_fail(rq, XENOPS_CODE_IO,
		    "cannot open the console: %s", strerror(-fd));
	request_pass_fd(rq, fd);
	vms_touched(d->vms, a->vm);
	return 0;
}
