/* What is said of a server's answer, by a server of one connection. */
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/fetch.h"
#include "unit.h"

struct server {
	int fd;
	int port;
	const char *answer;
	size_t len;
	pthread_t thread;
};

static void *
serve(void *arg)
{
	struct server *s = arg;
	int fd = accept(s->fd, NULL, NULL);
	char asked[4096];

	ck_assert_int_ne(fd, -1);
	ck_assert_int_gt(recv(fd, asked, sizeof(asked), 0), 0);
	ck_assert_int_eq(send(fd, s->answer, s->len, MSG_NOSIGNAL),
	    (ssize_t)s->len);
	close(fd);
	return NULL;
}

static void
start(struct server *s)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(at);

	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(s->fd, (struct sockaddr *)&at, len), 0);
	ck_assert_int_eq(listen(s->fd, 1), 0);
	ck_assert_int_eq(getsockname(s->fd, (struct sockaddr *)&at, &len), 0);
	s->port = ntohs(at.sin_port);
	ck_assert_int_eq(pthread_create(&s->thread, NULL, serve, s), 0);
}

/* What fetch() answers to the server's bytes. */
static int
fetch_of(const char *answer, size_t len, struct buf *out,
    char why[static FETCH_WHY])
{
	struct server s = { .answer = answer, .len = len };
	struct fetch f = { .max = 100 };
	char url[64];
	int rc;

	start(&s);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/file", s.port);
	f.url = url;
	why[0] = '\0';
	rc = fetch(&f, out, why);
	ck_assert_int_eq(pthread_join(s.thread, NULL), 0);
	close(s.fd);
	return rc;
}

static void
refused(const char *answer, size_t len, const char *want)
{
	struct buf out = { 0 };
	char why[FETCH_WHY];

	ck_assert_int_eq(fetch_of(answer, len, &out, why), -1);
	ck_assert_str_eq(why, want);
	ck_assert_uint_eq(out.len, 0);
}
#define REFUSED(answer, want) refused(answer, sizeof(answer) - 1, want)

START_TEST(a_file_arrives_as_it_is)
{
	static const char answer[] = "HTTP/1.0 200 OK\r\n"
	    "content-LENGTH: 5\r\n\r\na\0b\n\x1b";
	struct buf out = { 0 };
	char why[FETCH_WHY];

	ck_assert_int_eq(fetch_of(answer, sizeof(answer) - 1, &out, why), 0);
	ck_assert_uint_eq(out.len, 5);
	ck_assert_mem_eq(out.data, "a\0b\n\x1b", 5);
	buf_release(&out);
}
END_TEST

START_TEST(of_a_refusal_only_the_first_line_is_told)
{
	REFUSED("HTTP/1.1 404 Not Found\r\nServer: x\r\n\r\n<html>secret",
	    "the server answers: 'HTTP/1.1 404 Not Found'");
	REFUSED("HTTP/1.1 404 Not Found\nServer: x\r\n\r\n",
	    "the server answers: 'HTTP/1.1 404 Not Found'");
	REFUSED("SSH-2.0-x\r\nmore\r\n\r\n",
	    "the server answers: 'SSH-2.0-x'");
	REFUSED("\r\n\r\n", "the server answers: ''");
}
END_TEST

START_TEST(a_refusal_does_nothing_to_the_terminal)
{
	REFUSED("HTTP/1.1 500 \x1b[2J\x07 \x9b\x7f.\r\n\r\n",
	    "the server answers: 'HTTP/1.1 500 ?[2J? ??.'");
	REFUSED("HTTP/1.1 500 it's\r\n\r\n",
	    "the server answers: 'HTTP/1.1 500 it's'");
}
END_TEST

START_TEST(a_long_refusal_is_cut)
{
	static char answer[1000 + 4];
	char why[FETCH_WHY];
	struct buf out = { 0 };

	memset(answer, 'x', 1000);
	memcpy(answer + 1000, "\r\n\r\n", 4);
	ck_assert_int_eq(fetch_of(answer, sizeof(answer), &out, why), -1);
	ck_assert_uint_eq(strlen(why), strlen("the server answers: ''") + 80);
}
END_TEST

START_TEST(an_answer_without_an_end_of_its_head_is_none)
{
	static const char answer[] = "HTTP/1.0 200 OK\r\nserver: \0\r\n\r\n";
	struct buf out = { 0 };
	char why[FETCH_WHY];

	ck_assert_int_eq(fetch_of(answer, sizeof(answer) - 1, &out, why), -1);
	ck_assert(!strncmp(why, "no answer that is understood", 28));
}
END_TEST

START_TEST(a_file_is_whole_or_refused)
{
	struct buf out = { 0 };
	char why[FETCH_WHY];
	static const char cut[] = "HTTP/1.0 200 OK\r\n"
	    "Content-Length: 6\r\n\r\nhello";
	static char large[200] = "HTTP/1.0 200 OK\r\n\r\n";

	ck_assert_int_eq(fetch_of(cut, sizeof(cut) - 1, &out, why), -1);
	ck_assert(!strncmp(why, "cut short", 9));
	memset(large + strlen(large), 'x', sizeof(large) - strlen(large));
	ck_assert_int_eq(fetch_of(large, sizeof(large), &out, why), -1);
	ck_assert(!strncmp(why, "longer than allowed", 19));
	ck_assert_uint_eq(out.len, 0);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("fetch", a_file_arrives_as_it_is,
	    of_a_refusal_only_the_first_line_is_told,
	    a_refusal_does_nothing_to_the_terminal, a_long_refusal_is_cut,
	    an_answer_without_an_end_of_its_head_is_none,
	    a_file_is_whole_or_refused);
}
