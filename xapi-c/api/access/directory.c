/* The host as a member of a directory service, which it never is: local users
 * need none.  Messages of host and pool. */
#include "api/call.h"
#include "gen/errors.h"
#include "gen/methods.h"

/* No kind of service is known here. */
static int
enable(struct call *c, const char *type)
{
	return err_auth_unknown_type(c, type ? type : "");
}

int
api_host_enable_external_auth(struct call *c,
    const struct host_enable_external_auth_args *a)
{
	return call_find(c, CLASS_HOST, &a->host) ? enable(c, a->auth_type) :
	    -1;
}

int
api_pool_enable_external_auth(struct call *c,
    const struct pool_enable_external_auth_args *a)
{
	return call_find(c, CLASS_POOL, &a->pool) ? enable(c, a->auth_type) :
	    -1;
}

/* As disabled as it can be. */
int
api_host_disable_external_auth(struct call *c,
    const struct host_disable_external_auth_args *a)
{
	return call_find(c, CLASS_HOST, &a->host) ? 0 : -1;
}

int
api_pool_disable_external_auth(struct call *c,
    const struct pool_disable_external_auth_args *a)
{
	return call_find(c, CLASS_POOL, &a->pool) ? 0 : -1;
}

int
api_host_external_auth_set_ldaps(struct call *c,
    const struct host_external_auth_set_ldaps_args *a)
{
	return call_find(c, CLASS_HOST, &a->host) ? err_auth_is_disabled(c) :
	    -1;
}

int
api_pool_external_auth_set_ldaps(struct call *c,
    const struct pool_external_auth_set_ldaps_args *a)
{
	return call_find(c, CLASS_POOL, &a->pool) ? err_auth_is_disabled(c) :
	    -1;
}

/* All hosts are in none. */
int
api_pool_detect_nonhomogeneous_external_auth(struct call *c,
    const struct pool_detect_nonhomogeneous_external_auth_args *a)
{
	return call_find(c, CLASS_POOL, &a->pool) ? 0 : -1;
}
