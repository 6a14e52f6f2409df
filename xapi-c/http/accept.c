#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/guesses.h"
#include "base/log.h"
#include "http/server_private.h"

void
http_link(struct http *h, struct conn *c)
{
	c->prev = h->last;
	c->next = NULL;
	if (h->last)
		h->last->next = c;
	else
		h->first = c;
	h->last = c;
	h->n_conns++;
	c->number = h->n_accepted++;
}

void
http_close(struct http *h, struct conn *c)
{
	if (c->prev)
		c->prev->next = c->next;
	else
		h->first = c->next;
	if (c->next)
		c->next->prev = c->prev;
	else
		h->last = c->prev;
	h->n_conns--;
	conn_free(c);
	if (h->deaf)
		http_hear(h, true);
}

/* A client with a session may take its replies as slowly as it likes. */
static bool
evictable(const struct conn *c)
{
	switch (c->state) {
	case CONN_HANDSHAKE:
	case CONN_READ:
	case CONN_DRAIN:
		return true;
	case CONN_TURN:
	case CONN_WRITE:
		return !c->known;
	default:
		return false;
	}
}

/*
 * Of those that wait, when nothing else can go: first a call that has not begun,
 * then the oldest event.from of the session that has most of them (more or less:
 * by the first byte of its reference, which is random).  Who is told asks again.
 */
static struct conn *
waiting_too_long(const struct http *h)
{
	struct conn *c, *oldest[256] = { NULL };
	int n[256] = { 0 };
	uint8_t at, most = 0;

	for (c = h->last; c; c = c->prev) {
		if (c->state == CONN_LATER)
			return c;
		if (c->state != CONN_PARKED)
			continue;
		at = c->wait->session.b[0];
		oldest[at] = c;
		if (++n[at] > n[most])
			most = at;
	}
	return oldest[most];
}

/* The oldest stranger that no thread has, of those given and those who wait for
 * a worker; of suspects, if there are any. */
static struct conn *
oldest_stranger(struct http *h, struct conn *old_suspect, struct conn *old)
{
	struct conn *c = workers_reclaim(h, true, old_suspect);

	if (c || old_suspect)
		return c ? c : old_suspect;
	c = workers_reclaim(h, false, old);
	if (c || old)
		return c ? c : old;
	return workers_unreturn(h);
}

/*
 * Makes room for one more of that source: the oldest connection that is over
 * a limit and in nobody else's hands goes.  False if there is none.
 */
static bool
make_room(struct http *h, const struct source *from)
{
	struct conn *c, *old = NULL, *old_same = NULL, *old_any = NULL;
	struct conn *old_suspect = NULL;
	int unknown = 0, same = 0;

	for (c = h->last; c; c = c->prev) {
		if (evictable(c))
			old_any = c;
		if (c->known)
			continue;
		unknown++;
		if (evictable(c))
			old = c;
		if (evictable(c) && c->suspect)
			old_suspect = c;
		if (!source_equal(&c->from, from))
			continue;
		same++;
		if (evictable(c))
			old_same = c;
	}
	if (same >= HTTP_MAX_PER_ADDRESS) {
		old = old_same;
	} else if (unknown >= HTTP_MAX_UNKNOWN) {
		old = oldest_stranger(h, old_suspect, old);
	} else if (h->n_conns >= h->max_conns) {
		old = old_suspect ? old_suspect : old ? old : old_any ?
		    old_any : waiting_too_long(h);
	} else {
		return true;
	}
	if (!old)
		return false;
	http_close(h, old);
	return true;
}

/* Without these a client that lost its power would keep what it has, such as
 * one of the few streams, for the kernel's two hours and more. */
static void
set_options(int fd)
{
	static const struct {
		int level, name, value;
	} options[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, HTTP_PROBE_IDLE_S },
		{ IPPROTO_TCP, TCP_KEEPINTVL, HTTP_PROBE_EVERY_S },
		{ IPPROTO_TCP, TCP_KEEPCNT, HTTP_PROBES },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, HTTP_DEAD_MS },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
	};
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (setsockopt(fd, options[i].level, options[i].name,
		    &options[i].value, sizeof(options[i].value)) == -1)
			log_warn("cannot set option %d of a connection: %s",
			    options[i].name, strerror(errno));
	}
}

/* Nobody else can reach the socket: its mode says so too. */
static bool
is_root_here(const struct http *h, int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	    (peer.uid == 0 || peer.uid == h->cfg.local_uid);
}

static void
accept_one(struct http *h, int fd, const struct sockaddr_storage *sa,
    const struct listener *l)
{
	struct tls_conn *tls = NULL;
	struct source from = source_of(sa);
	struct conn *c;

	if ((!l->local || is_root_here(h, fd)) && make_room(h, &from)) {
		tls = l->secure ? tls_accept(h->cfg.tls, fd) : NULL;
		if (!l->secure || tls) {
			if (!l->local)
				set_options(fd);
			c = conn_new(h, fd, tls, &from);
			c->local_root = l->local;
			c->known = l->local;
			c->suspect = guess_was_wrong(h->cfg.x->guesses, &from);
			http_link(h, c);
			http_arm(h, c, c->state,
			    clock_mono_ms() + HTTP_HEAD_MS);
			return;
		}
	}
	close(fd);
}

void
http_accept(struct http *h, const struct listener *l)
{
	struct sockaddr_storage sa;
	socklen_t len;
	int fd;

	for (;;) {
		len = sizeof(sa);
		fd = accept4(l->fd, (struct sockaddr *)&sa, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd == -1 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd == -1) {
			/* Until a connection ends; the others wait. */
			if (errno == EMFILE || errno == ENFILE) {
				log_warn("cannot accept: %s", strerror(errno));
				http_hear(h, false);
			}
			return;
		}
		accept_one(h, fd, &sa, l);
	}
}
