/* One connection between members, whose other end does what it likes. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "poold/link.h"
#include "scratch.h"
#include "unit.h"

#define SHORT_MS 200
#define LONG_MS 60000
#define HERE 1
#define THERE 2

/* This end is a link on a loop, the other one is bare TLS. */
static struct {
	uv_loop_t uv;
	struct mutual *here, *there;
	struct link_owner owner;
	struct link *link;		/* NULL: it is down */
	uint64_t peer;
	int rc;				/* why it is down */
	struct buf got;			/* the last message */
	int n;				/* messages */
	struct tls_conn *tls;
	int fd;
} t;

static void
up(void *arg, struct link *l, uint64_t peer)
{
	(void)arg, (void)l;
	t.peer = peer;
}

static void
message(void *arg, struct link *l, const void *data, size_t len)
{
	(void)arg, (void)l;
	buf_reset(&t.got);
	buf_add(&t.got, data, len);
	t.n++;
}

static void
down(void *arg, struct link *l, int rc)
{
	(void)arg;
	ck_assert_ptr_eq(l, t.link);
	t.link = NULL;
	t.rc = rc;
}

static void
trust(struct mutual *m, const struct mutual *whom, uint64_t id)
{
	struct mutual_pin pin = { .id = id };

	mutual_own(whom, pin.sha256);
	mutual_trust(m, &pin, 1);
}

static int
listen_here(struct sockaddr_in *at)
{
	socklen_t len = sizeof(*at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	*at = (struct sockaddr_in){ .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	ck_assert_int_eq(bind(fd, (void *)at, len), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert_int_eq(getsockname(fd, (void *)at, &len), 0);
	return fd;
}

static void
begin_link(bool accepts)
{
	struct sockaddr_in at;
	int lfd = listen_here(&at);

	if (accepts) {
		t.fd = socket(AF_INET, SOCK_STREAM, 0);
		ck_assert_int_eq(connect(t.fd, (void *)&at, sizeof(at)), 0);
		ck_assert_int_eq(link_accept(&t.owner, accept4(lfd, NULL, NULL,
		    SOCK_NONBLOCK), &t.link), 0);
	} else {
		ck_assert_int_eq(link_connect(&t.owner, (void *)&at,
		    sizeof(at), &t.link), 0);
		t.fd = accept(lfd, NULL, NULL);
	}
	close(lfd);
	fcntl(t.fd, F_SETFL, O_NONBLOCK);
	t.tls = accepts ? mutual_connect(t.there, t.fd) :
	    mutual_accept(t.there, t.fd);
}

static void
begin(bool accepts, unsigned handshake_ms, unsigned stall_ms)
{
	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(mutual_new(scratch_file("here"), &t.here), 0);
	ck_assert_int_eq(mutual_new(scratch_file("there"), &t.there), 0);
	trust(t.here, t.there, THERE);
	trust(t.there, t.here, HERE);
	uv_loop_init(&t.uv);
	t.owner = (struct link_owner){
		.loop = &t.uv, .mutual = t.here, .handshake_ms = handshake_ms,
		.stall_ms = stall_ms, .up = up, .message = message,
		.down = down,
	};
	begin_link(accepts);
}

static void
end(void)
{
	link_close(t.link);
	uv_run(&t.uv, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&t.uv), 0);
	tls_conn_free(t.tls);
	close(t.fd);
	mutual_free(t.here);
	mutual_free(t.there);
	buf_release(&t.got);
}

static void
shake(void)
{
	int rc = -EAGAIN;

	while (rc == -EAGAIN || !t.peer) {
		uv_run(&t.uv, UV_RUN_NOWAIT);
		rc = tls_handshake(t.tls);
		ck_assert(rc == 0 || rc == -EAGAIN);
	}
	ck_assert_uint_eq(t.peer, THERE);
}

/* From there, while the loop runs. */
static void
send_there(const void *data, size_t len)
{
	const char *p = data;
	ssize_t n;

	while (len) {
		n = tls_write(t.tls, p, len);
		ck_assert(n > 0 || n == -EAGAIN);
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
		uv_run(&t.uv, UV_RUN_NOWAIT);
	}
}

static void
run_until_down(void)
{
	while (t.link)
		uv_run(&t.uv, UV_RUN_ONCE);
}

START_TEST(who_says_nothing_is_given_up)
{
	begin(true, SHORT_MS, LONG_MS);
	run_until_down();
	ck_assert_int_eq(t.rc, -ETIMEDOUT);
	end();
}
END_TEST

START_TEST(who_does_not_answer_is_given_up)
{
	begin(false, SHORT_MS, LONG_MS);
	run_until_down();
	ck_assert_int_eq(t.rc, -ETIMEDOUT);
	end();
}
END_TEST

START_TEST(half_a_message_is_given_up)
{
	begin(true, LONG_MS, SHORT_MS);
	shake();
	send_there("\4\0\0\0ab", 6);
	run_until_down();
	ck_assert_int_eq(t.rc, -ETIMEDOUT);
	ck_assert_int_eq(t.n, 0);
	end();
}
END_TEST

START_TEST(who_is_silent_between_messages_stays)
{
	int i;

	begin(true, LONG_MS, SHORT_MS);
	shake();
	for (i = 1; i <= 3; i++) {
		send_there("\2\0\0\0ab", 6);
		while (t.n < i)
			uv_run(&t.uv, UV_RUN_ONCE);
		usleep(2 * SHORT_MS * 1000);
		uv_run(&t.uv, UV_RUN_NOWAIT);
		ck_assert_ptr_nonnull(t.link);
	}
	ck_assert_mem_eq(t.got.data, "ab", 2);
	end();
}
END_TEST

START_TEST(a_message_comes_in_any_pieces)
{
	static const char two[] = "\5\0\0\0hello\3\0\0\0you";
	size_t i;

	begin(true, LONG_MS, LONG_MS);
	shake();
	for (i = 0; i < sizeof(two) - 1; i++)
		send_there(two + i, 1);
	while (t.n < 2)
		uv_run(&t.uv, UV_RUN_ONCE);
	ck_assert_uint_eq(t.got.len, 3);
	ck_assert_mem_eq(t.got.data, "you", 3);
	end();
}
END_TEST

START_TEST(a_long_message_comes_whole)
{
	const size_t len = 20u << 20;
	uint8_t head[4] = { 0, 0, 0x40, 1 };
	char *data = calloc(1, len);
	size_t i;

	for (i = 0; i < len; i++)
		data[i] = (char)(i * 7 >> 3);
	begin(true, LONG_MS, LONG_MS);
	shake();
	send_there(head, 4);
	send_there(data, len);
	while (!t.n)
		uv_run(&t.uv, UV_RUN_ONCE);
	ck_assert_uint_eq(t.got.len, len);
	ck_assert(memcmp(t.got.data, data, len) == 0);
	free(data);
	end();
}
END_TEST

/* Only where memory is counted. */
#if defined(__SANITIZE_ADDRESS__)
size_t __sanitizer_get_current_allocated_bytes(void);
#endif

static size_t
memory(void)
{
#if defined(__SANITIZE_ADDRESS__)
	return __sanitizer_get_current_allocated_bytes();
#else
	return 0;
#endif
}

START_TEST(a_long_message_takes_no_memory_before_it_comes)
{
	size_t before;

	begin(true, LONG_MS, LONG_MS);
	shake();
	before = memory();
	send_there("\0\0\0\x10xyz", 7);		/* LINK_MESSAGE_MAX */
	uv_run(&t.uv, UV_RUN_NOWAIT);
	ck_assert_ptr_nonnull(t.link);
	ck_assert_uint_lt(memory(), before + (1u << 20));
	end();
}
END_TEST

START_TEST(a_sender_is_not_sent_anything)
{
	begin(false, LONG_MS, LONG_MS);
	shake();
	send_there("\1\0\0\0a", 5);
	run_until_down();
	ck_assert_int_eq(t.rc, -EBADMSG);
	end();
}
END_TEST

START_TEST(what_is_not_read_is_bounded_and_given_up)
{
	static char piece[1u << 20];
	size_t before, queued = 0;

	begin(false, LONG_MS, SHORT_MS);
	shake();
	before = memory();
	while (link_send(t.link, piece, sizeof(piece))) {
		queued += sizeof(piece);
		ck_assert_uint_lt(queued, 256u << 20);
	}
	/* growing by doubling, with what was sent but not yet moved away */
	ck_assert_uint_le(memory(), before + 4 * LINK_QUEUE_MAX);
	run_until_down();
	ck_assert_int_eq(t.rc, -ETIMEDOUT);
	end();
}
END_TEST

START_TEST(before_the_handshake_little_waits)
{
	static char piece[1024];
	size_t queued = 0;

	begin(false, LONG_MS, LONG_MS);
	while (link_send(t.link, piece, sizeof(piece)))
		queued += sizeof(piece);
	ck_assert_uint_le(queued, LINK_EARLY_MAX);
	ck_assert_uint_gt(queued, LINK_EARLY_MAX / 2);
	shake();
	ck_assert(link_send(t.link, piece, sizeof(piece)));
	end();
}
END_TEST

/* The queue is never empty, and yet what was sent does not stay. */
START_TEST(a_queue_that_moves_does_not_grow)
{
	static char piece[64u << 10], sink[256u << 10];
	size_t before, sent = 0;

	begin(false, LONG_MS, LONG_MS);
	shake();
	before = memory();
	while (sent < 128u << 20) {
		while (link_send(t.link, piece, sizeof(piece)))
			sent += sizeof(piece);
		while (tls_read(t.tls, sink, sizeof(sink)) > 0)
			;
		uv_run(&t.uv, UV_RUN_NOWAIT);
	}
	ck_assert_uint_le(memory(), before + 4 * LINK_QUEUE_MAX);
	end();
}
END_TEST

int
main(void)
{
	return UNIT_RUN("link", who_says_nothing_is_given_up,
	    who_does_not_answer_is_given_up, half_a_message_is_given_up,
	    who_is_silent_between_messages_stays,
	    a_message_comes_in_any_pieces, a_long_message_comes_whole,
	    a_long_message_takes_no_memory_before_it_comes,
	    a_sender_is_not_sent_anything,
	    what_is_not_read_is_bounded_and_given_up,
	    before_the_handshake_little_waits,
	    a_queue_that_moves_does_not_grow);
}
