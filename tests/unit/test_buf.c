#include <string.h>

#include "base/buf.h"
#include "unit.h"

START_TEST(grows_and_stays_terminated)
{
	struct buf b = { 0 };
	int i;

	for (i = 0; i < 1000; i++) {
		buf_addc(&b, (char)('a' + i % 26));
		ck_assert_int_eq(b.data[b.len], '\0');
	}
	ck_assert_uint_eq(b.len, 1000);
	buf_adds(&b, "end");
	buf_addf(&b, "%d/%s", 42, "x");
	ck_assert_str_eq(b.data + 1000, "end42/x");
	buf_release(&b);
	ck_assert_ptr_null(b.data);
	buf_release(&b);
}
END_TEST

START_TEST(reset_keeps_memory_and_steal_hands_it_over)
{
	struct buf b = { 0 };
	char *data, *mine;
	size_t len;

	buf_adds(&b, "one");
	data = b.data;
	buf_reset(&b);
	ck_assert_str_eq(b.data, "");
	buf_adds(&b, "two");
	ck_assert_ptr_eq(b.data, data);
	mine = buf_steal(&b, &len);
	ck_assert_str_eq(mine, "two");
	ck_assert_uint_eq(len, 3);
	ck_assert_uint_eq(b.len, 0);
	free(mine);
	mine = buf_steal(&b, NULL);
	ck_assert_str_eq(mine, "");
	free(mine);
}
END_TEST

START_TEST(reserved_room_may_be_filled_by_hand)
{
	struct buf b = { 0 };

	memcpy(buf_reserve(&b, 5000), "abc", 3);
	b.len += 3;
	buf_addc(&b, 'd');
	ck_assert_str_eq(b.data, "abcd");
	buf_release(&b);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("buf", grows_and_stays_terminated,
	    reset_keeps_memory_and_steal_hands_it_over,
	    reserved_room_may_be_filled_by_hand);
}
