/* Whether root gets into dom0 by ssh.  A service of dom0's follows, and closes it
 * when its time is over; the record then does (sync/host.c). */
#include "api/ops_error.h"
#include "api/xapi.h"
#include "base/clock.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/ops_stubs.h"
#include "gen/store.h"

#define TIMEOUT_MAX_S (2 * 24 * 3600)
#define CLOSED (-1)		/* as host_info.ssh_until */

struct ssh {
	struct call *c;
	struct ref host;
	int64_t timeout_s;	/* 0: none */
	int64_t until;
};

static int
ssh_in(struct db_txn *t, void *arg)
{
	const struct ssh *s = arg;
	struct host *host = call_txn_edit(s->c, t, CLASS_HOST, &s->host);

	if (!host)
		return -1;
	host->ssh_enabled_timeout = s->timeout_s;
	host->ssh_enabled = s->until != CLOSED;
	host->ssh_expiry = s->until > 0 ? s->until : 0;
	return 0;
}

static int
set(struct ssh *s, bool open)
{
	struct xenops_ssh_set_args args;
	struct ops_call k;

	s->until = !open ? CLOSED : s->timeout_s ? clock_wall_s() +
	    s->timeout_s : 0;
	args.until = s->until;
	ops_prepare(s->c, &k);
	if (ops_ssh_set(s->c->x->ops, &k, &args))
		return ops_failed(s->c, &k, &(struct ops_subject){
		    .operation = "ssh" });
	return call_write(s->c, ssh_in, s);
}

static int
set_open(struct call *c, const struct ref *ref, bool open)
{
	const struct host *host = call_find(c, CLASS_HOST, ref);
	struct ssh s = { .c = c, .host = *ref };

	if (!host)
		return -1;
	s.timeout_s = host->ssh_enabled_timeout;
	return set(&s, open);
}

/* Of a host where it is open the time begins now. */
static int
set_timeout(struct call *c, const struct ref *ref, int64_t timeout_s)
{
	const struct host *host = call_find(c, CLASS_HOST, ref);
	struct ssh s = { .c = c, .host = *ref, .timeout_s = timeout_s };

	if (!host)
		return -1;
	if (timeout_s < 0 || timeout_s > TIMEOUT_MAX_S)
		return err_invalid_value(c, "ssh_enabled_timeout",
		    arena_printf(c->arena, "%lld", (long long)timeout_s));
	if (host->ssh_enabled)
		return set(&s, true);
	s.until = CLOSED;
	return call_write(c, ssh_in, &s);
}

int
api_host_enable_ssh(struct call *c, const struct host_enable_ssh_args *a)
{
	return set_open(c, &a->self, true);
}

int
api_host_disable_ssh(struct call *c, const struct host_disable_ssh_args *a)
{
	return set_open(c, &a->self, false);
}

int
api_host_set_ssh_enabled_timeout(struct call *c,
    const struct host_set_ssh_enabled_timeout_args *a)
{
	return set_timeout(c, &a->self, a->value);
}

/* -- of the pool, which has this host -- */

int
api_pool_enable_ssh(struct call *c, const struct pool_enable_ssh_args *a)
{
	return call_find(c, CLASS_POOL, &a->self) ?
	    set_open(c, &c->x->host, true) : -1;
}

int
api_pool_disable_ssh(struct call *c, const struct pool_disable_ssh_args *a)
{
	return call_find(c, CLASS_POOL, &a->self) ?
	    set_open(c, &c->x->host, false) : -1;
}

int
api_pool_set_ssh_enabled_timeout(struct call *c,
    const struct pool_set_ssh_enabled_timeout_args *a)
{
	return call_find(c, CLASS_POOL, &a->self) ?
	    set_timeout(c, &c->x->host, a->value) : -1;
}
