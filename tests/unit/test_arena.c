#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "unit.h"

START_TEST(alloc_is_zeroed_and_aligned)
{
	struct arena *a = arena_new();
	size_t size, i;

	for (size = 0; size < 300; size++) {
		char *p = arena_alloc(a, size);

		ck_assert_uint_eq((uintptr_t)p % 16, 0);
		for (i = 0; i < size; i++)
			ck_assert_int_eq(p[i], 0);
		memset(p, 0xee, size);
	}
	arena_free(a);
}
END_TEST

START_TEST(large_pieces_do_not_disturb_small_ones)
{
	struct arena *a = arena_new();
	char *first = arena_strdup(a, "first");
	char *large = arena_alloc(a, 1 << 20);
	char *second = arena_strdup(a, "second");

	memset(large, 0xee, 1 << 20);
	ck_assert_str_eq(first, "first");
	ck_assert_str_eq(second, "second");
	ck_assert_uint_ge(arena_used(a), 1 << 20);
	arena_free(a);
}
END_TEST

START_TEST(a_large_piece_may_come_first)
{
	struct arena *a = arena_new();

	memset(arena_alloc(a, 100000), 1, 100000);
	memset(arena_alloc(a, 10), 1, 10);
	arena_free(a);
}
END_TEST

START_TEST(strings_are_copied_and_bounded)
{
	struct arena *a = arena_new();

	ck_assert_str_eq(arena_strndup(a, "abcdef", 3), "abc");
	ck_assert_str_eq(arena_strndup(a, "ab", 3), "ab");
	ck_assert_str_eq(arena_printf(a, "%d-%s", 7, "x"), "7-x");
	arena_free(a);
	arena_free(NULL);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("arena", alloc_is_zeroed_and_aligned,
	    large_pieces_do_not_disturb_small_ones,
	    a_large_piece_may_come_first, strings_are_copied_and_bounded);
}
