/* Descriptors over a socket, and that they are never lost. */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fdpass.h"
#include "unit.h"

static int pair[2];

static int
open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

static void
send_fds(int n)
{
	int fds[FDPASS_MAX] = { pair[0], pair[0], pair[0], pair[0] };
	struct iovec iov = { "x", 1 };
	size_t sent;

	ck_assert_int_eq(fdpass_send(pair[0], &iov, 1, fds, n, 0, &sent), 0);
	ck_assert_uint_eq(sent, 1);
}

START_TEST(what_has_no_room_is_closed_and_said)
{
	int fds[FDPASS_MAX + 1], before;
	struct fdpass came = { .fds = fds, .max = FDPASS_MAX + 1 };
	size_t got;
	char c;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	before = open_fds();
	send_fds(FDPASS_MAX);
	ck_assert_int_eq(fdpass_recv(pair[1], &c, 1, 0, &came, &got), 0);
	ck_assert_int_eq(came.n, FDPASS_MAX);
	ck_assert_int_eq(open_fds(), before + FDPASS_MAX);
	/* one more fits, the others do not */
	send_fds(3);
	ck_assert_int_eq(fdpass_recv(pair[1], &c, 1, 0, &came, &got),
	    -EBADMSG);
	ck_assert_int_eq(came.n, FDPASS_MAX + 1);
	ck_assert_int_eq(open_fds(), before + FDPASS_MAX + 1);
	for (int i = 0; i < came.n; i++) {
		ck_assert(fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
		close(fds[i]);
	}
}
END_TEST

START_TEST(it_waits_only_if_asked_to)
{
	struct fdpass came = { 0 };
	struct iovec iov;
	char block[4096] = "";
	size_t n;
	int rc;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ck_assert_int_eq(fdpass_recv(pair[1], block, sizeof(block),
	    MSG_DONTWAIT, &came, &n), -EAGAIN);
	do {
		iov = (struct iovec){ block, sizeof(block) };
		rc = fdpass_send(pair[0], &iov, 1, NULL, 0, MSG_DONTWAIT, &n);
	} while (!rc);
	ck_assert_int_eq(rc, -EAGAIN);
	ck_assert_int_eq(fdpass_send(pair[0], &iov, 1, NULL, FDPASS_MAX + 1, 0,
	    &n), -EMSGSIZE);
	close(pair[0]);
	do {
		rc = fdpass_recv(pair[1], block, sizeof(block), 0, &came, &n);
	} while (!rc);
	ck_assert_int_eq(rc, -EPIPE);
	iov = (struct iovec){ block, sizeof(block) };
	ck_assert_int_eq(fdpass_send(pair[1], &iov, 1, NULL, 0, 0, &n),
	    -EPIPE);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("fdpass", what_has_no_room_is_closed_and_said,
	    it_waits_only_if_asked_to);
}
