/* Guessing of passwords, by a clock that is the test's. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/guesses.h"
#include "unit.h"

static int64_t now;
static struct guesses *g;
static int wait_s;

static int64_t
clock_ms(void)
{
	return now;
}

static void
begin(void)
{
	now = 1000;
	g = guesses_new("a login", clock_ms);
}

static struct source
from(const char *text)
{
	struct sockaddr_storage sa = { .ss_family = AF_INET6 };
	struct sockaddr_in6 *six = (void *)&sa;
	struct sockaddr_in *four = (void *)&sa;

	if (strchr(text, ':')) {
		ck_assert_int_eq(inet_pton(AF_INET6, text, &six->sin6_addr),
		    1);
	} else {
		sa.ss_family = AF_INET;
		ck_assert_int_eq(inet_pton(AF_INET, text, &four->sin_addr),
		    1);
	}
	return source_of(&sa);
}

/* Was it heard? */
static bool
try(const char *address, const char *account, enum guess outcome)
{
	const struct source s = from(address);

	if (!guess_begin(g, &s, account, &wait_s))
		return false;
	guess_end(g, &s, account, outcome);
	return true;
}

static bool
wrong(const char *address)
{
	return try(address, "root", GUESS_WRONG);
}

static bool
right(const char *address)
{
	return try(address, "root", GUESS_RIGHT);
}

START_TEST(a_64_is_one_source)
{
	struct source a = from("2001:db8:0:1::1");
	struct source b = from("2001:db8:0:1:ffff::2");
	struct source c = from("2001:db8:0:2::1");
	struct source four = from("192.0.2.1");
	struct source mapped = from("::ffff:192.0.2.1");
	struct source other = from("::ffff:192.0.2.2");
	char text[SOURCE_TEXT];

	ck_assert(source_equal(&a, &b));
	ck_assert(!source_equal(&a, &c));
	ck_assert(source_equal(&four, &mapped));
	ck_assert(!source_equal(&four, &other));
	ck_assert_str_eq(source_text(&b, text), "2001:db8:0:1::/64");
	ck_assert_str_eq(source_text(&four, text), "192.0.2.1");
	ck_assert_str_eq(source_text(&(struct source){ 0 }, text),
	    "this host");
}
END_TEST

START_TEST(wrong_ones_wait_ever_longer)
{
	int heard = 0;

	begin();
	for (int i = 0; i < GUESS_FREE; i++)
		ck_assert(wrong("192.0.2.1"));
	ck_assert(!wrong("192.0.2.1"));
	ck_assert_int_eq(wait_s, GUESS_WAIT_MS / 1000);
	/* not even the right one */
	ck_assert(!right("192.0.2.1"));
	now += GUESS_WAIT_MS;
	ck_assert(wrong("192.0.2.1"));
	now += GUESS_WAIT_MS;
	ck_assert(!wrong("192.0.2.1"));
	now += GUESS_WAIT_MS;
	ck_assert(wrong("192.0.2.1"));
	/* A day of guessing, ten times a second. */
	for (int i = 0; i < 24 * 3600 * 10; i++, now += 100)
		heard += wrong("192.0.2.1");
	ck_assert_int_le(heard, 24 * 3600 * 1000 / GUESS_WAIT_MAX_MS + 10);
	guesses_free(g);
}
END_TEST

START_TEST(the_right_one_and_time_forgive)
{
	begin();
	for (int i = 0; i < GUESS_FREE - 1; i++)
		ck_assert(wrong("192.0.2.1"));
	ck_assert(right("192.0.2.1"));
	for (int i = 0; i < GUESS_FREE; i++)
		ck_assert(wrong("192.0.2.1"));
	ck_assert(!wrong("192.0.2.1"));
	now += GUESS_FORGET_MS;
	for (int i = 0; i < GUESS_FREE; i++)
		ck_assert(wrong("192.0.2.1"));
	guesses_free(g);
}
END_TEST

START_TEST(a_64_waits_as_one)
{
	begin();
	for (int i = 0; i < GUESS_FREE; i++) {
		char text[40];

		snprintf(text, sizeof(text), "2001:db8::%x", i + 1);
		ck_assert(wrong(text));
	}
	ck_assert(!wrong("2001:db8::ffff"));
	ck_assert(wrong("2001:db8:0:1::1"));
	guesses_free(g);
}
END_TEST

START_TEST(a_guesser_locks_out_nobody_else)
{
	begin();
	for (int i = 0; i < 100000; i++, now += 10)
		wrong("192.0.2.1");
	ck_assert(right("192.0.2.2"));
	ck_assert(right("2001:db8::1"));
	guesses_free(g);
}
END_TEST

/* Many addresses, one account: each has one guess, then waits the longest. */
START_TEST(an_account_under_siege_costs_each_guesser_more)
{
	char text[40];
	int heard = 0;

	begin();
	for (int i = 0; i < GUESS_SIEGE; i++) {
		snprintf(text, sizeof(text), "10.0.0.%d", i);
		ck_assert(wrong(text));
	}
	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "10.0.1.%d", i);
		for (int j = 0; j < 10; j++)
			heard += wrong(text);
	}
	ck_assert_int_eq(heard, 100);
	ck_assert_int_eq(wait_s, GUESS_WAIT_MAX_MS / 1000);
	/* Not for who knows the password, and not for other accounts. */
	ck_assert(right("10.0.2.1"));
	for (int i = 0; i < GUESS_FREE; i++)
		ck_assert(try("10.0.2.2", "admin", GUESS_WRONG));
	now += GUESS_SIEGE_MS;
	for (int i = 0; i < GUESS_FREE; i++)
		ck_assert(wrong("10.0.2.3"));
	guesses_free(g);
}
END_TEST

static bool
was_wrong(const char *address)
{
	const struct source s = from(address);

	return guess_was_wrong(g, &s);
}

START_TEST(who_was_wrong_of_late_is_known)
{
	begin();
	ck_assert(!was_wrong("192.0.2.1"));
	ck_assert(wrong("192.0.2.1"));
	ck_assert(was_wrong("192.0.2.1"));
	ck_assert(!was_wrong("192.0.2.2"));
	ck_assert(right("192.0.2.1"));
	ck_assert(!was_wrong("192.0.2.1"));
	ck_assert(wrong("192.0.2.1"));
	now += GUESS_FORGET_MS;
	ck_assert(!was_wrong("192.0.2.1"));
	guesses_free(g);
}
END_TEST

START_TEST(so_many_sources_are_remembered)
{
	char text[40];

	begin();
	for (int i = 0; i < 3 * GUESS_SOURCES; i++, now++) {
		snprintf(text, sizeof(text), "10.1.%d.%d", i / 256, i % 256);
		ck_assert(wrong(text));
	}
	ck_assert(!wrong(text));
	ck_assert(right("10.2.0.1"));
	guesses_free(g);
}
END_TEST

/* -- at once -- */

static atomic_int hearing, most, heard_all;

static void *
hear(void *arg)
{
	const struct source *s = arg;
	int n, w;

	for (int i = 0; i < 200; i++) {
		if (!guess_begin(g, s, "root", &w))
			continue;
		n = atomic_fetch_add(&hearing, 1) + 1;
		for (int m = most; n > m &&
		    !atomic_compare_exchange_weak(&most, &m, n);)
			;
		usleep(10);
		atomic_fetch_sub(&hearing, 1);
		atomic_fetch_add(&heard_all, 1);
		guess_end(g, s, "root", GUESS_RIGHT);
	}
	return NULL;
}

START_TEST(few_hashes_are_made_at_once)
{
	struct source s[8];
	pthread_t t[8];
	char text[40];

	begin();
	for (int i = 0; i < 8; i++) {
		snprintf(text, sizeof(text), "10.0.0.%d", i / 2);
		s[i] = from(text);
		ck_assert_int_eq(pthread_create(&t[i], NULL, hear, &s[i]), 0);
	}
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
	ck_assert_int_le(most, GUESS_AT_ONCE);
	/* Those that are right are all heard, also of one address. */
	ck_assert_int_eq(heard_all, 8 * 200);
	guesses_free(g);
}
END_TEST

/* Of a source that was wrong, no more at once than it has free guesses. */
START_TEST(guesses_at_once_count)
{
	const struct source s = from("192.0.2.1");

	begin();
	for (int i = 0; i < GUESS_FREE - 1; i++)
		ck_assert(wrong("192.0.2.1"));
	ck_assert(guess_begin(g, &s, "root", &wait_s));
	ck_assert(!guess_begin(g, &s, "root", &wait_s));
	guess_end(g, &s, "root", GUESS_WRONG);
	guesses_free(g);
}
END_TEST

/* -- the log -- */

static int
lines(const char *path, char *last, size_t size)
{
	FILE *f = fopen(path, "r");
	int n = 0;

	ck_assert_ptr_nonnull(f);
	while (fgets(last, (int)size, f))
		n++;
	fclose(f);
	return n;
}

START_TEST(thousands_of_refusals_are_few_lines)
{
	char path[64], last[512];
	int64_t start;
	int n;

	snprintf(path, sizeof(path), "/tmp/test_guesses.%d", (int)getpid());
	ck_assert_ptr_nonnull(freopen(path, "w", stderr));
	begin();
	start = now;
	/* 25,000, of which most are unheard, within four minutes. */
	for (int i = 0; i < 25000; i++, now += 10)
		wrong("192.0.2.1");
	n = lines(path, last, sizeof(last));
	ck_assert_int_ge(n, 2);
	ck_assert_int_le(n, (int)((now - start) / GUESS_REPORT_MS) + 1);
	ck_assert_ptr_nonnull(strstr(last, "times, last as 'root' from "
	    "192.0.2.1"));
	/* None is left untold. */
	now += GUESS_REPORT_MS;
	guesses_report(g);
	ck_assert_int_eq(lines(path, last, sizeof(last)), n + 1);
	guesses_report(g);
	ck_assert_int_eq(lines(path, last, sizeof(last)), n + 1);
	unlink(path);
	guesses_free(g);
}
END_TEST

START_TEST(where_there_is_no_password_nobody_guesses)
{
	begin();
	for (int i = 0; i < 1000; i++)
		ck_assert(try("192.0.2.1", "root", GUESS_VOID));
	ck_assert(right("192.0.2.1"));
	guesses_free(g);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("guesses", a_64_is_one_source,
	    wrong_ones_wait_ever_longer, the_right_one_and_time_forgive,
	    a_64_waits_as_one, a_guesser_locks_out_nobody_else,
	    an_account_under_siege_costs_each_guesser_more,
	    who_was_wrong_of_late_is_known, so_many_sources_are_remembered,
	    few_hashes_are_made_at_once,
	    guesses_at_once_count, thousands_of_refusals_are_few_lines,
	    where_there_is_no_password_nobody_guesses);
}
