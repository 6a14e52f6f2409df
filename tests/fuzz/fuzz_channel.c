/*
 * The socket of xenopsd: server.c and channel.c before handlers that only
 * answer.  The first byte says how the rest is sent: the length of its pieces
 * (bits 0-2: 1 to 4096 and all), whether a good hello goes first (bit 3), how
 * many descriptors go with the first piece (bits 4-6).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fdio.h"
#include "fuzz.h"
#include "scratch.h"
#include "xenopsd/core/server.h"

#define INPUT_MAX_BYTES 65536u		/* less than a socket takes */
#define MAX_PARKED SERVER_MAX_REQUESTS

struct client {
	int fd;
	const uint8_t *data;
	size_t left, piece;
	int n_fds;			/* for the first piece */
	struct timer *next;
};

static struct loop *loop;
static struct server *server;
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static struct request *parked[MAX_PARKED];
static int n_parked;

/* None of a client's descriptors stays open. */
static int
lowest_free(void)
{
	int fd = dup(STDIN_FILENO);

	close(fd);
	return fd;
}

static int
answer(struct request *rq, const void *args, void *result)
{
	(void)rq, (void)args, (void)result;
	return 0;
}

static int
answer_with_fd(struct request *rq, const void *args, void *result)
{
	(void)args, (void)result;
	request_pass_fd(rq, dup(STDIN_FILENO));
	return 0;
}

static void
unpark(struct request *rq)
{
	int i = 0;

	while (parked[i] != rq)
		i++;
	parked[i] = parked[--n_parked];
	request_finish_error(rq, XENOPS_CODE_CANCELLED, "cancelled");
}

static int
park(struct request *rq, const void *args, void *result)
{
	(void)args, (void)result;
	if (n_parked == MAX_PARKED)
		return request_fail(rq, XENOPS_CODE_IN_USE, "enough");
	rq->cancel = unpark;
	parked[n_parked++] = rq;
	return REQUEST_PENDING;
}

static request_handler *const handlers[XENOPS_N] = {
	[XENOPS_HOST_GET] = answer, [XENOPS_DOMAIN_LIST] = answer,
	[XENOPS_VM_START] = answer, [XENOPS_VM_PAUSE] = park,
	[XENOPS_CONSOLE_OPEN] = answer_with_fd,
};

static void
disconnected(void *arg, uint32_t connection)
{
	(void)arg, (void)connection;
	loop_stop(loop);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const struct server_config cfg = {
		.socket_path = scratch_file("socket"), .socket_gid = getgid(),
		.peer_uid = getuid(), .handlers = handlers,
		.disconnected = disconnected,
	};

	(void)argc, (void)argv;
	strncpy(address.sun_path, cfg.socket_path,
	    sizeof(address.sun_path) - 1);
	loop = loop_new();
	if (server_new(loop, &cfg, &server))
		abort();
	return 0;
}

static void
send_piece(const struct client *c, size_t n)
{
	struct iovec iov = { (void *)(uintptr_t)c->data, n };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(7 * sizeof(int))];
	} control = { 0 };
	size_t size = (size_t)c->n_fds * sizeof(int);
	int fds[7] = { 0 };

	if (c->n_fds) {
		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE(size);
		control.head = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(size) };
		memcpy(CMSG_DATA(&control.head), fds, size);
	}
	(void)sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* One piece at each turn of the loop, so that the server reads them alone. */
static void
go_on(void *arg)
{
	struct client *c = arg;
	size_t n = c->left < c->piece ? c->left : c->piece;

	c->next = NULL;
	if (!n) {
		shutdown(c->fd, SHUT_WR);
		return;
	}
	send_piece(c, n);
	c->n_fds = 0;
	c->data += n;
	c->left -= n;
	c->next = loop_timer(loop, 0, go_on, c);
}

/* All that comes back are whole frames of the server's kinds. */
static void
check_answers(int fd)
{
	struct buf storage = { 0 };
	struct frame f;
	int i;

	while (frame_recv(fd, &f, &storage) == 0) {
		assert(f.kind == FRAME_REPLY || f.kind == FRAME_ERROR);
		assert(f.message < XENOPS_N);
		for (i = 0; i < f.nfds; i++)
			close(f.fds[i]);
	}
	buf_release(&storage);
}

static void
say_hello(int fd)
{
	const struct xenops_hello_args hello = { .version = XENOPS_VERSION };
	const struct frame f = { .message = XENOPS_HELLO,
		.kind = FRAME_REQUEST };

	if (frame_send_record(fd, &f, xenops_messages[XENOPS_HELLO].args,
		&hello))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct client c = { .data = data + 1, .left = len - 1 };
	int first_free = lowest_free();

	if (len < 2 || len > INPUT_MAX_BYTES)
		return 0;
	c.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(c.fd, (struct sockaddr *)&address, sizeof(address)))
		abort();
	c.piece = (data[0] & 7) == 7 ? len : (size_t)1 << 2 * (data[0] & 7);
	c.n_fds = data[0] >> 4 & 7;
	if (data[0] & 8)
		say_hello(c.fd);
	c.next = loop_timer(loop, 0, go_on, &c);
	loop_run(loop);
	timer_cancel(c.next);		/* the server may have hung up */
	check_answers(c.fd);
	close(c.fd);
	while (n_parked)
		unpark(parked[0]);
	assert(lowest_free() == first_free);
	return 0;
}
