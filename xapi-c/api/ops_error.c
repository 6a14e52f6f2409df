#include "api/ops_error.h"

#include "api/task.h"
#include "api/xapi.h"
#include "gen/errors.h"
#include "gen/types.h"
#include "gen/xenops.h"

struct progress {
	struct call *c;
	int64_t last_ms;
};

static void
on_progress(void *arg, double fraction)
{
	struct progress *p = arg;

	task_progress(p->c, fraction, &p->last_ms);
}

static bool
on_cancelled(void *arg)
{
	return task_is_cancelled(arg);
}

void
ops_prepare(struct call *c, struct ops_call *k)
{
	struct progress *p = arena_alloc(c->arena, sizeof(*p));

	p->c = c;
	*k = (struct ops_call){
		.arena = c->arena,
		.progress = on_progress, .progress_arg = p,
		.cancelled = on_cancelled, .cancelled_arg = c,
	};
}

static const char *
number(struct call *c, int64_t n)
{
	return arena_printf(c->arena, "%lld", (long long)n);
}

static bool
has(const struct ref *r)
{
	return !ref_is_null(r);
}

/* SR drivers' own words, for what XenAPI has no better code for. */
static int
backend_failure(struct call *c, const struct ops_call *k)
{
	int code = k->err.code;
	const char *name = code >= 0 && code < enum_xenops_code.n ?
	    enum_xenops_code.names[code] : "internal";

	return err_sr_backend_failure(c, name, "", k->err.text);
}

static int
in_use(struct call *c, const struct ops_call *k, const struct ops_subject *s)
{
	if (has(&s->vdi))
		return err_vdi_in_use(c, call_ref_text(c, &s->vdi),
		    s->operation ? s->operation : "");
	if (has(&s->sr))
		return err_sr_device_in_use(c);
	return err_operation_not_allowed(c, k->err.text);
}

static int
timed_out(struct call *c, const struct ops_call *k,
    const struct ops_subject *s)
{
	if (has(&s->device))
		return err_device_detach_timeout(c, s->device_class,
		    call_ref_text(c, &s->device));
	if (has(&s->vm) && s->timeout_s)
		return err_vm_shutdown_timeout(c, call_ref_text(c, &s->vm),
		    number(c, s->timeout_s));
	if (!has(&s->vm))
		return backend_failure(c, k);
	return err_internal_error(c, k->err.text);
}

static int
not_found(struct call *c, const struct ops_call *k,
    const struct ops_subject *s)
{
	switch (k->err.code) {
	case XENOPS_CODE_NO_SUCH_DOMAIN:
		if (has(&s->vm))
			return err_vm_bad_power_state(c,
			    call_ref_text(c, &s->vm), "running", "halted");
		break;
	case XENOPS_CODE_NO_SUCH_DEVICE:
		if (has(&s->device))
			return err_device_already_detached(c,
			    call_ref_text(c, &s->device));
		if (has(&s->sr) || !has(&s->vm))
			return backend_failure(c, k);
		break;
	case XENOPS_CODE_NO_SUCH_SR:
		if (has(&s->sr))
			return err_sr_not_attached(c,
			    call_ref_text(c, &s->sr));
		return backend_failure(c, k);
	case XENOPS_CODE_NO_SUCH_VDI:
		if (has(&s->vdi))
			return err_vdi_missing(c, call_ref_text(c, &s->sr),
			    call_ref_text(c, &s->vdi));
		return backend_failure(c, k);
	default:
		break;
	}
	return err_internal_error(c, k->err.text);
}

static int
boot_failed(struct call *c, const struct ops_call *k,
    const struct ops_subject *s)
{
	if (has(&s->vm))
		return err_bootloader_failed(c, call_ref_text(c, &s->vm),
		    k->err.text);
	return err_internal_error(c, k->err.text);
}

static int
not_supported(struct call *c, const struct ops_call *k,
    const struct ops_subject *s)
{
	if (has(&s->sr) && !has(&s->vm))
		return err_sr_operation_not_supported(c,
		    call_ref_text(c, &s->sr));
	return err_operation_not_allowed(c, k->err.text);
}

static int
exists(struct call *c, const struct ops_call *k, const struct ops_subject *s)
{
	if (has(&s->device))
		return err_device_already_attached(c,
		    call_ref_text(c, &s->device));
	if (has(&s->vm) && !has(&s->vdi))
		return err_vm_bad_power_state(c, call_ref_text(c, &s->vm),
		    "halted", "running");
	if (has(&s->sr))
		return backend_failure(c, k);
	return err_internal_error(c, k->err.text);
}

int
ops_failed(struct call *c, const struct ops_call *k,
    const struct ops_subject *s)
{
	switch ((enum xenops_code)k->err.code) {
	case XENOPS_CODE_NO_SUCH_DOMAIN:
	case XENOPS_CODE_NO_SUCH_DEVICE:
	case XENOPS_CODE_NO_SUCH_SR:
	case XENOPS_CODE_NO_SUCH_VDI:
		return not_found(c, k, s);
	case XENOPS_CODE_EXISTS:
		return exists(c, k, s);
	case XENOPS_CODE_IN_USE:
		return in_use(c, k, s);
	case XENOPS_CODE_BAD_STATE:
		return err_operation_not_allowed(c, k->err.text);
	case XENOPS_CODE_NO_MEMORY:
		return err_host_not_enough_free_memory(c,
		    number(c, s->needed), number(c, s->available));
	case XENOPS_CODE_NO_SPACE:
		return err_sr_full(c, number(c, s->needed),
		    number(c, s->available));
	case XENOPS_CODE_TOO_MANY:
		return err_out_of_space(c, k->err.text);
	case XENOPS_CODE_IO:
		return has(&s->vdi) ? err_vdi_io_error(c, k->err.text) :
		    backend_failure(c, k);
	case XENOPS_CODE_BOOT_FAILED:
	case XENOPS_CODE_NO_BOOTABLE_DISK:
		return boot_failed(c, k, s);
	case XENOPS_CODE_TIMEOUT:
		return timed_out(c, k, s);
	case XENOPS_CODE_CANCELLED:
		return err_task_cancelled(c, call_ref_text(c, &c->task));
	case XENOPS_CODE_NOT_SUPPORTED:
		return not_supported(c, k, s);
	case XENOPS_CODE_READ_ONLY:
		return has(&s->vdi) ? err_vdi_readonly(c,
		    call_ref_text(c, &s->vdi)) :
		    err_operation_not_allowed(c, k->err.text);
	case XENOPS_CODE_NO_SUCH_BRIDGE:
		return err_bridge_not_available(c, k->err.text);
	case XENOPS_CODE_DEVICE_NOT_USABLE:
		return err_sr_device_in_use(c);
	case XENOPS_CODE_INTERNAL:
	case XENOPS_CODE_BAD_REQUEST:
	default:
		return err_internal_error(c, k->err.text);
	}
}
