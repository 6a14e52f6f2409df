/* More messages than are kept, many of them made in the same second. */
#include <string.h>

#include "api/call.h"
#include "api/xapi.h"
#include "base/clock.h"
#include "gen/methods.h"
#include "gen/store.h"
#include "store.h"
#include "unit.h"

#define KEPT 10000			/* MESSAGE_MAX */

static int64_t now_s;

int64_t
clock_mono_ms(void)
{
	return 0;
}

int64_t
clock_wall_ms(void)
{
	return now_s * 1000;
}

int64_t
clock_wall_s(void)
{
	return now_s;
}

static int
seed(struct db_txn *t, void *arg)
{
	const char **uuid_out = arg;
	struct pool *p = pool_txn_new(t);
	int i;

	*uuid_out = p->uuid = "4d1f4a1c-5f3b-4c5e-8a53-16a5cbb1a7a1";
	for (i = 0; i < KEPT; i++)
		message_txn_new(t)->timestamp = now_s;
	return 0;
}

static struct ref
message(struct call *c, const char *about)
{
	const struct message_create_args a = {
		.name = "SOMETHING", .priority = 3, .cls = CLS_POOL,
		.obj_uuid = about, .body = "",
	};
	struct ref ref;

	ck_assert_int_eq(api_message_create(c, &a, &ref), 0);
	return ref;
}

/* Whatever the clock says: it may be set back, and seconds are long. */
START_TEST(the_oldest_message_makes_room)
{
	struct xapi x = { .db = store_open() };
	struct call c = { .x = &x, .superuser = true };
	struct ref made[100];
	const char *about;
	int i;

	now_s = 1000000;
	ck_assert_int_eq(db_write(x.db, seed, &about), 0);
	c.arena = arena_new();
	for (i = 0; i < 100; i++) {
		now_s = 1000000 - i / 30;
		c.root = db_root_get(x.db);
		made[i] = message(&c, about);
		call_close(&c);
	}
	c.root = db_root_get(x.db);
	for (i = 0; i < 100; i++)
		ck_assert(db_find(c.root, CLASS_MESSAGE, &made[i]));
	ck_assert_int_eq(db_count(c.root, CLASS_MESSAGE), KEPT);
	call_close(&c);
	arena_free(c.arena);
	db_close(x.db);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("message", the_oldest_message_makes_room);
}
