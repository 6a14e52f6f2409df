/*
 * Members without raft: a loop's thread with a struct peers on it that counts
 * what comes.  Their certificates are in the scratch folder.
 */
#ifndef UNIT_PEERS_H
#define UNIT_PEERS_H

#include <arpa/inet.h>
#include <pthread.h>
#include <raft.h>
#include <raft/uv.h>
#include <string.h>
#include <sys/socket.h>
#include <uv.h>

#include "poold/peers.h"
#include "poold/wire.h"
#include "scratch.h"
#include "unit.h"

struct side {
	uv_loop_t uv;
	uv_async_t async;
	struct peers *peers;
	struct pool_peer info;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t got;			/* messages */
	uint64_t from;			/* of the last one */
	uint64_t senders;		/* a bit for each */
	uint64_t term;			/* likewise */
	uint64_t forwarded;		/* the last token, and its sender */
	uint64_t forwarder;
	void (*fn)(struct side *s, void *arg);
	void *arg;
};

static void
side_receive(struct raft_io *io, struct raft_message *msg)
{
	struct side *s = io->data;

	pthread_mutex_lock(&s->lock);
	s->got++;
	s->from = msg->server_id;
	s->senders |= UINT64_C(1) << msg->server_id;
	if (msg->type == RAFT_APPEND_ENTRIES)
		s->term = msg->append_entries.term;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	wire_release(msg);
}

static void
side_forwarded(void *arg, uint64_t from, const struct wire_forward *f)
{
	struct side *s = arg;

	pthread_mutex_lock(&s->lock);
	ck_assert_uint_eq(f->len, sizeof("batch"));
	ck_assert_str_eq(f->entry, "batch");
	s->forwarded = f->token;
	s->forwarder = from;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

static int
side_start(struct raft_io *io, unsigned ms, raft_io_tick_cb tick,
    raft_io_recv_cb recv)
{
	(void)io, (void)ms, (void)tick, (void)recv;
	return 0;
}

static void
side_woken(uv_async_t *a)
{
	struct side *s = a->data;

	pthread_mutex_lock(&s->lock);
	if (s->fn)
		s->fn(s, s->arg);
	s->fn = NULL;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

static void *
side_main(void *arg)
{
	struct side *s = arg;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	uv_run(&s->uv, UV_RUN_DEFAULT);
	return NULL;
}

/* fn on the loop's thread, under the lock. */
static inline void
side_call(struct side *s, void (*fn)(struct side *s, void *arg), void *arg)
{
	pthread_mutex_lock(&s->lock);
	s->fn = fn;
	s->arg = arg;
	uv_async_send(&s->async);
	while (s->fn)
		pthread_cond_wait(&s->changed, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

static inline int
free_port(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(bind(fd, (void *)&at, len), 0);
	ck_assert_int_eq(getsockname(fd, (void *)&at, &len), 0);
	close(fd);
	return ntohs(at.sin_port);
}

/* The member; it runs when side_run is called. */
static inline void
side_init(struct side *s, uint64_t id)
{
	char name[32];

	memset(s, 0, sizeof(*s));
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	snprintf(name, sizeof(name), "%d.pem", (int)id);
	uv_loop_init(&s->uv);
	uv_async_init(&s->uv, &s->async, side_woken);
	s->async.data = s;
	ck_assert_int_eq(peers_new(&s->uv, id, scratch_file(name), &s->peers),
	    0);
	s->info.id = id;
	snprintf(s->info.address, POOL_ADDRESS, "127.0.0.1:%d", free_port());
	peers_own(s->peers, s->info.pin);
	peers_io(s->peers)->data = s;
	peers_io(s->peers)->start = side_start;
	peers_begin(s->peers);
	peers_listen(s->peers, side_forwarded, s);
	peers_io(s->peers)->start(peers_io(s->peers), 0, NULL, side_receive);
}

static inline void
side_run(struct side *s, const struct pool_peer *list, size_t n)
{
	ck_assert_int_eq(peers_set(s->peers, list, n), 0);
	ck_assert_int_eq(pthread_create(&s->thread, NULL, side_main, s), 0);
}

static inline void
side_end(struct side *s, void *arg)
{
	(void)arg;
	peers_end(s->peers);
	uv_close((uv_handle_t *)&s->async, NULL);
}

static inline void
side_stop(struct side *s)
{
	side_call(s, side_end, NULL);
	pthread_join(s->thread, NULL);
	peers_free(s->peers);
	ck_assert_int_eq(uv_loop_close(&s->uv), 0);
}

struct post {
	uint64_t to;
	uint64_t term;
};

static void
side_sent(struct raft_io_send *req, int status)
{
	(void)status;
	free(req);
}

static inline void
side_post(struct side *s, void *arg)
{
	const struct post *p = arg;
	struct raft_message msg = {
		.type = RAFT_APPEND_ENTRIES, .server_id = p->to,
		.server_address = "", .append_entries.term = p->term,
	};
	struct raft_io *io = peers_io(s->peers);

	ck_assert_int_eq(io->send(io, calloc(1, sizeof(struct raft_io_send)),
	    &msg, side_sent), 0);
}

/* Sends until one has come, as raft does. */
static inline void
side_reach(struct side *from, struct side *to, uint64_t term)
{
	struct post p = { to->info.id, term };
	struct timespec until;
	bool there = false;

	while (!there) {
		side_call(from, side_post, &p);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 50000000;
		if (until.tv_nsec >= 1000000000) {
			until.tv_sec++;
			until.tv_nsec -= 1000000000;
		}
		pthread_mutex_lock(&to->lock);
		if (to->term < term)
			pthread_cond_timedwait(&to->changed, &to->lock,
			    &until);
		there = to->term >= term;
		pthread_mutex_unlock(&to->lock);
	}
}

#endif
