/* Lines of logs for another machine. */
#include <string.h>

#include "base/syslog.h"
#include "unit.h"

static struct syslog_destination to;

static void
ck_to(const char *text, const char *host, const char *port)
{
	ck_assert_ptr_null(syslog_destination_parse(text, &to));
	ck_assert_str_eq(to.host, host);
	ck_assert_str_eq(to.port, port);
}

START_TEST(a_server_has_a_port_or_the_usual_one)
{
	ck_to("logs.example", "logs.example", "514");
	ck_to("192.0.2.7:5514", "192.0.2.7", "5514");
	ck_to("2001:db8::1", "2001:db8::1", "514");
	ck_to("[2001:db8::1]", "2001:db8::1", "514");
	ck_to("[2001:db8::1]:1", "2001:db8::1", "1");
	ck_to("a:65535", "a", "65535");
}
END_TEST

START_TEST(what_is_no_server_is_told)
{
	static const char *const bad[] = {
		"", ":514", "a:", "a:0", "a:65536", "a:x", "a:514x", "a b",
		"[::1", "[::1]x", "[]:1", "-", "a:1:", "a:-1", "udp://a",
	};
	char name[SYSLOG_HOST_SIZE + 1];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(syslog_destination_parse(bad[i], &to) != NULL,
		    "'%s' is one", bad[i]);
	memset(name, 'a', SYSLOG_HOST_SIZE);
	name[SYSLOG_HOST_SIZE] = '\0';
	ck_assert_ptr_nonnull(syslog_destination_parse(name, &to));
}
END_TEST

static void
ck_message(const char *line, const char *want)
{
	char out[SYSLOG_MESSAGE_MAX];
	size_t n = syslog_message("host1", "xapi", line, strlen(line), out);

	ck_assert_int_eq(n, strlen(want));
	ck_assert_msg(!memcmp(out, want, n), "'%.*s'", (int)n, out);
}

START_TEST(a_line_is_a_message)
{
	ck_message("2026-11-28_13:45:58.12345 info: xapi is up",
	    "<30>1 2026-11-28T13:45:58.12345Z host1 xapi - - - "
	    "info: xapi is up");
	ck_message("2026-11-28_13:45:58.12345 error: a\tb\xc3\xa9",
	    "<27>1 2026-11-28T13:45:58.12345Z host1 xapi - - - "
	    "error: a?b\?\?");
	ck_message("2026-11-28_13:45:58.12345 warning: x",
	    "<28>1 2026-11-28T13:45:58.12345Z host1 xapi - - - warning: x");
	ck_message("2026-11-28_13:45:58.12345", "<30>1 - host1 xapi - - - "
	    "2026-11-28_13:45:58.12345");
	ck_message("", "<30>1 - host1 xapi - - - ");
}
END_TEST

START_TEST(a_long_line_is_cut)
{
	char line[2 * SYSLOG_MESSAGE_MAX], out[SYSLOG_MESSAGE_MAX];

	memset(line, 'x', sizeof(line));
	ck_assert_int_eq(syslog_message("", "s", line, sizeof(line), out),
	    SYSLOG_MESSAGE_MAX);
	ck_assert(!memcmp(out, "<30>1 - - s - - - xxx", 21));
	ck_assert_int_eq(out[SYSLOG_MESSAGE_MAX - 1], 'x');
}
END_TEST

int
main(void)
{
	return UNIT_RUN("syslog", a_server_has_a_port_or_the_usual_one,
	    what_is_no_server_is_told, a_line_is_a_message,
	    a_long_line_is_cut);
}
