/* Scripts of an answer file: at their stage, in their order, within a limit. */
#include <string.h>

#include "installer/script.h"
#include "scratch.h"
#include "unit.h"

static struct scripts all;
static char why[SCRIPT_WHY];

/* Adds a script that says its name and arguments, and does what text says. */
static void
add(const char *stage, const char *name, const char *text)
{
	char word[PATH_MAX + 64];
	FILE *f = fopen(scratch_file(name), "w");

	fprintf(f, "echo %s $# $1 >>%s\n%s\n", name, scratch_file("said"),
	    text);
	fclose(f);
	snprintf(word, sizeof(word), "%s=%s", stage, scratch_file(name));
	ck_assert(scripts_add(&all, strdup(word)));
}

static void
expect(const char *text)
{
	char said[4096] = "";
	FILE *f = fopen(scratch_file("said"), "r");

	if (f) {
		said[fread(said, 1, sizeof(said) - 1, f)] = '\0';
		fclose(f);
	}
	ck_assert_str_eq(said, text);
}

START_TEST(each_stage_runs_its_own_in_their_order)
{
	add("filesystem-populated", "c", "");
	add("installation-start", "a", "");
	add("installation-start", "b", "exit 0");
	ck_assert_int_eq(scripts_run(&all, STAGE_START, NULL, why), 0);
	ck_assert_int_eq(scripts_run(&all, STAGE_POPULATED, "/x y", why), 0);
	ck_assert_int_eq(scripts_run(&all, STAGE_COMPLETE, "0", why), 0);
	expect("a 0\nb 0\nc 1 /x y\n");
}
END_TEST

START_TEST(one_that_fails_is_the_last)
{
	add("installation-start", "a", "exit 7");
	add("installation-start", "b", "");
	ck_assert_int_eq(scripts_run(&all, STAGE_START, NULL, why), -1);
	ck_assert_str_eq(why, "the script of installation-start ended with 7");
	expect("a 0\n");
}
END_TEST

START_TEST(one_that_is_killed_has_failed)
{
	add("installation-start", "a", "kill -9 $$");
	ck_assert_int_eq(scripts_run(&all, STAGE_START, NULL, why), -1);
	ck_assert_ptr_nonnull(strstr(why, "signal 9"));
}
END_TEST

/* The process whose number is in that file: gone, or a zombie that nobody has
 * collected yet. */
static void
expect_end(const char *name)
{
	FILE *f = fopen(scratch_file(name), "r");
	char path[64], c;
	size_t n = 1;
	int pid;

	ck_assert_int_eq(fscanf(f, "%d", &pid), 1);
	fclose(f);
	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	while (n == 1) {
		f = fopen(path, "r");
		n = f ? fread(&c, 1, 1, f) : 0;
		if (f)
			fclose(f);
	}
}

/* With what it has started. */
START_TEST(one_that_takes_too_long_is_ended)
{
	all.limit_s = 1;
	add("installation-complete", "a",
	    "sleep 1000 & echo $! >$0.pid; sleep 1000");
	ck_assert_int_eq(scripts_run(&all, STAGE_COMPLETE, "1", why), -1);
	ck_assert_ptr_nonnull(strstr(why, "longer than 1 s"));
	expect_end("a.pid");
}
END_TEST

START_TEST(nothing_of_it_stays_in_the_background)
{
	add("installation-start", "a", "sleep 1000 & echo $! >$0.pid");
	ck_assert_int_eq(scripts_run(&all, STAGE_START, NULL, why), 0);
	expect_end("a.pid");
}
END_TEST

START_TEST(words_that_say_nothing_are_refused)
{
	ck_assert(!scripts_add(&all, "installation-start"));
	ck_assert(!scripts_add(&all, "installation=/x"));
	ck_assert(!scripts_add(&all, "=/x"));
	for (int i = 0; i < SCRIPTS_MAX; i++)
		ck_assert(scripts_add(&all, "installation-complete=/x"));
	ck_assert(!scripts_add(&all, "installation-complete=/x"));
}
END_TEST

int
main(void)
{
	return UNIT_RUN("script", each_stage_runs_its_own_in_their_order,
	    one_that_fails_is_the_last, one_that_is_killed_has_failed,
	    one_that_takes_too_long_is_ended,
	    nothing_of_it_stays_in_the_background,
	    words_that_say_nothing_are_refused);
}
