#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
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

/* True when a reply is ready; false: park it. */
static bool
serve_rpc(struct http *h, struct conn *c)
{
	struct rpc_request q = {
		.body = c->in.data + c->head_size,
		.len = (size_t)c->head.length,
		.format = c->route->kind == ROUTE_RPC_XML ? RPC_XML : RPC_JSON,
	};
	bool known = false;

	rpc_reply_begin(c);
	switch (rpc_handle(h->cfg.x, &q, &c->reply, &c->wait, &known)) {
	case RPC_DONE:
		conn_reply_end(c);
		break;
	case RPC_WAIT:
		break;
	case RPC_BAD:
		conn_reply_page(c, 500, "The request could not be parsed.");
		break;
	}
	c->became_known |= known;
	return c->wait == NULL;
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
		ready = serve_rpc(h, c);
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

static void *
worker_main(void *arg)
{
	struct http *h = arg;
	struct conn *c;

	for (;;) {
		pthread_mutex_lock(&h->lock);
		while (!h->queue && !h->stop)
			pthread_cond_wait(&h->work, &h->lock);
		c = h->queue;
		if (h->stop || !c) {
			pthread_mutex_unlock(&h->lock);
			return NULL;
		}
		h->queue = c->queue;
		if (!h->queue)
			h->queue_tail = &h->queue;
		pthread_mutex_unlock(&h->lock);
		serve(h, c);
		http_return(h, c);
	}
}

void
workers_push(struct http *h, struct conn *c)
{
	pthread_mutex_lock(&h->lock);
	c->queue = NULL;
	*h->queue_tail = c;
	h->queue_tail = &c->queue;
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
	pthread_cond_broadcast(&h->idle);
	pthread_mutex_unlock(&h->lock);
	return NULL;
}

static int
spawn(pthread_t *t, void *(*fn)(void *), void *arg)
{
	pthread_attr_t attr;
	int rc;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, HTTP_STACK);
	rc = -pthread_create(t, &attr, fn, arg);
	pthread_attr_destroy(&attr);
	return rc;
}

bool
workers_stream(struct http *h, struct conn *c)
{
	pthread_t t;
	bool ok;

	pthread_mutex_lock(&h->lock);
	ok = h->streams < HTTP_MAX_STREAMS && !h->stop &&
	    spawn(&t, stream_main, c) == 0;
	if (ok) {
		h->streams++;
		pthread_detach(t);
	}
	pthread_mutex_unlock(&h->lock);
	return ok;
}

int
workers_start(struct http *h)
{
	int rc;

	for (; h->n_workers < HTTP_WORKERS; h->n_workers++) {
		rc = spawn(&h->workers[h->n_workers], worker_main, h);
		if (rc)
			return rc;
	}
	return 0;
}

void
workers_stop(struct http *h)
{
	pthread_mutex_lock(&h->lock);
	h->stop = true;
	pthread_cond_broadcast(&h->work);
	pthread_mutex_unlock(&h->lock);
	while (h->n_workers > 0)
		pthread_join(h->workers[--h->n_workers], NULL);
	pthread_mutex_lock(&h->lock);
	while (h->streams > 0)
		pthread_cond_wait(&h->idle, &h->lock);
	pthread_mutex_unlock(&h->lock);
}
