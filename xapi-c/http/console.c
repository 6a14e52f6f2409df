/*
 * /console: the bytes of a VM's console, over a WebSocket (GET) or raw after
 * CONNECT.  One thread moves both directions; each has one buffer, and a side
 * is read only while the other side's buffer is empty.  Answers to a client's
 * PINGs share the buffer of the console's output, up to a limit.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "api/stream.h"
#include "base/fdio.h"
#include "base/log.h"
#include "http/console.h"
#include "http/limits.h"
#include "http/ws.h"

#define CHUNK 16384

struct relay {
	struct stream *s;
	struct ws *ws;			/* NULL: raw */
	int fd;				/* the console */
	struct buf to_console, to_client;
	size_t console_done, client_done;	/* sent of these */
	bool client_eof, console_eof;
	bool hung_up;			/* the client sends no more */
};

static bool
is_empty(const struct buf *b, size_t done)
{
	return b->len == done;
}

static int
from_client(struct relay *r, const char *data, size_t len)
{
	int rc;

	if (!r->ws) {
		buf_add(&r->to_console, data, len);
		return 0;
	}
	rc = ws_feed(r->ws, (const uint8_t *)data, len, &r->to_console,
	    &r->to_client);
	if (r->ws->closed)
		r->client_eof = true;
	return rc;
}

/* Is there room for what the client sends, and for the answers to it? */
static bool
takes_client(const struct relay *r)
{
	return !r->client_eof && is_empty(&r->to_console, r->console_done) &&
	    r->to_client.len - r->client_done <= HTTP_MAX_PONGS;
}

/* Moves what is not yet sent to the front of the buffer. */
static void
drop_sent(struct buf *b, size_t *done)
{
	if (*done)
		memmove(b->data, b->data + *done, b->len - *done);
	b->len -= *done;
	*done = 0;
}

/* Each step moves what goes without waiting: 0, or -errno to give up. */
static int
read_client(struct relay *r)
{
	struct conn *c = r->s->conn;
	char chunk[CHUNK];
	ssize_t n;

	if (!takes_client(r))
		return 0;
	drop_sent(&r->to_console, &r->console_done);
	drop_sent(&r->to_client, &r->client_done);
	if (c->in.len > c->head_size)
		n = stream_read(r->s, chunk, sizeof(chunk));
	else
		n = conn_recv(c, chunk, sizeof(chunk));
	if (n > 0)
		return from_client(r, chunk, (size_t)n);
	if (n == 0)
		r->client_eof = true;
	return n == -EAGAIN ? 0 : (int)n;
}

static int
read_console(struct relay *r)
{
	char chunk[CHUNK];
	ssize_t n;

	if (r->console_eof || !is_empty(&r->to_client, r->client_done))
		return 0;
	drop_sent(&r->to_client, &r->client_done);
	n = read(r->fd, chunk, sizeof(chunk));
	if (n > 0) {
		if (r->ws)
			ws_frame(&r->to_client, WS_BINARY, chunk, (size_t)n);
		else
			buf_add(&r->to_client, chunk, (size_t)n);
		return 0;
	}
	/* A pty whose other end went away answers EIO. */
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		r->console_eof = true;
	return 0;
}

static int
write_client(struct relay *r)
{
	ssize_t n;

	while (!is_empty(&r->to_client, r->client_done)) {
		n = conn_send(r->s->conn, r->to_client.data + r->client_done,
		    r->to_client.len - r->client_done);
		if (n < 0)
			return n == -EAGAIN ? 0 : (int)n;
		r->client_done += (size_t)n;
	}
	return 0;
}

static int
write_console(struct relay *r)
{
	ssize_t n;

	while (!is_empty(&r->to_console, r->console_done)) {
		n = write(r->fd, r->to_console.data + r->console_done,
		    r->to_console.len - r->console_done);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return errno == EAGAIN ? 0 : -errno;
		r->console_done += (size_t)n;
	}
	return 0;
}

/* A client that left is noticed also while nothing can be read of it. */
static int
heed_client(struct relay *r, short seen)
{
	if (seen & (POLLERR | POLLHUP))
		return -ECONNRESET;
	if (seen & POLLRDHUP)
		r->hung_up = true;
	return 0;
}

static int
wait_for_more(struct relay *r)
{
	struct pollfd p[2] = { { .fd = r->s->conn->fd }, { .fd = r->fd } };
	bool out = !is_empty(&r->to_client, r->client_done);
	bool in = !is_empty(&r->to_console, r->console_done);
	bool reads = takes_client(r);
	struct conn *c = r->s->conn;
	int n;

	if (reads && (c->in.len > c->head_size ||
		(c->tls && tls_pending(c->tls))))
		return 0;
	p[0].events = (short)((out ? POLLOUT : 0) | (reads ? POLLIN : 0) |
	    (r->hung_up ? 0 : POLLRDHUP));
	p[1].events = (short)((in ? POLLOUT : 0) | (out ? 0 : POLLIN));
	/* poll reports a hang-up even to those who wait for nothing. */
	if (r->console_eof || !p[1].events)
		p[1].fd = -1;
	/* While there is a client, only to keep the session: a console may be
	 * silent for days, and TCP's keep-alive finds dead clients. */
	n = poll(p, 2, r->hung_up ? HTTP_HANGUP_MS : HTTP_KEEP_MS);
	if (n == -1)
		return errno == EINTR ? 0 : -errno;
	stream_keep(r->s);
	if (n == 0)
		return r->hung_up ? -ETIMEDOUT : 0;
	return heed_client(r, p[0].revents);
}

/* Until one of them has had enough: 0, or the -errno that cut it. */
static int
relay(struct relay *r)
{
	int rc = 0;

	while (!rc) {
		rc = read_client(r);
		if (!rc)
			rc = write_console(r);
		if (!rc)
			rc = read_console(r);
		if (!rc)
			rc = write_client(r);
		if (rc || r->client_eof || (r->console_eof &&
			is_empty(&r->to_client, r->client_done)))
			break;
		rc = wait_for_more(r);
	}
	if (r->ws && !r->client_eof && !rc) {
		drop_sent(&r->to_client, &r->client_done);
		ws_frame(&r->to_client, WS_CLOSE, "\x03\xe8", 2);
	}
	if (!rc)
		write_client(r);
	return rc;
}

/* The reply that begins it: 0 or -errno. */
static int
greet(struct stream *s, const char *key)
{
	const char *headers;

	if (s->head->method == HTTP_CONNECT)
		return stream_reply(s, 200, "Connection: close\r\n");
	headers = arena_printf(s->call.arena, "Upgrade: websocket\r\n"
	    "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n"
	    "Sec-WebSocket-Protocol: binary\r\n",
	    ws_accept(s->call.arena, key));
	return stream_reply(s, 101, headers);
}

void
console_stream(struct stream *s)
{
	const char *which = http_query(s->head, "ref");
	const char *key = http_header(s->head, "Sec-WebSocket-Key");
	struct relay r = { .s = s, .fd = -1 };
	struct ws ws = { 0 };
	int rc;

	if (!which)
		which = http_query(s->head, "uuid");
	if (!which || (s->head->method == HTTP_GET && !key)) {
		stream_refuse(s, 400, "A console and an upgrade are needed.");
		return;
	}
	if (stream_console_open(&s->call, which, &r.fd)) {
		stream_refuse(s, stream_failure_status(s),
		    "There is no such console now.");
		return;
	}
	if (s->head->method == HTTP_GET)
		r.ws = &ws;
	/* No picture of the past is needed while it lasts. */
	call_close(&s->call);
	rc = fdio_nonblock(r.fd, true);
	if (!rc)
		rc = greet(s, key);
	if (!rc)
		rc = relay(&r);
	if (rc)
		log_info("a client's console was cut: %s", strerror(-rc));
	buf_release(&r.to_console);
	buf_release(&r.to_client);
	fdio_close(&r.fd);
}
