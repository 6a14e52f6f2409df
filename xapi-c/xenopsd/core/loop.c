#include "xenopsd/core/loop.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

#define BATCH 64

struct watch {
	struct loop *loop;
	struct watch *next;
	struct watch **prevp;
	int fd;
	void (*fn)(void *arg, uint32_t events);
	void *arg;
	bool dead;
};

struct timer {
	struct timer *next;		/* sorted by due */
	struct timer **prevp;
	int64_t due;
	uint64_t round;			/* in which it was set */
	void (*fn)(void *arg);
	void *arg;
};

struct loop {
	int64_t (*now)(void *arg);
	void *now_arg;
	int epfd;
	bool stop;
	uint64_t round;
	struct watch *watches;
	struct watch *dead;		/* freed when no event can name them */
	struct timer *timers;
};

static int64_t
mono(void *arg)
{
	(void)arg;
	return clock_mono_ms();
}

struct loop *
loop_new(void)
{
	return loop_new_clock(mono, NULL);
}

struct loop *
loop_new_clock(int64_t (*now)(void *arg), void *arg)
{
	struct loop *l = mem_zalloc(sizeof(*l));

	l->now = now;
	l->now_arg = arg;
	l->epfd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epfd == -1)
		abort();
	return l;
}

int64_t
loop_now(const struct loop *l)
{
	return l->now(l->now_arg);
}

static void
free_dead(struct loop *l)
{
	struct watch *w;

	while ((w = l->dead)) {
		l->dead = w->next;
		free(w);
	}
}

void
loop_free(struct loop *l)
{
	if (!l)
		return;
	while (l->watches)
		watch_free(l->watches);
	free_dead(l);
	while (l->timers)
		timer_cancel(l->timers);
	close(l->epfd);
	free(l);
}

static int
next_wait(const struct loop *l)
{
	int64_t ms;

	if (!l->timers)
		return -1;
	ms = l->timers->due - loop_now(l);
	if (ms < 0)
		return 0;
	return ms > 60000 ? 60000 : (int)ms;
}

/* The first that is due; one set in this round waits for the next, so that
 * work done in pieces leaves room for everybody between them. */
static struct timer *
next_due(const struct loop *l, int64_t now)
{
	struct timer *t = l->timers;

	while (t && t->due <= now && t->round == l->round)
		t = t->next;
	return t && t->due <= now ? t : NULL;
}

static void
run_timers(struct loop *l)
{
	int64_t now = loop_now(l);
	struct timer *t;
	void (*fn)(void *);
	void *arg;

	while (!l->stop && (t = next_due(l, now))) {
		fn = t->fn;
		arg = t->arg;
		timer_cancel(t);
		fn(arg);
	}
}

/* One round; 0 or -errno. */
static int
step(struct loop *l, int wait_ms)
{
	struct epoll_event ev[BATCH];
	struct watch *w;
	int n;

	n = epoll_wait(l->epfd, ev, BATCH, wait_ms);
	l->round++;
	if (n == -1 && errno != EINTR)
		return -errno;
	for (int i = 0; i < n && !l->stop; i++) {
		w = ev[i].data.ptr;
		if (!w->dead)
			w->fn(w->arg, ev[i].events);
	}
	free_dead(l);
	run_timers(l);
	return 0;
}

int
loop_run(struct loop *l)
{
	int rc = 0;

	l->stop = false;
	while (!l->stop && !rc)
		rc = step(l, next_wait(l));
	return rc;
}

void
loop_step(struct loop *l)
{
	l->stop = false;
	(void)step(l, 0);
}

void
loop_stop(struct loop *l)
{
	l->stop = true;
}

struct watch *
loop_watch(struct loop *l, int fd, uint32_t events,
    void (*fn)(void *arg, uint32_t events), void *arg)
{
	struct watch *w = mem_zalloc(sizeof(*w));
	struct epoll_event ev = { .events = events, .data.ptr = w };

	w->loop = l;
	w->fd = fd;
	w->fn = fn;
	w->arg = arg;
	w->next = l->watches;
	w->prevp = &l->watches;
	if (w->next)
		w->next->prevp = &w->next;
	l->watches = w;
	/* fails for descriptors that cannot be waited for: a bug of ours */
	if (epoll_ctl(l->epfd, EPOLL_CTL_ADD, fd, &ev) == -1)
		abort();
	return w;
}

void
watch_set(struct watch *w, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = w };

	if (epoll_ctl(w->loop->epfd, EPOLL_CTL_MOD, w->fd, &ev) == -1)
		abort();
}

void
watch_free(struct watch *w)
{
	if (!w)
		return;
	epoll_ctl(w->loop->epfd, EPOLL_CTL_DEL, w->fd, NULL);
	*w->prevp = w->next;
	if (w->next)
		w->next->prevp = w->prevp;
	w->dead = true;
	w->next = w->loop->dead;
	w->loop->dead = w;
}

struct timer *
loop_timer(struct loop *l, int64_t due_mono, void (*fn)(void *arg), void *arg)
{
	struct timer *t = mem_zalloc(sizeof(*t));
	struct timer **p = &l->timers;

	t->due = due_mono;
	t->round = l->round;
	t->fn = fn;
	t->arg = arg;
	while (*p && (*p)->due <= due_mono)
		p = &(*p)->next;
	t->next = *p;
	t->prevp = p;
	if (t->next)
		t->next->prevp = &t->next;
	*p = t;
	return t;
}

void
timer_cancel(struct timer *t)
{
	if (!t)
		return;
	*t->prevp = t->next;
	if (t->next)
		t->next->prevp = t->prevp;
	free(t);
}
