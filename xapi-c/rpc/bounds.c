#include "rpc/bounds.h"

#include "api/vm/spec.h"
#include "base/vm_limits.h"
#include "gen/errors.h"

static const struct bound {
	int class_id, field;
	int64_t min, max;
	bool or_zero;			/* which means: as by default */
} bounds[] = {
	{ CLASS_VM, VM_FIELD_VCPUS_MAX, 1, VM_MAX_VCPUS, false },
	{ CLASS_VM, VM_FIELD_ORDER, 0, INT64_MAX, false },
	{ CLASS_VM, VM_FIELD_START_DELAY, 0, INT64_MAX, false },
	{ CLASS_VM, VM_FIELD_SHUTDOWN_DELAY, 0, INT64_MAX, false },
	{ CLASS_NETWORK, NETWORK_FIELD_MTU, VM_MIN_MTU, VM_MAX_MTU, false },
	{ CLASS_VIF, VIF_FIELD_MTU, VM_MIN_MTU, VM_MAX_MTU, true },
};

static int
number_check(struct call *c, int class_id, int field, const void *value)
{
	const struct field *f = &classes[class_id]->rec.fields[field];
	int64_t n;

	for (size_t i = 0; i < sizeof(bounds) / sizeof(*bounds); i++) {
		const struct bound *b = &bounds[i];

		if (b->class_id != class_id || b->field != field)
			continue;
		n = *(const int64_t *)value;
		if ((n < b->min || n > b->max) && (n || !b->or_zero))
			return err_invalid_value(c, f->name,
			    arena_printf(c->arena, "%lld", (long long)n));
	}
	return 0;
}

int
bounds_check(struct call *c, int class_id, int field, const void *value)
{
	const char *text;

	/* "autodetect" is for new ones, and their constructor's */
	if (class_id == CLASS_VBD && field == VBD_FIELD_USERDEVICE) {
		text = *(const char *const *)value;
		return vbd_device_number(text ? text : "") == -1 ?
		    err_invalid_device(c, text ? text : "") : 0;
	}
	return number_check(c, class_id, field, value);
}

int
bounds_check_args(struct call *c, const struct method *m, const void *args)
{
	const struct record_type *rt = &classes[m->class_id]->rec;
	const char *record;

	if (m->kind != METHOD_CTOR)
		return 0;
	record = (const char *)args + m->args->fields[0].offset;
	for (int i = 0; i < rt->n; i++)
		if (number_check(c, m->class_id, i,
		    record + rt->fields[i].offset))
			return -1;
	return 0;
}
