/*
 * What the files of the server share: server.c (epoll thread), listen.c (its
 * addresses), accept.c (new connections and their limits), worker.c (threads),
 * reader.c (threads for small getters).
 */
#ifndef HTTP_SERVER_PRIVATE_H
#define HTTP_SERVER_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "http/conn.h"
#include "http/limits.h"
#include "http/server.h"

/* Complete requests that wait for a worker, linked by conn.queue. */
struct work_queue {
	struct conn *first, **last;
	int n;
};

/* A listening socket; fd -1: a free place. */
struct listener {
	int fd;
	bool secure;
	bool local;			/* the unix socket */
	char *address;			/* NULL: all, for good */
};
#define HTTP_MAX_LISTENERS (3 + 2 * HTTP_MAX_ADDRESSES)

/* A thread for small getters; see reader.c. */
struct reader {
	struct http *h;
	pthread_t thread;
	int epoll;
	int wake;			/* eventfd: the first is lent, stop */
	int64_t sweep_ms;		/* the thread's own */
	atomic_bool stop;
	pthread_mutex_t lock;		/* for a change of those below */
	struct conn *lent[HTTP_LENT_CONNS];
	atomic_int n;
};

struct http {
	struct http_config cfg;
	int epoll;
	int wake;			/* eventfd: returned, published, stop */
	pthread_t thread;
	atomic_bool published;

	/* The epoll thread's own. */
	struct conn *first, *last;	/* all connections, oldest first */
	int n_conns, max_conns;
	uint64_t n_accepted;
	int64_t look_ms;		/* when parked calls are looked at */
	int64_t timer_ms;		/* earliest deadline there may be */
	bool deaf;			/* out of descriptors: not accepting */
	bool unsent;			/* one more reply was not taken at once */
	struct listener listeners[HTTP_MAX_LISTENERS];
	char scratch[HTTP_READ_STEP];	/* what a socket gave a moment ago */
	struct reader readers[HTTP_MAX_READERS];
	int n_readers;

	pthread_mutex_t lock;		/* for all below */
	pthread_cond_t work;		/* a queue is not empty, or stop */
	pthread_cond_t ended;		/* a worker or a stream has */
	struct work_queue known, strangers, suspects;
	int strangers_served;		/* HTTP_MAX_UNKNOWN_CALLS at most */
	struct conn *returned;
	int workers, idle_workers;
	struct stream *streams;		/* with a thread, linked by next */
	int n_streams;			/* and those whose thread ends */
	char *wanted[HTTP_MAX_ADDRESSES];	/* to be listened on */
	int n_wanted;
	bool moved;			/* wanted is news */
	bool stop;
};

/* listen.c, on the epoll thread or before it is there. */
void listeners_init(struct http *h);
void listeners_release(struct http *h);
void listeners_hear(struct http *h, bool on);
bool listeners_has(const struct http *h, const void *p);
/* What http_serve_at asked for, if it did. */
void listeners_move(struct http *h);

/* accept.c: all waiting connections of a listening socket. */
void http_accept(struct http *h, const struct listener *l);
/* Listen to new connections, or not while out of descriptors. */
void http_hear(struct http *h, bool on);
/* Adds to and removes from the epoll thread's list. */
void http_link(struct http *h, struct conn *c);
void http_close(struct http *h, struct conn *c);
void http_arm(struct http *h, struct conn *c, enum conn_state state,
    int64_t deadline_ms);

/* worker.c */
void workers_init(struct http *h);
void workers_release(struct http *h);
/* A thread; detached if t_out is NULL.  0 or -errno. */
int http_spawn(pthread_t *t_out, void *(*fn)(void *), void *arg);
/* False if some still run after HTTP_STOP_S. */
bool workers_stop(struct http *h);
void workers_push(struct http *h, struct conn *c);
/* Takes back a stranger (or suspect) that no thread has: the next for a worker
 * if it came before `than`, or if that is NULL.  Or NULL. */
struct conn *workers_reclaim(struct http *h, bool suspect,
    const struct conn *than);
/* A stranger that was served and is on its way back, or NULL. */
struct conn *workers_unreturn(struct http *h);
/* Streams end whose sessions have. */
void workers_end_orphans(struct http *h);
/* On the epoll thread or a reader: makes the reply if that takes no waiting and
 * little work.  False: it is a worker's. */
bool http_serve_quick(struct http *h, struct conn *c);
/* From any thread: gives c back to the epoll thread, with c->result. */
void http_return(struct http *h, struct conn *c);
void http_wake(struct http *h);

/* reader.c, on the thread that starts and stops the server. */
void readers_start(struct http *h);
void readers_stop(struct http *h);
/* On the epoll thread: a reader has it from now on.  False: they are busy. */
bool readers_lend(struct http *h, struct conn *c);

/* server.c: the head of what was read, with its route.  0, -EAGAIN, or the
 * status of a refusal. */
int http_parse_head(struct conn *c);
/* Is a message here, whole, that may be a small getter? */
bool http_may_be_quick(const struct conn *c);

/* Does plain HTTP only redirect, by the host's https_only? */
bool http_https_only(struct http *h);

#endif
