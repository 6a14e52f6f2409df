#include "xenopsd/core/channel.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/fdpass.h"
#include "base/mem.h"

#define READ_CHUNK 65536u
#define MAX_WAITING_FDS (4 * FRAME_MAX_FDS)

/* One frame that waits to be sent. */
struct output {
	struct output *next;
	size_t len;
	size_t sent;
	int fds[FRAME_MAX_FDS];
	int nfds;
	char data[];
};

struct channel {
	struct loop *loop;
	struct watch *watch;
	int fd;
	struct channel_events ev;
	void *arg;
	struct buf in;
	int fds[MAX_WAITING_FDS];	/* received, not yet claimed */
	int nfds;
	struct output *out;
	struct output **out_tail;
	size_t queued;
	bool writing;			/* EPOLLOUT is asked for */
	bool failed;
	bool busy;			/* a callback runs */
	bool freed;			/* ... which freed the channel */
	struct timer *fail_timer;
	int error;
};

static void
close_all(const int *fds, int n)
{
	for (int i = 0; i < n; i++)
		close(fds[i]);
}

static void
output_free(struct output *o)
{
	close_all(o->fds, o->nfds);
	free(o);
}

static void
channel_destroy(struct channel *ch)
{
	struct output *o;

	watch_free(ch->watch);
	timer_cancel(ch->fail_timer);
	close(ch->fd);
	close_all(ch->fds, ch->nfds);
	while ((o = ch->out)) {
		ch->out = o->next;
		output_free(o);
	}
	buf_release(&ch->in);
	free(ch);
}

void
channel_free(struct channel *ch)
{
	if (!ch)
		return;
	if (ch->busy)
		ch->freed = true;
	else
		channel_destroy(ch);
}

/* Runs from the loop: nothing of the owner is on the stack. */
static void
report_closed(void *arg)
{
	struct channel *ch = arg;

	ch->fail_timer = NULL;
	ch->ev.closed(ch->arg, ch->error);
}

static void
channel_fail(struct channel *ch, int error)
{
	if (ch->failed)
		return;
	ch->failed = true;
	ch->error = error;
	watch_free(ch->watch);
	ch->watch = NULL;
	ch->fail_timer = loop_timer(ch->loop, 0, report_closed, ch);
}

/* The next whole frame of ch->in from offset *at; 1, 0 or -EBADMSG. */
static int
take_frame(struct channel *ch, size_t *at, struct frame *f)
{
	const char *p = ch->in.data + *at;
	size_t have = ch->in.len - *at;

	if (have < FRAME_HEADER)
		return 0;
	if (!frame_header_read(f, (const uint8_t *)p))
		return -EBADMSG;
	if (have < FRAME_HEADER + f->len)
		return 0;
	if (f->nfds > ch->nfds)
		return -EBADMSG;
	f->body = p + FRAME_HEADER;
	memcpy(f->fds, ch->fds, sizeof(int) * f->nfds);
	ch->nfds -= f->nfds;
	memmove(ch->fds, ch->fds + f->nfds, sizeof(int) * (size_t)ch->nfds);
	*at += FRAME_HEADER + f->len;
	return 1;
}

static void
take_frames(struct channel *ch)
{
	struct frame f;
	size_t at = 0;
	int rc;

	while (!ch->failed && !ch->freed) {
		rc = take_frame(ch, &at, &f);
		if (rc < 0)
			channel_fail(ch, rc);
		if (rc <= 0)
			break;
		ch->ev.frame(ch->arg, &f);
	}
	if (ch->freed)
		return;
	memmove(ch->in.data, ch->in.data + at, ch->in.len - at);
	ch->in.len -= at;
}

static void
channel_read(struct channel *ch)
{
	struct fdpass came = { .fds = ch->fds, .n = ch->nfds,
		.max = MAX_WAITING_FDS };
	size_t got;
	int rc;

	rc = fdpass_recv(ch->fd, buf_reserve(&ch->in, READ_CHUNK), READ_CHUNK,
	    MSG_DONTWAIT, &came, &got);
	ch->nfds = came.n;
	if (rc == -EAGAIN)
		return;
	if (rc) {
		channel_fail(ch, rc == -EPIPE ? 0 : rc);
		return;
	}
	ch->in.len += got;
	take_frames(ch);
}

/* 0: all of it is sent, -EAGAIN or another -errno. */
static int
output_send(struct channel *ch, struct output *o)
{
	struct iovec iov;
	size_t n;
	int rc;

	while (o->sent < o->len) {
		iov.iov_base = o->data + o->sent;
		iov.iov_len = o->len - o->sent;
		rc = fdpass_send(ch->fd, &iov, 1, o->fds, o->nfds,
		    MSG_DONTWAIT, &n);
		if (rc)
			return rc;
		close_all(o->fds, o->nfds);
		o->nfds = 0;
		o->sent += n;
	}
	return 0;
}

static void
channel_write(struct channel *ch)
{
	struct output *o;
	bool want;
	int rc = 0;

	while (!ch->failed && (o = ch->out)) {
		rc = output_send(ch, o);
		if (rc == -EAGAIN)
			break;
		if (rc) {
			channel_fail(ch, rc);
			return;
		}
		ch->out = o->next;
		if (!ch->out)
			ch->out_tail = &ch->out;
		ch->queued -= o->len;
		output_free(o);
	}
	want = ch->out != NULL;
	if (!ch->failed && want != ch->writing) {
		ch->writing = want;
		watch_set(ch->watch, want ? EPOLLIN | EPOLLOUT : EPOLLIN);
	}
}

static void
channel_ready(void *arg, uint32_t events)
{
	struct channel *ch = arg;

	ch->busy = true;
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		channel_read(ch);
	if (!ch->freed && !ch->failed && events & EPOLLOUT)
		channel_write(ch);
	ch->busy = false;
	if (ch->freed)
		channel_destroy(ch);
}

struct channel *
channel_new(struct loop *l, int fd, const struct channel_events *ev, void *arg)
{
	struct channel *ch = mem_zalloc(sizeof(*ch));

	ch->loop = l;
	ch->fd = fd;
	ch->ev = *ev;
	ch->arg = arg;
	ch->out_tail = &ch->out;
	ch->watch = loop_watch(l, fd, EPOLLIN, channel_ready, ch);
	return ch;
}

void
channel_send(struct channel *ch, const struct frame *f)
{
	struct output *o;

	if (ch->failed || f->len > FRAME_MAX_BODY ||
	    ch->queued + f->len > CHANNEL_MAX_QUEUE) {
		close_all(f->fds, f->nfds);
		channel_fail(ch, -ENOBUFS);
		return;
	}
	o = mem_zalloc(sizeof(*o) + FRAME_HEADER + f->len);
	frame_header_write(f, (uint8_t *)o->data);
	if (f->len > 0)
		memcpy(o->data + FRAME_HEADER, f->body, f->len);
	o->len = FRAME_HEADER + f->len;
	o->nfds = f->nfds;
	memcpy(o->fds, f->fds, sizeof(int) * f->nfds);
	*ch->out_tail = o;
	ch->out_tail = &o->next;
	ch->queued += o->len;
	channel_write(ch);
}

void
channel_send_record(struct channel *ch, const struct frame *head,
    const struct record_type *rt, const void *rec)
{
	struct frame f = *head;
	struct buf b = { 0 };

	if (rt)
		codec_encode(&b, rt, rec, 0);
	f.body = b.data;
	f.len = (uint32_t)b.len;
	channel_send(ch, &f);
	buf_release(&b);
}
