#include "xenopsd/core/sampler.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/cond.h"
#include "base/log.h"
#include "base/mem.h"

#define END_MS 1000

struct sampler {
	struct sampler_config cfg;
	pthread_t thread;
	struct watch *watch;
	int fd;				/* eventfd: the thread is done */
	struct request *rq;		/* the loop's; NULL: given up */
	bool busy;			/* the loop's view */

	pthread_mutex_t lock;		/* for what is below */
	pthread_cond_t wake, ended;
	bool work, stop, over;
	/* the thread's until it is done, then the loop's */
	struct arena *arena;
	void *result;
	int rc;
};

static void
take(struct sampler *s)
{
	const struct record_type *rt = s->cfg.result;
	uint64_t one = 1;

	s->arena = arena_new();
	s->result = arena_memdup(s->arena, rt->dflt, rt->size);
	s->rc = s->cfg.take(s->cfg.arg, s->arena, s->result);
	if (write(s->fd, &one, sizeof(one)) == -1)
		log_error("cannot tell of samples: %s", strerror(errno));
}

static void *
sampler_main(void *arg)
{
	struct sampler *s = arg;

	pthread_mutex_lock(&s->lock);
	while (!s->stop) {
		if (!s->work) {
			pthread_cond_wait(&s->wake, &s->lock);
			continue;
		}
		s->work = false;
		pthread_mutex_unlock(&s->lock);
		take(s);
		pthread_mutex_lock(&s->lock);
	}
	s->over = true;
	pthread_cond_signal(&s->ended);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static void
done(void *arg, uint32_t events)
{
	struct sampler *s = arg;
	struct request *rq = s->rq;
	uint64_t n;

	(void)events;
	if (read(s->fd, &n, sizeof(n)) == -1)
		return;
	s->rq = NULL;
	s->busy = false;
	if (rq && s->rc)
		request_finish_error(rq, XENOPS_CODE_IO,
		    "cannot take samples: %s", strerror(-s->rc));
	else if (rq)
		request_finish(rq, s->result);
	arena_free(s->arena);
	s->arena = NULL;
}

static void
cancel(struct request *rq)
{
	struct sampler *s = rq->state;

	s->rq = NULL;
	request_finish_error(rq, XENOPS_CODE_CANCELLED, "cancelled");
}

int
sampler_request(struct sampler *s, struct request *rq)
{
	if (s->busy)
		return request_fail(rq, XENOPS_CODE_IN_USE,
		    "samples are being taken already");
	s->busy = true;
	s->rq = rq;
	rq->state = s;
	rq->cancel = cancel;
	pthread_mutex_lock(&s->lock);
	s->work = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	return REQUEST_PENDING;
}

/* Signals are for the loop's thread. */
static int
start(struct sampler *s)
{
	sigset_t all, old;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	rc = -pthread_create(&s->thread, NULL, sampler_main, s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc;
}

struct sampler *
sampler_new(const struct sampler_config *cfg)
{
	struct sampler *s = mem_zalloc(sizeof(*s));
	int rc = 0;

	s->cfg = *cfg;
	pthread_mutex_init(&s->lock, NULL);
	cond_init(&s->wake);
	cond_init(&s->ended);
	s->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->fd == -1)
		rc = -errno;
	if (!rc)
		rc = start(s);
	if (rc) {
		log_error("cannot start the sampler: %s", strerror(-rc));
		if (s->fd != -1)
			close(s->fd);
		free(s);
		return NULL;
	}
	s->watch = loop_watch(cfg->loop, s->fd, EPOLLIN, done, s);
	return s;
}

void
sampler_free(struct sampler *s)
{
	struct timespec until = cond_after_ms(END_MS);
	bool over;
	int r = 0;

	if (!s)
		return;
	watch_free(s->watch);
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_signal(&s->wake);
	while (!s->over && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&s->ended, &s->lock, &until);
	over = s->over;
	pthread_mutex_unlock(&s->lock);
	if (!over)
		return;
	pthread_join(s->thread, NULL);
	arena_free(s->arena);
	close(s->fd);
	pthread_cond_destroy(&s->wake);
	pthread_cond_destroy(&s->ended);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
