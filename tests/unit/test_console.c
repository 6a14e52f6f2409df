/*
 * Consoles over real pseudo-terminals: the test is the guest at one end and
 * its viewers at the other.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fdio.h"
#include "unit.h"
#include "xenopsd/domains/console.h"
#include "xenopsd/domains/console_replay.h"

#define LIMIT_MS 60000
#define WORDS 80

struct rig {
	struct loop *loop;
	struct consoles *cs;
	struct console *c;
	int64_t now;
	int guest;			/* the terminal's other end */
};

static int64_t
clock_of(void *arg)
{
	return ((struct rig *)arg)->now;
}

/* A guest with a console that is read. */
static void
plug_in(struct rig *r, int64_t domid)
{
	int fd;

	r->guest = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	ck_assert_int_ne(r->guest, -1);
	ck_assert_int_eq(grantpt(r->guest), 0);
	ck_assert_int_eq(unlockpt(r->guest), 0);
	fd = console_open_terminal(ptsname(r->guest));
	ck_assert_int_ge(fd, 0);
	console_attach(r->c, domid, fd);
	ck_assert(console_reads(r->c, domid));
}

static void
setup(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	r->loop = loop_new_clock(clock_of, r);
	r->cs = consoles_new(r->loop);
	r->c = console_new(r->cs);
	plug_in(r, 1);
}

static void
teardown(struct rig *r)
{
	consoles_free(r->cs);
	loop_free(r->loop);
	fdio_close(&r->guest);
}

static int
view(struct rig *r)
{
	int fd = console_view(r->c);

	ck_assert_int_ge(fd, 0);
	fdio_nonblock(fd, true);
	return fd;
}

/* What has come; false: and the end. */
static bool
take(int fd, struct buf *b)
{
	char chunk[4096];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		buf_add(b, chunk, (size_t)n);
	return n == -1 && errno == EAGAIN;
}

static void
settle(struct rig *r)
{
	for (int i = 0; i < 64; i++)
		loop_step(r->loop);
}

/* Time passes, here and in the kernel: terminals hand over when they like. */
static void
pass(struct rig *r, int64_t start)
{
	ck_assert_msg(clock_mono_ms() < start + LIMIT_MS, "waited too long");
	loop_step(r->loop);
	r->now++;
	(void)poll(NULL, 0, 1);
}

/* Until a viewer has so many bytes. */
static void
until(struct rig *r, int fd, struct buf *b, size_t len)
{
	int64_t start = clock_mono_ms();

	while (take(fd, b) && b->len < len)
		pass(r, start);
}

static void
expect(struct rig *r, int fd, const char *text)
{
	struct buf b = { 0 };

	until(r, fd, &b, strlen(text));
	ck_assert_str_eq(b.data, text);
	buf_release(&b);
}

/* The guest prints all of it; what one viewer has got of it so far is added
 * to *b. */
static void
print(struct rig *r, const char *text, size_t len, int fd, struct buf *b)
{
	int64_t start = clock_mono_ms();
	ssize_t n;

	while (len > 0) {
		ck_assert_msg(clock_mono_ms() < start + LIMIT_MS,
		    "waited too long");
		n = write(r->guest, text, len);
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
		loop_step(r->loop);
		r->now++;
		if (fd != -1)
			(void)take(fd, b);
	}
}

static void
say(struct rig *r, const char *text)
{
	print(r, text, strlen(text), -1, NULL);
}

/* What was typed into the guest. */
static void
expect_typed(struct rig *r, const char *text)
{
	int64_t start = clock_mono_ms();
	char got[64] = "";
	size_t n = 0;
	ssize_t len;

	while (n < strlen(text)) {
		len = read(r->guest, got + n, sizeof(got) - 1 - n);
		n += len > 0 ? (size_t)len : 0;
		pass(r, start);
	}
	ck_assert_str_eq(got, text);
}

/* The terminal is closed from the guest's side. */
static void
unplug(struct rig *r, int64_t domid)
{
	int64_t start = clock_mono_ms();

	close(r->guest);
	while (console_reads(r->c, domid))
		pass(r, start);
}

START_TEST(two_viewers_both_get_all_bytes)
{
	struct buf want = { 0 }, got[2] = { { 0 }, { 0 } };
	struct rig r;
	int fds[2];

	setup(&r);
	fds[0] = view(&r);
	fds[1] = view(&r);
	for (int i = 0; i < WORDS; i++) {
		char word[24];

		snprintf(word, sizeof(word), "word%d\n", i);
		buf_adds(&want, word);
		say(&r, word);
		for (int k = 0; k < 2; k++)
			(void)take(fds[k], &got[k]);
	}
	for (int k = 0; k < 2; k++) {
		until(&r, fds[k], &got[k], want.len);
		ck_assert_str_eq(got[k].data, want.data);
		buf_release(&got[k]);
		close(fds[k]);
	}
	buf_release(&want);
	teardown(&r);
}
END_TEST

START_TEST(who_comes_late_gets_what_was_said)
{
	struct rig r;
	int first, late;

	setup(&r);
	first = view(&r);
	say(&r, "booting\nlogin: ");
	expect(&r, first, "booting\nlogin: ");
	late = view(&r);
	expect(&r, late, "booting\nlogin: ");
	say(&r, "x");
	expect(&r, late, "x");
	close(first);
	close(late);
	teardown(&r);
}
END_TEST

START_TEST(the_past_is_bounded_and_begins_with_a_line)
{
	const size_t lines = 4000, len = 11;
	struct buf all = { 0 }, b = { 0 };
	struct rig r;
	int first, fd;

	setup(&r);
	first = view(&r);
	for (size_t i = 0; i < lines; i++) {
		char line[24];

		snprintf(line, sizeof(line), "line%06d\n", (int)i);
		print(&r, line, len, first, &all);
	}
	until(&r, first, &all, lines * len);
	fd = view(&r);
	until(&r, fd, &b, CONSOLE_RING - len);
	ck_assert_uint_le(b.len, CONSOLE_RING);
	ck_assert_int_eq(strncmp(b.data, "line", 4), 0);
	ck_assert_str_eq(b.data + b.len - len, "line003999\n");
	buf_release(&all);
	buf_release(&b);
	close(first);
	close(fd);
	teardown(&r);
}
END_TEST

START_TEST(a_viewer_that_does_not_read_loses_its_own_bytes)
{
	static char flood[400000];
	struct buf good = { 0 }, bad = { 0 };
	struct rig r;
	int deaf, fd;

	for (size_t i = 0; i < sizeof(flood); i++)
		flood[i] = i % 50 == 49 ? '\n' : (char)('a' + i % 23);
	setup(&r);
	deaf = view(&r);
	fd = view(&r);
	print(&r, flood, sizeof(flood), fd, &good);
	until(&r, fd, &good, sizeof(flood));
	ck_assert_uint_eq(good.len, sizeof(flood));
	ck_assert_int_eq(memcmp(good.data, flood, sizeof(flood)), 0);
	for (int i = 0; i < 100; i++) {
		(void)take(deaf, &bad);
		settle(&r);
	}
	ck_assert_uint_lt(bad.len, sizeof(flood) / 2);
	ck_assert_uint_ge(bad.len, CONSOLE_RING);
	/* the last is there */
	ck_assert_int_eq(memcmp(bad.data + bad.len - CONSOLE_RING,
	    flood + sizeof(flood) - CONSOLE_RING, CONSOLE_RING), 0);
	buf_release(&good);
	buf_release(&bad);
	close(deaf);
	close(fd);
	teardown(&r);
}
END_TEST

START_TEST(a_guest_that_floods_is_read_at_a_bounded_rate)
{
	static char flood[65536];
	size_t taken = 0;
	struct rig r;
	ssize_t n;

	memset(flood, 'x', sizeof(flood));
	setup(&r);
	for (int ms = 0; ms < 2000; ms++) {
		for (int i = 0; i < 50; i++) {
			n = write(r.guest, flood, sizeof(flood));
			taken += n > 0 ? (size_t)n : 0;
			loop_step(r.loop);
		}
		r.now++;
	}
	ck_assert_uint_ge(taken, CONSOLE_RING);
	ck_assert_uint_le(taken, 5 * CONSOLE_RATE / 2);
	teardown(&r);
}
END_TEST

START_TEST(all_viewers_type)
{
	struct rig r;
	int a, b;

	setup(&r);
	a = view(&r);
	b = view(&r);
	ck_assert_int_eq(write(a, "ab", 2), 2);
	expect_typed(&r, "ab");
	ck_assert_int_eq(write(b, "cd", 2), 2);
	expect_typed(&r, "cd");
	close(a);
	close(b);
	teardown(&r);
}
END_TEST

START_TEST(a_guest_that_takes_no_input_goes_on_printing)
{
	char typed[1000];
	struct rig r;
	ssize_t n;
	int fd;

	memset(typed, 't', sizeof(typed));
	setup(&r);
	fd = view(&r);
	do {
		n = write(fd, typed, sizeof(typed));
		settle(&r);
	} while (n > 0);
	say(&r, "still here\n");
	expect(&r, fd, "still here\n");
	/* what was typed is not lost when it wakes up */
	expect_typed(&r, "tttttttttttttttttttttttttttttttttttttttttttttttttttttt"
	    "ttttttttt");
	close(fd);
	teardown(&r);
}
END_TEST

START_TEST(viewers_are_counted)
{
	int fds[CONSOLE_VIEWERS];
	struct rig r;

	setup(&r);
	for (int i = 0; i < CONSOLE_VIEWERS; i++)
		fds[i] = view(&r);
	ck_assert_int_eq(console_view(r.c), -EMFILE);
	close(fds[0]);
	settle(&r);
	fds[0] = view(&r);
	for (int i = 0; i < CONSOLE_VIEWERS; i++)
		close(fds[i]);
	settle(&r);
	close(view(&r));
	teardown(&r);
}
END_TEST

START_TEST(viewers_of_all_guests_are_counted)
{
	struct console *c[CONSOLE_VIEWERS_ALL / CONSOLE_VIEWERS];
	struct rig r;
	int n = 0;

	setup(&r);
	for (int i = 0; i < CONSOLE_VIEWERS_ALL / CONSOLE_VIEWERS; i++) {
		c[i] = console_new(r.cs);
		while (console_view(c[i]) >= 0)
			n++;
	}
	ck_assert_int_eq(n, CONSOLE_VIEWERS_ALL);
	ck_assert_int_eq(console_view(r.c), -EMFILE);
	teardown(&r);
}
END_TEST

START_TEST(a_reboot_keeps_viewers_and_the_past)
{
	struct rig r;
	int fd, late;

	setup(&r);
	fd = view(&r);
	say(&r, "first\n");
	expect(&r, fd, "first\n");
	unplug(&r, 1);
	plug_in(&r, 2);
	say(&r, "second\n");
	expect(&r, fd, "second\n");
	late = view(&r);
	expect(&r, late, "first\nsecond\n");
	close(fd);
	close(late);
	teardown(&r);
}
END_TEST

START_TEST(at_the_end_viewers_get_the_rest_and_the_end)
{
	struct buf b = { 0 };
	struct rig r;
	int fd, other;

	setup(&r);
	fd = view(&r);
	other = view(&r);
	say(&r, "bye\n");
	expect(&r, other, "bye\n");
	console_end(r.c);
	settle(&r);
	ck_assert(!take(fd, &b));
	ck_assert_str_eq(b.data, "bye\n");
	ck_assert(!take(other, &b));
	buf_release(&b);
	close(fd);
	close(other);
	teardown(&r);
}
END_TEST

START_TEST(who_never_reads_the_rest_is_dropped)
{
	static char flood[200000];
	struct buf b = { 0 };
	struct rig r;
	int fd;

	memset(flood, 'x', sizeof(flood));
	setup(&r);
	fd = view(&r);
	print(&r, flood, sizeof(flood), -1, NULL);
	console_end(r.c);
	settle(&r);
	r.now += CONSOLE_LINGER_MS;
	settle(&r);
	ck_assert(!take(fd, &b));
	buf_release(&b);
	close(fd);
	teardown(&r);
}
END_TEST

START_TEST(a_viewer_may_come_before_the_terminal)
{
	struct rig r;
	int fd;

	setup(&r);
	unplug(&r, 1);
	fd = view(&r);
	ck_assert_int_eq(write(fd, "typed", 5), 5);
	settle(&r);
	plug_in(&r, 2);
	expect_typed(&r, "typed");
	say(&r, "hello\n");
	expect(&r, fd, "hello\n");
	close(fd);
	teardown(&r);
}
END_TEST

/* Of a viewer who types without end while no guest is there, so much is read. */
START_TEST(what_waits_for_a_terminal_is_bounded)
{
	static char much[65536];
	struct rig r;
	ssize_t n, sum = 0;
	int fd;

	memset(much, 'x', sizeof(much));
	setup(&r);
	unplug(&r, 1);
	fd = view(&r);
	for (int i = 0; i < 100; i++) {
		n = write(fd, much, sizeof(much));
		sum += n > 0 ? n : 0;
		settle(&r);
	}
	ck_assert_int_lt(sum, 100 * (ssize_t)sizeof(much));
	ck_assert_int_eq(write(fd, much, 1), -1);
	ck_assert_int_eq(errno, EAGAIN);
	plug_in(&r, 2);
	say(&r, "hello\n");
	expect(&r, fd, "hello\n");
	close(fd);
	teardown(&r);
}
END_TEST

static void
replay(const char *from, const char *want)
{
	char out[256] = "";
	size_t n = console_replay(out, from, strlen(from));

	out[n] = '\0';
	ck_assert_str_eq(out, want);
}

START_TEST(old_questions_are_not_asked_again)
{
	replay("a\033[6nb\033[cc\033[>0cd\033Ze\005f", "abcdef");
	replay("\033[18tx\033[?2004$py", "xy");
	replay("\033]11;?\033\\x\033]10;?\007y\033P$qm\033\\z", "xyz");
	replay("\033[1;31mred\033[0m\033]0;title\007\033[2J\033[H\033(B",
	    "\033[1;31mred\033[0m\033]0;title\007\033[2J\033[H\033(B");
	/* cut short: its end is to come */
	replay("x\033[1;3", "x\033[1;3");
	replay("x\033", "x\033");
	replay("x\033]0;ti", "x\033]0;ti");
}
END_TEST

START_TEST(nothing_but_terminals_is_opened)
{
	ck_assert_int_eq(console_open_terminal("/etc/passwd"), -EINVAL);
	ck_assert_int_eq(console_open_terminal("/dev/pts/../../etc/passwd"),
	    -EINVAL);
	ck_assert_int_eq(console_open_terminal("/dev/pts/99999"), -ENOENT);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("console", two_viewers_both_get_all_bytes,
	    who_comes_late_gets_what_was_said,
	    the_past_is_bounded_and_begins_with_a_line,
	    a_viewer_that_does_not_read_loses_its_own_bytes,
	    a_guest_that_floods_is_read_at_a_bounded_rate, all_viewers_type,
	    a_guest_that_takes_no_input_goes_on_printing, viewers_are_counted,
	    viewers_of_all_guests_are_counted,
	    a_reboot_keeps_viewers_and_the_past,
	    at_the_end_viewers_get_the_rest_and_the_end,
	    who_never_reads_the_rest_is_dropped,
	    a_viewer_may_come_before_the_terminal,
	    what_waits_for_a_terminal_is_bounded,
	    old_questions_are_not_asked_again,
	    nothing_but_terminals_is_opened);
}
