/* Whose batch the leader orders next. */
#include <string.h>

#include "poold/turns.h"
#include "unit.h"

#define WAIT 100

static void
ask(struct turns *l, uint64_t member, uint64_t base, size_t len)
{
	struct turn t = { member, member * 10 + base, base, { NULL, len } };

	ck_assert(turns_have_room(l, member, len));
	if (len)
		t.entry.base = raft_calloc(1, len);
	turns_ask(l, &t);
}

/* Whose it is; 0: nobody's. */
static uint64_t
next(struct turns *l, uint64_t applied, uint64_t now)
{
	struct turn t;

	if (!turns_next(l, applied, now, WAIT, &t))
		return 0;
	ck_assert_uint_eq(t.token, t.member * 10 + applied);
	raft_free(t.entry.base);
	return t.member;
}

START_TEST(who_asked_first_is_first)
{
	struct turns *l = turns_new();

	ck_assert_uint_eq(next(l, 5, 0), 0);
	ask(l, 2, 5, 8);
	ask(l, 1, 5, 0);
	ask(l, 3, 5, 8);
	ck_assert_uint_eq(next(l, 5, 0), 2);
	turns_free(l);
}
END_TEST

START_TEST(a_place_is_kept_while_a_batch_is_made_anew)
{
	struct turns *l = turns_new();

	ask(l, 1, 5, 0);
	ask(l, 2, 5, 8);
	ck_assert_uint_eq(next(l, 5, 0), 1);
	/* the first is faster to ask again */
	ask(l, 1, 6, 0);
	ck_assert_uint_eq(next(l, 6, 0), 0);
	ask(l, 2, 6, 8);
	ck_assert_uint_eq(next(l, 6, 0), 2);
	ask(l, 2, 7, 8);
	ck_assert_uint_eq(next(l, 7, 0), 0);
	ask(l, 1, 7, 0);
	ck_assert_uint_eq(next(l, 7, 0), 1);
	ck_assert_uint_eq(next(l, 7, 0), 2);
	ck_assert_uint_eq(next(l, 7, 0), 0);
	turns_free(l);
}
END_TEST

START_TEST(who_does_not_come_is_not_waited_for_long)
{
	struct turns *l = turns_new();

	ask(l, 1, 5, 8);
	ask(l, 2, 6, 8);
	ck_assert_uint_eq(next(l, 6, 1000), 0);
	ck_assert_uint_eq(next(l, 6, 1000 + WAIT - 1), 0);
	/* not even if it asks again and again, and always too late */
	ask(l, 1, 5, 8);
	ck_assert_uint_eq(next(l, 6, 1000 + WAIT), 2);
	ck_assert_uint_eq(next(l, 6, 1000 + WAIT), 0);
	/* another time it is */
	ask(l, 1, 6, 8);
	ask(l, 3, 7, 8);
	ck_assert_uint_eq(next(l, 7, 2000), 0);
	ck_assert_uint_eq(next(l, 7, 2000 + WAIT), 3);
	turns_free(l);
}
END_TEST

START_TEST(the_line_is_bounded)
{
	struct turns *l = turns_new();
	struct turn t;
	uint64_t i;

	ck_assert(!turns_have_room(l, 1, TURNS_BYTES_MAX + 1));
	ask(l, 1, 5, TURNS_BYTES_MAX);
	ck_assert(!turns_have_room(l, 2, 1));
	/* in the place of what it had */
	ck_assert(turns_have_room(l, 1, TURNS_BYTES_MAX));
	ask(l, 1, 5, 8);
	for (i = 2; i <= TURNS_MAX; i++)
		ask(l, i, 5, 8);
	ck_assert(!turns_have_room(l, i, 8));
	ck_assert(turns_have_room(l, 1, 8));
	for (i = 1; i <= TURNS_MAX; i++) {
		ck_assert(turns_take(l, &t));
		ck_assert_uint_eq(t.member, i);
		raft_free(t.entry.base);
	}
	ck_assert(!turns_take(l, &t));
	ask(l, 1, 5, TURNS_BYTES_MAX);
	turns_free(l);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("turns", who_asked_first_is_first,
	    a_place_is_kept_while_a_batch_is_made_anew,
	    who_does_not_come_is_not_waited_for_long, the_line_is_bounded);
}
