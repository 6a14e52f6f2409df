/*
 * One client connection: the socket, plain or TLS, what was read of the next
 * request, and the reply on its way out.  It belongs to one thread at a time:
 * the epoll thread, then a reader, a worker or a stream's thread, then the epoll
 * thread again (http/server.h).
 */
#ifndef HTTP_CONN_H
#define HTTP_CONN_H

#include <netinet/in.h>
#include <stdatomic.h>

#include "http/head.h"
#include "net/tls.h"
#include "rpc/events.h"
#include "rpc/reply.h"

struct http;
struct route;

/*
 *      TURN <--> READ <--> BUSY <--> PARKED, LATER
 *                ^ ^ |       |
 *    HANDSHAKE --+ | v       v
 *                  WRITE <---+       any --> DRAIN --> closed
 */
enum conn_state {
	CONN_HANDSHAKE,		/* TLS is being set up */
	CONN_READ,		/* idle, or part of a request is here */
	CONN_TURN,		/* more requests are here, after others' */
	CONN_BUSY,		/* a reader's, worker's or stream thread's */
	CONN_PARKED,		/* event.from waits */
	CONN_LATER,		/* its session has its share of workers */
	CONN_WRITE,		/* the client is slow to take its reply */
	CONN_DRAIN,		/* refused: discards what still comes, so that
				 * a reset does not overtake the reply */
	CONN_CLOSE,		/* handed back to be closed */
};

struct conn {
	struct http *http;
	int fd;
	struct tls_conn *tls;		/* NULL: plain HTTP */
	struct source from;
	bool local_root;		/* by the socket of this host's root */
	uint64_t number;		/* in the order of coming */
	enum conn_state state;		/* the epoll thread's alone */
	uint32_t events;		/* registered with epoll */
	/* Had a valid session.  Others look while a worker has it. */
	atomic_bool known;
	bool stranger;			/* served as one, see worker.c */
	bool suspect;			/* a stranger's source was wrong of a
					 * password; the epoll thread's */
	enum conn_state result;		/* what a thread that returns it
					 * decided */

	int quick_calls;		/* small getters in a row */
	bool asked;			/* for one, since a reader's last look */

	struct buf in;			/* bytes not consumed yet */
	struct arena *arena;		/* of the request being read */
	struct http_head head;
	size_t head_size;		/* 0: head not complete */
	const struct route *route;

	struct buf out;			/* status line and headers */
	struct reply reply;
	size_t sent;			/* of out and reply together */
	bool keep;			/* keep alive after the reply */
	bool refused;			/* drain before closing */

	struct event_wait *wait;
	int64_t deadline_ms;		/* of this state */
	int64_t began_ms;		/* first byte of the request */

	struct conn *next, *prev;	/* all connections, oldest first */
	struct conn *queue;		/* worker queue, returned list */
};

struct conn *conn_new(struct http *h, int fd, struct tls_conn *tls,
    const struct source *from);
/* Closes the socket; frees all. */
void conn_free(struct conn *c);

/* Bytes, 0 at the end of the stream, -EAGAIN or another -errno. */
ssize_t conn_recv(struct conn *c, void *buf, size_t len);
ssize_t conn_send(struct conn *c, const void *buf, size_t len);
/* Sends what is left of out and reply: 0 when all is gone, or -errno. */
int conn_flush(struct conn *c);
/* poll's events to wait for after -EAGAIN while reading (or writing). */
short conn_poll_events(const struct conn *c, bool writing);

/*
 * Starts the reply's head in c->out: status line and the headers that every
 * reply has.  type NULL: no body.  conn_reply_end closes it with
 * Content-Length of the finished c->reply.
 */
void conn_reply_begin(struct conn *c, int status, const char *type);
void conn_reply_end(struct conn *c);
/* A whole reply with a small HTML page; closes the connection after it unless
 * the status is 2xx or 3xx. */
void conn_reply_page(struct conn *c, int status, const char *detail);
/* Takes the request's bytes off c->in. */
void conn_drop_request(struct conn *c);
/* Forgets the request, so that the next can be read. */
void conn_reset(struct conn *c);
/* Forgets the request's head, once the reply's was begun. */
void conn_forget_head(struct conn *c);

#endif
