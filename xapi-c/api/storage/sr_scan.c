#include "api/storage/sr_scan.h"

#include <string.h>

#include "api/oplock.h"
#include "api/ops_error.h"
#include "api/storage/library.h"
#include "api/xapi.h"
#include "base/log.h"
#include "gen/ops_stubs.h"
#include "gen/store.h"

struct scan {
	struct ref sr;
	const struct xenops_sr_scan_result *found;
};

static bool
is_found(const struct xenops_sr_scan_result *found, const char *uuid)
{
	const struct xenops_vdi_info *v = found->vdis.v;

	for (uint32_t i = 0; i < found->vdis.n; i++)
		if (strcmp(v[i].uuid, uuid) == 0)
			return true;
	return false;
}

int64_t
vdi_used(const struct xenops_vdi_info *info, int64_t before)
{
	return info->used >= 0 ? info->used : before;
}

const char *
vdi_location(const struct sr *sr, const struct xenops_vdi_info *info)
{
	return sr_is_library(sr) ? info->name : info->uuid;
}

/* A disk that is not there any more.  That of a library is forgotten, as its
 * file may come again as another; unless somebody has it in a drive. */
static void
lose_vdi(struct db_txn *t, const struct sr *sr, struct vdi *vdi)
{
	if (sr_is_library(sr) && vdi->VBDs.n == 0 &&
	    vdi->current_operations.n == 0)
		txn_delete(t, CLASS_VDI, &vdi->obj.ref);
	else
		vdi->missing = true;
}

/* A disk that xenopsd has: its record, made if there is none.  A copy of a disk
 * of another SR has no record: that is the other's. */
static void
apply_vdi(struct db_txn *t, const struct sr *sr,
    const struct xenops_vdi_info *info)
{
	const struct vdi *known = txn_find_uuid(t, CLASS_VDI, info->uuid);
	struct vdi *vdi;

	if (known && !ref_equal(&known->SR, &sr->obj.ref)) {
		log_warn("VDI '%s' is in another SR, too: left out",
		    known->uuid);
		return;
	}
	vdi = known ? vdi_txn_edit(t, &known->obj.ref) : vdi_txn_new(t);
	vdi->virtual_size = info->size;
	vdi->physical_utilisation = vdi_used(info,
	    vdi->physical_utilisation);
	vdi->missing = false;
	if (known)
		return;
	vdi->uuid = info->uuid;
	vdi->location = vdi_location(sr, info);
	vdi->SR = sr->obj.ref;
	vdi->name_label = info->name;
	vdi->name_description = info->description;
	vdi->read_only = info->read_only;
	vdi->managed = true;
	vdi->type = VDI_TYPE_USER;
	op_refresh(t, &vdi_op_class, &vdi->obj.ref);
}

static int
scan_in(struct db_txn *t, void *arg)
{
	struct scan *s = arg;
	const struct xenops_vdi_info *infos = s->found->vdis.v;
	struct sr *sr = sr_txn_edit(t, &s->sr);
	const struct ref *refs;

	if (!sr)
		return 0;
	sr->physical_size = s->found->sr.size;
	sr->physical_utilisation = s->found->sr.used;
	sr->virtual_allocation = s->found->sr.allocated;
	refs = sr->VDIs.v;
	for (uint32_t i = 0; i < sr->VDIs.n; i++) {
		struct vdi *vdi = vdi_txn_edit(t, &refs[i]);

		if (vdi && !is_found(s->found, vdi->uuid))
			lose_vdi(t, sr, vdi);
	}
	for (uint32_t i = 0; i < s->found->vdis.n; i++)
		apply_vdi(t, sr, &infos[i]);
	return 0;
}

int
sr_scan(struct call *c, const struct sr *sr)
{
	struct xenops_sr_scan_result found = { 0 };
	struct scan s = { .sr = sr->obj.ref, .found = &found };
	struct ops_call k;

	ops_prepare(c, &k);
	if (ops_sr_scan(c->x->ops, &k,
	    &(struct xenops_sr_scan_args){ .uuid = sr->uuid }, &found))
		return ops_failed(c, &k, &(struct ops_subject){
		    .sr = sr->obj.ref, .operation = "scan" });
	return call_write(c, scan_in, &s);
}

int
sr_scan_locked(struct call *c, const struct ref *ref)
{
	struct oplock lock = { 0 };
	const struct sr *sr = sr_lock(c, &lock, ref, STORAGE_OPERATIONS_SCAN);
	int rc = sr ? sr_scan(c, sr) : -1;

	oplock_release(c, &lock);
	return rc;
}
