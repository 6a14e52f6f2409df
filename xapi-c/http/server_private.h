/*
 * What the files of the server share: server.c (epoll thread), accept.c (new
 * connections and their limits), worker.c (threads).
 */
#ifndef HTTP_SERVER_PRIVATE_H
#define HTTP_SERVER_PRIVATE_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "http/conn.h"
#include "http/server.h"

struct http {
	struct http_config cfg;
	int epoll;
	int wake;			/* eventfd: returned, published, stop */
	pthread_t thread;
	atomic_bool published;
	sem_t gate;			/* HTTP_MAX_UNKNOWN_CALLS */

	/* The epoll thread's own. */
	struct conn *first, *last;	/* all connections, oldest first */
	int n_conns;
	int64_t look_ms;		/* when parked calls are looked at */
	int64_t timer_ms;		/* earliest deadline there may be */
	bool deaf;			/* out of descriptors: not accepting */
	char scratch[HTTP_READ_STEP];	/* what a socket gave a moment ago */

	pthread_mutex_t lock;		/* for all below */
	pthread_cond_t work;		/* queue is not empty, or stop */
	pthread_cond_t ended;		/* a worker or a stream has */
	struct conn *queue, **queue_tail;
	struct conn *returned;
	int workers, idle_workers;
	int queued;
	int streams;
	bool stop;
};

/* accept.c: all waiting connections of a listening socket. */
void http_accept(struct http *h, int listener, bool secure);
/* Listen to new connections, or not while out of descriptors. */
void http_hear(struct http *h, bool on);
/* Adds to and removes from the epoll thread's list. */
void http_link(struct http *h, struct conn *c);
void http_close(struct http *h, struct conn *c);
void http_arm(struct http *h, struct conn *c, enum conn_state state,
    int64_t deadline_ms);

/* worker.c */
/* A thread; detached if t_out is NULL.  0 or -errno. */
int http_spawn(pthread_t *t_out, void *(*fn)(void *), void *arg);
/* False if some still run after HTTP_STOP_S. */
bool workers_stop(struct http *h);
void workers_push(struct http *h, struct conn *c);
/* On the epoll thread: makes the reply if that takes no waiting and little
 * work.  False: it is a worker's. */
bool http_serve_quick(struct http *h, struct conn *c);
/* Hands c to a stream thread; false if there are too many. */
bool workers_stream(struct http *h, struct conn *c);
/* From any thread: gives c back to the epoll thread, with c->result. */
void http_return(struct http *h, struct conn *c);
void http_wake(struct http *h);

/* Does plain HTTP only redirect, by the host's https_only? */
bool http_https_only(struct http *h);

#endif
