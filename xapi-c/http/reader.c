/*
 * Readers: threads that answer small getters of clients who send one after the
 * other, so that these have more than one processor.  The epoll thread lends a
 * connection to a reader once its session is known and some getters in a row
 * came whole.  A reader keeps no deadline and no half request: whatever else
 * comes, or a pause, sends the connection back, and any other message goes to a
 * worker.  What is lent cannot be closed to make room, so there is little of it.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fdio.h"
#include "base/log.h"
#include "http/route.h"
#include "http/server_private.h"

#define EVENTS_N 64

static void
watch(struct reader *r, struct conn *c, int op)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };

	if (epoll_ctl(r->epoll, op, c->fd, &ev) == -1)
		log_error("cannot watch a lent connection: %s",
		    strerror(errno));
}

static void
wake(struct reader *r)
{
	uint64_t one = 1;

	if (write(r->wake, &one, sizeof(one)) == -1 && errno != EAGAIN)
		log_error("cannot wake a reader: %s", strerror(errno));
}

static void
forget(struct reader *r, struct conn *c)
{
	int i = 0;

	watch(r, c, EPOLL_CTL_DEL);
	pthread_mutex_lock(&r->lock);
	while (r->lent[i] != c)
		i++;
	r->n--;
	r->lent[i] = r->lent[r->n];
	pthread_mutex_unlock(&r->lock);
}

static void
give_back(struct reader *r, struct conn *c, enum conn_state result)
{
	forget(r, c);
	c->began_ms = c->in.len ? clock_mono_ms() : 0;
	c->result = result;
	http_return(r->h, c);
}

/* The next request is here, whole, and may be a small getter. */
static bool
is_whole(struct reader *r, struct conn *c)
{
	if (!c->head_size && http_parse_head(c)) {
		conn_forget_head(c);	/* for the epoll thread to refuse */
		return false;
	}
	return http_may_be_quick(c) &&
	    (c->tls || c->local_root || !http_https_only(r->h));
}

/* Ready for more: true.  Else another thread has the connection. */
static bool
answer(struct reader *r, struct conn *c)
{
	int rc;

	if (!is_whole(r, c)) {
		give_back(r, c, CONN_TURN);
		return false;
	}
	if (!http_serve_quick(r->h, c)) {
		forget(r, c);
		workers_push(r->h, c);
		return false;
	}
	rc = conn_flush(c);
	if (rc || !c->keep) {
		give_back(r, c, rc == -EAGAIN ? CONN_WRITE : CONN_CLOSE);
		return false;
	}
	conn_drop_request(c);
	conn_reset(c);
	c->asked = true;
	return true;
}

/* Into the room that was made when it was lent: the epoll thread counts it. */
static ssize_t
read_some(struct conn *c)
{
	ssize_t got = conn_recv(c, c->in.data, HTTP_LENT_BYTES);

	if (got > 0) {
		c->in.len = (size_t)got;
		c->in.data[got] = '\0';
	}
	return got;
}

static void
read_on(struct reader *r, struct conn *c)
{
	int calls = 0;
	bool more = true;
	ssize_t got;

	while (more && calls < HTTP_TURN_CALLS) {
		got = read_some(c);
		if (got == -EAGAIN)
			return;
		if (got <= 0) {
			give_back(r, c, CONN_CLOSE);
			return;
		}
		more = c->tls && tls_pending(c->tls);
		while (c->in.len > 0) {
			calls++;
			if (!answer(r, c))
				return;
		}
	}
	/* TLS holds what epoll does not tell of. */
	if (more)
		give_back(r, c, CONN_TURN);
}

/* Back go those of whom nothing was heard since the last time. */
static void
sweep(struct reader *r)
{
	struct conn *lent[HTTP_LENT_CONNS];
	int n;

	pthread_mutex_lock(&r->lock);
	n = r->n;
	memcpy(lent, r->lent, (size_t)n * sizeof(struct conn *));
	pthread_mutex_unlock(&r->lock);
	for (int i = 0; i < n; i++) {
		if (!lent[i]->asked)
			give_back(r, lent[i], CONN_TURN);
		else
			lent[i]->asked = false;
	}
}

static int
wait_ms(const struct reader *r)
{
	int64_t left = r->sweep_ms - clock_mono_ms();

	return r->n == 0 ? -1 : left < 0 ? 0 : (int)left;
}

static void
take_wake(struct reader *r)
{
	uint64_t count;

	if (read(r->wake, &count, sizeof(count)) == -1 && errno != EAGAIN)
		log_error("cannot read an eventfd: %s", strerror(errno));
	r->sweep_ms = clock_mono_ms() + HTTP_LENT_MS;
}

static void *
reader_main(void *arg)
{
	struct reader *r = arg;
	struct epoll_event ev[EVENTS_N];
	int n;

	while (!atomic_load(&r->stop)) {
		n = epoll_wait(r->epoll, ev, EVENTS_N, wait_ms(r));
		for (int i = 0; i < n; i++) {
			if (ev[i].data.ptr == r)
				take_wake(r);
			else
				read_on(r, ev[i].data.ptr);
		}
		if (clock_mono_ms() >= r->sweep_ms) {
			sweep(r);
			r->sweep_ms = clock_mono_ms() + HTTP_LENT_MS;
		}
	}
	return NULL;
}

static int
processors(void)
{
	cpu_set_t cpus;

	return sched_getaffinity(0, sizeof(cpus), &cpus) == -1 ? 1 :
	    CPU_COUNT(&cpus);
}

static int
start(struct http *h, struct reader *r)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = r };

	r->h = h;
	pthread_mutex_init(&r->lock, NULL);
	r->epoll = epoll_create1(EPOLL_CLOEXEC);
	r->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->epoll == -1 || r->wake == -1 ||
	    epoll_ctl(r->epoll, EPOLL_CTL_ADD, r->wake, &ev) == -1)
		return -errno;
	return http_spawn(&r->thread, reader_main, r);
}

static void
release(struct reader *r)
{
	fdio_close(&r->epoll);
	fdio_close(&r->wake);
	pthread_mutex_destroy(&r->lock);
}

void
readers_start(struct http *h)
{
	int n = processors(), rc = 0;

	while (h->n_readers < n && h->n_readers < HTTP_MAX_READERS && !rc) {
		struct reader *r = &h->readers[h->n_readers];

		rc = start(h, r);
		if (rc) {
			log_error("cannot start a reader: %s", strerror(-rc));
			release(r);
		} else {
			h->n_readers++;
		}
	}
}

void
readers_stop(struct http *h)
{
	for (int i = 0; i < h->n_readers; i++) {
		atomic_store(&h->readers[i].stop, true);
		wake(&h->readers[i]);
	}
	for (int i = 0; i < h->n_readers; i++) {
		pthread_join(h->readers[i].thread, NULL);
		release(&h->readers[i]);
	}
	h->n_readers = 0;
}

static struct reader *
least_busy(struct http *h)
{
	struct reader *best = NULL;

	for (int i = 0; i < h->n_readers; i++) {
		struct reader *r = &h->readers[i];

		if (r->n < (best ? best->n : HTTP_LENT_CONNS))
			best = r;
	}
	return best;
}

bool
readers_lend(struct http *h, struct conn *c)
{
	struct reader *r = least_busy(h);
	bool first;

	if (!r)
		return false;
	c->asked = true;
	buf_reserve(&c->in, HTTP_LENT_BYTES);
	http_arm(h, c, CONN_BUSY, INT64_MAX);
	pthread_mutex_lock(&r->lock);
	first = r->n == 0;
	r->lent[r->n++] = c;
	pthread_mutex_unlock(&r->lock);
	watch(r, c, EPOLL_CTL_ADD);
	if (first)
		wake(r);
	return true;
}
