/* The host's clock: time servers, time zone. */
#include <string.h>

#include "api/host/host.h"
#include "api/ops_error.h"
#include "api/xapi.h"
#include "base/clock.h"
#include "base/hostname.h"
#include "base/zone.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/ops_stubs.h"
#include "gen/store.h"

#define NTP_SERVERS_MAX 16	/* xenopsd's, too */

int
api_host_get_servertime(struct call *c,
    const struct host_get_servertime_args *a, int64_t *result)
{
	if (!call_find(c, CLASS_HOST, &a->host))
		return -1;
	*result = clock_wall_s();
	return 0;
}

/* Local time in the clothes of UTC: the type has no zone. */
int
api_host_get_server_localtime(struct call *c,
    const struct host_get_server_localtime_args *a, int64_t *result)
{
	int64_t now = clock_wall_s();

	if (!call_find(c, CLASS_HOST, &a->host))
		return -1;
	*result = now + zone_offset(now);
	return 0;
}

/* What xenopsd says of the clock, now. */
static int
ask(struct call *c, const struct ref *ref,
    struct xenops_host_time_get_result *r)
{
	struct ops_call k;

	if (!call_find(c, CLASS_HOST, ref))
		return -1;
	ops_prepare(c, &k);
	if (ops_host_time_get(c->x->ops, &k, r))
		return ops_failed(c, &k, &(struct ops_subject){
		    .operation = "time_get" });
	return 0;
}

int
api_host_list_timezones(struct call *c,
    const struct host_list_timezones_args *a, struct vec *result)
{
	struct xenops_host_time_get_result r = { 0 };

	if (ask(c, &a->self, &r))
		return -1;
	*result = r.timezones;
	return 0;
}

int
api_host_get_ntp_synchronized(struct call *c,
    const struct host_get_ntp_synchronized_args *a, bool *result)
{
	struct xenops_host_time_get_result r = { 0 };

	if (ask(c, &a->self, &r))
		return -1;
	*result = r.synchronized;
	return 0;
}

/* xenopsd, which sets it, knows whether it may be. */
int
api_host_set_servertime(struct call *c,
    const struct host_set_servertime_args *a)
{
	const struct xenops_host_set_time_args args = { .time = a->value };
	struct ops_call k;

	if (!call_find(c, CLASS_HOST, &a->self))
		return -1;
	ops_prepare(c, &k);
	if (ops_host_set_time(c->x->ops, &k, &args) == 0)
		return 0;
	if (k.err.code == XENOPS_CODE_BAD_STATE)
		return err_not_allowed_when_ntp_is_enabled(c,
		    call_ref_text(c, &a->self));
	if (k.err.code == XENOPS_CODE_BAD_REQUEST)
		return err_invalid_value(c, "value", k.err.text);
	return ops_failed(c, &k, &(struct ops_subject){
	    .operation = "set_time" });
}

/* -- time servers -- */

struct ntp {
	struct call *c;
	struct ref host;
	const int *mode;		/* enum host_ntp_mode; NULL: as it is */
	const struct vec *servers;	/* NULL: as they are */
};

int
host_ntp_mode(enum xenops_ntp_mode mode)
{
	return mode == XENOPS_NTP_MODE_CUSTOM ? HOST_NTP_MODE_CUSTOM :
	    mode == XENOPS_NTP_MODE_DISABLED ? HOST_NTP_MODE_DISABLED :
	    HOST_NTP_MODE_DHCP;
}

static int
ntp_in(struct db_txn *t, void *arg)
{
	const struct ntp *n = arg;
	struct host *host = call_txn_edit(n->c, t, CLASS_HOST, &n->host);

	if (!host)
		return -1;
	if (n->mode)
		host->ntp_mode = *n->mode;
	if (n->servers)
		host->ntp_custom_servers = *n->servers;
	return 0;
}

/* xenopsd has done it, or said why not. */
static int
set(struct ntp *n, struct ops_call *k, int rc)
{
	if (rc && k->err.code == XENOPS_CODE_BAD_STATE)
		return err_invalid_ntp_config(n->c, k->err.text);
	return rc ? ops_failed(n->c, k, &(struct ops_subject){
	    .operation = "set_ntp" }) : call_write(n->c, ntp_in, n);
}

int
api_host_set_ntp_mode(struct call *c, const struct host_set_ntp_mode_args *a)
{
	struct ntp n = { .c = c, .host = a->self, .mode = &a->value };
	struct xenops_host_set_ntp_mode_args args = {
		.mode = a->value == HOST_NTP_MODE_CUSTOM ?
		    XENOPS_NTP_MODE_CUSTOM : a->value == HOST_NTP_MODE_DHCP ?
		    XENOPS_NTP_MODE_DHCP : XENOPS_NTP_MODE_DISABLED };
	struct ops_call k;

	if (!call_find(c, CLASS_HOST, &a->self))
		return -1;
	if (a->value == HOST_NTP_MODE_FACTORY)
		return err_invalid_ntp_config(c,
		    "this product comes with no time servers");
	ops_prepare(c, &k);
	return set(&n, &k, ops_host_set_ntp_mode(c->x->ops, &k, &args));
}

int
api_host_set_ntp_custom_servers(struct call *c,
    const struct host_set_ntp_custom_servers_args *a)
{
	struct ntp n = { .c = c, .host = a->self, .servers = &a->value };
	struct xenops_host_set_ntp_servers_args args = { .servers = a->value };
	const char *const *names = a->value.v;
	struct ops_call k;

	if (!call_find(c, CLASS_HOST, &a->self))
		return -1;
	if (a->value.n > NTP_SERVERS_MAX)
		return err_invalid_ntp_config(c, arena_printf(c->arena,
		    "more than %d servers", NTP_SERVERS_MAX));
	for (uint32_t i = 0; i < a->value.n; i++) {
		const char *name = names[i] ? names[i] : "";
		const char *problem = server_name_problem(name);

		if (problem)
			return err_invalid_ntp_config(c, arena_printf(
			    c->arena, "'%.80s': %s", name, problem));
	}
	ops_prepare(c, &k);
	return set(&n, &k, ops_host_set_ntp_servers(c->x->ops, &k, &args));
}

/* -- time zone -- */

struct zone_change {
	struct call *c;
	struct ref host;
	const char *name;
};

static int
timezone_in(struct db_txn *t, void *arg)
{
	const struct zone_change *z = arg;
	struct host *host = call_txn_edit(z->c, t, CLASS_HOST, &z->host);

	if (!host)
		return -1;
	host->timezone = z->name;
	return 0;
}

/* This process learns the zone's rule with the record of the machine. */
static int
learn_rule(struct call *c)
{
	struct xenops_host_get_result now = { 0 };

	if (host_ask(c, "host_get", &now))
		return -1;
	zone_set(now.host.timezone_rule);
	return 0;
}

int
api_host_set_timezone(struct call *c, const struct host_set_timezone_args *a)
{
	const char *name = a->value ? a->value : "";
	struct xenops_host_set_timezone_args set = { .timezone = name };
	struct zone_change z = { .c = c, .host = a->self, .name = name };
	struct ops_call k;

	if (!call_find(c, CLASS_HOST, &a->self))
		return -1;
	ops_prepare(c, &k);
	if (ops_host_set_timezone(c->x->ops, &k, &set))
		return k.err.code == XENOPS_CODE_BAD_REQUEST ?
		    err_invalid_value(c, "timezone", name) :
		    ops_failed(c, &k, &(struct ops_subject){
		    .operation = "set_timezone" });
	return learn_rule(c) ? -1 : call_write(c, timezone_in, &z);
}
