/* One-line files of /sys. */
#include "base/sysfs.h"

#include <string.h>

#include "scratch.h"
#include "unit.h"

static const char *
put(const char *text)
{
	FILE *f = fopen(scratch_file("key"), "we");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	return scratch_file("");
}

static void
expect(const char *text, const char *want)
{
	char out[8];

	memset(out, 'x', sizeof out);
	sysfs_text(put(text), ".", "key", out, sizeof out);
	ck_assert_str_eq(out, want);
}

START_TEST(the_line_comes_without_blanks_at_its_ends)
{
	expect("one\n", "one");
	expect("  a b  \n", "a b");
	expect("first\nsecond\n", "first");
	expect("   \n", "");
	expect("", "");
}
END_TEST

START_TEST(a_line_is_cut_to_its_room)
{
	char out[1] = "x";

	expect("0123456789\n", "0123456");
	sysfs_text(put("0\n"), ".", "key", out, sizeof out);
	ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(what_cannot_be_read_is_empty)
{
	char out[8] = "before";

	sysfs_text(scratch_file(""), "none", "key", out, sizeof out);
	ck_assert_str_eq(out, "");
}
END_TEST

int
main(void)
{
	return UNIT_RUN("sysfs", the_line_comes_without_blanks_at_its_ends,
	    a_line_is_cut_to_its_room, what_cannot_be_read_is_empty);
}
