#include "api/vm/startable.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "api/vm/check.h"
#include "api/vm/spec.h"
#include "api/xapi.h"
#include "base/vm_limits.h"
#include "gen/errors.h"
#include "gen/store.h"

static const char *
number(struct call *c, int64_t n)
{
	return arena_printf(c->arena, "%lld", (long long)n);
}

/* More than there is; that something else uses it now is the host's word. */
static int
check_memory(struct call *c, const struct vm *vm, const struct host *host)
{
	const struct host_metrics *m = host_metrics_find(c->root,
	    &host->metrics);
	int64_t most = m && m->memory_total ? m->memory_total : VM_MAX_MEMORY;

	if (vm_check_memory(c, vm))
		return -1;
	if (vm->memory_static_max > most)
		return err_host_not_enough_free_memory(c,
		    number(c, vm->memory_static_max),
		    number(c, m ? m->memory_free : 0));
	return 0;
}

static int
check_vcpus(struct call *c, const struct vm *vm)
{
	const char *text = map_get(vm->platform, "cores-per-socket");
	long cores = text ? strtol(text, NULL, 10) : 1;

	if (vm_check_vcpus(c, vm))
		return -1;
	if (vm->VCPUs_max > VM_MAX_VCPUS)
		return err_vm_too_many_vcpus(c,
		    call_ref_text(c, &vm->obj.ref));
	if (cores < 1 || vm->VCPUs_max % cores)
		return err_vcpu_max_not_cores_per_socket_multiple(c,
		    number(c, vm->VCPUs_max), text);
	return 0;
}

/* A share or cap for the scheduler; without one the scheduler's own. */
static int
check_share(struct call *c, const struct vm *vm, const char *key)
{
	const char *text = map_get(vm->VCPUs_params, key);
	char *end;
	long n;

	if (!text || !*text)
		return 0;
	n = strtol(text, &end, 10);
	if (*end || !isdigit((unsigned char)*text) || n > VM_MAX_SCHED)
		return err_invalid_value(c,
		    arena_printf(c->arena, "VCPUs_params:%s", key), text);
	return 0;
}

static int
check_hardware(struct call *c, const struct vm *vm, const struct host *host)
{
	struct vec set = host->virtual_hardware_platform_versions;
	const int64_t *has = set.v;
	const char *list = "";

	for (uint32_t i = 0; i < set.n; i++) {
		if (has[i] == vm->hardware_platform_version)
			return 0;
		list = arena_printf(c->arena, "%s%s%lld", list,
		    i ? ", " : "", (long long)has[i]);
	}
	return err_vm_host_incompatible_virtual_hardware_platform_version(c,
	    call_ref_text(c, &host->obj.ref), list,
	    call_ref_text(c, &vm->obj.ref),
	    number(c, vm->hardware_platform_version));
}

/* One line, as long as a kernel takes. */
static int
check_line(struct call *c, const char *field, const char *text)
{
	for (size_t i = 0; text && text[i]; i++)
		if (i >= VM_MAX_TEXT || (unsigned char)text[i] < ' ')
			return err_invalid_value(c, field, text);
	return 0;
}

int
vm_check_xenstore_data(struct call *c, struct vec data)
{
	const struct string_pair *p = data.v;
	uint32_t n = 0;

	for (uint32_t i = 0; i < data.n; i++) {
		const char *key = p[i].key ? p[i].key : "";

		if (strcmp(key, "vm-data") && strncmp(key, "vm-data/", 8))
			continue;	/* not for the guest */
		if (!vm_data_goes(key) || ++n > VM_MAX_DATA)
			return err_invalid_value(c, "xenstore_data", key);
		if (p[i].value && strlen(p[i].value) > VM_MAX_DATA_VALUE)
			return err_invalid_value(c, arena_printf(c->arena,
			    "xenstore_data:%s", key), p[i].value);
	}
	return 0;
}

/* Without a kernel the guest's own loader gives the kernel its line.  XenServer
 * adds PV_args to that; here nothing could, so they are refused, as all that
 * would do nothing is. */
static int
check_args(struct call *c, const struct vm *vm)
{
	const char *args = vm->PV_args ? vm->PV_args : "";

	if (check_line(c, "PV_args", args))
		return -1;
	if (!*args || (vm->PV_kernel && *vm->PV_kernel))
		return 0;
	return err_value_not_supported(c, "PV_args", args,
	    "only with PV_kernel: guests boot by the loader of their own disk");
}

int
vm_check_startable(struct call *c, const struct vm *vm,
    const struct host *host)
{
	return check_memory(c, vm, host) || check_vcpus(c, vm) ||
	    check_share(c, vm, "weight") || check_share(c, vm, "cap") ||
	    check_hardware(c, vm, host) ||
	    check_args(c, vm) ||
	    vm_check_xenstore_data(c, vm->xenstore_data) ? -1 : 0;
}

int
vm_check_host(struct call *c, const struct vm *vm,
    struct xenops_vm_spec *spec)
{
	const struct host *host = host_find(c->root, &c->x->host);

	if (!host || !host->enabled)
		return err_host_disabled(c, call_ref_text(c, &c->x->host));
	return vm_check_startable(c, vm, host) ? -1 : vm_spec(c, vm, spec);
}
