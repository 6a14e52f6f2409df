/* When data about the pool's use is to be collected, and under which name; who
 * collects it is not here. */
#include "api/call.h"
#include "base/clock.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/store.h"
#include "wire/emit.h"

#define DAY_S (24 * 3600)

static int64_t
period_s(int frequency)
{
	switch (frequency) {
	case TELEMETRY_FREQUENCY_DAILY:
		return DAY_S;
	case TELEMETRY_FREQUENCY_WEEKLY:
		return 7 * DAY_S;
	default:
		return 31 * DAY_S;
	}
}

struct change {
	struct call *c;
	const struct ref *pool;
	int64_t when;
};

static int
next_in(struct db_txn *t, void *arg)
{
	const struct change *ch = arg;
	struct pool *pool = call_txn_edit(ch->c, t, CLASS_POOL, ch->pool);
	char text[DATETIME_TEXT_LEN];

	if (!pool)
		return -1;
	if (ch->when > clock_wall_s() +
	    2 * period_s(pool->telemetry_frequency))
		return err_telemetry_next_collection_too_late(ch->c,
		    datetime_text(ch->when, text));
	pool->telemetry_next_collection = ch->when;
	return 0;
}

/* Two periods from now at the latest. */
int
api_pool_set_telemetry_next_collection(struct call *c,
    const struct pool_set_telemetry_next_collection_args *a)
{
	return call_write(c, next_in, &(struct change){ .c = c,
	    .pool = &a->self, .when = a->value });
}

static int
reset_in(struct db_txn *t, void *arg)
{
	const struct change *ch = arg;
	struct pool *pool = call_txn_edit(ch->c, t, CLASS_POOL, ch->pool);
	char text[UUID_TEXT_LEN + 1];
	struct secret *name;

	if (!pool)
		return -1;
	txn_delete(t, CLASS_SECRET, &pool->telemetry_uuid);
	name = secret_txn_new(t);
	name->value = arena_strdup(txn_arena(t), uuid_random(text));
	pool->telemetry_uuid = name->obj.ref;
	return 0;
}

int
api_pool_reset_telemetry_uuid(struct call *c,
    const struct pool_reset_telemetry_uuid_args *a)
{
	return call_write(c, reset_in,
	    &(struct change){ .c = c, .pool = &a->self });
}
