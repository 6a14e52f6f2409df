#include <errno.h>
#include <string.h>

#include "base/codec.h"
#include "base/fdio.h"
#include "base/fdpass.h"
#include "base/frame.h"

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

int
frame_send(int fd, const struct frame *f)
{
	uint8_t head[FRAME_HEADER];
	struct iovec both[2], *iov = both;
	int nfds = f->nfds, rc;
	size_t n;

	if (f->len > FRAME_MAX_BODY || nfds > FRAME_MAX_FDS)
		return -EMSGSIZE;
	frame_header_write(f, head);
	both[0] = (struct iovec){ head, sizeof(head) };
	both[1] = (struct iovec){ (void *)(uintptr_t)f->body, f->len };
	while (iov < both + 2) {
		rc = fdpass_send(fd, iov, (int)(both + 2 - iov), f->fds,
		    nfds, 0, &n);
		if (rc)
			return rc;
		nfds = 0;
		for (; iov < both + 2 && n >= iov->iov_len; iov++)
			n -= iov->iov_len;
		if (n > 0) {
			iov->iov_base = (char *)iov->iov_base + n;
			iov->iov_len -= n;
		}
	}
	return 0;
}

static void
close_fds(int *fds, int n)
{
	while (n > 0)
		fdio_close(&fds[--n]);
}

static int
recv_all(int fd, void *data, size_t len, struct fdpass *into)
{
	size_t got;
	int rc;

	while (len) {
		rc = fdpass_recv(fd, data, len, 0, into, &got);
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
	struct fdpass came = { .fds = fds, .max = FRAME_MAX_FDS };
	int rc;

	memset(f, 0, sizeof(*f));
	rc = recv_all(fd, head, sizeof(head), &came);
	if (rc)
		goto out;
	rc = -EBADMSG;
	if (!frame_header_read(f, head))
		goto out;
	buf_reset(storage);
	rc = recv_all(fd, buf_reserve(storage, f->len), f->len, &came);
	if (rc)
		goto out;
	storage->len = f->len;
	storage->data[f->len] = '\0';
	f->body = storage->data;
	if (came.n != f->nfds)
		rc = -EBADMSG;
out:
	if (rc) {
		close_fds(fds, came.n);
		f->nfds = 0;
	} else {
		memcpy(f->fds, fds, sizeof(int) * (size_t)came.n);
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
