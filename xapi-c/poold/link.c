#include "poold/link.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

#define HEAD 4
#define PIECE (16u << 10)		/* a whole TLS record: none is left inside */
#define TURN_BYTES (1u << 20)		/* read or written before others may */
#define KEEP_BYTES (64u << 10)		/* of a buffer that is empty */
#define KEEPALIVE_S 5

/*
 *     SHAKING ─handshake─▶ UP ─▶ CLOSED
 *        └───── end ───────┴──────▲
 */
enum link_state { LINK_SHAKING, LINK_UP, LINK_CLOSED };

struct link {
	struct link_owner owner;
	enum link_state state;
	bool accepted;			/* it receives; else it sends */
	int fd;
	struct tls_conn *tls;
	uv_poll_t poll;
	uv_timer_t timer;
	int handles;			/* of the two, still open */
	bool polls;			/* poll is to be closed, too */
	int events;			/* what poll waits for */
	struct buf in;			/* head and body that have come */
	struct buf out;
	size_t sent;			/* of out */
};

static uint32_t
read_length(const char *p)
{
	const uint8_t *b = (const uint8_t *)p;

	return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
	    (uint32_t)b[3] << 24;
}

static void
handle_closed(uv_handle_t *h)
{
	struct link *l = h->data;

	if (--l->handles == 0)
		free(l);
}

void
link_close(struct link *l)
{
	if (!l)
		return;
	assert(l->state != LINK_CLOSED);
	l->state = LINK_CLOSED;
	uv_close((uv_handle_t *)&l->timer, handle_closed);
	if (l->polls)
		uv_close((uv_handle_t *)&l->poll, handle_closed);
	if (l->tls)
		tls_close(l->tls);
	tls_conn_free(l->tls);
	close(l->fd);
	buf_release(&l->in);
	buf_release(&l->out);
}

static void
end(struct link *l, int rc)
{
	const struct link_owner o = l->owner;

	link_close(l);
	o.down(o.arg, l, rc);
}

static void
timed_out(uv_timer_t *t)
{
	end(t->data, -ETIMEDOUT);
}

/* Bytes are due, in one direction or the other, and there was progress. */
static void
watch(struct link *l)
{
	if (l->in.len || l->out.len)
		uv_timer_start(&l->timer, timed_out, l->owner.stall_ms, 0);
	else
		uv_timer_stop(&l->timer);
}

static void ready(uv_poll_t *h, int status, int events);

static void
wait_for(struct link *l, int events)
{
	if (events == l->events)
		return;
	l->events = events;
	uv_poll_start(&l->poll, events, ready);
}

/* An empty buffer keeps little. */
static void
empty(struct buf *b)
{
	if (b->cap > KEEP_BYTES)
		buf_release(b);
	else
		buf_reset(b);
}

/* What was sent makes room, each time that it is the greater part. */
static void
forget_sent(struct link *l)
{
	size_t left = l->out.len - l->sent;

	if (!left) {
		empty(&l->out);
	} else if (l->sent > left) {
		memmove(l->out.data, l->out.data + l->sent, left);
		l->out.len = left;
	} else {
		return;
	}
	l->sent = 0;
}

/* 0, -EAGAIN, or why it is over. */
static int
flush(struct link *l)
{
	size_t turn = 0;
	ssize_t n = 0;

	while (l->sent < l->out.len && turn < TURN_BYTES) {
		n = tls_write(l->tls, l->out.data + l->sent,
		    l->out.len - l->sent);
		if (n < 0)
			break;
		l->sent += (size_t)n;
		turn += (size_t)n;
	}
	if (turn)
		forget_sent(l);
	return turn ? 0 : (int)n;
}

static int
write_some(struct link *l)
{
	int rc = flush(l);

	if (rc == 0)
		watch(l);
	if (rc && rc != -EAGAIN)
		return rc;
	wait_for(l, l->out.len ? UV_READABLE | UV_WRITABLE : UV_READABLE);
	return 0;
}

/* How many bytes the message that has begun needs at least; 0: it is one that
 * nobody sends. */
static size_t
wanted(const struct link *l)
{
	size_t len;

	if (l->in.len < HEAD)
		return HEAD;
	len = read_length(l->in.data);
	return len && len <= LINK_MESSAGE_MAX ? HEAD + len : 0;
}

/* Takes what belongs to the message under way, and gives it to the owner when
 * it is whole.  False: the link is gone, or has to be. */
static bool
take(struct link *l, const char **p, size_t *n)
{
	size_t want = wanted(l), part;

	if (!want)
		return false;
	part = want - l->in.len < *n ? want - l->in.len : *n;
	buf_add(&l->in, *p, part);
	*p += part;
	*n -= part;
	if (l->in.len < want || want == HEAD)
		return true;
	l->owner.message(l->owner.arg, l, l->in.data + HEAD, want - HEAD);
	if (l->state == LINK_CLOSED)
		return false;
	empty(&l->in);
	return true;
}

/* 0: no more for now. */
static int
read_some(struct link *l)
{
	char piece[PIECE];
	const char *p;
	size_t turn, left;
	ssize_t n;

	for (turn = 0; turn < TURN_BYTES; turn += (size_t)n) {
		n = tls_read(l->tls, piece, sizeof(piece));
		if (n == -EAGAIN)
			return 0;
		if (n <= 0)
			return n ? (int)n : -ECONNRESET;
		if (!l->accepted)
			return -EBADMSG;
		for (p = piece, left = (size_t)n; left;) {
			if (!take(l, &p, &left))
				return -EBADMSG;
		}
		watch(l);
	}
	return 0;
}

/* 0: done, or not yet. */
static int
shake(struct link *l)
{
	int rc = tls_handshake(l->tls);
	uint64_t peer;

	if (rc == -EAGAIN) {
		wait_for(l, tls_wants_write(l->tls) ? UV_WRITABLE :
		    UV_READABLE);
		return 0;
	}
	if (rc)
		return rc;
	peer = mutual_peer(l->owner.mutual, l->tls);
	if (!peer)
		return -EACCES;
	l->state = LINK_UP;
	watch(l);
	l->owner.up(l->owner.arg, l, peer);
	return l->state == LINK_UP ? write_some(l) : 0;
}

static void
ready(uv_poll_t *h, int status, int events)
{
	struct link *l = h->data;
	int rc = status < 0 ? status : 0;

	if (!rc && l->state == LINK_SHAKING)
		rc = shake(l);
	if (!rc && l->state == LINK_UP && events & UV_WRITABLE)
		rc = write_some(l);
	if (!rc && l->state == LINK_UP)
		rc = read_some(l);
	if (rc && l->state != LINK_CLOSED)
		end(l, rc);
}

static void
set_options(int fd)
{
	const int on = 1, s = KEEPALIVE_S, n = 3;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &s, sizeof(s));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &s, sizeof(s));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &n, sizeof(n));
}

static int
open_link(const struct link_owner *o, int fd, bool accepted,
    struct link **out)
{
	struct link *l = mem_zalloc(sizeof(*l));

	l->owner = *o;
	l->fd = fd;
	l->accepted = accepted;
	l->handles = 1;
	uv_timer_init(o->loop, &l->timer);
	l->timer.data = l->poll.data = l;
	set_options(fd);
	l->tls = accepted ? mutual_accept(o->mutual, fd) :
	    mutual_connect(o->mutual, fd);
	l->polls = l->tls && !uv_poll_init_socket(o->loop, &l->poll, fd);
	if (!l->polls) {
		link_close(l);
		return -ENOMEM;
	}
	l->handles++;
	uv_timer_start(&l->timer, timed_out, o->handshake_ms, 0);
	wait_for(l, accepted ? UV_READABLE : UV_WRITABLE);
	*out = l;
	return 0;
}

int
link_accept(const struct link_owner *o, int fd, struct link **out)
{
	return open_link(o, fd, true, out);
}

int
link_connect(const struct link_owner *o, const struct sockaddr *to,
    socklen_t len, struct link **out)
{
	int fd = socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0), rc;

	if (fd == -1)
		return -errno;
	if (connect(fd, to, len) == -1 && errno != EINPROGRESS) {
		rc = -errno;
		close(fd);
		return rc;
	}
	return open_link(o, fd, false, out);
}

static bool
has_room(const struct link *l, size_t len)
{
	size_t queued = l->out.len - l->sent;

	if (len > LINK_MESSAGE_MAX)
		return false;
	if (l->state == LINK_SHAKING)
		return queued + len <= LINK_EARLY_MAX;
	return !queued || queued + len <= LINK_QUEUE_MAX;
}

bool
link_send(struct link *l, const void *data, size_t len)
{
	const uint8_t head[HEAD] = {
		(uint8_t)len, (uint8_t)(len >> 8), (uint8_t)(len >> 16),
		(uint8_t)(len >> 24),
	};
	bool idle = !l->out.len;

	assert(!l->accepted && len);
	if (!has_room(l, len))
		return false;
	buf_add(&l->out, head, sizeof(head));
	buf_add(&l->out, data, len);
	if (l->state != LINK_UP || !idle)
		return true;
	watch(l);
	/* an error comes back to ready */
	flush(l);
	wait_for(l, l->out.len ? UV_READABLE | UV_WRITABLE : UV_READABLE);
	return true;
}

uint64_t
link_peer(const struct link *l)
{
	return l->state == LINK_UP ? mutual_peer(l->owner.mutual, l->tls) : 0;
}
