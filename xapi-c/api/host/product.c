#include "api/host/product.h"

#include "api/xapi.h"
#include "base/log.h"
#include "base/product.h"
#include "gen/errors.h"
#include "gen/store.h"

/* What clients gate features on; the version file may replace each line. */
static const struct string_pair defaults[] = {
	{ "product_brand", "Bedplate" },
	{ "product_version", "8.3.0" },
	{ "product_version_text", "0.1" },
	{ "product_version_text_short", "0.1" },
	{ "platform_name", "Bedplate" },
	{ "platform_version", "3.4.0" },
	{ "xapi", "24.39" },
	{ "xapi_build", "24.39.0" },
	{ "build_number", "1" },
	{ "db_schema", "5.909" },
	{ "network_backend", "bridge" },
};

struct vec
product_own(struct arena *a, const struct xapi *x)
{
	const struct string_pair *own = x->version.v;
	struct vec map = { 0 };

	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		map = map_set(a, map, defaults[i].key, defaults[i].value);
	for (uint32_t i = 0; i < x->version.n; i++)
		map = *own[i].value ?
		    map_set(a, map, own[i].key, own[i].value) :
		    map_remove(a, map, own[i].key);
	return map;
}

struct vec
product_with_settings(struct arena *a, const struct xapi *x,
    struct vec software_version, struct vec other_config)
{
	const struct vec own = product_own(a, x);
	struct vec map = software_version;

	for (size_t i = 0; i < PRODUCT_KEYS; i++) {
		const char *key = product_keys[i];
		const char *value = map_get(other_config, key);

		if (!value || product_problem(key, value))
			value = map_get(own, key);
		map = value ? map_set(a, map, key, value) :
		    map_remove(a, map, key);
	}
	return map;
}

int
product_follow(struct call *c, struct db_txn *t)
{
	const struct pool *pool = pool_txn_get(t, &c->x->pool);
	struct host *host = host_txn_edit(t, &c->x->host);

	if (!pool || !host)
		return 0;
	for (size_t i = 0; i < PRODUCT_KEYS; i++) {
		const char *key = product_keys[i];
		const char *value = map_get(pool->other_config, key);

		if (value && product_problem(key, value))
			return err_invalid_value(c, arena_printf(c->arena,
			    "other_config:%s", key), value);
	}
	host->software_version = product_with_settings(txn_arena(t), c->x,
	    host->software_version, pool->other_config);
	return 0;
}

struct vec
product_answered(struct arena *a, const struct xapi *x, struct vec other_config)
{
	const struct string_pair *p = x->product.v;
	struct vec map = other_config;

	for (uint32_t i = 0; i < x->product.n; i++) {
		if (!product_problem(p[i].key, p[i].value))
			map = map_set(a, map, p[i].key, p[i].value);
		else
			log_warn("'%s' of the installation is passed over: %s",
			    p[i].key, product_problem(p[i].key, p[i].value));
	}
	return map;
}
