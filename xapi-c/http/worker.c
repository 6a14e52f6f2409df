#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "gen/store.h"
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
rpc_reply_begin(struct conn *c)
{
	conn_reply_begin(c, 200,
	    c->route->kind == ROUTE_RPC_XML ? "text/xml" : "application/json");
	buf_adds(&c->out, "Access-Control-Allow-Origin: *\r\n"
	    "Access-Control-Allow-Headers: X-Requested-With\r\n");
}

/* True when a reply is ready; false: park it, or it is too slow. */
static bool
serve_rpc(struct http *h, struct conn *c, bool quick)
{
	struct rpc_request q = {
		.body = c->in.data + c->head_size,
		.len = (size_t)c->head.length,
		.format = c->route->kind == ROUTE_RPC_XML ? RPC_XML : RPC_JSON,
		.gate = &h->gate,
		.quick = quick,
	};
	bool known = false, ready = true;

	rpc_reply_begin(c);
	switch (rpc_handle(h->cfg.x, &q, &c->reply, &c->wait, &known)) {
	case RPC_DONE:
		conn_reply_end(c);
		break;
	case RPC_WAIT:
	case RPC_SLOW:
		ready = false;
		break;
	case RPC_BAD:
		conn_reply_page(c, 500, "The request could not be parsed.");
		break;
	}
	c->became_known |= known;
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

	if (!c->wait)
		ready = serve_rpc(h, c, false);
	if (c->wait)
		ready = serve_wait(c, clock_mono_ms());
	if (!ready) {
		c->result = CONN_PARKED;
		return;
	}
	rc = conn_flush(c);
	if (rc == -EAGAIN)
		c->result = CONN_WRITE;
	else if (rc || !c->keep)
		c->result = CONN_CLOSE;
	else
		c->result = CONN_READ;
}

/* The next of the queue, or NULL: the worker shall end.  Called locked. */
static struct conn *
next_conn(struct http *h)
{
	struct timespec until;
	struct conn *c;
	int rc = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += HTTP_WORKER_IDLE_S;
	h->idle_workers++;
	while (!h->queue && !h->stop &&
	    !(rc == ETIMEDOUT && h->workers > HTTP_WORKERS))
		rc = h->workers > HTTP_WORKERS ?
		    pthread_cond_timedwait(&h->work, &h->lock, &until) :
		    pthread_cond_wait(&h->work, &h->lock);
	h->idle_workers--;
	c = h->stop ? NULL : h->queue;
	if (c) {
		h->queue = c->queue;
		h->queued--;
		if (!h->queue)
			h->queue_tail = &h->queue;
	}
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
		serve(h, c);
		http_return(h, c);
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
	pthread_mutex_lock(&h->lock);
	c->queue = NULL;
	*h->queue_tail = c;
	h->queue_tail = &c->queue;
	h->queued++;
	if (h->queued > h->idle_workers && h->workers < HTTP_MAX_WORKERS) {
		/* If there cannot be one more, those there are will come. */
		if (http_spawn(NULL, worker_main, h) == 0)
			h->workers++;
		else if (h->workers == 0)
			log_error("cannot start a worker thread");
	}
	pthread_cond_signal(&h->work);
	pthread_mutex_unlock(&h->lock);
}

static void *
stream_main(void *arg)
{
	struct conn *c = arg;
	struct http *h = c->http;

	stream_serve(c);
	c->result = CONN_CLOSE;
	http_return(h, c);
	pthread_mutex_lock(&h->lock);
	h->streams--;
	pthread_cond_broadcast(&h->ended);
	pthread_mutex_unlock(&h->lock);
	return NULL;
}

bool
workers_stream(struct http *h, struct conn *c)
{
	bool ok;

	pthread_mutex_lock(&h->lock);
	ok = h->streams < HTTP_MAX_STREAMS && !h->stop &&
	    http_spawn(NULL, stream_main, c) == 0;
	if (ok)
		h->streams++;
	pthread_mutex_unlock(&h->lock);
	return ok;
}

bool
workers_stop(struct http *h)
{
	struct timespec until;
	bool over;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += HTTP_STOP_S;
	pthread_mutex_lock(&h->lock);
	h->stop = true;
	pthread_cond_broadcast(&h->work);
	while (h->workers > 0 || h->streams > 0) {
		if (pthread_cond_timedwait(&h->ended, &h->lock, &until))
			break;
	}
	over = h->workers == 0 && h->streams == 0;
	pthread_mutex_unlock(&h->lock);
	return over;
}
