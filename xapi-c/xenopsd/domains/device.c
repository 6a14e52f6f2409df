/* Hot-plug of disks and network interfaces. */
#include <string.h>

#include "base/log.h"
#include "xenopsd/core/daemon.h"
#include "xenopsd/domains/domain.h"
#include "xenopsd/domains/spec.h"

/* A running VM of ours, in the three forms the handlers need. */
struct target {
	struct hv *hv;
	const char *kept_dir;
	struct kept k;
	uint32_t domid;
};

static int
find_target(struct request *rq, const char *vm, struct target *t)
{
	const struct daemon *d = rq->daemon;

	t->hv = d->hv;
	t->kept_dir = d->kept_dir;
	if (spec_check_uuid(rq, vm))
		return -1;
	if (kept_read(t->kept_dir, vm, rq->arena, &t->k) ||
	    !t->hv->ops->find(t->hv, vm, false, &t->domid))
		return request_fail(rq, XENOPS_CODE_NO_SUCH_DOMAIN,
		    "'%s' is not running", vm);
	t->hv->ops->forget_errors(t->hv);
	return 0;
}

static int
keep(struct request *rq, const struct target *t)
{
	int rc = kept_write(t->kept_dir, &t->k);

	if (rc)
		return request_fail(rq, XENOPS_CODE_IO,
		    "cannot keep '%s': %s", t->k.spec.uuid, strerror(-rc));
	return 0;
}

static const struct xenops_disk_spec *
disk_of(const struct target *t, const char *vbd)
{
	const struct xenops_disk_spec *d = t->k.spec.disks.v;

	for (uint32_t i = 0; i < t->k.spec.disks.n; i++) {
		if (!strcmp(d[i].vbd, vbd))
			return &d[i];
	}
	return NULL;
}

static const struct xenops_nic_spec *
nic_of(const struct target *t, const char *vif)
{
	const struct xenops_nic_spec *n = t->k.spec.nics.v;

	for (uint32_t i = 0; i < t->k.spec.nics.n; i++) {
		if (!strcmp(n[i].vif, vif))
			return &n[i];
	}
	return NULL;
}

/* A copy of set with one more element of size bytes. */
static struct vec
vec_with(struct arena *a, struct vec set, const void *elem, size_t size)
{
	char *v = arena_alloc(a, (set.n + 1) * size);

	if (set.n)
		memcpy(v, set.v, set.n * size);
	memcpy(v + set.n * size, elem, size);
	return (struct vec){ .v = v, .n = set.n + 1 };
}

/* The same without the element at elem, which is inside of it. */
static struct vec
vec_without(struct arena *a, struct vec set, const void *elem, size_t size)
{
	size_t before = (size_t)((const char *)elem - (const char *)set.v);
	char *v = arena_alloc(a, set.n * size);

	memcpy(v, set.v, before);
	memcpy(v + before, (const char *)elem + size,
	    set.n * size - before - size);
	return (struct vec){ .v = v, .n = set.n - 1 };
}

static bool
disk_exists(const struct target *t, int64_t device)
{
	return t->hv->ops->has_disk(t->hv, t->domid, device);
}

static bool
nic_exists(const struct target *t, int64_t device)
{
	return t->hv->ops->has_nic(t->hv, t->domid, device);
}

/* The drive d has what new says, for the next start of the guest as well. */
static int
medium_keep(struct request *rq, struct target *t,
    const struct xenops_disk_spec *d, const struct xenops_disk_spec *new)
{
	struct vec others = vec_without(rq->arena, t->k.spec.disks, d,
	    sizeof(*d));

	t->k.spec.disks = vec_with(rq->arena, others, new, sizeof(*new));
	return keep(rq, t);
}

/* An empty drive stays as it is. */
static int
medium_eject(struct request *rq, struct target *t,
    const struct xenops_disk_spec *d)
{
	struct xenops_disk_spec empty = *d;

	empty.sr = empty.vdi = NULL;
	if (t->hv->ops->disk_change(t->hv, rq->arena, t->domid, &empty, NULL))
		return request_fail(rq, XENOPS_CODE_TIMEOUT,
		    "the guest did not let go of '%s': %s", d->vbd,
		    t->hv->ops->error(t->hv));
	return domain_detach_disk(rq, d) ? -1 : medium_keep(rq, t, d, &empty);
}

static int
medium_change(struct request *rq, struct target *t,
    const struct xenops_disk_spec *d)
{
	const char *device;

	if (domain_attach_disk(rq, d, &device))
		return -1;
	if (t->hv->ops->disk_change(t->hv, rq->arena, t->domid, d, device))
		return request_fail(rq, XENOPS_CODE_INTERNAL,
		    "cannot insert '%s': %s", d->vdi,
		    t->hv->ops->error(t->hv));
	return 0;
}

/* What is still in the drive, by our books, was ejected by xapi's. */
static int
medium_insert(struct request *rq, struct target *t,
    const struct xenops_disk_spec *new)
{
	const struct xenops_disk_spec *d = disk_of(t, new->vbd);

	if (!d || d->device != new->device)
		return request_fail(rq, XENOPS_CODE_NO_SUCH_DEVICE,
		    "'%s' has no drive %lld", t->k.spec.uuid,
		    (long long)new->device);
	if (d->vdi && d->vdi[0] && medium_eject(rq, t, d))
		return -1;
	if (medium_keep(rq, t, disk_of(t, new->vbd), new))
		return -1;
	if (medium_change(rq, t, new)) {
		(void)medium_eject(rq, t, disk_of(t, new->vbd));
		return -1;
	}
	return 0;
}

/* Takes the disk out of the domain (if it is in), off the host and out of the
 * books; force: without the guest's consent. */
static int
disk_remove(struct request *rq, struct target *t,
    const struct xenops_disk_spec *d, bool force)
{
	int rc = 0;

	if (spec_is_drive(&t->k.spec, d))
		return medium_eject(rq, t, d);
	if (disk_exists(t, d->device))
		rc = t->hv->ops->disk_remove(t->hv, rq->arena, t->domid,
		    d->device, force);
	/* a guest can keep the back end from ending in time; what is then taken
	 * away from both is gone all the same */
	if (rc && disk_exists(t, d->device))
		return request_fail(rq, force ? XENOPS_CODE_INTERNAL :
		    XENOPS_CODE_TIMEOUT, "the guest did not let go of '%s': %s",
		    d->vbd, t->hv->ops->error(t->hv));
	if (domain_detach_disk(rq, d))
		return -1;
	t->k.spec.disks = vec_without(rq->arena, t->k.spec.disks, d,
	    sizeof(*d));
	return keep(rq, t);
}

static int
disk_insert(struct request *rq, struct target *t,
    const struct xenops_disk_spec *d)
{
	const char *device;

	if (domain_attach_disk(rq, d, &device))
		return -1;
	if (!device)
		return 0;
	if (t->hv->ops->disk_add(t->hv, rq->arena, t->domid, d, device))
		return request_fail(rq, XENOPS_CODE_INTERNAL,
		    "cannot add the disk '%s': %s", d->vbd, t->hv->ops->error(t->hv));
	return 0;
}

int
domain_vbd_plug(struct request *rq, const void *args, void *result)
{
	const struct xenops_vbd_plug_args *a = args;
	const struct xenops_disk_spec *d;
	struct target t;

	(void)result;
	if (spec_check_disk(rq, &a->disk) || find_target(rq, a->vm, &t))
		return -1;
	if (spec_is_drive(&t.k.spec, &a->disk))
		return medium_insert(rq, &t, &a->disk);
	d = disk_of(&t, a->disk.vbd);
	if (disk_exists(&t, a->disk.device) || (d && disk_exists(&t, d->device)))
		return request_fail(rq, XENOPS_CODE_EXISTS,
		    "disk device %lld of '%s' is taken",
		    (long long)a->disk.device, a->vm);
	if (d)
		t.k.spec.disks = vec_without(rq->arena, t.k.spec.disks, d,
		    sizeof(*d));
	if (t.k.spec.disks.n >= VM_MAX_DISKS)
		return request_fail(rq, XENOPS_CODE_BAD_REQUEST,
		    "too many disks");
	t.k.spec.disks = vec_with(rq->arena, t.k.spec.disks, &a->disk,
	    sizeof(a->disk));
	if (keep(rq, &t))
		return -1;
	if (disk_insert(rq, &t, &a->disk)) {
		(void)disk_remove(rq, &t, disk_of(&t, a->disk.vbd), true);
		return -1;
	}
	return 0;
}

int
domain_vbd_unplug(struct request *rq, const void *args, void *result)
{
	const struct xenops_vbd_unplug_args *a = args;
	const struct xenops_disk_spec *d;
	struct target t;

	(void)result;
	if (spec_check_uuid(rq, a->vbd) || find_target(rq, a->vm, &t))
		return -1;
	d = disk_of(&t, a->vbd);
	if (!d)
		return request_fail(rq, XENOPS_CODE_NO_SUCH_DEVICE,
		    "'%s' is not plugged", a->vbd);
	return disk_remove(rq, &t, d, a->force);
}

/* Removes a disk whose plug or unplug was cut short: what libxl has begun is
 * finished, and the books put right if it had come to its end. */
static int
reap_disk(struct request *rq, const char *vm, const char *vbd, bool force)
{
	const struct xenops_disk_spec *d;
	struct target t;

	if (find_target(rq, vm, &t))
		return 0;		/* ended meanwhile */
	d = disk_of(&t, vbd);
	return d ? disk_remove(rq, &t, d, force) : 0;
}

int
domain_reap_vbd_plug(struct request *rq, const void *args, void *result)
{
	const struct xenops_vbd_plug_args *a = args;

	(void)result;
	return reap_disk(rq, a->vm, a->disk.vbd, true);
}

int
domain_reap_vbd_unplug(struct request *rq, const void *args, void *result)
{
	const struct xenops_vbd_unplug_args *a = args;

	(void)result;
	return reap_disk(rq, a->vm, a->vbd, a->force);
}

static int
nic_remove(struct request *rq, struct target *t,
    const struct xenops_nic_spec *n, bool force)
{
	int rc = 0;

	if (nic_exists(t, n->device))
		rc = t->hv->ops->nic_remove(t->hv, t->domid, n->device, force);
	if (rc && nic_exists(t, n->device))	/* as for disks */
		return request_fail(rq, force ? XENOPS_CODE_INTERNAL :
		    XENOPS_CODE_TIMEOUT, "cannot remove the nic '%s': %s",
		    n->vif, t->hv->ops->error(t->hv));
	t->hv->ops->nic_clear(t->hv, n);
	t->k.spec.nics = vec_without(rq->arena, t->k.spec.nics, n, sizeof(*n));
	return keep(rq, t);
}

/* It passes nothing before it has its lock. */
static int
nic_insert(struct request *rq, struct target *t,
    const struct xenops_nic_spec *n)
{
	int rc;

	if (t->hv->ops->nic_add(t->hv, t->domid, n))
		return request_fail(rq, XENOPS_CODE_INTERNAL,
		    "cannot add the nic '%s': %s", n->vif,
		    t->hv->ops->error(t->hv));
	rc = t->hv->ops->nic_set(t->hv, t->domid, n);
	return rc ? request_fail(rq, XENOPS_CODE_INTERNAL,
	    "cannot lock the nic '%s': %s", n->vif, strerror(-rc)) : 0;
}

int
domain_vif_plug(struct request *rq, const void *args, void *result)
{
	const struct xenops_vif_plug_args *a = args;
	const struct xenops_nic_spec *n;
	struct target t;

	(void)result;
	if (spec_check_nic(rq, &a->nic) || find_target(rq, a->vm, &t))
		return -1;
	n = nic_of(&t, a->nic.vif);
	if (!t.hv->ops->has_bridge(t.hv, a->nic.bridge))
		return request_fail(rq, XENOPS_CODE_NO_SUCH_BRIDGE, "%s",
		    a->nic.bridge);
	if (nic_exists(&t, a->nic.device) || (n && nic_exists(&t, n->device)))
		return request_fail(rq, XENOPS_CODE_EXISTS,
		    "network device %lld of '%s' is taken",
		    (long long)a->nic.device, a->vm);
	if (n)
		t.k.spec.nics = vec_without(rq->arena, t.k.spec.nics, n,
		    sizeof(*n));
	if (t.k.spec.nics.n >= VM_MAX_NICS)
		return request_fail(rq, XENOPS_CODE_BAD_REQUEST,
		    "too many network devices");
	t.k.spec.nics = vec_with(rq->arena, t.k.spec.nics, &a->nic,
	    sizeof(a->nic));
	if (keep(rq, &t))
		return -1;
	if (nic_insert(rq, &t, &a->nic)) {
		(void)nic_remove(rq, &t, nic_of(&t, a->nic.vif), true);
		return -1;
	}
	return 0;
}

int
domain_vif_unplug(struct request *rq, const void *args, void *result)
{
	const struct xenops_vif_unplug_args *a = args;
	const struct xenops_nic_spec *n;
	struct target t;

	(void)result;
	if (spec_check_uuid(rq, a->vif) || find_target(rq, a->vm, &t))
		return -1;
	n = nic_of(&t, a->vif);
	if (!n)
		return request_fail(rq, XENOPS_CODE_NO_SUCH_DEVICE,
		    "'%s' is not plugged", a->vif);
	return nic_remove(rq, &t, n, a->force);
}

/* The kept specification has it first: what a killed worker has not done, the
 * next look at the domain does. */
static int
nic_change(struct request *rq, struct target *t,
    const struct xenops_nic_spec *old, const struct xenops_nic_spec *new)
{
	const struct xenops_nic_spec was = *old;
	struct vec others = vec_without(rq->arena, t->k.spec.nics, old,
	    sizeof(*old));
	int rc;

	t->k.spec.nics = vec_with(rq->arena, others, new, sizeof(*new));
	if (keep(rq, t))
		return -1;
	rc = t->hv->ops->nic_set(t->hv, t->domid, new);
	if (!rc)
		return 0;
	request_fail(rq, XENOPS_CODE_INTERNAL, "cannot change the nic '%s': %s",
	    new->vif, strerror(-rc));
	t->k.spec.nics = vec_with(rq->arena, others, &was, sizeof(was));
	(void)keep(rq, t);
	(void)t->hv->ops->nic_set(t->hv, t->domid, &was);
	return -1;
}

int
domain_vif_change(struct request *rq, const void *args, void *result)
{
	const struct xenops_vif_change_args *a = args;
	const struct xenops_nic_spec *n;
	struct xenops_nic_spec new;
	struct target t;

	(void)result;
	if (spec_check_nic(rq, &a->nic) || find_target(rq, a->vm, &t))
		return -1;
	n = nic_of(&t, a->nic.vif);
	if (!n || !nic_exists(&t, n->device))
		return request_fail(rq, XENOPS_CODE_NO_SUCH_DEVICE,
		    "'%s' is not plugged", a->nic.vif);
	if (!t.hv->ops->has_bridge(t.hv, a->nic.bridge))
		return request_fail(rq, XENOPS_CODE_NO_SUCH_BRIDGE, "%s",
		    a->nic.bridge);
	new = a->nic;
	new.device = n->device;
	new.mac = n->mac;
	new.mtu = n->mtu;
	return nic_change(rq, &t, n, &new);
}

int
domain_reap_vif_change(struct request *rq, const void *args, void *result)
{
	const struct xenops_vif_change_args *a = args;
	const struct xenops_nic_spec *n;
	struct target t;

	(void)result;
	if (find_target(rq, a->vm, &t))
		return 0;
	n = nic_of(&t, a->nic.vif);
	if (n)
		(void)t.hv->ops->nic_set(t.hv, t.domid, n);
	return 0;
}

static int
reap_nic(struct request *rq, const char *vm, const char *vif, bool force)
{
	const struct xenops_nic_spec *n;
	struct target t;

	if (find_target(rq, vm, &t))
		return 0;
	n = nic_of(&t, vif);
	return n ? nic_remove(rq, &t, n, force) : 0;
}

int
domain_reap_vif_plug(struct request *rq, const void *args, void *result)
{
	const struct xenops_vif_plug_args *a = args;

	(void)result;
	return reap_nic(rq, a->vm, a->nic.vif, true);
}

int
domain_reap_vif_unplug(struct request *rq, const void *args, void *result)
{
	const struct xenops_vif_unplug_args *a = args;

	(void)result;
	return reap_nic(rq, a->vm, a->vif, a->force);
}
