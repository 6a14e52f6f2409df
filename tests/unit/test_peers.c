/* Messages between members, and who is none. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>

#include "base/codec.h"
#include "net/mutual.h"
#include "peers.h"
#include "poold/link.h"

#define A 1
#define B 2
#define C 3

static struct side sides[4];

/* The members 1 to n, all of whom know each other. */
static void
begin(int n)
{
	struct pool_peer list[4];
	int i;

	for (i = 1; i <= n; i++) {
		side_init(&sides[i], (uint64_t)i);
		list[i - 1] = sides[i].info;
	}
	for (i = 1; i <= n; i++)
		side_run(&sides[i], list, (size_t)n);
}

static void
end(int n)
{
	int i;

	for (i = 1; i <= n; i++)
		side_stop(&sides[i]);
}

static int
dial(const struct side *s)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_port = htons((uint16_t)strtol(strrchr(s->info.address, ':') + 1,
	    NULL, 10));
	ck_assert_int_eq(connect(fd, (void *)&at, sizeof(at)), 0);
	return fd;
}

/* Waits until the other end is gone. */
static void
wait_for_end(int fd)
{
	char bytes[512];

	while (recv(fd, bytes, sizeof(bytes), 0) > 0)
		;
}

START_TEST(messages_go_both_ways_and_in_order)
{
	uint64_t i;

	begin(2);
	side_reach(&sides[A], &sides[B], 1);
	side_reach(&sides[B], &sides[A], 1);
	for (i = 2; i < 200; i++) {
		struct post p = { B, i };

		side_call(&sides[A], side_post, &p);
	}
	side_reach(&sides[A], &sides[B], 200);
	ck_assert_uint_ge(sides[B].got, 200);
	ck_assert_uint_eq(sides[B].from, A);
	end(2);
}
END_TEST

static void
forward(struct side *s, void *arg)
{
	const struct wire_forward f = { .token = 77, .entry = "batch",
	    .len = sizeof("batch") };

	peers_forward(s->peers, *(uint64_t *)arg, &f);
}

START_TEST(what_is_forwarded_comes_with_its_sender)
{
	uint64_t to = A, nobody = 9;

	begin(2);
	side_reach(&sides[B], &sides[A], 1);
	side_call(&sides[B], forward, &nobody);
	side_call(&sides[B], forward, &to);
	/* messages come in order */
	side_reach(&sides[B], &sides[A], 2);
	ck_assert_uint_eq(sides[A].forwarded, 77);
	ck_assert_uint_eq(sides[A].forwarder, B);
	end(2);
}
END_TEST

START_TEST(who_is_away_is_reached_when_it_comes)
{
	struct pool_peer list[2];
	struct post p = { B, 1 };
	int i;

	side_init(&sides[A], A);
	side_init(&sides[B], B);
	list[0] = sides[A].info;
	list[1] = sides[B].info;
	side_run(&sides[A], list, 2);
	for (i = 0; i < 100; i++)
		side_call(&sides[A], side_post, &p);
	side_run(&sides[B], list, 2);
	side_reach(&sides[A], &sides[B], 2);
	end(2);
}
END_TEST

START_TEST(bytes_that_are_no_handshake_end_it)
{
	int fd;

	begin(2);
	fd = dial(&sides[B]);
	ck_assert_int_eq(send(fd, "GET / HTTP/1.1\r\n\r\n", 18, 0), 18);
	wait_for_end(fd);
	close(fd);
	side_reach(&sides[A], &sides[B], 1);
	end(2);
}
END_TEST

/* A connection with a certificate of that name; its handshake is done. */
static struct tls_conn *
dial_as(const struct side *s, const char *name, struct mutual **m, int *fd)
{
	struct mutual_pin pin = { s->info.id, { 0 } };
	struct tls_conn *c;

	ck_assert_int_eq(mutual_new(scratch_file(name), m), 0);
	memcpy(pin.sha256, s->info.pin, MUTUAL_PIN);
	mutual_trust(*m, &pin, 1);
	*fd = dial(s);
	c = mutual_connect(*m, *fd);
	ck_assert_ptr_nonnull(c);
	ck_assert_int_eq(tls_handshake(c), 0);
	ck_assert_uint_eq(mutual_peer(*m, c), s->info.id);
	return c;
}

static void
hang_up(struct tls_conn *c, struct mutual *m, int fd)
{
	tls_conn_free(c);
	mutual_free(m);
	close(fd);
}

START_TEST(a_stranger_is_refused)
{
	struct mutual *m;
	struct tls_conn *c;
	char byte;
	int fd;

	begin(2);
	c = dial_as(&sides[B], "stranger.pem", &m, &fd);
	ck_assert_int_le(tls_read(c, &byte, 1), 0);
	hang_up(c, m, fd);
	side_reach(&sides[A], &sides[B], 1);
	ck_assert_uint_eq(sides[B].from, A);
	end(2);
}
END_TEST

START_TEST(another_in_a_members_place_is_sent_nothing)
{
	struct pool_peer list[2];
	struct post p = { B, 1 };

	/* C is where A looks for B */
	begin(3);
	list[0] = sides[A].info;
	list[1] = sides[B].info;
	memcpy(list[1].address, sides[C].info.address, POOL_ADDRESS);
	side_stop(&sides[A]);
	side_init(&sides[A], A);
	memcpy(list[0].address, sides[A].info.address, POOL_ADDRESS);
	side_run(&sides[A], list, 2);
	for (int i = 0; i < 50; i++) {
		side_call(&sides[A], side_post, &p);
		usleep(2000);
	}
	side_reach(&sides[B], &sides[C], 7);
	ck_assert_uint_eq(sides[C].senders, UINT64_C(1) << B);
	end(3);
}
END_TEST

static void
send_all(struct tls_conn *c, const void *data, size_t len)
{
	const char *p = data;
	ssize_t n;

	for (; len; p += n, len -= (size_t)n) {
		n = tls_write(c, p, len);
		ck_assert_int_gt(n, 0);
	}
}

/* What a member sends ends its connection, and harms nobody. */
static void
check_refused(const void *bytes, size_t len)
{
	struct mutual *m;
	struct tls_conn *c;
	char byte;
	int fd;

	begin(3);
	c = dial_as(&sides[B], "3.pem", &m, &fd);
	send_all(c, bytes, len);
	ck_assert_int_le(tls_read(c, &byte, 1), 0);
	hang_up(c, m, fd);
	ck_assert_uint_eq(sides[B].got, 0);
	side_reach(&sides[A], &sides[B], 1);
	side_reach(&sides[C], &sides[B], 2);
	end(3);
}

START_TEST(a_length_beyond_the_limit_ends_it)
{
	check_refused("\1\0\0\x10", 4);
}
END_TEST

START_TEST(an_empty_message_ends_it)
{
	check_refused("\0\0\0\0", 4);
}
END_TEST

START_TEST(a_message_that_is_none_ends_it)
{
	check_refused("\4\0\0\0\1\7\0\0", 8);
}
END_TEST

START_TEST(a_forwarded_batch_that_is_none_ends_it)
{
	check_refused("\4\0\0\0\1\x40\1\0", 8);
}
END_TEST

START_TEST(a_vote_in_anothers_name_ends_it)
{
	struct raft_message msg = { .type = RAFT_REQUEST_VOTE,
	    .request_vote = { .version = 2, .candidate_id = A } };
	struct buf b = { 0 };

	buf_add(&b, "\0\0\0\0", 4);
	ck_assert(wire_encode(&b, &msg));
	b.data[0] = (char)(b.len - 4);
	check_refused(b.data, b.len);
	buf_release(&b);
}
END_TEST

/* How many of these the other end has not closed. */
static int
count_open(struct pollfd *p, int n)
{
	int open = 0, i;
	char byte;

	for (i = 0; i < n; i++) {
		if (recv(p[i].fd, &byte, 1, MSG_DONTWAIT) == -1 &&
		    errno == EAGAIN)
			open++;
	}
	return open;
}

START_TEST(a_thousand_silent_connections_leave_few)
{
	enum { N = 1000 };
	static struct pollfd p[N];
	int i;

	begin(2);
	for (i = 0; i < N; i++)
		p[i] = (struct pollfd){ .fd = dial(&sides[B]) };
	side_reach(&sides[A], &sides[B], 1);
	while (count_open(p, N) > PEERS_PENDING_MAX)
		usleep(1000);
	side_reach(&sides[A], &sides[B], 2);
	for (i = 0; i < N; i++)
		close(p[i].fd);
	end(2);
}
END_TEST

struct flood {
	struct tls_conn *c;
	_Atomic bool stop;
};

static void *
flood_main(void *arg)
{
	struct raft_message msg = { .type = RAFT_APPEND_ENTRIES_RESULT };
	struct flood *f = arg;
	struct buf b = { 0 };

	buf_add(&b, "\0\0\0\0", 4);
	ck_assert(wire_encode(&b, &msg));
	b.data[0] = (char)(b.len - 4);
	while (!f->stop)
		send_all(f->c, b.data, b.len);
	buf_release(&b);
	return NULL;
}

START_TEST(a_member_that_floods_does_not_keep_the_others_out)
{
	struct flood f = { .stop = false };
	struct mutual *m;
	pthread_t thread;
	int fd;

	begin(3);
	f.c = dial_as(&sides[B], "3.pem", &m, &fd);
	pthread_create(&thread, NULL, flood_main, &f);
	for (uint64_t term = 1; term < 20; term++)
		side_reach(&sides[A], &sides[B], term);
	f.stop = true;
	pthread_join(thread, NULL);
	hang_up(f.c, m, fd);
	end(3);
}
END_TEST

struct change {
	const struct pool_peer *list;
	size_t n;
	int rc;
};

static void
change(struct side *s, void *arg)
{
	struct change *c = arg;

	c->rc = peers_set(s->peers, c->list, c->n);
}

START_TEST(who_is_left_out_is_cut_off)
{
	struct pool_peer list[2];
	struct change c = { list, 2, 0 };
	struct mutual *m;
	struct tls_conn *other;
	char byte;
	int fd;

	begin(3);
	other = dial_as(&sides[B], "3.pem", &m, &fd);
	send_all(other, "\1", 1);
	side_reach(&sides[A], &sides[B], 1);
	list[0] = sides[A].info;
	list[1] = sides[B].info;
	side_call(&sides[B], change, &c);
	ck_assert_int_eq(c.rc, 0);
	ck_assert_int_le(tls_read(other, &byte, 1), 0);
	hang_up(other, m, fd);
	other = dial_as(&sides[B], "3.pem", &m, &fd);
	ck_assert_int_le(tls_read(other, &byte, 1), 0);
	hang_up(other, m, fd);
	side_reach(&sides[A], &sides[B], 2);
	end(3);
}
END_TEST

START_TEST(a_list_that_is_wrong_changes_nothing)
{
	static const char *const bad[] = {
		"", "host:1", "10.0.0.1", "10.0.0.1:0", "10.0.0.1:65536",
		"10.0.0.1:+7", "10.0.0.1:7x", "[::1:7", ":7", "10.0.0:7",
	};
	struct pool_peer list[3];
	struct change c = { list, 2, 0 };
	size_t i;

	begin(2);
	list[0] = sides[A].info;
	list[1] = sides[B].info;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(list[1].address, POOL_ADDRESS, "%s", bad[i]);
		side_call(&sides[A], change, &c);
		ck_assert_int_eq(c.rc, -EINVAL);
	}
	list[1] = list[0];
	side_call(&sides[A], change, &c);
	ck_assert_int_eq(c.rc, -EINVAL);
	list[0] = sides[B].info;
	c.n = 1;			/* without itself */
	side_call(&sides[A], change, &c);
	ck_assert_int_eq(c.rc, -EINVAL);
	side_reach(&sides[A], &sides[B], 1);
	end(2);
}
END_TEST

START_TEST(a_member_goes_on_at_another_address)
{
	struct pool_peer list[2];
	struct change c = { list, 2, 0 };

	begin(2);
	side_reach(&sides[A], &sides[B], 1);
	snprintf(sides[B].info.address, POOL_ADDRESS, "[::1]:%d",
	    free_port());
	list[0] = sides[A].info;
	list[1] = sides[B].info;
	side_call(&sides[B], change, &c);
	ck_assert_int_eq(c.rc, 0);
	side_call(&sides[A], change, &c);
	ck_assert_int_eq(c.rc, 0);
	side_reach(&sides[A], &sides[B], 2);
	end(2);
}
END_TEST

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	return UNIT_RUN("peers", messages_go_both_ways_and_in_order,
	    what_is_forwarded_comes_with_its_sender,
	    a_forwarded_batch_that_is_none_ends_it,
	    who_is_away_is_reached_when_it_comes,
	    bytes_that_are_no_handshake_end_it, a_stranger_is_refused,
	    another_in_a_members_place_is_sent_nothing,
	    a_length_beyond_the_limit_ends_it, an_empty_message_ends_it,
	    a_message_that_is_none_ends_it, a_vote_in_anothers_name_ends_it,
	    a_thousand_silent_connections_leave_few,
	    a_member_that_floods_does_not_keep_the_others_out,
	    who_is_left_out_is_cut_off, a_list_that_is_wrong_changes_nothing,
	    a_member_goes_on_at_another_address);
}
