/* There is one edition, which has all features and never expires. */
#include <string.h>

#include "api/call.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/types.h"

static int
check_edition(struct call *c, struct vec editions, const char *edition)
{
	return set_has_string(editions, edition) ? 0 :
	    err_invalid_edition(c, edition);
}

int
api_host_apply_edition(struct call *c, const struct host_apply_edition_args *a)
{
	const struct host *host = call_find(c, CLASS_HOST, &a->host);

	return host ? check_edition(c, host->editions,
	    a->edition ? a->edition : "") : -1;
}

/* Each host has the same. */
static int
check_host(const void *obj, void *arg)
{
	const struct host *host = obj;
	struct vec *editions = arg;

	*editions = host->editions;
	return 1;
}

int
api_pool_apply_edition(struct call *c, const struct pool_apply_edition_args *a)
{
	struct vec editions = { 0 };

	if (!call_find(c, CLASS_POOL, &a->self))
		return -1;
	db_each(c->root, CLASS_HOST, check_host, &editions);
	return check_edition(c, editions, a->edition ? a->edition : "");
}

int
api_pool_get_license_state(struct call *c,
    const struct pool_get_license_state_args *a, struct vec *result)
{
	const struct pool *pool = call_find(c, CLASS_POOL, &a->self);
	const struct host *host;
	struct vec map = { 0 };

	if (!pool)
		return -1;
	host = call_find(c, CLASS_HOST, &pool->master);
	if (!host)
		return -1;
	map = map_set(c->arena, map, "edition", host->edition);
	*result = map_set(c->arena, map, "expiry",
	    map_get(host->license_params, "expiry"));
	return 0;
}
