#include "http/conn.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/mem.h"

#define IOV_N 64
#define RECORD 16384			/* most that one TLS record holds */

struct conn *
conn_new(struct http *h, int fd, struct tls_conn *tls,
    const struct source *from)
{
	struct conn *c = mem_zalloc(sizeof(*c));

	c->http = h;
	c->fd = fd;
	c->tls = tls;
	c->from = *from;
	c->state = tls ? CONN_HANDSHAKE : CONN_READ;
	return c;
}

void
conn_free(struct conn *c)
{
	if (c->tls) {
		if (c->state != CONN_HANDSHAKE)
			tls_close(c->tls);
		tls_conn_free(c->tls);
	}
	close(c->fd);
	events_wait_free(c->wait);
	reply_release(&c->reply);
	buf_release(&c->out);
	buf_release(&c->in);
	arena_free(c->arena);
	free(c);
}

ssize_t
conn_recv(struct conn *c, void *buf, size_t len)
{
	ssize_t r;

	if (c->tls)
		return tls_read(c->tls, buf, len);
	do {
		r = recv(c->fd, buf, len, 0);
	} while (r == -1 && errno == EINTR);
	return r == -1 ? -errno : r;
}

ssize_t
conn_send(struct conn *c, const void *buf, size_t len)
{
	ssize_t r;

	if (c->tls)
		return tls_write(c->tls, buf, len);
	do {
		r = send(c->fd, buf, len, MSG_NOSIGNAL);
	} while (r == -1 && errno == EINTR);
	return r == -1 ? -errno : r;
}

/* The vectors of what was not sent yet. */
static int
pending(struct conn *c, struct iovec *iov)
{
	size_t head = c->out.len;
	int n = 0;

	if (c->sent < head) {
		iov[n].iov_base = c->out.data + c->sent;
		iov[n].iov_len = head - c->sent;
		n++;
	}
	return n + reply_iov(&c->reply, c->sent < head ? 0 : c->sent - head,
	    iov + n, IOV_N - n);
}

/* Small slices share a record; a retry offers the same bytes again, as
 * OpenSSL wants. */
static ssize_t
send_record(struct conn *c, const struct iovec *iov, int n)
{
	char record[RECORD];
	size_t len = 0, take;
	int i;

	if (iov[0].iov_len >= RECORD)
		return tls_write(c->tls, iov[0].iov_base, RECORD);
	for (i = 0; i < n && len < RECORD; i++) {
		take = iov[i].iov_len;
		if (take > RECORD - len)
			take = RECORD - len;
		memcpy(record + len, iov[i].iov_base, take);
		len += take;
	}
	return tls_write(c->tls, record, len);
}

static ssize_t
send_vectors(struct conn *c, struct iovec *iov, int n)
{
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = (size_t)n };
	ssize_t r;

	do {
		r = sendmsg(c->fd, &msg, MSG_NOSIGNAL);
	} while (r == -1 && errno == EINTR);
	return r == -1 ? -errno : r;
}

int
conn_flush(struct conn *c)
{
	struct iovec iov[IOV_N];
	ssize_t r;
	int n;

	while ((n = pending(c, iov)) > 0) {
		r = c->tls ? send_record(c, iov, n) : send_vectors(c, iov, n);
		if (r < 0)
			return (int)r;
		c->sent += (size_t)r;
	}
	return 0;
}

short
conn_poll_events(const struct conn *c, bool writing)
{
	if (c->tls)
		return tls_wants_write(c->tls) ? POLLOUT : POLLIN;
	return writing ? POLLOUT : POLLIN;
}

static const char *
reason(int status)
{
	switch (status) {
	case 101: return "Switching Protocols";
	case 200: return "OK";
	case 301: return "Moved Permanently";
	case 302: return "Found";
	case 400: return "Bad Request";
	case 401: return "Unauthorized";
	case 403: return "Forbidden";
	case 404: return "Not Found";
	case 408: return "Request Timeout";
	case 413: return "Content Too Large";
	case 431: return "Request Header Fields Too Large";
	case 501: return "Method Not Implemented";
	case 503: return "Service Unavailable";
	case 505: return "HTTP Version Not Supported";
	default: return "Internal Server Error";
	}
}

void
conn_reply_begin(struct conn *c, int status, const char *type)
{
	buf_reset(&c->out);
	reply_release(&c->reply);
	c->sent = 0;
	c->keep = c->head.keep_alive;
	buf_addf(&c->out, "HTTP/1.%d %d %s\r\n"
	    "Cache-Control: no-cache, no-store\r\n",
	    c->head_size ? c->head.minor : 1, status, reason(status));
	if (type)
		buf_addf(&c->out, "Content-Type: %s\r\n", type);
}

void
conn_reply_end(struct conn *c)
{
	reply_finish(&c->reply);
	buf_addf(&c->out, "Connection: %s\r\nContent-Length: %zu\r\n\r\n",
	    c->keep ? "keep-alive" : "close", c->reply.len);
}

void
conn_reply_page(struct conn *c, int status, const char *detail)
{
	conn_reply_begin(c, status, "text/html");
	if (status >= 400)
		c->keep = false;
	if (status == 401)
		buf_addf(&c->out, "WWW-Authenticate: Basic realm=\"%s\"\r\n",
		    detail);
	if (status == 301 || status == 302)
		buf_addf(&c->out, "Location: %s\r\n", detail);
	buf_addf(&c->reply.text, "<html><body><h1>HTTP %d %s</h1>%s"
	    "</body></html>", status, reason(status),
	    status >= 400 && status != 401 ? detail : "");
	conn_reply_end(c);
}

void
conn_drop_request(struct conn *c)
{
	size_t used = c->head_size;

	if (c->head.length > 0)
		used += (size_t)c->head.length;
	if (used > c->in.len)
		used = c->in.len;
	if (used && used < c->in.len)
		memmove(c->in.data, c->in.data + used, c->in.len - used);
	c->in.len -= used;
	c->head_size = 0;
	c->head.length = 0;
}

void
conn_forget_head(struct conn *c)
{
	c->head_size = 0;
	c->route = NULL;
	memset(&c->head, 0, sizeof(c->head));
	arena_free(c->arena);
	c->arena = NULL;
}

void
conn_reset(struct conn *c)
{
	reply_release(&c->reply);
	buf_reset(&c->out);
	c->sent = 0;
	conn_forget_head(c);
}
