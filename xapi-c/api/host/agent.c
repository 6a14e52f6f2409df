/* The daemon itself: its restart, its archives. */
#include "api/xapi.h"
#include "base/clock.h"
#include "gen/errors.h"
#include "gen/methods.h"

#define DELAY_MAX_S 86400.0

/* The answer gets out first.  Guests go on; tasks end. */
int
api_host_restart_agent(struct call *c, const struct host_restart_agent_args *a)
{
	if (!call_find(c, CLASS_HOST, &a->host))
		return -1;
	if (!c->x->restart)
		return err_operation_not_allowed(c,
		    "nobody would start the daemon again");
	c->x->restart(c->x->restart_arg);
	return 0;
}

/* Of several the earliest counts: it writes what the others want as well. */
static void
ask_save(struct xapi *x, int64_t due_ms)
{
	int64_t asked = atomic_load(&x->archives_due_ms);

	while ((!asked || asked > due_ms) && !atomic_compare_exchange_weak(
	    &x->archives_due_ms, &asked, due_ms))
		;
}

int
api_host_backup_rrds(struct call *c, const struct host_backup_rrds_args *a)
{
	if (!call_find(c, CLASS_HOST, &a->host))
		return -1;
	if (!(a->delay >= 0 && a->delay <= DELAY_MAX_S))
		return err_invalid_value(c, "delay", arena_printf(c->arena,
		    "%g", a->delay));
	ask_save(c->x, clock_mono_ms() + (int64_t)(a->delay * 1000));
	return 0;
}
