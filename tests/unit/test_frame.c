#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/fdio.h"
#include "base/frame.h"
#include "model_tables.h"
#include "unit.h"

static int pair[2];

static void
make_pair(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    pair), 0);
}

static void
close_pair(void)
{
	fdio_close(&pair[0]);
	fdio_close(&pair[1]);
}

static int
open_fds(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

START_TEST(a_frame_arrives_as_it_was_sent)
{
	struct frame in = {
		.id = 0xdeadbeef, .message = 513, .kind = FRAME_REPLY,
		.body = "hello", .len = 5,
	};
	struct frame empty = { .kind = FRAME_CANCEL, .id = 2 };
	struct buf storage = { 0 };
	struct frame out;

	make_pair();
	ck_assert_int_eq(frame_send(pair[0], &in), 0);
	ck_assert_int_eq(frame_send(pair[0], &empty), 0);
	ck_assert_int_eq(frame_recv(pair[1], &out, &storage), 0);
	ck_assert_uint_eq(out.id, in.id);
	ck_assert_uint_eq(out.message, 513);
	ck_assert_uint_eq(out.kind, FRAME_REPLY);
	ck_assert_uint_eq(out.len, 5);
	ck_assert_str_eq(out.body, "hello");
	ck_assert_int_eq(frame_recv(pair[1], &out, &storage), 0);
	ck_assert_uint_eq(out.kind, FRAME_CANCEL);
	ck_assert_uint_eq(out.len, 0);
	buf_release(&storage);
	close_pair();
}
END_TEST

START_TEST(descriptors_travel_with_their_frame)
{
	struct frame in = { .kind = FRAME_REPLY, .nfds = 2, .len = 1,
		.body = "x" };
	struct frame plain = { .kind = FRAME_REPLY, .len = 1, .body = "y" };
	struct buf storage = { 0 };
	struct frame out;
	struct stat a, b;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int before;

	make_pair();
	before = open_fds();
	in.fds[0] = null;
	in.fds[1] = pair[0];
	ck_assert_int_eq(frame_send(pair[0], &plain), 0);
	ck_assert_int_eq(frame_send(pair[0], &in), 0);
	ck_assert_int_eq(frame_send(pair[0], &plain), 0);
	ck_assert_int_eq(frame_recv(pair[1], &out, &storage), 0);
	ck_assert_uint_eq(out.nfds, 0);
	ck_assert_int_eq(frame_recv(pair[1], &out, &storage), 0);
	ck_assert_uint_eq(out.nfds, 2);
	fstat(null, &a);
	fstat(out.fds[0], &b);
	ck_assert_uint_eq(a.st_rdev, b.st_rdev);
	ck_assert(fcntl(out.fds[0], F_GETFD) & FD_CLOEXEC);
	fdio_close(&out.fds[0]);
	fdio_close(&out.fds[1]);
	ck_assert_int_eq(frame_recv(pair[1], &out, &storage), 0);
	ck_assert_uint_eq(out.nfds, 0);
	ck_assert_int_eq(open_fds(), before);
	buf_release(&storage);
	close_pair();
	fdio_close(&null);
}
END_TEST

static void
refuse_header(const uint8_t head[static FRAME_HEADER])
{
	struct buf storage = { 0 };
	struct frame out;

	make_pair();
	ck_assert_int_eq(fdio_write_all(pair[0], head, FRAME_HEADER), 0);
	fdio_close(&pair[0]);
	ck_assert_int_eq(frame_recv(pair[1], &out, &storage), -EBADMSG);
	buf_release(&storage);
	close_pair();
}

START_TEST(headers_nobody_sends_are_refused)
{
	uint8_t head[FRAME_HEADER] = { 0 };

	head[3] = 0x7f;		/* 2 GiB of body */
	refuse_header(head);
	head[3] = 0;
	head[10] = FRAME_PROGRESS + 1;
	refuse_header(head);
	head[10] = 0;
	head[11] = FRAME_MAX_FDS + 1;
	refuse_header(head);
	head[11] = 1;		/* says one descriptor, has none */
	refuse_header(head);
	head[11] = 0;
	head[15] = 1;
	refuse_header(head);
}
END_TEST

START_TEST(the_end_of_the_stream_is_told)
{
	struct frame in = { .kind = FRAME_REPLY, .len = 100 };
	uint8_t head[FRAME_HEADER];
	struct buf storage = { 0 };
	struct frame out;

	make_pair();
	frame_header_write(&in, head);
	ck_assert_int_eq(fdio_write_all(pair[0], head, sizeof(head)), 0);
	fdio_close(&pair[0]);
	ck_assert_int_eq(frame_recv(pair[1], &out, &storage), -EPIPE);
	ck_assert_int_eq(frame_recv(pair[1], &out, &storage), -EPIPE);
	in.len = 0;
	make_pair();
	fdio_close(&pair[1]);
	ck_assert_int_eq(frame_send(pair[0], &in), -EPIPE);
	buf_release(&storage);
	close_pair();
}
END_TEST

static void *
send_large(void *arg)
{
	struct frame *f = arg;

	ck_assert_int_eq(frame_send(pair[0], f), 0);
	return NULL;
}

START_TEST(bodies_larger_than_the_socket_buffer_pass)
{
	char *body = malloc(FRAME_MAX_BODY);
	struct frame in = { .kind = FRAME_REPLY, .len = FRAME_MAX_BODY,
		.body = body };
	struct buf storage = { 0 };
	struct frame out;
	pthread_t thread;
	size_t i;

	for (i = 0; i < FRAME_MAX_BODY; i++)
		body[i] = (char)(i * 7);
	make_pair();
	pthread_create(&thread, NULL, send_large, &in);
	ck_assert_int_eq(frame_recv(pair[1], &out, &storage), 0);
	pthread_join(thread, NULL);
	ck_assert_uint_eq(out.len, FRAME_MAX_BODY);
	ck_assert(!memcmp(out.body, body, FRAME_MAX_BODY));
	in.len++;
	ck_assert_int_eq(frame_send(pair[0], &in), -EMSGSIZE);
	buf_release(&storage);
	free(body);
	close_pair();
}
END_TEST

START_TEST(records_travel_encoded)
{
	struct frame head = { .id = 7, .kind = FRAME_REQUEST, .message = 3 };
	struct size in = { 12, "inch" }, out = size_default;
	struct arena *a = arena_new();
	struct buf storage = { 0 };
	struct frame f;

	make_pair();
	ck_assert_int_eq(frame_send_record(pair[0], &head, &size_record, &in),
	    0);
	ck_assert_int_eq(frame_send_record(pair[0], &head, NULL, NULL), 0);
	ck_assert_int_eq(frame_recv(pair[1], &f, &storage), 0);
	ck_assert_int_eq(codec_decode(a, &size_record, &out, f.body, f.len,
	    NULL), 0);
	ck_assert_int_eq(out.width, 12);
	ck_assert_str_eq(out.unit, "inch");
	ck_assert_int_eq(frame_recv(pair[1], &f, &storage), 0);
	ck_assert_uint_eq(f.len, 0);
	buf_release(&storage);
	arena_free(a);
	close_pair();
}
END_TEST

int
main(void)
{
	return UNIT_RUN("frame", a_frame_arrives_as_it_was_sent,
	    descriptors_travel_with_their_frame,
	    headers_nobody_sends_are_refused, the_end_of_the_stream_is_told,
	    bodies_larger_than_the_socket_buffer_pass,
	    records_travel_encoded);
}
