#include "http/server.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fdio.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/page.h"
#include "http/route.h"
#include "http/server_private.h"
#include "wire/xmlrpc.h"

#define EVENTS_N 64

/* What a state waits for on the socket; workers' connections: nothing. */
static uint32_t
wanted_events(const struct conn *c)
{
	switch (c->state) {
	case CONN_HANDSHAKE:
		return tls_wants_write(c->tls) ? EPOLLOUT : EPOLLIN;
	case CONN_READ:
	case CONN_DRAIN:
		return EPOLLIN;
	case CONN_PARKED:
	case CONN_LATER:
		return EPOLLRDHUP;
	case CONN_TURN:
		/* True at once, but in the next round. */
	case CONN_WRITE:
		return EPOLLOUT;
	default:
		return 0;
	}
}

void
http_arm(struct http *h, struct conn *c, enum conn_state state,
    int64_t deadline_ms)
{
	struct epoll_event ev = { .data.ptr = c };
	int op = EPOLL_CTL_MOD;

	c->state = state;
	c->deadline_ms = deadline_ms;
	h->unsent |= state == CONN_WRITE;
	if (deadline_ms < h->timer_ms)
		h->timer_ms = deadline_ms;
	ev.events = wanted_events(c);
	if (ev.events == c->events)
		return;
	if (!c->events)
		op = EPOLL_CTL_ADD;
	else if (!ev.events)
		op = EPOLL_CTL_DEL;
	if (epoll_ctl(h->epoll, op, c->fd, &ev) == -1)
		log_error("cannot watch a connection: %s", strerror(errno));
	c->events = ev.events;
}

/* Out of the epoll thread's hands. */
static void
to_worker(struct http *h, struct conn *c)
{
	http_arm(h, c, CONN_BUSY, INT64_MAX);
	workers_push(h, c);
}

/* What became of a connection that was looked at. */
enum next {
	NEXT_READ,		/* needs more bytes */
	NEXT_AGAIN,		/* a further request may be in its buffer */
	NEXT_GONE,		/* closed, or in another state */
};

/* Those who wait hold little. */
static void
drop_request(struct conn *c)
{
	conn_drop_request(c);
	if (c->in.len == 0)
		buf_release(&c->in);
}

static void
consume(struct conn *c)
{
	drop_request(c);
	conn_reset(c);
	c->began_ms = c->in.len ? clock_mono_ms() : 0;
}

/* Sends (the rest of) the reply. */
static enum next
write_on(struct http *h, struct conn *c)
{
	int64_t now = clock_mono_ms();
	int rc = conn_flush(c);

	if (rc == -EAGAIN) {
		http_arm(h, c, CONN_WRITE, c->state == CONN_WRITE && !c->known ?
		    c->deadline_ms : now + HTTP_WRITE_MS);
	} else if (rc == 0 && c->keep) {
		consume(c);
		return NEXT_AGAIN;
	} else if (rc == 0 && c->refused) {
		if (c->tls)
			tls_close(c->tls);
		shutdown(c->fd, SHUT_WR);
		http_arm(h, c, CONN_DRAIN, now + HTTP_DRAIN_MS);
	} else {
		http_close(h, c);
	}
	return NEXT_GONE;
}

static enum next
refuse(struct http *h, struct conn *c, int status, const char *detail)
{
	conn_reply_page(c, status, detail);
	c->keep = false;
	c->refused = true;
	buf_release(&c->in);
	return write_on(h, c);
}

int
http_parse_head(struct conn *c)
{
	size_t size = http_head_size(c->in.data, c->in.len);
	int status;

	if (size > HTTP_MAX_HEAD || (!size && c->in.len >= HTTP_MAX_HEAD))
		return 431;
	if (!size)
		return -EAGAIN;
	c->arena = arena_new();
	status = http_head_parse(c->arena, c->in.data, size, &c->head);
	if (status)
		return status;
	c->head_size = size;
	c->route = route_find(c->head.method, c->head.path);
	return 0;
}

static enum next
parse_head(struct http *h, struct conn *c)
{
	int status = http_parse_head(c);

	if (status > 0)
		return refuse(h, c, status, status == 431 ?
		    "The header is too long." :
		    "The request is not understood.");
	return status ? NEXT_READ : NEXT_AGAIN;
}

static enum next
serve_page(struct http *h, struct conn *c)
{
	/* A body we do not read ends the connection. */
	if (c->head.length > 0) {
		c->head.keep_alive = false;
		c->refused = true;
	}
	if (!c->tls && !c->local_root && http_https_only(h))
		page_https(c, h->cfg.https_port);
	else if (!c->route)
		page_missing(c);
	else if (c->route->kind == ROUTE_SITE)
		page_file(c, h->cfg.site);
	else
		c->route->page(c);
	if (!c->keep)
		c->refused = true;
	return write_on(h, c);
}

bool
http_may_be_quick(const struct conn *c)
{
	return c->route && (c->route->kind == ROUTE_RPC_XML ||
	    c->route->kind == ROUTE_RPC_JSON) &&
	    c->head.length >= 0 && c->head.length <= HTTP_QUICK_BODY &&
	    c->in.len >= c->head_size + (size_t)c->head.length;
}

/* An RPC, once its body is complete. */
static enum next
serve_rpc(struct http *h, struct conn *c)
{
	static const char proceed[] = "HTTP/1.1 100 Continue\r\n\r\n";

	if (c->head.length < 0)
		return refuse(h, c, 500, "A Content-Length is needed.");
	if (c->head.length > HTTP_MAX_BODY)
		return refuse(h, c, 500, "The request is too large.");
	if (c->in.len >= c->head_size + (size_t)c->head.length) {
		/* A thread's wake-up costs more than a getter. */
		if (c->known && http_may_be_quick(c) &&
		    http_serve_quick(h, c)) {
			c->quick_calls++;
			return write_on(h, c);
		}
		c->quick_calls = 0;
		to_worker(h, c);
		return NEXT_GONE;
	}
	if (c->head.expects_continue) {
		c->head.expects_continue = false;
		conn_send(c, proceed, sizeof(proceed) - 1);
	}
	return NEXT_READ;
}

/* Acts on what has been read. */
static enum next
advance(struct http *h, struct conn *c)
{
	enum next next;

	if (!c->head_size) {
		next = parse_head(h, c);
		if (next != NEXT_AGAIN)
			return next;
		if (!c->head_size)
			return NEXT_READ;
	}
	if (!c->route || c->route->kind == ROUTE_PAGE ||
	    c->route->kind == ROUTE_SITE ||
	    (!c->tls && !c->local_root && http_https_only(h)))
		return serve_page(h, c);
	if (c->route->kind != ROUTE_STREAM)
		return serve_rpc(h, c);
	to_worker(h, c);
	return NEXT_GONE;
}

static int64_t
read_deadline(const struct conn *c)
{
	int64_t now = clock_mono_ms(), whole, next = now + HTTP_READ_MS;

	if (!c->began_ms)
		return now + (c->known ? HTTP_IDLE_MS : HTTP_IDLE_UNKNOWN_MS);
	whole = c->began_ms + (c->head_size ? HTTP_BODY_MS : HTTP_HEAD_MS);
	return whole < next ? whole : next;
}

/* Do those who showed a session, or those who did not yet, fill too much memory
 * together? */
static bool
over_budget(const struct http *h, bool known)
{
	const struct conn *c;
	size_t sum = 0;

	for (c = h->first; c; c = c->next)
		sum += c->known == known ? c->in.cap : 0;
	return sum > (known ? HTTP_MAX_KNOWN_BYTES : HTTP_MAX_UNKNOWN_BYTES);
}

/* May more be here than was read?  If not, epoll will tell. */
static bool
more_at_hand(const struct conn *c, ssize_t got)
{
	return c->tls ? tls_pending(c->tls) : got == HTTP_READ_STEP;
}

/* Nothing more can be read. */
static void
read_no_more(struct http *h, struct conn *c, ssize_t r)
{
	if (r == 0 && c->in.len > 0)
		refuse(h, c, 400, "The request ended early.");
	else
		http_close(h, c);
}

/* Nothing more is here: what was read is part of a request, or nothing. */
static void
wait_for_more(struct http *h, struct conn *c)
{
	if (c->quick_calls >= HTTP_LENT_CALLS && c->in.len == 0) {
		c->quick_calls = 0;
		if (readers_lend(h, c))
			return;
	}
	http_arm(h, c, CONN_READ, read_deadline(c));
}

/* Reads all there is, and serves what it can. */
static void
read_on(struct http *h, struct conn *c)
{
	enum next next = NEXT_AGAIN;
	ssize_t r = -EAGAIN;
	bool more = true;
	int calls = 0;

	for (;;) {
		while (next == NEXT_AGAIN && c->in.len > 0) {
			if (calls++ == HTTP_TURN_CALLS) {
				http_arm(h, c, CONN_TURN,
				    clock_mono_ms() + HTTP_WRITE_MS);
				return;
			}
			next = advance(h, c);
		}
		if (next == NEXT_GONE)
			return;
		if (!more)
			break;
		r = conn_recv(c, h->scratch, sizeof(h->scratch));
		if (r <= 0)
			break;
		more = more_at_hand(c, r);
		buf_add(&c->in, h->scratch, (size_t)r);
		if (!c->began_ms)
			c->began_ms = clock_mono_ms();
		if (c->in.len > 2 * HTTP_READ_STEP && over_budget(h, c->known)) {
			refuse(h, c, 503, "Too many large requests.");
			return;
		}
		next = NEXT_AGAIN;
	}
	if (r == -EAGAIN || r > 0)
		wait_for_more(h, c);
	else
		read_no_more(h, c, r);
}

static void
shake_on(struct http *h, struct conn *c)
{
	int rc = tls_handshake(c->tls);

	if (rc == -EAGAIN) {
		http_arm(h, c, CONN_HANDSHAKE, c->deadline_ms);
	} else if (rc) {
		http_close(h, c);
	} else {
		c->state = CONN_READ;
		read_on(h, c);
	}
}

static void
drain_on(struct http *h, struct conn *c)
{
	char waste[HTTP_READ_STEP];
	ssize_t r = recv(c->fd, waste, sizeof(waste), 0);

	if (r == 0 || (r == -1 && errno != EAGAIN && errno != EINTR))
		http_close(h, c);
}

static void
park(struct http *h, struct conn *c)
{
	struct db_root *root = db_root_get(h->cfg.x->db);
	int64_t now = clock_mono_ms(), wake = c->wait->deadline_ms;

	drop_request(c);
	/* Thousands may wait: they keep the reply's head, not the request. */
	conn_forget_head(c);
	if (c->wait->not_before_ms > now && c->wait->not_before_ms < wake)
		wake = c->wait->not_before_ms;
	http_arm(h, c, CONN_PARKED, wake);
	/* It may have become due since the worker looked. */
	if (events_due(c->wait, root) && now + EVENTS_BATCH_MS < h->look_ms)
		h->look_ms = now + EVENTS_BATCH_MS;
	db_root_put(root);
}

static void
on_conn(struct http *h, struct conn *c)
{
	switch (c->state) {
	case CONN_HANDSHAKE:
		shake_on(h, c);
		break;
	case CONN_READ:
	case CONN_TURN:
		read_on(h, c);
		break;
	case CONN_WRITE:
		if (write_on(h, c) == NEXT_AGAIN)
			read_on(h, c);
		break;
	case CONN_DRAIN:
		drain_on(h, c);
		break;
	case CONN_PARKED:
	case CONN_LATER:
	case CONN_CLOSE:
		http_close(h, c);	/* the client is gone */
		break;
	case CONN_BUSY:
		break;
	}
}

static void
take_back(struct http *h)
{
	struct conn *c, *rest;

	pthread_mutex_lock(&h->lock);
	rest = h->returned;
	h->returned = NULL;
	pthread_mutex_unlock(&h->lock);
	while ((c = rest)) {
		rest = c->queue;
		if (c->result == CONN_PARKED) {
			park(h, c);
		} else if (c->result == CONN_LATER) {
			http_arm(h, c, CONN_LATER,
			    clock_mono_ms() + HTTP_LATER_MS);
		} else if (c->result == CONN_WRITE) {
			http_arm(h, c, CONN_WRITE,
			    clock_mono_ms() + HTTP_WRITE_MS);
		} else if (c->result == CONN_READ) {
			consume(c);
			read_on(h, c);
		} else if (c->result == CONN_TURN) {
			read_on(h, c);
		} else {
			http_close(h, c);
		}
	}
}

/* The database was published a moment ago. */
static void
look_at_parked(struct http *h, int64_t now)
{
	struct db_root *root = db_root_get(h->cfg.x->db);
	struct conn *c;

	h->look_ms = INT64_MAX;
	for (c = h->first; c; c = c->next) {
		if (c->state == CONN_PARKED &&
		    now >= c->wait->not_before_ms &&
		    events_due(c->wait, root))
			to_worker(h, c);
	}
	db_root_put(root);
}

static void
expire(struct http *h, struct conn *c)
{
	if (c->state == CONN_PARKED || c->state == CONN_LATER) {
		to_worker(h, c);
	} else if (c->state == CONN_READ && c->in.len > 0) {
		refuse(h, c, 408, "The request did not arrive in time.");
	} else {
		http_close(h, c);
	}
}

static void
run_timers(struct http *h, int64_t now)
{
	struct conn *c, *next;

	h->timer_ms = INT64_MAX;
	for (c = h->first; c; c = next) {
		next = c->next;
		if (c->state == CONN_BUSY)
			continue;
		if (now >= c->deadline_ms)
			expire(h, c);
		else if (c->deadline_ms < h->timer_ms)
			h->timer_ms = c->deadline_ms;
	}
}

/* Of those that do not take their replies, the one without progress for
 * longest, if they fill too much memory together; NULL: they do not. */
static struct conn *
over_replies(const struct http *h)
{
	struct conn *c, *old = NULL;
	size_t sum = 0, bytes;

	for (c = h->first; c; c = c->next) {
		bytes = c->state == CONN_WRITE ? reply_memory(&c->reply) : 0;
		sum += bytes;
		if (bytes && (!old || c->deadline_ms < old->deadline_ms))
			old = c;
	}
	return sum > HTTP_MAX_REPLY_BYTES ? old : NULL;
}

static void
bound_replies(struct http *h)
{
	struct conn *c;

	if (!h->unsent)
		return;
	h->unsent = false;
	while ((c = over_replies(h)))
		http_close(h, c);
}

static int
wait_ms(const struct http *h, int64_t now)
{
	int64_t until = h->look_ms < h->timer_ms ? h->look_ms : h->timer_ms;

	if (until == INT64_MAX)
		return -1;
	return until <= now ? 0 : until - now > 60000 ? 60000 :
	    (int)(until - now);
}

static bool
stopping(struct http *h)
{
	bool stop;

	pthread_mutex_lock(&h->lock);
	stop = h->stop;
	pthread_mutex_unlock(&h->lock);
	return stop;
}

/*
 * Connections first: whoever accepts may evict, and an event of this round
 * must not name a connection that is gone.
 */
static void
dispatch(struct http *h, const struct epoll_event *ev, int n)
{
	bool woken = false;
	uint64_t count;
	int i;

	for (i = 0; i < n; i++) {
		if (ev[i].data.ptr == &h->wake)
			woken = true;
		else if (!listeners_has(h, ev[i].data.ptr))
			on_conn(h, ev[i].data.ptr);
	}
	if (woken && read(h->wake, &count, sizeof(count)) == -1 &&
	    errno != EAGAIN)
		log_error("cannot read an eventfd: %s", strerror(errno));
	take_back(h);
	for (i = 0; i < n; i++) {
		const struct listener *l = ev[i].data.ptr;

		if (listeners_has(h, l))
			http_accept(h, l);
	}
	listeners_move(h);
}

static void *
server_main(void *arg)
{
	struct http *h = arg;
	struct epoll_event ev[EVENTS_N];
	int64_t now;
	int n;

	while (!stopping(h)) {
		n = epoll_wait(h->epoll, ev, EVENTS_N,
		    wait_ms(h, clock_mono_ms()));
		dispatch(h, ev, n < 0 ? 0 : n);
		bound_replies(h);
		now = clock_mono_ms();
		if (atomic_exchange(&h->published, false) &&
		    h->look_ms == INT64_MAX)
			h->look_ms = now + EVENTS_BATCH_MS;
		if (now >= h->look_ms) {
			look_at_parked(h, now);
			workers_end_orphans(h);
		}
		if (now >= h->timer_ms)
			run_timers(h, now);
	}
	return NULL;
}

void
http_published(void *arg)
{
	struct http *h = arg;

	if (h && !atomic_exchange(&h->published, true))
		http_wake(h);
}

void
http_hear(struct http *h, bool on)
{
	h->deaf = !on;
	listeners_hear(h, on);
}

static void
hear_wake(struct http *h)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = &h->wake };

	epoll_ctl(h->epoll, EPOLL_CTL_ADD, h->wake, &ev);
}

static void
server_free(struct http *h)
{
	while (h->first)
		http_close(h, h->first);
	listeners_release(h);
	fdio_close(&h->epoll);
	fdio_close(&h->wake);
	workers_release(h);
	free(h);
}

/* Connections beside the other files, of all that the kernel would grant. */
static int
max_conns(void)
{
	struct rlimit r;
	rlim_t room;

	if (getrlimit(RLIMIT_NOFILE, &r) == -1)
		return HTTP_MAX_CONNS;
	r.rlim_cur = r.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &r) == -1)
		log_warn("cannot raise the number of descriptors: %s",
		    strerror(errno));
	getrlimit(RLIMIT_NOFILE, &r);
	room = r.rlim_cur / 2 > HTTP_FILES ? r.rlim_cur - HTTP_FILES :
	    r.rlim_cur / 2;
	return room < HTTP_MAX_CONNS ? (int)room : HTTP_MAX_CONNS;
}

int
http_start(const struct http_config *cfg, struct http **http_out)
{
	struct http *h = mem_zalloc(sizeof(*h));
	int rc;

	h->cfg = *cfg;
	h->look_ms = h->timer_ms = INT64_MAX;
	h->max_conns = max_conns();
	workers_init(h);
	h->epoll = epoll_create1(EPOLL_CLOEXEC);
	h->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = h->epoll == -1 || h->wake == -1 ? -errno : 0;
	if (!rc) {
		signal(SIGPIPE, SIG_IGN);
		xmlrpc_init();
		hear_wake(h);
		listeners_init(h);
		readers_start(h);
		rc = http_spawn(&h->thread, server_main, h);
	}
	if (rc) {
		readers_stop(h);
		server_free(h);
		return rc;
	}
	*http_out = h;
	return 0;
}

bool
http_stop(struct http *h)
{
	struct conn *c;

	if (!h)
		return true;
	pthread_mutex_lock(&h->lock);
	h->stop = true;
	pthread_mutex_unlock(&h->lock);
	http_wake(h);
	pthread_join(h->thread, NULL);
	readers_stop(h);
	for (c = h->first; c; c = c->next)
		shutdown(c->fd, SHUT_RDWR);	/* ends streams */
	if (!workers_stop(h))
		return false;
	server_free(h);
	return true;
}
