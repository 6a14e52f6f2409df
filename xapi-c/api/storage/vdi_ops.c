/* What may be done to a VDI, by who has it. */
#include "api/oplock.h"

#include <string.h>

#include "api/storage/library.h"
#include "api/storage/vdi_use.h"
#include "gen/errors.h"

static bool
in_library(const struct view *v, const struct vdi *vdi)
{
	const struct sr *sr = view_get(v, CLASS_SR, &vdi->SR);

	return sr && sr_is_library(sr);
}

/* Only an LVM volume can be cloned while a guest writes to it. */
static bool
clones_live(const struct view *v, const struct vdi *vdi)
{
	const struct sr *sr = view_get(v, CLASS_SR, &vdi->SR);

	return sr && strcmp(sr->type, "lvm") == 0;
}

static int
check(const struct view *v, const void *obj, int op, struct call *c)
{
	const struct vdi *vdi = obj;
	const char *ref = c ? call_ref_text(c, &vdi->obj.ref) : NULL;
	const char *name = enum_vdi_operations.names[op];
	bool in_use;

	if (op != VDI_OPERATIONS_COPY && op != VDI_OPERATIONS_DESTROY &&
	    in_library(v, vdi))
		return c ? err_sr_operation_not_supported(c,
		    call_ref_text(c, &vdi->SR)) : -1;
	switch (op) {
	case VDI_OPERATIONS_CLONE:
	case VDI_OPERATIONS_SNAPSHOT:
		in_use = !clones_live(v, vdi) &&
		    vdi_use_conflict(v, vdi, NULL, false);
		break;
	case VDI_OPERATIONS_COPY:
		in_use = vdi_use_conflict(v, vdi, NULL, false);
		break;
	case VDI_OPERATIONS_RESIZE:
	case VDI_OPERATIONS_DESTROY:
		in_use = vdi_use_conflict(v, vdi, NULL, true) ||
		    vdi_is_memory(v, vdi);
		break;
	default:
		return c ? err_sr_operation_not_supported(c,
		    call_ref_text(c, &vdi->SR)) : -1;
	}
	if (vdi->current_operations.n)
		return op_in_progress(&vdi_op_class, vdi, c);
	if (in_use)
		return c ? err_vdi_in_use(c, ref, name) : -1;
	if (op == VDI_OPERATIONS_RESIZE && vdi->read_only)
		return c ? err_vdi_readonly(c, ref) : -1;
	return 0;
}

static bool
listed(int op)
{
	return op != VDI_OPERATIONS_COPY;
}

static bool
deletes(int op)
{
	return op == VDI_OPERATIONS_DESTROY;
}

const struct op_class vdi_op_class = {
	.cls = &class_vdi,
	.ops = &enum_vdi_operations,
	.current = offsetof(struct vdi, current_operations),
	.allowed = offsetof(struct vdi, allowed_operations),
	.check = check,
	.listed = listed,
	.deletes = deletes,
};
