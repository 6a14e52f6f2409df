/* Parcels on a socket, and the list of members in one. */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/parcel.h"
#include "base/poold.h"
#include "mutate.h"
#include "unit.h"

static int pair[2];

static void
begin(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
}

static void
end(void)
{
	close(pair[0]);
	close(pair[1]);
}

struct sending {
	struct parcel p;
	int rc;
};

static void *
send_main(void *arg)
{
	struct sending *s = arg;

	s->rc = parcel_send(pair[0], &s->p);
	return NULL;
}

START_TEST(a_parcel_comes_as_it_went)
{
	const size_t len = (5u << 20) + 3;
	char *data = malloc(len);
	struct sending s = { .p = { 7, UINT64_MAX, 1ull << 40, data, len } };
	struct buf storage = { 0 };
	struct parcel got;
	pthread_t thread;
	size_t i;

	begin();
	for (i = 0; i < len; i++)
		data[i] = (char)(i * 13 >> 2);
	pthread_create(&thread, NULL, send_main, &s);
	ck_assert_int_eq(parcel_recv(pair[1], &got, &storage), 0);
	pthread_join(thread, NULL);
	ck_assert_int_eq(s.rc, 0);
	ck_assert_uint_eq(got.kind, 7);
	ck_assert_uint_eq(got.a, UINT64_MAX);
	ck_assert_uint_eq(got.b, 1ull << 40);
	ck_assert_uint_eq(got.len, len);
	ck_assert(memcmp(got.data, data, len) == 0);
	s.p.len = 0;
	ck_assert_int_eq(parcel_send(pair[0], &s.p), 0);
	ck_assert_int_eq(parcel_recv(pair[1], &got, &storage), 0);
	ck_assert_uint_eq(got.len, 0);
	buf_release(&storage);
	free(data);
	end();
}
END_TEST

START_TEST(what_is_too_long_is_refused_at_both_ends)
{
	struct parcel p = { .kind = 1, .data = "", .len = PARCEL_MAX + 1 };
	const uint8_t head[24] = { 1, 0, 0x10, 0x10, 1 };
	struct buf storage = { 0 };

	begin();
	ck_assert_int_eq(parcel_send(pair[0], &p), -EMSGSIZE);
	ck_assert_int_eq(send(pair[0], head, sizeof(head), 0), sizeof(head));
	ck_assert_int_eq(parcel_recv(pair[1], &p, &storage), -EBADMSG);
	ck_assert_uint_eq(storage.cap, 0);
	buf_release(&storage);
	end();
}
END_TEST

START_TEST(memory_grows_as_the_data_comes)
{
	const uint8_t head[24 + 3] = { 0, 0, 0, 0x10, 1 };
	struct buf storage = { 0 };
	struct parcel p;

	begin();
	ck_assert_int_eq(send(pair[0], head, sizeof(head), 0), sizeof(head));
	shutdown(pair[0], SHUT_WR);
	ck_assert_int_eq(parcel_recv(pair[1], &p, &storage), -EPIPE);
	ck_assert_uint_lt(storage.cap, 4u << 20);
	buf_release(&storage);
	end();
}
END_TEST

START_TEST(an_end_that_is_gone_is_an_error)
{
	struct parcel p = { .kind = 1 };
	struct buf storage = { 0 };

	begin();
	close(pair[1]);
	ck_assert_int_eq(parcel_send(pair[0], &p), -EPIPE);
	ck_assert_int_eq(parcel_recv(pair[0], &p, &storage), -EPIPE);
	buf_release(&storage);
	close(pair[0]);
}
END_TEST

static void
fill(struct pool_peers *p)
{
	size_t i;

	memset(p, 0, sizeof(*p));
	p->makes = true;
	p->n = 3;
	for (i = 0; i < p->n; i++) {
		p->list[i].id = i * 1000 + 1;
		snprintf(p->list[i].address, POOL_ADDRESS, "10.0.0.%d:7000",
		    (int)i);
		memset(p->list[i].pin, (int)i, POOL_PIN);
	}
}

START_TEST(the_list_of_members_comes_as_it_went)
{
	static struct pool_peers p, got;
	struct buf b = { 0 };
	size_t n;

	fill(&p);
	pool_peers_encode(&b, &p);
	ck_assert_int_eq(pool_peers_decode(&got, b.data, b.len), 0);
	ck_assert(got.makes);
	ck_assert_uint_eq(got.n, p.n);
	ck_assert_mem_eq(got.list, p.list, p.n * sizeof(p.list[0]));
	for (n = 0; n < 2; n++)
		ck_assert_int_eq(pool_peers_decode(&got, b.data, n), -EBADMSG);
	ck_assert_int_eq(pool_peers_decode(&got, b.data, b.len - 1), -EBADMSG);
	buf_release(&b);
}
END_TEST

START_TEST(a_list_that_was_changed_does_no_harm)
{
	static struct pool_peers p, got;
	struct buf b = { 0 };
	size_t len, i;
	char *bytes;
	int round;

	fill(&p);
	pool_peers_encode(&b, &p);
	for (round = 0; round < 20000; round++) {
		bytes = mutate(b.data, b.len, &len);
		if (pool_peers_decode(&got, bytes, len) == 0) {
			ck_assert_uint_le(got.n, POOL_PEERS_MAX);
			for (i = 0; i < got.n; i++)
				ck_assert_ptr_nonnull(memchr(
				    got.list[i].address, 0, POOL_ADDRESS));
		}
		free(bytes);
	}
	buf_release(&b);
}
END_TEST

START_TEST(more_members_than_there_is_room_for_are_refused)
{
	static struct pool_peers p, got;
	struct buf b = { 0 }, one = { 0 };

	fill(&p);
	p.n = POOL_PEERS_MAX;
	pool_peers_encode(&b, &p);
	ck_assert_int_eq(pool_peers_decode(&got, b.data, b.len), 0);
	p.n = 1;
	pool_peers_encode(&one, &p);
	buf_add(&b, one.data + 2, one.len - 2);
	ck_assert_int_eq(pool_peers_decode(&got, b.data, b.len), -EBADMSG);
	buf_release(&b);
	buf_release(&one);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("parcel", a_parcel_comes_as_it_went,
	    what_is_too_long_is_refused_at_both_ends,
	    memory_grows_as_the_data_comes, an_end_that_is_gone_is_an_error,
	    the_list_of_members_comes_as_it_went,
	    a_list_that_was_changed_does_no_harm,
	    more_members_than_there_is_room_for_are_refused);
}
