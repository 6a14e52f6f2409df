/*
 * The threads.  A worker takes a complete request: of a client that has shown
 * a session at once, of a stranger while fewer than HTTP_MAX_UNKNOWN_CALLS are
 * served, so that strangers together use little memory and few threads and
 * hold nobody up.  Those whose address was wrong of a password come after the
 * other strangers.  A stream has a thread of its own once it is authenticated.
 */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "api/host/user_agents.h"
#include "base/clock.h"
#include "base/cond.h"
#include "base/guesses.h"
#include "base/log.h"
#include "gen/store.h"
#include "http/audited.h"
#include "http/cli.h"
#include "http/route.h"
#include "http/server_private.h"
#include "http/stream.h"
#include "rpc/rpc.h"

void
http_wake(struct http *h)
{
	uint64_t one = 1;

	if (write(h->wake, &one, sizeof(one)) == -1 && errno != EAGAIN)
		log_error("cannot wake the server: %s", strerror(errno));
}

void
http_return(struct http *h, struct conn *c)
{
	pthread_mutex_lock(&h->lock);
	c->queue = h->returned;
	h->returned = c;
	pthread_mutex_unlock(&h->lock);
	http_wake(h);
}

bool
http_https_only(struct http *h)
{
	struct xapi *x = h->cfg.x;
	struct db_root *root = db_root_get(x->db);
	const struct host *host = host_find(root, &x->host);
	bool only = !host || host->https_only;

	db_root_put(root);
	return only;
}

static void
queue_add(struct work_queue *q, struct conn *c)
{
	c->queue = NULL;
	*q->last = c;
	q->last = &c->queue;
	q->n++;
}

static struct conn *
queue_take(struct work_queue *q)
{
	struct conn *c = q->first;

	if (!c)
		return NULL;
	q->first = c->queue;
	if (!q->first)
		q->last = &q->first;
	q->n--;
	return c;
}

/* How many requests may be taken.  Called locked. */
static int
waiting(const struct http *h)
{
	int room = HTTP_MAX_UNKNOWN_CALLS - h->strangers_served;
	int n = h->strangers.n + h->suspects.n;

	return h->known.n + (n < room ? n : room);
}

static void *worker_main(void *arg);

/* Sees to it that somebody comes for what waits.  Called locked. */
static void
muster(struct http *h)
{
	if (waiting(h) > h->idle_workers && h->workers < HTTP_MAX_WORKERS) {
		/* If there cannot be one more, those there are will come. */
		if (http_spawn(NULL, worker_main, h) == 0)
			h->workers++;
		else if (h->workers == 0)
			log_error("cannot start a worker thread");
	}
	pthread_cond_signal(&h->work);
}

/* The next stranger may come. */
static void
no_stranger(struct conn *c)
{
	struct http *h = c->http;

	if (!c->stranger)
		return;
	c->stranger = false;
	pthread_mutex_lock(&h->lock);
	h->strangers_served--;
	if (h->strangers.n || h->suspects.n)
		muster(h);
	pthread_mutex_unlock(&h->lock);
}

static void
became_known(void *arg)
{
	struct conn *c = arg;

	if (!c->known)
		user_agents_saw(c->http->cfg.x->user_agents,
		    http_header(&c->head, "User-Agent"));
	c->known = true;
	no_stranger(c);
}

/* What a small reply takes, in one step. */
#define REPLY_BYTES 512

static void
rpc_reply_begin(struct conn *c)
{
	buf_reserve(&c->out, REPLY_BYTES);
	conn_reply_begin(c, 200,
	    c->route->kind == ROUTE_RPC_XML ? "text/xml" : "application/json");
	buf_adds(&c->out, "Access-Control-Allow-Origin: *\r\n"
	    "Access-Control-Allow-Headers: X-Requested-With\r\n");
	buf_reserve(&c->reply.text, REPLY_BYTES);
}

/* True when a reply is ready; false: not yet, and c->result says why. */
static bool
serve_rpc(struct http *h, struct conn *c, bool quick)
{
	struct rpc_request q = {
		.body = c->in.data + c->head_size,
		.len = (size_t)c->head.length,
		.format = c->route->kind == ROUTE_RPC_XML ? RPC_XML : RPC_JSON,
		.from = c->from, .local_root = c->local_root,
		.known = became_known, .known_arg = c,
		.quick = quick,
	};
	bool ready = true;

	rpc_reply_begin(c);
	switch (rpc_handle(h->cfg.x, &q, &c->reply, &c->wait)) {
	case RPC_DONE:
		conn_reply_end(c);
		break;
	case RPC_WAIT:
	case RPC_SLOW:
		ready = false;
		break;
	case RPC_LATER:
		c->result = CONN_LATER;
		ready = false;
		break;
	case RPC_BAD:
		conn_reply_page(c, 500, "The request could not be parsed.");
		break;
	}
	return ready;
}

bool
http_serve_quick(struct http *h, struct conn *c)
{
	return serve_rpc(h, c, true);
}

/* event.from: looks, and says whether there is a reply. */
static bool
serve_wait(struct conn *c, int64_t now)
{
	bool final = now >= c->wait->deadline_ms;

	if (!final && now < c->wait->not_before_ms)
		return false;
	if (!events_evaluate(c->wait, &c->reply, final))
		return false;
	events_wait_free(c->wait);
	c->wait = NULL;
	conn_reply_end(c);
	return true;
}

static void
serve(struct http *h, struct conn *c)
{
	bool ready = true;
	int rc;

	c->result = CONN_PARKED;
	if (!c->wait)
		ready = serve_rpc(h, c, false);
	if (c->wait)
		ready = serve_wait(c, clock_mono_ms());
	if (!ready)
		return;
	rc = conn_flush(c);
	if (rc == -EAGAIN)
		c->result = CONN_WRITE;
	else if (rc || !c->keep)
		c->result = CONN_CLOSE;
	else
		c->result = CONN_READ;
}

static void
stream_unlink(struct http *h, const struct stream *s)
{
	struct stream **at;

	pthread_mutex_lock(&h->lock);
	for (at = &h->streams; *at != s; at = &(*at)->next)
		;
	*at = s->next;
	pthread_mutex_unlock(&h->lock);
}

static void *
stream_main(void *arg)
{
	struct stream *s = arg;
	struct conn *c = s->conn;
	struct http *h = c->http;

	audited_stream(s);
	stream_unlink(h, s);
	stream_free(s);
	c->result = c->refused ? CONN_WRITE : CONN_CLOSE;
	http_return(h, c);
	pthread_mutex_lock(&h->lock);
	h->n_streams--;
	pthread_cond_broadcast(&h->ended);
	pthread_mutex_unlock(&h->lock);
	return NULL;
}

/* May one more run?  Called locked. */
static bool
stream_fits(const struct http *h, const struct stream *s)
{
	const struct stream *other;
	int same = 0;

	for (other = h->streams; other; other = other->next)
		same += stream_same_owner(other, s);
	return !h->stop && h->n_streams < HTTP_MAX_STREAMS &&
	    same < HTTP_SESSION_STREAMS;
}

/* Hands it to a thread; false if there are too many. */
static bool
spawn_stream(struct http *h, struct stream *s)
{
	bool ok;

	pthread_mutex_lock(&h->lock);
	ok = stream_fits(h, s) && http_spawn(NULL, stream_main, s) == 0;
	if (ok) {
		s->next = h->streams;
		h->streams = s;
		h->n_streams++;
	}
	pthread_mutex_unlock(&h->lock);
	return ok;
}

/* The root is got once the list stands still: whoever is on it had a session
 * before. */
void
workers_end_orphans(struct http *h)
{
	struct db_root *root;
	struct stream *s;

	pthread_mutex_lock(&h->lock);
	root = db_root_get(h->cfg.x->db);
	for (s = h->streams; s; s = s->next)
		if (!session_find(root, &s->session))
			stream_revoke(s);
	db_root_put(root);
	pthread_mutex_unlock(&h->lock);
}

/* True when the stream has a thread; false: c holds the refusal. */
static bool
begin_stream(struct http *h, struct conn *c)
{
	bool cli = c->route->kind == ROUTE_CLI;
	struct stream *s = cli ? http_cli_new(h->cfg.x, c) :
	    stream_new(h->cfg.x, c, c->route->action);

	c->result = CONN_WRITE;
	if (!s)
		return false;
	became_known(c);
	if (spawn_stream(h, s)) {
		/* its session may have ended while nobody looked for it */
		http_published(h);
		return true;
	}
	if (cli)
		http_cli_refuse(c, s, "too many commands are under way");
	else
		stream_refuse(s, 503, "Too many transfers are under way.");
	stream_free(s);
	return false;
}

static void
work(struct http *h, struct conn *c)
{
	if (c->route && (c->route->kind == ROUTE_STREAM ||
	    c->route->kind == ROUTE_CLI)) {
		if (begin_stream(h, c))
			return;
	} else {
		serve(h, c);
	}
	no_stranger(c);
	http_return(h, c);
}

/* The next request, or NULL: the worker shall end.  Called locked. */
static struct conn *
next_conn(struct http *h)
{
	struct timespec until = cond_after_ms(HTTP_WORKER_IDLE_S * 1000);
	struct conn *c;
	int rc = 0;

	h->idle_workers++;
	while (!waiting(h) && !h->stop &&
	    !(rc == ETIMEDOUT && h->workers > HTTP_WORKERS))
		rc = h->workers > HTTP_WORKERS ?
		    pthread_cond_timedwait(&h->work, &h->lock, &until) :
		    pthread_cond_wait(&h->work, &h->lock);
	h->idle_workers--;
	if (h->stop || !waiting(h))
		return NULL;
	c = queue_take(&h->known);
	if (c)
		return c;
	c = queue_take(h->strangers.n ? &h->strangers : &h->suspects);
	c->stranger = true;
	h->strangers_served++;
	return c;
}

static void *
worker_main(void *arg)
{
	struct http *h = arg;
	struct conn *c;

	pthread_mutex_lock(&h->lock);
	while ((c = next_conn(h))) {
		pthread_mutex_unlock(&h->lock);
		work(h, c);
		pthread_mutex_lock(&h->lock);
	}
	h->workers--;
	pthread_cond_broadcast(&h->ended);
	pthread_mutex_unlock(&h->lock);
	return NULL;
}

int
http_spawn(pthread_t *t_out, void *(*fn)(void *), void *arg)
{
	pthread_attr_t attr;
	pthread_t t;
	int rc;

	pthread_attr_init(&attr);
	/* musl's default would be small for parsers and TLS. */
	pthread_attr_setstacksize(&attr, HTTP_STACK);
	if (!t_out)
		pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	rc = -pthread_create(t_out ? t_out : &t, &attr, fn, arg);
	pthread_attr_destroy(&attr);
	return rc;
}

void
workers_push(struct http *h, struct conn *c)
{
	if (!c->known)
		c->suspect = guess_was_wrong(h->cfg.x->guesses, &c->from);
	pthread_mutex_lock(&h->lock);
	queue_add(c->known ? &h->known : c->suspect ? &h->suspects :
	    &h->strangers, c);
	muster(h);
	pthread_mutex_unlock(&h->lock);
}

struct conn *
workers_unreturn(struct http *h)
{
	struct conn **at, *c;

	pthread_mutex_lock(&h->lock);
	for (at = &h->returned; (c = *at) && c->known; at = &c->queue)
		;
	if (c)
		*at = c->queue;
	pthread_mutex_unlock(&h->lock);
	return c;
}

struct conn *
workers_reclaim(struct http *h, bool suspect, const struct conn *than)
{
	struct work_queue *q = suspect ? &h->suspects : &h->strangers;
	struct conn *c;

	pthread_mutex_lock(&h->lock);
	c = q->first;
	if (c && (!than || c->number < than->number))
		queue_take(q);
	else
		c = NULL;
	pthread_mutex_unlock(&h->lock);
	return c;
}

void
workers_init(struct http *h)
{
	h->known.last = &h->known.first;
	h->strangers.last = &h->strangers.first;
	h->suspects.last = &h->suspects.first;
	pthread_mutex_init(&h->lock, NULL);
	cond_init(&h->work);
	cond_init(&h->ended);
}

void
workers_release(struct http *h)
{
	pthread_cond_destroy(&h->work);
	pthread_cond_destroy(&h->ended);
	pthread_mutex_destroy(&h->lock);
}

bool
workers_stop(struct http *h)
{
	struct timespec until = cond_after_ms(HTTP_STOP_S * 1000);
	bool over;

	pthread_mutex_lock(&h->lock);
	h->stop = true;
	pthread_cond_broadcast(&h->work);
	while (h->workers > 0 || h->n_streams > 0) {
		if (pthread_cond_timedwait(&h->ended, &h->lock, &until))
			break;
	}
	over = h->workers == 0 && h->n_streams == 0;
	pthread_mutex_unlock(&h->lock);
	return over;
}
