#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/fdio.h"
#include "base/frame.h"

union fd_space {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int) * FRAME_MAX_FDS)];
};

static void
put_le(uint8_t *p, uint32_t v, int n)
{
	int i;

	for (i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static uint32_t
get_le(const uint8_t *p, int n)
{
	uint32_t v = 0;
	int i;

	for (i = 0; i < n; i++)
		v |= (uint32_t)p[i] << (8 * i);
	return v;
}

void
frame_header_write(const struct frame *f, uint8_t out[static FRAME_HEADER])
{
	memset(out, 0, FRAME_HEADER);
	put_le(out, f->len, 4);
	put_le(out + 4, f->id, 4);
	put_le(out + 8, f->message, 2);
	out[10] = f->kind;
	out[11] = f->nfds;
}

bool
frame_header_read(struct frame *f, const uint8_t in[static FRAME_HEADER])
{
	memset(f, 0, sizeof(*f));
	f->len = get_le(in, 4);
	f->id = get_le(in + 4, 4);
	f->message = (uint16_t)get_le(in + 8, 2);
	f->kind = in[10];
	f->nfds = in[11];
	return f->len <= FRAME_MAX_BODY && f->kind <= FRAME_PROGRESS &&
	    f->nfds <= FRAME_MAX_FDS && !get_le(in + 12, 4);
}

static void
attach_fds(struct msghdr *m, union fd_space *space, const struct frame *f)
{
	size_t bytes = sizeof(int) * f->nfds;
	struct cmsghdr *c;

	memset(space, 0, sizeof(*space));
	m->msg_control = space->bytes;
	m->msg_controllen = (socklen_t)CMSG_SPACE(bytes);
	c = CMSG_FIRSTHDR(m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = (socklen_t)CMSG_LEN(bytes);
	memcpy(CMSG_DATA(c), f->fds, bytes);
}

static void
skip_sent(struct msghdr *m, size_t n)
{
	while (m->msg_iovlen && n >= m->msg_iov->iov_len) {
		n -= m->msg_iov->iov_len;
		m->msg_iov++;
		m->msg_iovlen--;
	}
	if (m->msg_iovlen) {
		m->msg_iov->iov_base = (char *)m->msg_iov->iov_base + n;
		m->msg_iov->iov_len -= n;
	}
}

int
frame_send(int fd, const struct frame *f)
{
	uint8_t head[FRAME_HEADER];
	struct iovec iov[2];
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };
	union fd_space space;

	if (f->len > FRAME_MAX_BODY || f->nfds > FRAME_MAX_FDS)
		return -EMSGSIZE;
	frame_header_write(f, head);
	iov[0] = (struct iovec){ head, sizeof(head) };
	iov[1] = (struct iovec){ (void *)(uintptr_t)f->body, f->len };
	if (f->nfds)
		attach_fds(&m, &space, f);
	while (m.msg_iovlen) {
		ssize_t r = sendmsg(fd, &m, MSG_NOSIGNAL);

		if (r == -1 && errno == EINTR)
			continue;
		if (r == -1)
			return -errno;
		m.msg_control = NULL;
		m.msg_controllen = 0;
		skip_sent(&m, (size_t)r);
	}
	return 0;
}

static void
close_fds(int *fds, int n)
{
	while (n > 0)
		fdio_close(&fds[--n]);
}

/*
 * Adds the descriptors of m to fds; those that do not fit are closed, and
 * false is returned.
 */
static bool
take_fds(struct msghdr *m, int fds[static FRAME_MAX_FDS], int *n)
{
	bool ok = !(m->msg_flags & MSG_CTRUNC);
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		size_t count, i;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int),
			    sizeof(int));
			if (*n < FRAME_MAX_FDS) {
				fds[(*n)++] = fd;
			} else {
				close(fd);
				ok = false;
			}
		}
	}
	return ok;
}

int
frame_recv_some(int fd, void *data, size_t len, int fds[static FRAME_MAX_FDS],
    int *nfds, size_t *got_out)
{
	struct iovec iov = { data, len };
	union fd_space space;
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = space.bytes, .msg_controllen = sizeof(space),
	};
	ssize_t r;

	do {
		r = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
	} while (r == -1 && errno == EINTR);
	if (r == -1)
		return -errno;
	if (!take_fds(&m, fds, nfds))
		return -EBADMSG;
	if (r == 0)
		return -EPIPE;
	*got_out = (size_t)r;
	return 0;
}

static int
recv_all(int fd, void *data, size_t len, int fds[static FRAME_MAX_FDS],
    int *nfds)
{
	size_t got;
	int rc;

	while (len) {
		rc = frame_recv_some(fd, data, len, fds, nfds, &got);
		if (rc)
			return rc;
		data = (char *)data + got;
		len -= got;
	}
	return 0;
}

int
frame_recv(int fd, struct frame *f, struct buf *storage)
{
	uint8_t head[FRAME_HEADER];
	int fds[FRAME_MAX_FDS];
	int n = 0;
	int rc;

	memset(f, 0, sizeof(*f));
	rc = recv_all(fd, head, sizeof(head), fds, &n);
	if (rc)
		goto out;
	rc = -EBADMSG;
	if (!frame_header_read(f, head))
		goto out;
	buf_reset(storage);
	rc = recv_all(fd, buf_reserve(storage, f->len), f->len, fds, &n);
	if (rc)
		goto out;
	storage->len = f->len;
	storage->data[f->len] = '\0';
	f->body = storage->data;
	if (n != f->nfds)
		rc = -EBADMSG;
out:
	if (rc) {
		close_fds(fds, n);
		f->nfds = 0;
	} else {
		memcpy(f->fds, fds, sizeof(int) * (size_t)n);
	}
	return rc;
}

int
frame_send_record(int fd, const struct frame *head,
    const struct record_type *rt, const void *rec)
{
	struct frame f = *head;
	struct buf b = { 0 };
	int rc = -EMSGSIZE;

	if (rt)
		codec_encode(&b, rt, rec, 0);
	if (b.len <= FRAME_MAX_BODY) {
		f.body = b.data;
		f.len = (uint32_t)b.len;
		rc = frame_send(fd, &f);
	}
	buf_release(&b);
	return rc;
}
