/* See ops.h.  Lock order: send_lock, then lock. */
#include "ops/ops.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/cond.h"
#include "base/log.h"
#include "gen/xenops.h"

#define HELLO_LIMIT_MS 10000
#define SEND_LIMIT_S 30
#define BACKOFF_FIRST_MS 50
#define BACKOFF_MAX_MS 2000
#define CANCEL_POLL_MS 500
/* Requests that xenopsd answers itself, without a worker. */
#define QUICK_LIMIT_MS 60000

/* A request that waits for its answer; on the stack of its caller. */
struct pending {
	struct pending *next;
	pthread_cond_t wake;
	uint32_t id;
	bool done;
	bool lost;			/* the connection broke */
	bool progressed;
	double fraction;
	uint8_t kind;			/* of the answer */
	struct buf body;		/* of the answer */
	int fds[FRAME_MAX_FDS];
	int nfds;
};

struct ops {
	struct ops_config cfg;
	struct sockaddr_un addr;
	pthread_t thread;
	int stop_fd;			/* eventfd; readable: stop */
	pthread_mutex_t send_lock;	/* one frame at a time; guards fd's use */
	pthread_mutex_t lock;		/* everything below */
	int fd;				/* -1: not connected */
	unsigned int connection;	/* counts them */
	uint32_t next_id;
	struct pending *pending;
};

static int
fail(struct ops_call *call, int code, const char *text)
{
	call->err.code = code;
	call->err.text = arena_strdup(call->arena, text);
	return -1;
}

static void
close_fds(const int *fds, int n)
{
	for (int i = 0; i < n; i++)
		close(fds[i]);
}

/* Waits for input on fd; 0, -ETIMEDOUT, -ECANCELED when stopped, -errno. */
static int
wait_input(struct ops *o, int fd, int64_t limit_ms)
{
	struct pollfd p[2] = {
		{ .fd = o->stop_fd, .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};
	int64_t end = clock_mono_ms() + limit_ms;

	for (;;) {
		int64_t left = limit_ms < 0 ? -1 : end - clock_mono_ms();
		int r;

		if (limit_ms >= 0 && left < 0)
			left = 0;
		r = poll(p, fd == -1 ? 1 : 2, (int)left);
		if (r == -1 && errno != EINTR)
			return -errno;
		if (r == 0)
			return -ETIMEDOUT;
		if (r > 0 && p[0].revents)
			return -ECANCELED;
		if (r > 0)
			return 0;
	}
}

static struct pending *
pending_find(struct ops *o, uint32_t id)
{
	struct pending *p = o->pending;

	while (p && p->id != id)
		p = p->next;
	return p;
}

static void
pending_remove(struct ops *o, struct pending *gone)
{
	struct pending **at = &o->pending;

	while (*at && *at != gone)
		at = &(*at)->next;
	if (*at)
		*at = gone->next;
}

static double
get_double(const uint8_t *p)
{
	uint64_t u = 0;
	double d;

	for (int i = 0; i < 8; i++)
		u |= (uint64_t)p[i] << (8 * i);
	memcpy(&d, &u, sizeof(d));
	return d;
}

/* Hands an answer to its waiter; an answer nobody waits for is dropped. */
static void
deliver(struct ops *o, struct frame *f, struct buf *storage)
{
	struct pending *p;

	pthread_mutex_lock(&o->lock);
	p = pending_find(o, f->id);
	if (p && f->kind == FRAME_PROGRESS) {
		p->progressed = f->len == sizeof(p->fraction);
		p->fraction = p->progressed ? get_double(f->body) : 0;
		pthread_cond_signal(&p->wake);
	} else if (p && !p->done) {
		p->done = true;
		p->kind = f->kind;
		p->body = *storage;
		*storage = (struct buf){ 0 };
		p->nfds = f->nfds;
		memcpy(p->fds, f->fds, sizeof(p->fds));
		f->nfds = 0;
		pthread_cond_signal(&p->wake);
	}
	pthread_mutex_unlock(&o->lock);
	close_fds(f->fds, f->nfds);
}

static void
deliver_event(struct ops *o, const struct frame *f)
{
	const struct record_type *rt;
	struct arena *a;
	void *rec;

	close_fds(f->fds, f->nfds);
	if (f->message >= XENOPS_N || !xenops_messages[f->message].event) {
		log_warn("unknown event %u from xenopsd", f->message);
		return;
	}
	rt = xenops_messages[f->message].args;
	a = arena_new();
	rec = arena_memdup(a, rt->dflt, rt->size);
	if (codec_decode(a, rt, rec, f->body, f->len, NULL))
		log_warn("malformed event '%s' from xenopsd",
		    xenops_messages[f->message].name);
	else if (o->cfg.event)
		o->cfg.event(o->cfg.arg, f->message, rec);
	arena_free(a);
}

/* Reads until the connection ends or ops_stop. */
static void
read_frames(struct ops *o, int fd)
{
	struct buf storage = { 0 };
	struct frame f;

	while (wait_input(o, fd, -1) == 0) {
		if (frame_recv(fd, &f, &storage))
			break;
		if (f.kind == FRAME_EVENT)
			deliver_event(o, &f);
		else
			deliver(o, &f, &storage);
	}
	buf_release(&storage);
}

/* Both sides must speak the same version. */
static int
say_hello(struct ops *o, int fd)
{
	const struct record_type *rt = xenops_messages[XENOPS_HELLO].result;
	struct xenops_hello_args args = { .version = XENOPS_VERSION };
	struct xenops_hello_result res = { 0 };
	struct frame f = { .message = XENOPS_HELLO, .kind = FRAME_REQUEST };
	struct buf storage = { 0 };
	struct arena *a = arena_new();
	int rc;

	rc = frame_send_record(fd, &f, xenops_messages[XENOPS_HELLO].args,
	    &args);
	if (rc == 0)
		rc = wait_input(o, fd, HELLO_LIMIT_MS);
	if (rc == 0)
		rc = frame_recv(fd, &f, &storage);
	if (rc)
		goto out;
	close_fds(f.fds, f.nfds);
	rc = -EPROTO;
	if (f.kind == FRAME_REPLY &&
	    codec_decode(a, rt, &res, f.body, f.len, NULL) == 0 &&
	    res.version == XENOPS_VERSION)
		rc = 0;
	else
		log_error("xenopsd speaks version %lld, not %d",
		    (long long)res.version, XENOPS_VERSION);
out:
	buf_release(&storage);
	arena_free(a);
	return rc;
}

/* A connection that said hello, or -errno. */
static int
make_connection(struct ops *o)
{
	struct timeval limit = { .tv_sec = SEND_LIMIT_S };
	int fd, rc;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -errno;
	if (connect(fd, (struct sockaddr *)&o->addr, sizeof(o->addr)) == -1) {
		rc = -errno;
		goto out;
	}
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	rc = say_hello(o, fd);
out:
	if (rc) {
		close(fd);
		return rc;
	}
	return fd;
}

static void
set_connected(struct ops *o, int fd)
{
	pthread_mutex_lock(&o->lock);
	o->fd = fd;
	o->connection++;
	pthread_mutex_unlock(&o->lock);
	log_info("connected to xenopsd");
	if (o->cfg.connected)
		o->cfg.connected(o->cfg.arg);
}

/* Wakes all waiters; then waits until nobody sends on fd, and closes it. */
static void
set_lost(struct ops *o, int fd)
{
	pthread_mutex_lock(&o->lock);
	o->fd = -1;
	for (struct pending *p = o->pending; p; p = p->next) {
		if (p->done)
			continue;
		p->done = true;
		p->lost = true;
		pthread_cond_signal(&p->wake);
	}
	pthread_mutex_unlock(&o->lock);
	shutdown(fd, SHUT_RDWR);
	pthread_mutex_lock(&o->send_lock);
	close(fd);
	pthread_mutex_unlock(&o->send_lock);
}

static void *
connection_thread(void *arg)
{
	struct ops *o = arg;
	int64_t backoff_ms = BACKOFF_FIRST_MS;
	bool told = false;

	do {
		int fd = make_connection(o);

		if (fd < 0) {
			if (!told)
				log_warn("cannot connect to xenopsd: %s",
				    strerror(-fd));
			told = true;
			continue;
		}
		told = false;
		backoff_ms = BACKOFF_FIRST_MS / 2;
		set_connected(o, fd);
		read_frames(o, fd);
		set_lost(o, fd);
		log_warn("connection to xenopsd ended");
	} while ((backoff_ms = backoff_ms * 2 < BACKOFF_MAX_MS ?
	    backoff_ms * 2 : BACKOFF_MAX_MS) &&
	    wait_input(o, -1, backoff_ms) == -ETIMEDOUT);
	return NULL;
}

int
ops_start(const struct ops_config *cfg, struct ops **ops_out)
{
	struct ops *o;
	sigset_t all, old;
	int rc;

	if (strlen(cfg->socket_path) >= sizeof(o->addr.sun_path))
		return -ENAMETOOLONG;
	o = calloc(1, sizeof(*o));
	if (!o)
		abort();
	o->cfg = *cfg;
	o->fd = -1;
	o->next_id = 1;
	o->addr.sun_family = AF_UNIX;
	memcpy(o->addr.sun_path, cfg->socket_path, strlen(cfg->socket_path));
	pthread_mutex_init(&o->send_lock, NULL);
	pthread_mutex_init(&o->lock, NULL);
	o->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (o->stop_fd == -1) {
		rc = -errno;
		goto out;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	rc = -pthread_create(&o->thread, NULL, connection_thread, o);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
out:
	if (rc) {
		if (o->stop_fd != -1)
			close(o->stop_fd);
		free(o);
		return rc;
	}
	*ops_out = o;
	return 0;
}

/* All ops_do must have returned or be about to (they fail as lost). */
void
ops_stop(struct ops *o)
{
	uint64_t one = 1;

	if (!o)
		return;
	while (write(o->stop_fd, &one, sizeof(one)) == -1 && errno == EINTR)
		;
	pthread_join(o->thread, NULL);
	close(o->stop_fd);
	pthread_mutex_destroy(&o->send_lock);
	pthread_mutex_destroy(&o->lock);
	free(o);
}

unsigned int
ops_connection(struct ops *o)
{
	unsigned int n;

	pthread_mutex_lock(&o->lock);
	n = o->fd == -1 ? 0 : o->connection;
	pthread_mutex_unlock(&o->lock);
	return n;
}

bool
ops_is_connected(struct ops *o)
{
	return ops_connection(o) != 0;
}

/*
 * Sends a frame of p on the connection p was registered for; a failure breaks
 * that connection, as it may have cut the frame.
 */
static int
send_frame(struct ops *o, const struct pending *p, const struct frame *f,
    const struct record_type *rt, const void *rec)
{
	int fd, rc;

	pthread_mutex_lock(&o->send_lock);
	pthread_mutex_lock(&o->lock);
	fd = p->done ? -1 : o->fd;
	pthread_mutex_unlock(&o->lock);
	if (fd == -1)
		rc = -EPIPE;
	else if (rt)
		rc = frame_send_record(fd, f, rt, rec);
	else
		rc = frame_send(fd, f);
	if (rc && rc != -EMSGSIZE && fd != -1)
		shutdown(fd, SHUT_RDWR);
	pthread_mutex_unlock(&o->send_lock);
	return rc;
}

/* Runs the caller's progress function without the lock. */
static void
tell_progress(struct ops *o, struct ops_call *call, struct pending *p)
{
	double fraction = p->fraction;

	p->progressed = false;
	if (!call->progress)
		return;
	pthread_mutex_unlock(&o->lock);
	call->progress(call->progress_arg, fraction);
	pthread_mutex_lock(&o->lock);
}

/* Waits for p's answer; called and returns with the lock held. */
static void
wait_answer(struct ops *o, struct ops_call *call, struct pending *p,
    uint16_t message)
{
	struct frame cancel = { .id = p->id, .message = message,
		.kind = FRAME_CANCEL };
	bool worker = xenops_messages[message].worker;
	int64_t end = clock_mono_ms() +
	    (call->limit_ms ? call->limit_ms : QUICK_LIMIT_MS);
	bool asked = false;

	while (!p->done) {
		struct timespec ts;

		if (p->progressed) {
			tell_progress(o, call, p);
			continue;
		}
		if (!worker && clock_mono_ms() > end)
			break;
		ts = cond_after_ms(CANCEL_POLL_MS);
		pthread_cond_timedwait(&p->wake, &o->lock, &ts);
		if (asked || p->done || !call->cancelled)
			continue;
		pthread_mutex_unlock(&o->lock);
		if (call->cancelled(call->cancelled_arg)) {
			asked = true;
			send_frame(o, p, &cancel, NULL, NULL);
		}
		pthread_mutex_lock(&o->lock);
	}
}

/* Turns the answer into a result or an error of the call. */
static int
take_answer(struct ops_call *call, struct pending *p, uint16_t message,
    void *result)
{
	const struct record_type *rt = xenops_messages[message].result;
	struct xenops_failure failure = { 0 };

	if (p->lost)
		return fail(call, XENOPS_CODE_INTERNAL,
		    "xenopsd is not running");
	if (!p->done)
		return fail(call, XENOPS_CODE_TIMEOUT,
		    "xenopsd does not answer");
	if (p->kind == FRAME_ERROR) {
		if (codec_decode(call->arena, &xenops_failure_type, &failure,
		    p->body.data, p->body.len, NULL))
			return fail(call, XENOPS_CODE_INTERNAL,
			    "malformed error from xenopsd");
		call->err.code = failure.code;
		call->err.text = failure.text ? failure.text : "";
		return -1;
	}
	if (p->kind != FRAME_REPLY || (rt && result &&
	    codec_decode(call->arena, rt, result, p->body.data, p->body.len,
	    NULL)))
		return fail(call, XENOPS_CODE_INTERNAL,
		    "malformed answer from xenopsd");
	memcpy(call->fds, p->fds, sizeof(call->fds));
	call->nfds = p->nfds;
	p->nfds = 0;
	return 0;
}

int
ops_do(struct ops *o, struct ops_call *call, uint16_t message,
    const void *args, void *result)
{
	const struct xenops_message_type *m = &xenops_messages[message];
	struct pending p = { 0 };
	struct frame f = { .message = message, .kind = FRAME_REQUEST };
	int rc;

	call->nfds = 0;
	call->err = (struct ops_error){ 0 };
	if (result && m->result)
		memcpy(result, m->result->dflt, m->result->size);
	cond_init(&p.wake);

	pthread_mutex_lock(&o->lock);
	if (o->fd == -1 ||
	    (call->connection && call->connection != o->connection)) {
		p.done = p.lost = true;
	} else {
		call->connection = o->connection;
		p.id = o->next_id++;
		if (o->next_id == 0)
			o->next_id = 1;
		p.next = o->pending;
		o->pending = &p;
	}
	pthread_mutex_unlock(&o->lock);
	f.id = p.id;
	rc = p.id == 0 ? 0 : send_frame(o, &p, &f, m->args, args);

	pthread_mutex_lock(&o->lock);
	if (rc) {
		p.done = true;
		p.lost = rc != -EMSGSIZE;
		p.kind = FRAME_CANCEL;	/* no answer: malformed */
	}
	wait_answer(o, call, &p, message);
	pending_remove(o, &p);
	pthread_mutex_unlock(&o->lock);

	if (rc == -EMSGSIZE)
		rc = fail(call, XENOPS_CODE_BAD_REQUEST, "request too long");
	else
		rc = take_answer(call, &p, message, result);
	close_fds(p.fds, p.nfds);
	buf_release(&p.body);
	pthread_cond_destroy(&p.wake);
	return rc;
}
