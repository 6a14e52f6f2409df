#include "xenopsd/core/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "xenopsd/core/channel.h"
#include "xenopsd/core/request_impl.h"

struct connection {
	struct connection *next;
	struct server *server;
	struct channel *channel;
	uint32_t number;
	int pending;
	bool welcome;			/* said hello */
};

struct pending {
	struct request rq;		/* first: see pending_of() */
	struct request_impl impl;
	struct pending *next;
	struct pending **prevp;
	struct server *server;
	struct connection *conn;	/* NULL: gone, or xenopsd itself */
	uint32_t id;
	void (*done)(void *arg, bool ok);
	void *done_arg;
};

struct server {
	struct server_config cfg;
	struct loop *loop;
	int fd;
	struct watch *watch;
	struct connection *connections;
	int n_connections;
	uint32_t last_number;
	struct pending *pending;
};

static struct pending *
pending_of(struct request *rq)
{
	return (struct pending *)rq;
}

static void
send_progress(struct request *rq, double fraction)
{
	struct pending *p = pending_of(rq);
	struct frame f = { .id = p->id, .message = rq->message,
		.kind = FRAME_PROGRESS, .body = &fraction,
		.len = sizeof(fraction) };

	if (p->conn)
		channel_send(p->conn->channel, &f);
}

static void
finish(struct request *rq, const void *result)
{
	struct pending *p = pending_of(rq);
	const struct record_type *rt = &xenops_failure_type;
	const void *rec = &p->impl.failure;
	struct frame f;

	request_answer_head(rq, p->id, result != NULL, &f);
	if (result) {
		rt = xenops_messages[rq->message].result;
		rec = result;
	} else {
		log_info("%s: %s", xenops_messages[rq->message].name,
		    p->impl.failure.text);
	}
	if (p->conn) {
		p->conn->pending--;
		channel_send_record(p->conn->channel, &f, rt, rec);
	} else {
		for (int i = 0; i < f.nfds; i++)
			close(f.fds[i]);
	}
	*p->prevp = p->next;
	if (p->next)
		p->next->prevp = p->prevp;
	if (p->done)
		p->done(p->done_arg, result != NULL);
	arena_free(rq->arena);
	free(p);
}

static struct pending *
pending_new(struct server *s, uint16_t message)
{
	struct pending *p = mem_zalloc(sizeof(*p));

	p->rq.arena = arena_new();
	p->rq.daemon = s->cfg.daemon;
	p->rq.message = message;
	p->rq.impl = &p->impl;
	p->impl.send_progress = send_progress;
	p->impl.finish = finish;
	p->server = s;
	p->next = s->pending;
	p->prevp = &s->pending;
	if (p->next)
		p->next->prevp = &p->next;
	s->pending = p;
	return p;
}

static int
hello(struct request *rq, const void *args, void *result)
{
	const struct xenops_hello_args *a = args;
	struct xenops_hello_result *r = result;

	r->version = XENOPS_VERSION;
	if (a->version != XENOPS_VERSION)
		return request_fail(rq, XENOPS_CODE_NOT_SUPPORTED,
		    "version %lld of the protocol is not spoken here",
		    (long long)a->version);
	if (pending_of(rq)->conn)
		pending_of(rq)->conn->welcome = true;
	return 0;
}

static void
run(struct pending *p)
{
	request_handler *fn = p->server->cfg.handlers[p->rq.message];
	void *result = NULL;
	int rc;

	if (p->rq.message == XENOPS_HELLO)
		fn = hello;
	if (!fn)
		rc = request_fail(&p->rq, XENOPS_CODE_NOT_SUPPORTED,
		    "not supported");
	else
		rc = request_run(&p->rq, fn, &result);
	if (rc != REQUEST_PENDING)
		finish(&p->rq, rc == 0 ? result : NULL);
}

static void
connection_close(struct connection *c)
{
	struct server *s = c->server;
	struct connection **cp = &s->connections;
	uint32_t number = c->number;

	/* what it asked for goes on; the next xapi sees the outcome */
	for (struct pending *p = s->pending; p; p = p->next) {
		if (p->conn == c)
			p->conn = NULL;
	}
	while (*cp != c)
		cp = &(*cp)->next;
	*cp = c->next;
	s->n_connections--;
	channel_free(c->channel);
	free(c);
	if (s->cfg.disconnected)
		s->cfg.disconnected(s->cfg.daemon, number);
}

static void
take_request(struct connection *c, const struct frame *f)
{
	struct server *s = c->server;
	struct pending *p;

	if (f->message >= XENOPS_N || xenops_messages[f->message].event ||
	    c->pending >= SERVER_MAX_REQUESTS ||
	    (!c->welcome && f->message != XENOPS_HELLO)) {
		log_warn("connection %u breaks the protocol", c->number);
		connection_close(c);
		return;
	}
	p = pending_new(s, f->message);
	p->conn = c;
	p->id = f->id;
	p->rq.connection = c->number;
	c->pending++;
	if (request_decode(&p->rq, f->body, f->len))
		request_finish_error(&p->rq, XENOPS_CODE_BAD_REQUEST,
		    "cannot be decoded");
	else
		run(p);
}

static void
take_cancel(struct connection *c, uint32_t id)
{
	struct pending *p;

	for (p = c->server->pending; p; p = p->next) {
		if (p->conn == c && p->id == id)
			break;
	}
	if (p && p->rq.cancel)
		p->rq.cancel(&p->rq);
}

static void
channel_frame(void *arg, const struct frame *f)
{
	struct connection *c = arg;

	for (int i = 0; i < f->nfds; i++)
		close(f->fds[i]);
	if (f->kind == FRAME_REQUEST)
		take_request(c, f);
	else if (f->kind == FRAME_CANCEL)
		take_cancel(c, f->id);
	else
		connection_close(c);
}

static void
channel_closed(void *arg, int error)
{
	struct connection *c = arg;

	if (error)
		log_warn("connection %u lost: %s", c->number, strerror(-error));
	connection_close(c);
}

static bool
peer_allowed(const struct server *s, int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == -1)
		return false;
	return cred.uid == 0 || cred.uid == s->cfg.peer_uid;
}

static void
accept_one(void *arg, uint32_t events)
{
	static const struct channel_events ev = {
		.frame = channel_frame, .closed = channel_closed };
	struct server *s = arg;
	struct connection *c;
	int fd;

	(void)events;
	fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd == -1)
		return;
	if (!peer_allowed(s, fd) ||
	    s->n_connections >= SERVER_MAX_CONNECTIONS) {
		log_warn("connection refused");
		close(fd);
		return;
	}
	c = mem_zalloc(sizeof(*c));
	c->server = s;
	c->number = ++s->last_number;
	c->channel = channel_new(s->loop, fd, &ev, c);
	c->next = s->connections;
	s->connections = c;
	s->n_connections++;
}

static int
listen_on(const struct server_config *cfg)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd, err;

	if (strlen(cfg->socket_path) >= sizeof(un.sun_path))
		return -ENAMETOOLONG;
	memcpy(un.sun_path, cfg->socket_path, strlen(cfg->socket_path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return -errno;
	unlink(cfg->socket_path);
	/* nobody can connect before listen(): no race with its mode */
	if (bind(fd, (struct sockaddr *)&un, sizeof(un)) == -1 ||
	    chown(cfg->socket_path, (uid_t)-1, cfg->socket_gid) == -1 ||
	    chmod(cfg->socket_path, 0660) == -1 || listen(fd, 16) == -1) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

int
server_new(struct loop *l, const struct server_config *cfg,
    struct server **s_out)
{
	struct server *s;
	int fd = listen_on(cfg);

	if (fd < 0) {
		log_error("cannot listen on '%s': %s", cfg->socket_path,
		    strerror(-fd));
		return fd;
	}
	s = mem_zalloc(sizeof(*s));
	s->cfg = *cfg;
	s->loop = l;
	s->fd = fd;
	s->watch = loop_watch(l, fd, EPOLLIN, accept_one, s);
	*s_out = s;
	return 0;
}

void
server_free(struct server *s)
{
	if (!s)
		return;
	watch_free(s->watch);
	close(s->fd);
	unlink(s->cfg.socket_path);
	while (s->connections)
		connection_close(s->connections);
	while (s->pending)
		request_finish_error(&s->pending->rq, XENOPS_CODE_CANCELLED,
		    "xenopsd stops");
	free(s);
}

void
server_event(struct server *s, enum xenops_message event, const void *record)
{
	struct frame head = { .message = (uint16_t)event, .kind = FRAME_EVENT };

	for (struct connection *c = s->connections; c; c = c->next) {
		if (c->welcome)
			channel_send_record(c->channel, &head,
			    xenops_messages[event].args, record);
	}
}

void
server_submit(struct server *s, enum xenops_message message, const void *args,
    void (*done)(void *arg, bool ok), void *arg)
{
	struct pending *p = pending_new(s, (uint16_t)message);
	const struct record_type *rt = xenops_messages[message].args;
	void *copy;

	p->done = done;
	p->done_arg = arg;
	if (rt) {
		copy = arena_alloc(p->rq.arena, rt->size);
		record_copy(rt, copy, args, p->rq.arena);
		p->rq.args = copy;
	}
	run(p);
}
