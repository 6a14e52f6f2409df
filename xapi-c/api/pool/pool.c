#include "api/call.h"
#include "api/xapi.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/store.h"

struct https_only {
	bool value;
	struct call *c;
	struct ref pool;
	struct db_txn *t;
};

static int
https_only_host(const void *obj, void *arg)
{
	const struct https_only *h = arg;
	const struct host *host = obj;
	struct host *draft = host_txn_edit(h->t, &host->obj.ref);

	draft->https_only = h->value;
	return 0;
}

static int
https_only_in(struct db_txn *t, void *arg)
{
	struct https_only *h = arg;

	if (!call_txn_get(h->c, t, CLASS_POOL, &h->pool))
		return -1;
	h->t = t;
	return txn_each(t, CLASS_HOST, https_only_host, h);
}

/* Whether port 80 answers calls; http/ reads it from the host's record. */
int
api_pool_set_https_only(struct call *c,
    const struct pool_set_https_only_args *a)
{
	struct https_only h = {
		.c = c, .pool = a->self, .value = a->value,
	};

	return call_write(c, https_only_in, &h);
}

/* A pool of one host: what was acknowledged is on its disk already. */
int
api_pool_sync_database(struct call *c)
{
	(void)c;
	return 0;
}

/* They are on no host. */
int
api_pool_disable_ssl_legacy(struct call *c,
    const struct pool_disable_ssl_legacy_args *a)
{
	return call_find(c, CLASS_POOL, &a->self) ? 0 : -1;
}

/* Hosts always keep blobs and archives. */
int
api_pool_enable_binary_storage(struct call *c)
{
	(void)c;
	return 0;
}
