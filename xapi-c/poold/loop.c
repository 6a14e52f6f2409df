#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <raft.h>
#include <raft/uv.h>
#include <uv.h>

#include "base/log.h"
#include "base/mem.h"
#include "poold/loop.h"

#define SEGMENT_BYTES (4u << 20)
#define DISK_RETRY_MS 1000

struct call {
	struct call *next;
	int (*fn)(struct member *m, void *arg);
	void *arg;
	int rc;
	bool done;
};

struct loop {
	uv_loop_t uv;
	uv_async_t wake;
	uv_check_t turn;		/* the end of each turn */
	struct peers *peers;
	struct member *m;		/* NULL: not started */
	pthread_t thread;

	pthread_mutex_t lock;
	pthread_cond_t done;
	struct call *calls;
};

struct start {
	struct loop *loop;
	struct member *m;
};

struct raft_io *
loop_io(struct loop *loop)
{
	return peers_io(loop->peers);
}

struct peers *
loop_peers(struct loop *loop)
{
	return loop->peers;
}

void
loop_wake(void *arg)
{
	struct loop *loop = arg;

	uv_async_send(&loop->wake);
}

uint64_t
loop_random(void *arg)
{
	uint64_t v;

	(void)arg;
	if (getrandom(&v, sizeof(v), 0) != sizeof(v))
		abort();
	return v;
}

void
loop_forward(void *arg, uint64_t to, const struct wire_forward *f)
{
	struct loop *loop = arg;

	peers_forward(loop->peers, to, f);
}

static void
take_forward(void *arg, uint64_t from, const struct wire_forward *f)
{
	struct loop *loop = arg;

	if (loop->m)
		member_take_forward(loop->m, from, f);
}

static void
run_calls(struct loop *loop)
{
	struct call *c;

	pthread_mutex_lock(&loop->lock);
	while ((c = loop->calls)) {
		loop->calls = c->next;
		pthread_mutex_unlock(&loop->lock);
		c->rc = c->fn(loop->m, c->arg);
		pthread_mutex_lock(&loop->lock);
		c->done = true;
		pthread_cond_broadcast(&loop->done);
	}
	pthread_mutex_unlock(&loop->lock);
}

static void
woken(uv_async_t *h)
{
	struct loop *loop = h->data;

	run_calls(loop);
	if (loop->m)
		member_poll(loop->m);
}

static void
turned(uv_check_t *h)
{
	struct loop *loop = h->data;

	if (loop->m)
		member_poll(loop->m);
}

static int
open_disk(struct loop *loop, const char *dir)
{
	struct raft_io *io = loop_io(loop);

	if (raft_uv_init(io, &loop->uv, dir, peers_transport(loop->peers))) {
		log_error("cannot open '%s': %s", dir, io->errmsg);
		return -EIO;
	}
	raft_uv_set_segment_size(io, SEGMENT_BYTES);
	raft_uv_set_disk_retry(io, DISK_RETRY_MS);
	peers_begin(loop->peers);
	peers_listen(loop->peers, take_forward, loop);
	return 0;
}

int
loop_open(const char *dir, uint64_t id, const char *identity,
    struct loop **loop_out)
{
	struct loop *loop = mem_zalloc(sizeof(*loop));
	int rc;

	*loop_out = NULL;
	if (uv_loop_init(&loop->uv) ||
	    uv_async_init(&loop->uv, &loop->wake, woken) ||
	    uv_check_init(&loop->uv, &loop->turn))
		abort();
	loop->wake.data = loop;
	loop->turn.data = loop;
	rc = peers_new(&loop->uv, id, identity, &loop->peers);
	if (rc)
		log_error("cannot use '%s': %s", identity, strerror(-rc));
	else
		rc = open_disk(loop, dir);
	if (rc) {
		/* nothing of it is in use: the process is about to end */
		peers_free(loop->peers);
		free(loop);
		return rc;
	}
	pthread_mutex_init(&loop->lock, NULL);
	pthread_cond_init(&loop->done, NULL);
	*loop_out = loop;
	return 0;
}

static void *
loop_main(void *arg)
{
	struct loop *loop = arg;
	sigset_t set;

	/* libuv writes to sockets whose other end may be gone */
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	uv_check_start(&loop->turn, turned);
	uv_run(&loop->uv, UV_RUN_DEFAULT);
	return NULL;
}

int
loop_call(struct loop *loop, int (*fn)(struct member *m, void *arg),
    void *arg)
{
	struct call c = { .fn = fn, .arg = arg }, **end;

	pthread_mutex_lock(&loop->lock);
	for (end = &loop->calls; *end; end = &(*end)->next)
		;
	*end = &c;
	uv_async_send(&loop->wake);
	while (!c.done)
		pthread_cond_wait(&loop->done, &loop->lock);
	pthread_mutex_unlock(&loop->lock);
	return c.rc;
}

static int
start_member(struct member *m, void *arg)
{
	struct start *st = arg;
	int rc = member_start(st->m);

	(void)m;
	st->loop->m = st->m;
	return rc;
}

int
loop_start(struct loop *loop, struct member *m)
{
	struct start st = { loop, m };
	int rc;

	rc = -pthread_create(&loop->thread, NULL, loop_main, loop);
	return rc ? rc : loop_call(loop, start_member, &st);
}

/* The last thing that raft's back end does: the loop runs empty and ends. */
static void
closed(void *arg)
{
	struct loop *loop = arg;

	uv_close((uv_handle_t *)&loop->turn, NULL);
	uv_close((uv_handle_t *)&loop->wake, NULL);
}

static int
close_member(struct member *m, void *arg)
{
	struct loop *loop = arg;

	loop->m = NULL;
	peers_end(loop->peers);
	if (m)
		member_close(m, closed, loop);
	else
		closed(loop);
	return 0;
}

void
loop_close(struct loop *loop)
{
	if (!loop)
		return;
	loop_call(loop, close_member, loop);
	pthread_join(loop->thread, NULL);
	raft_uv_close(loop_io(loop));
	peers_free(loop->peers);
	uv_loop_close(&loop->uv);
	pthread_mutex_destroy(&loop->lock);
	pthread_cond_destroy(&loop->done);
	free(loop);
}
