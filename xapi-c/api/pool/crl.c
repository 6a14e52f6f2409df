/* Lists of revoked certificates: a map of the pool, from names to PEM. */
#include <stdlib.h>

#include "api/call.h"
#include "api/pool/trust.h"
#include "api/xapi.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/store.h"
#include "net/trusted.h"

struct change {
	struct call *c;
	const char *name;
	const char *pem;		/* NULL: it goes */
};

static int
change_in(struct db_txn *t, void *arg)
{
	const struct change *ch = arg;
	struct pool *pool = pool_txn_edit(t, &ch->c->x->pool);
	bool is_there = pool && map_get(pool->crls, ch->name);

	if (!pool)
		return err_handle_invalid(ch->c, "pool", "");
	if (ch->pem && is_there)
		return err_crl_already_exists(ch->c, ch->name);
	if (!ch->pem && !is_there)
		return err_crl_does_not_exist(ch->c, ch->name);
	if (ch->pem && pool->crls.n >= TRUST_CRLS_MAX)
		return err_out_of_space(ch->c, "revocation lists");
	pool->crls = ch->pem ? map_set(txn_arena(t), pool->crls, ch->name,
	    ch->pem) : map_remove(txn_arena(t), pool->crls, ch->name);
	return 0;
}

int
api_pool_crl_install(struct call *c, const struct pool_crl_install_args *a)
{
	struct change ch = { .c = c, .name = a->name ? a->name : "" };
	char *pem;

	if (!trust_is_name(ch.name))
		return err_crl_name_invalid(c, ch.name);
	pem = trusted_crl(a->cert);
	if (!pem)
		return err_crl_corrupt(c, ch.name);
	ch.pem = arena_strdup(c->arena, pem);
	free(pem);
	return call_write(c, change_in, &ch);
}

int
api_pool_crl_uninstall(struct call *c,
    const struct pool_crl_uninstall_args *a)
{
	struct change ch = { .c = c, .name = a->name ? a->name : "" };

	return trust_is_name(ch.name) ? call_write(c, change_in, &ch) :
	    err_crl_name_invalid(c, ch.name);
}

int
api_pool_crl_list(struct call *c, struct vec *result)
{
	const struct pool *pool = pool_find(c->root, &c->x->pool);
	const struct string_pair *all = pool ? pool->crls.v : NULL;

	*result = (struct vec){ 0 };
	for (uint32_t i = 0; pool && i < pool->crls.n; i++)
		*result = vec_add_string(c->arena, *result, all[i].key);
	return 0;
}
