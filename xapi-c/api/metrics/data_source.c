/* The messages about data sources, of hosts, VMs and SRs alike. */
#include <errno.h>
#include <string.h>

#include "api/call.h"
#include "api/xapi.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/types.h"
#include "metrics/store.h"

struct measured {
	enum metrics_class class;
	const char *uuid;
};

static int
no_source(struct call *c, const char *name)
{
	return err_invalid_value(c, "data_source", name);
}

static int
list(struct call *c, struct measured s, struct vec *result)
{
	struct data_source *v;
	struct image now;

	*result = (struct vec){ 0 };
	if (metrics_now(c->x->metrics, c->arena, s.class, s.uuid, &now))
		return 0;
	v = arena_alloc(c->arena, ((size_t)now.n + 1) * sizeof(*v));
	for (int i = 0; i < now.n; i++) {
		const struct image_source *from = &now.v[i];

		v[i] = *(const struct data_source *)
		    class_data_source.rec.dflt;
		v[i].name_label = from->name;
		v[i].name_description = from->def->description;
		v[i].enabled = from->recorded;
		v[i].standard = from->def->standard;
		v[i].units = from->def->units;
		v[i].min = from->def->min;
		v[i].max = from->def->max;
		v[i].value = (double)from->value;
	}
	*result = (struct vec){ .v = v, .n = (uint32_t)now.n };
	return 0;
}

static int
query(struct call *c, struct measured s, const char *name, double *result)
{
	struct image now;

	if (metrics_now(c->x->metrics, c->arena, s.class, s.uuid, &now))
		return no_source(c, name);
	for (int i = 0; i < now.n; i++) {
		if (strcmp(now.v[i].name, name) == 0) {
			*result = (double)now.v[i].value;
			return 0;
		}
	}
	return no_source(c, name);
}

static int
record(struct call *c, struct measured s, const char *name, bool on)
{
	int rc = metrics_record(c->x->metrics, s.class, s.uuid, name, on);

	if (rc == -ENOENT)
		return no_source(c, name);
	if (rc == -ENOSPC)
		return err_out_of_space(c, "state of the host");
	return rc ? err_internal_error(c, arena_printf(c->arena,
	    "the disk refused the change: %s", strerror(-rc))) : 0;
}

/* -- hosts -- */

static int
host_subject(struct call *c, const struct ref *ref, struct measured *s)
{
	const struct host *host = call_find(c, CLASS_HOST, ref);

	if (!host)
		return -1;
	*s = (struct measured){ METRICS_HOST, host->uuid };
	return 0;
}

int
api_host_get_data_sources(struct call *c,
    const struct host_get_data_sources_args *a, struct vec *result)
{
	struct measured s;

	return host_subject(c, &a->host, &s) ? -1 : list(c, s, result);
}

int
api_host_query_data_source(struct call *c,
    const struct host_query_data_source_args *a, double *result)
{
	struct measured s;

	return host_subject(c, &a->host, &s) ? -1 :
	    query(c, s, a->data_source, result);
}

int
api_host_record_data_source(struct call *c,
    const struct host_record_data_source_args *a)
{
	struct measured s;

	return host_subject(c, &a->host, &s) ? -1 :
	    record(c, s, a->data_source, true);
}

int
api_host_forget_data_source_archives(struct call *c,
    const struct host_forget_data_source_archives_args *a)
{
	struct measured s;

	return host_subject(c, &a->host, &s) ? -1 :
	    record(c, s, a->data_source, false);
}

/* -- VMs -- */

static int
vm_subject(struct call *c, const struct ref *ref, struct measured *s)
{
	const struct vm *vm = call_find(c, CLASS_VM, ref);

	if (!vm)
		return -1;
	*s = (struct measured){ METRICS_VM, vm->uuid };
	return 0;
}

/* All but query want one that runs. */
static int
running_subject(struct call *c, const struct ref *ref, struct measured *s)
{
	const struct vm *vm = call_find(c, CLASS_VM, ref);

	if (!vm)
		return -1;
	if (vm->power_state != VM_POWER_STATE_RUNNING)
		return err_vm_bad_power_state(c, call_ref_text(c, ref),
		    enum_vm_power_state.names[VM_POWER_STATE_RUNNING],
		    enum_vm_power_state.names[vm->power_state]);
	return vm_subject(c, ref, s);
}

int
api_vm_get_data_sources(struct call *c,
    const struct vm_get_data_sources_args *a, struct vec *result)
{
	struct measured s;

	return running_subject(c, &a->self, &s) ? -1 : list(c, s, result);
}

int
api_vm_query_data_source(struct call *c,
    const struct vm_query_data_source_args *a, double *result)
{
	struct measured s;

	return vm_subject(c, &a->self, &s) ? -1 :
	    query(c, s, a->data_source, result);
}

int
api_vm_record_data_source(struct call *c,
    const struct vm_record_data_source_args *a)
{
	struct measured s;

	return running_subject(c, &a->self, &s) ? -1 :
	    record(c, s, a->data_source, true);
}

int
api_vm_forget_data_source_archives(struct call *c,
    const struct vm_forget_data_source_archives_args *a)
{
	struct measured s;

	return running_subject(c, &a->self, &s) ? -1 :
	    record(c, s, a->data_source, false);
}

/* -- SRs -- */

static int
sr_subject(struct call *c, const struct ref *ref, struct measured *s)
{
	const struct sr *sr = call_find(c, CLASS_SR, ref);

	if (!sr)
		return -1;
	*s = (struct measured){ METRICS_SR, sr->uuid };
	return 0;
}

int
api_sr_get_data_sources(struct call *c,
    const struct sr_get_data_sources_args *a, struct vec *result)
{
	struct measured s;

	return sr_subject(c, &a->sr, &s) ? -1 : list(c, s, result);
}

int
api_sr_query_data_source(struct call *c,
    const struct sr_query_data_source_args *a, double *result)
{
	struct measured s;

	return sr_subject(c, &a->sr, &s) ? -1 :
	    query(c, s, a->data_source, result);
}

int
api_sr_record_data_source(struct call *c,
    const struct sr_record_data_source_args *a)
{
	struct measured s;

	return sr_subject(c, &a->sr, &s) ? -1 :
	    record(c, s, a->data_source, true);
}

int
api_sr_forget_data_source_archives(struct call *c,
    const struct sr_forget_data_source_archives_args *a)
{
	struct measured s;

	return sr_subject(c, &a->sr, &s) ? -1 :
	    record(c, s, a->data_source, false);
}
