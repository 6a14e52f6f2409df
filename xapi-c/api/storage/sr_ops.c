/* What may be done to an SR, by its PBDs and beside what else is done. */
#include "api/oplock.h"

#include "gen/errors.h"

static bool
has_plugged_pbd(const struct view *v, const struct sr *sr)
{
	const struct ref *refs = sr->PBDs.v;

	for (uint32_t i = 0; i < sr->PBDs.n; i++) {
		const struct pbd *pbd = view_get(v, CLASS_PBD, &refs[i]);

		if (pbd && pbd->currently_attached)
			return true;
	}
	return false;
}

/* What is done to its disks goes on side by side, but not beside what is done
 * to the SR: a scan must find disk and record, or neither. */
static bool
is_of_disks(int op)
{
	return op == STORAGE_OPERATIONS_VDI_CREATE ||
	    op == STORAGE_OPERATIONS_VDI_DESTROY ||
	    op == STORAGE_OPERATIONS_VDI_CLONE ||
	    op == STORAGE_OPERATIONS_VDI_SNAPSHOT ||
	    op == STORAGE_OPERATIONS_VDI_RESIZE;
}

static bool
is_busy(const struct sr *sr, int op)
{
	const struct enum_pair *p = sr->current_operations.v;

	for (uint32_t i = 0; i < sr->current_operations.n; i++)
		if (!is_of_disks(op) || !is_of_disks(p[i].value))
			return true;
	return false;
}

/* Every operation asks one of three things of the SR's PBDs. */
static int
check(const struct view *v, const void *obj, int op, struct call *c)
{
	const struct sr *sr = obj;
	const char *ref = c ? call_ref_text(c, &sr->obj.ref) : NULL;
	bool plugged = has_plugged_pbd(v, sr);

	switch (op) {
	case STORAGE_OPERATIONS_FORGET:
	case STORAGE_OPERATIONS_DESTROY:
	case STORAGE_OPERATIONS_SCAN:
	case STORAGE_OPERATIONS_PLUG:
	case STORAGE_OPERATIONS_UNPLUG:
	case STORAGE_OPERATIONS_PBD_CREATE:
	case STORAGE_OPERATIONS_PBD_DESTROY:
		break;
	default:
		if (is_of_disks(op))
			break;
		return c ? err_sr_operation_not_supported(c, ref) : -1;
	}
	if (is_busy(sr, op))
		return op_in_progress(&sr_op_class, sr, c);
	if (op == STORAGE_OPERATIONS_FORGET && plugged)
		return c ? err_sr_has_pbd(c, ref) : -1;
	if (op == STORAGE_OPERATIONS_DESTROY && sr->PBDs.n == 0)
		return c ? err_sr_has_no_pbds(c, ref) : -1;
	if (op == STORAGE_OPERATIONS_DESTROY && plugged)
		return c ? err_sr_has_pbd(c, ref) : -1;
	if (op == STORAGE_OPERATIONS_DESTROY && sr->VDIs.n)
		return c ? err_sr_not_empty(c) : -1;
	if (is_of_disks(op) && sr->PBDs.n == 0)
		return c ? err_sr_has_no_pbds(c, ref) : -1;
	if ((op == STORAGE_OPERATIONS_SCAN || is_of_disks(op)) && !plugged)
		return c ? err_sr_not_attached(c, ref) : -1;
	return 0;
}

static bool
listed(int op)
{
	(void)op;
	return true;
}

static bool
deletes(int op)
{
	return op == STORAGE_OPERATIONS_FORGET ||
	    op == STORAGE_OPERATIONS_DESTROY;
}

const struct op_class sr_op_class = {
	.cls = &class_sr,
	.ops = &enum_storage_operations,
	.current = offsetof(struct sr, current_operations),
	.allowed = offsetof(struct sr, allowed_operations),
	.check = check,
	.listed = listed,
	.deletes = deletes,
};
