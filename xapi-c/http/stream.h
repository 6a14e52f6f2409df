/*
 * A request whose body or reply is a long stream.  A worker authenticates it;
 * then it has a thread of its own (at most HTTP_MAX_STREAMS, and
 * HTTP_SESSION_STREAMS of one session), where reads and writes block, up to
 * HTTP_STREAM_MS without progress.  The connection is closed after it.
 *
 * A stream keeps its session from expiring, and ends with it: after
 * session.logout nobody watches a console any more, and a transfer fails with
 * SESSION_INVALID.
 */
#ifndef HTTP_STREAM_H
#define HTTP_STREAM_H

#include "api/call.h"
#include "api/access/role.h"
#include "http/conn.h"

struct stream {
	struct conn *conn;
	const struct http_head *head;
	struct call call;		/* session checked, role allowed */
	struct ref session;		/* constant: others look */
	struct ref made;		/* session of Basic credentials */
	atomic_bool revoked;		/* its session has ended */
	int read_ms;			/* for the next byte to come */
	void *state;			/* the route's own, in call's arena */
	int64_t kept_ms;		/* when its session heard of it */
	int64_t looked_ms;		/* whether its task was cancelled */
	bool replied;			/* a status line went out */
	struct stream *next;		/* of those with a thread; worker.c */
};

/* On a worker, for that action: NULL if the client may not, and c holds the
 * refusal. */
struct stream *stream_new(struct xapi *x, struct conn *c,
    enum http_action action);
/* One that nobody has authenticated yet, and its owner once call has it. */
struct stream *stream_new_plain(struct xapi *x, struct conn *c);
void stream_is_of(struct stream *s);
void stream_free(struct stream *s);
/* Of one session; all with credentials of their own count as one, but for this
 * host's root. */
bool stream_same_owner(const struct stream *a, const struct stream *b);

/* From another thread: ends a stream that has one. */
void stream_revoke(struct stream *s);
/* Tells the session, now and then, that it is in use: for those who neither
 * read nor write by the functions below. */
void stream_keep(struct stream *s);

/* Bytes, 0 at the end, -errno: -ECANCELED once the call's task was cancelled.
 * Bytes that came with the head come first. */
ssize_t stream_read(struct stream *s, void *buf, size_t len);
/* The same, but -EAGAIN once there is something to read from other, too. */
ssize_t stream_read_beside(struct stream *s, void *buf, size_t len, int other);
/* Does the head say how many bytes come?  Some clients make up a length. */
bool stream_knows_length(const struct stream *s);
/* Does one more byte come within timeout_ms?  It is lost. */
bool stream_has_more(struct stream *s, int timeout_ms);
/* 0 or -errno, likewise. */
int stream_write(struct stream *s, const void *buf, size_t len);
/* Status line and these headers (whole lines), without Content-Length: the
 * body ends with the connection.  0 or -errno. */
int stream_reply(struct stream *s, int status, const char *headers);
/* 100 Continue, to a client that waits for it: 0 or -errno. */
int stream_proceed(struct stream *s);
/* The call's error in words: the last parameter says it to a person. */
const char *stream_error_text(struct stream *s);
/* Of the call's error: 404 for an object that is not there, or 500. */
int stream_failure_status(const struct stream *s);
/* Prepares a page with a status, if none went out before.  The epoll thread
 * sends it once the stream is over. */
void stream_refuse(struct stream *s, int status, const char *detail);

#endif
