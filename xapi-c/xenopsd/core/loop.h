/*
 * The event loop of xenopsd and of the simulator: descriptors and one-shot
 * timers, one thread, on epoll.  Callbacks must not block.  Watches and timers
 * may be freed from any callback, also from their own.  Times are
 * milliseconds of the loop's clock, the monotonic one (base/clock.h) but in
 * tests.
 */
#ifndef XENOPSD_CORE_LOOP_H
#define XENOPSD_CORE_LOOP_H

#include <stdint.h>
#include <sys/epoll.h>

struct loop;
struct watch;
struct timer;

struct loop *loop_new(void);
struct loop *loop_new_clock(int64_t (*now)(void *arg), void *arg);
int64_t loop_now(const struct loop *l);
void loop_free(struct loop *l);		/* frees its watches and timers too */
/* Runs until loop_stop; 0 or -errno. */
int loop_run(struct loop *l);
void loop_stop(struct loop *l);
/* One round of what is ready or due, without waiting; for tests. */
void loop_step(struct loop *l);

/* events: EPOLLIN, EPOLLOUT; the descriptor stays the caller's, who frees the
 * watch before closing it. */
struct watch *loop_watch(struct loop *l, int fd, uint32_t events,
    void (*fn)(void *arg, uint32_t events), void *arg);
void watch_set(struct watch *w, uint32_t events);
void watch_free(struct watch *w);		/* NULL is allowed */

/* Calls fn once at or after due_mono, in a later round than this; the timer is
 * gone when fn is called. */
struct timer *loop_timer(struct loop *l, int64_t due_mono,
    void (*fn)(void *arg), void *arg);
void timer_cancel(struct timer *t);		/* NULL is allowed */

#endif
