#include "base/fdpass.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union fd_space {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int) * FDPASS_MAX)];
};

static void
attach(struct msghdr *m, union fd_space *space, const int *fds, int n)
{
	size_t bytes = sizeof(int) * (size_t)n;
	struct cmsghdr *c;

	memset(space, 0, sizeof(*space));
	m->msg_control = space->bytes;
	m->msg_controllen = (socklen_t)CMSG_SPACE(bytes);
	c = CMSG_FIRSTHDR(m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = (socklen_t)CMSG_LEN(bytes);
	memcpy(CMSG_DATA(c), fds, bytes);
}

int
fdpass_send(int fd, struct iovec *iov, int niov, const int *fds, int nfds,
    int flags, size_t *sent_out)
{
	struct msghdr m = { .msg_iov = iov };
	union fd_space space;
	ssize_t r;

	if (nfds > FDPASS_MAX)
		return -EMSGSIZE;
	m.msg_iovlen = niov;
	if (nfds > 0)
		attach(&m, &space, fds, nfds);
	do {
		r = sendmsg(fd, &m, MSG_NOSIGNAL | flags);
	} while (r == -1 && errno == EINTR);
	if (r == -1)
		return -errno;
	*sent_out = (size_t)r;
	return 0;
}

/* False: some did not fit. */
static bool
take(struct msghdr *m, struct fdpass *into)
{
	bool ok = !(m->msg_flags & MSG_CTRUNC);
	struct cmsghdr *c;
	size_t n;
	int fd;

	for (c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(fd);
		for (size_t i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (into->n < into->max) {
				into->fds[into->n++] = fd;
				continue;
			}
			close(fd);
			ok = false;
		}
	}
	return ok;
}

int
fdpass_recv(int fd, void *data, size_t len, int flags, struct fdpass *into,
    size_t *got_out)
{
	struct iovec iov = { data, len };
	union fd_space space;
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = space.bytes, .msg_controllen = sizeof(space),
	};
	ssize_t r;

	do {
		r = recvmsg(fd, &m, MSG_CMSG_CLOEXEC | flags);
	} while (r == -1 && errno == EINTR);
	if (r == -1)
		return -errno;
	if (!take(&m, into))
		return -EBADMSG;
	if (r == 0)
		return -EPIPE;
	*got_out = (size_t)r;
	return 0;
}
