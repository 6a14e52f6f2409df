/*
 * The host's own end.  Its guests are stopped first, in the order of their
 * records, those of the highest one before the others; what is not off when the
 * time is over is forced off.
 */
#include <errno.h>
#include <stdlib.h>

#include "api/ops_error.h"
#include "api/task.h"
#include "api/vm/lifecycle.h"
#include "api/vm/order.h"
#include "api/xapi.h"
#include "base/clock.h"
#include "base/log.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/ops_stubs.h"
#include "gen/store.h"

/* Seconds for all guests together: of other_config, if it is there. */
#define LIMIT_KEY "guest_shutdown_limit"
#define LIMIT_S 300
#define LIMIT_MAX_S 900		/* libexec/shutdown waits for a little more */

static int64_t
limit_ms(const struct host *host)
{
	const char *text = map_get(host->other_config, LIMIT_KEY);
	char *end = NULL;
	long s;

	if (!text)
		return LIMIT_S * 1000;
	errno = 0;
	s = strtol(text, &end, 10);
	if (errno || end == text || *end || s < 0 || s > LIMIT_MAX_S) {
		log_warn("%s is no number of seconds up to %d: '%.40s'",
		    LIMIT_KEY, LIMIT_MAX_S, text);
		s = LIMIT_S;
	}
	return (int64_t)s * 1000;
}

/* References to the host's guests, as c->root has them. */
static struct vec
guests(struct call *c, const struct ref *ref)
{
	const struct host *host = host_find(c->root, ref);
	struct vec all = host ? host->resident_VMs : (struct vec){ 0 };
	struct ref *out = arena_alloc(c->arena, (all.n + 1) * sizeof(*out));
	const struct ref *refs = all.v;
	uint32_t n = 0;

	for (uint32_t i = 0; i < all.n; i++) {
		const struct vm *vm = vm_find(c->root, &refs[i]);

		if (vm && !vm->is_control_domain)
			out[n++] = refs[i];
	}
	return (struct vec){ .v = out, .n = n };
}

static bool
is_over(void *arg)
{
	const int64_t *until_ms = arg;

	return clock_mono_ms() >= *until_ms;
}

static int
stop(struct call *c, const struct ref *vm, void *arg)
{
	const int64_t *until_ms = arg;
	int64_t left_ms = *until_ms - clock_mono_ms();

	return vm_stop_within(c, vm, left_ms > 0 ? (left_ms + 999) / 1000 : 0);
}

/* Those whose turn did not come, without delays. */
static void
force(struct call *c, struct vec vms)
{
	const struct ref *refs = vms.v;

	for (uint32_t i = 0; i < vms.n && !task_is_cancelled(c); i++) {
		log_warn("a guest is forced off: %s",
		    call_ref_text(c, &refs[i]));
		vm_stop_within(c, &refs[i], 0);
		c->err = (struct error){ 0 };
	}
}

/* HOST_IN_USE if a guest can't be stopped, or must not be. */
static int
stop_guests(struct call *c, const struct host *host)
{
	const struct ref ref = host->obj.ref;
	int64_t until_ms = clock_mono_ms() + limit_ms(host);
	const struct vm_order order = {
		.run = stop, .is_over = is_over, .arg = &until_ms,
	};
	struct vec vms = guests(c, &ref);

	if (vms.n)
		log_info("stopping %u guests with the host", vms.n);
	vm_order_run(c, &order, vms);
	call_refresh(c);
	if (is_over(&until_ms))
		force(c, guests(c, &ref));
	if (task_check(c))
		return -1;
	call_refresh(c);
	vms = guests(c, &ref);
	return vms.n ? err_host_in_use(c, call_ref_text(c, &ref), "VM",
	    call_ref_text(c, vms.v)) : 0;
}

static int
power(struct call *c, const struct ref *ref, enum xenops_power what)
{
	const struct host *host = call_find(c, CLASS_HOST, ref);
	struct xenops_host_power_args args = { .power = what };
	struct ops_call k;

	if (!host)
		return -1;
	if (host->enabled)
		return err_host_not_disabled(c);
	if (stop_guests(c, host))
		return -1;
	ops_prepare(c, &k);
	if (ops_host_power(c->x->ops, &k, &args))
		return ops_failed(c, &k, &(struct ops_subject){
		    .operation = "power" });
	return 0;
}

int
api_host_shutdown(struct call *c, const struct host_shutdown_args *a)
{
	return power(c, &a->host, XENOPS_POWER_SHUTDOWN);
}

int
api_host_reboot(struct call *c, const struct host_reboot_args *a)
{
	return power(c, &a->host, XENOPS_POWER_REBOOT);
}

/* What init asks for when it was told to end by somebody else. */
int
api_host_prepare_for_poweroff(struct call *c,
    const struct host_prepare_for_poweroff_args *a)
{
	const struct host *host;

	if (api_host_disable(c, &(struct host_disable_args){
	    .host = a->host }))
		return -1;
	call_refresh(c);
	host = call_find(c, CLASS_HOST, &a->host);
	return host ? stop_guests(c, host) : -1;
}
