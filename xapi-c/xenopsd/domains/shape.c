/*
 * How much of the host a domain has: its memory, at its start and while it runs.
 * What is kept changes before the domain does, and a worker that was killed
 * between is followed by one that does it again (DOMAIN_REAPERS).
 */
#include <string.h>

#include "base/vm_limits.h"
#include "base/vm_memory.h"
#include "xenopsd/core/daemon.h"
#include "xenopsd/domains/domain_private.h"
#include "xenopsd/domains/spec.h"

#define MIB (1ll << 20)

static const struct daemon *
daemon_of(const struct request *rq)
{
	return rq->daemon;
}

static int
ask_free(struct request *rq, struct hv *hv, int64_t *free_out)
{
	return hv->ops->free_memory(hv, free_out) ? request_fail(rq,
	    XENOPS_CODE_INTERNAL, "cannot ask for free memory: %s",
	    hv->ops->error(hv)) : 0;
}

/* As near to most as there is room for. */
static int
fit(struct request *rq, int64_t least, int64_t most, int64_t room,
    int64_t *out)
{
	if (least < VM_MIN_MEMORY)
		least = VM_MIN_MEMORY;
	*out = most;
	if (room >= most)
		return 0;
	*out = room - room % MIB;
	return *out >= least ? 0 : request_fail(rq, XENOPS_CODE_NO_MEMORY,
	    "%lld KiB needed, there is room for %lld", (long long)least >> 10,
	    (long long)room >> 10);
}

int
domain_fit_memory(struct request *rq, struct hv *hv, struct kept *k)
{
	const struct xenops_vm_spec *vm = &k->spec;
	int64_t free, tables = vm_memory_tables(
	    vm->type == XENOPS_DOMAIN_TYPE_PV, vm->memory_max, vm->vcpus_max);

	if (ask_free(rq, hv, &free))
		return -1;
	return fit(rq, vm->memory_min ? vm->memory_min : vm->memory_target,
	    vm->memory_target, free - free % VM_MEMORY_PIECE - tables,
	    &k->memory_target);
}

/* The domain of a VM that is whole and at which nobody else is. */
static int
find(struct request *rq, const char *uuid, struct kept *k,
    struct hv_domain *d_out)
{
	struct hv *hv = daemon_of(rq)->hv;
	uint32_t domid;

	if (spec_check_uuid(rq, uuid))
		return -1;
	if (kept_read(daemon_of(rq)->kept_dir, uuid, rq->arena, k) ||
	    k->phase != KEPT_RUNNING ||
	    !hv->ops->find(hv, uuid, false, &domid) ||
	    hv->ops->get(hv, domid, d_out))
		return request_fail(rq, XENOPS_CODE_NO_SUCH_DOMAIN,
		    "'%s' is not running", uuid);
	hv->ops->forget_errors(hv);
	return 0;
}

static int
check_range(struct request *rq, const struct xenops_vm_set_memory_args *a,
    const struct kept *k)
{
	if (a->min >= 0 && a->min <= a->max && a->max >= VM_MIN_MEMORY &&
	    a->max <= k->spec.memory_max)
		return 0;
	return request_fail(rq, XENOPS_CODE_BAD_REQUEST,
	    "bad memory of '%s'", a->vm);
}

/* What it has already is not taken of what is free. */
static int
choose(struct request *rq, const struct xenops_vm_set_memory_args *a,
    const struct hv_domain *d, struct kept *k)
{
	int64_t free;

	if (ask_free(rq, daemon_of(rq)->hv, &free))
		return -1;
	k->spec.memory_min = a->min;
	k->spec.memory_target = a->max;
	return fit(rq, a->min, a->max, d->memory + free, &k->memory_target);
}

static int
set_memory(struct request *rq, const struct hv_domain *d, struct kept *k,
    const struct kept *before)
{
	struct hv *hv = daemon_of(rq)->hv;
	struct kept old = *before;

	if (domain_set_phase(rq, k, KEPT_RUNNING))
		return -1;
	if (!hv->ops->set_memory(hv, d->domid, k->memory_target))
		return 0;
	request_fail(rq, XENOPS_CODE_INTERNAL, "cannot move the memory of "
	    "'%s': %s", k->spec.uuid, hv->ops->error(hv));
	(void)domain_set_phase(rq, &old, KEPT_RUNNING);
	return -1;
}

int
domain_vm_set_memory(struct request *rq, const void *args, void *result)
{
	const struct xenops_vm_set_memory_args *a = args;
	struct xenops_vm_set_memory_result *r = result;
	struct hv *hv = daemon_of(rq)->hv;
	struct kept k, before;
	struct hv_domain d;

	if (find(rq, a->vm, &k, &d) || check_range(rq, a, &k))
		return -1;
	before = k;
	if (choose(rq, a, &d, &k) || set_memory(rq, &d, &k, &before))
		return -1;
	/* it may have followed already */
	(void)hv->ops->get(hv, d.domid, &d);
	domain_info_fill(hv, rq->arena, a->vm, &d, &k, &r->domain);
	return 0;
}
