/* Writes of a call that run several times. */
#include <string.h>

#include "api/xapi.h"
#include "gen/errors.h"
#include "gen/store.h"
#include "store.h"

static struct xapi x;
static struct call c;

struct tries {
	int n;
	int fail;		/* so many of them do */
};

static int
make_in(struct db_txn *t, void *arg)
{
	struct tries *tries = arg;

	if (tries->n++ < tries->fail)
		return err_operation_not_allowed(&c, "not yet");
	secret_txn_new(t);
	return 0;
}

START_TEST(what_was_wrong_at_first_is_forgotten_when_it_works)
{
	struct tries tries = { .fail = 2 };

	x.db = store_open();
	c = (struct call){ .x = &x, .arena = arena_new() };
	call_write_surely(&c, make_in, &tries);
	ck_assert_int_eq(tries.n, 3);
	ck_assert_ptr_null(c.err.code);
	tries = (struct tries){ .fail = 1 };
	ck_assert_int_eq(call_write(&c, make_in, &tries), -1);
	ck_assert_str_eq(c.err.code, "OPERATION_NOT_ALLOWED");
	/* one that undoes what failed keeps what that was */
	ck_assert_int_eq(call_write(&c, make_in, &tries), 0);
	ck_assert_str_eq(c.err.code, "OPERATION_NOT_ALLOWED");
	call_close(&c);
	arena_free(c.arena);
	db_close(x.db);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("call",
	    what_was_wrong_at_first_is_forgotten_when_it_works);
}
