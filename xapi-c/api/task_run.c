#include "api/task_run.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/access/audit.h"
#include "api/access/session.h"
#include "api/blob.h"
#include "api/task.h"
#include "api/xapi.h"
#include "base/cond.h"
#include "base/guesses.h"
#include "base/log.h"
#include "base/mem.h"
#include "gen/errors.h"

#define TASK_IDLE_S 30
#define HOUSE_INTERVAL_S 30
#define STOP_WAIT_S 5
/*
 * Clients count on the server waiting while another operation has an object.
 * Not for long: each holds a thread that the operation before may need.
 */
#define ASYNC_PATIENCE_MS 60000
#define SYNC_PATIENCE_MS 20000
#define TASK_STACK (256 * 1024)

struct job {
	struct job *next;
	struct xapi *x;
	const struct method *m;
	const char *permission;
	task_fn *fn;
	const void *args;
	struct arena *arena;		/* holds the job as well */
	struct ref session;
	struct ref task;
	bool superuser;
	size_t bytes;
};

/* The jobs of one session, in their order. */
struct lane {
	struct lane *next;
	struct ref session;
	struct job *head, **tail;
	int queued, running;
	int calls;			/* on callers' threads */
	size_t bytes;			/* of those queued */
};

struct tasks {
	struct xapi *x;
	pthread_mutex_t lock;
	pthread_cond_t work;		/* there is a job to run, or stop */
	pthread_cond_t gone;		/* a thread ended; stop */
	struct lane *lanes, **last;	/* whose turn it is comes first */
	int queued, running, calls;
	size_t bytes;
	int threads;
	int idle;
	bool stop;
	pthread_t house;
};

static void *
result_room(struct arena *a, const struct type *t)
{
	return t && t->size ? arena_alloc(a, t->size) : NULL;
}

/* What was refused is in the audit log too. */
static int
job_allow(struct call *c, const struct job *j)
{
	struct audit_line l;

	if (session_allow(c, j->permission) == 0)
		return 0;
	if (audit_wants(j->m)) {
		audit_begin(c, "API", j->m->name, &l);
		audit_end(c, &l, -1);
	}
	return -1;
}

static void
job_run(const struct job *j)
{
	struct call c = {
		.x = j->x, .arena = j->arena, .session = j->session,
		.task = j->task, .superuser = j->superuser,
		.patience_ms = ASYNC_PATIENCE_MS,
	};
	void *result = result_room(c.arena, j->m->result);
	int rc;

	c.root = db_root_get(c.x->db);
	rc = task_check(&c);
	if (rc == 0)
		rc = job_allow(&c, j);
	if (rc == 0)
		rc = j->fn(&c, j->args, result);
	task_end(&c, rc, j->m->result, result);
	call_close(&c);
	arena_free(c.arena);
}

/* -- the queue; with the lock held -- */

static struct lane *
lane_of(struct tasks *ts, const struct ref *session)
{
	struct lane *l;

	for (l = ts->lanes; l; l = l->next)
		if (ref_equal(&l->session, session))
			return l;
	l = mem_zalloc(sizeof(*l));
	l->session = *session;
	l->tail = &l->head;
	*ts->last = l;
	ts->last = &l->next;
	return l;
}

static void
lane_unlink(struct tasks *ts, struct lane **at)
{
	struct lane *l = *at;

	*at = l->next;
	if (ts->last == &l->next)
		ts->last = at;
	l->next = NULL;
}

/* The first lane whose next job may run now, or NULL. */
static struct lane **
lane_ready(struct tasks *ts)
{
	struct lane **at;

	for (at = &ts->lanes; *at; at = &(*at)->next)
		if ((*at)->head && (ts->running < TASK_THREADS ||
		    (!(*at)->running && ts->running < TASK_THREADS_MAX)))
			return at;
	return NULL;
}

static struct job *
job_take(struct tasks *ts, struct lane **at)
{
	struct lane *l = *at;
	struct job *j = l->head;

	l->head = j->next;
	if (!l->head)
		l->tail = &l->head;
	l->queued--;
	l->bytes -= j->bytes;
	l->running++;
	ts->queued--;
	ts->bytes -= j->bytes;
	ts->running++;
	lane_unlink(ts, at);
	*ts->last = l;
	ts->last = &l->next;
	return j;
}

static void
lane_end(struct tasks *ts, struct lane *l)
{
	struct lane **at = &ts->lanes;

	if (l->running || l->calls || l->head)
		return;
	while (*at != l)
		at = &(*at)->next;
	lane_unlink(ts, at);
	free(l);
}

static void
job_done(struct tasks *ts, const struct ref *session)
{
	struct lane *l = lane_of(ts, session);

	ts->running--;
	l->running--;
	lane_end(ts, l);
}

static void *task_thread(void *arg);

static int
thread_add(struct tasks *ts)
{
	pthread_attr_t attr;
	pthread_t th;
	int r;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, TASK_STACK);
	r = pthread_create(&th, &attr, task_thread, ts);
	pthread_attr_destroy(&attr);
	if (r == 0)
		ts->threads++;
	return r;
}

/* One more thread for what may run now; each that takes a job looks after the
 * next. */
static void
call_hands(struct tasks *ts)
{
	if (!lane_ready(ts))
		return;
	if (ts->idle > 0)
		pthread_cond_signal(&ts->work);
	else if (ts->threads < TASK_THREADS_MAX)
		thread_add(ts);
}

/* NULL when this thread should end. */
static struct job *
job_next(struct tasks *ts)
{
	struct timespec until = cond_after_ms(TASK_IDLE_S * 1000);
	struct lane **at;
	struct job *j;
	int r = 0;

	ts->idle++;
	while (!(at = lane_ready(ts)) && !ts->stop && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&ts->work, &ts->lock, &until);
	ts->idle--;
	if (ts->stop || !at)
		return NULL;
	j = job_take(ts, at);
	call_hands(ts);
	return j;
}

static void *
task_thread(void *arg)
{
	struct tasks *ts = arg;
	struct ref session;
	struct job *j;

	pthread_mutex_lock(&ts->lock);
	while ((j = job_next(ts))) {
		session = j->session;
		pthread_mutex_unlock(&ts->lock);
		job_run(j);
		pthread_mutex_lock(&ts->lock);
		job_done(ts, &session);
	}
	ts->threads--;
	pthread_cond_broadcast(&ts->gone);
	pthread_mutex_unlock(&ts->lock);
	return NULL;
}

static bool
job_fits(const struct tasks *ts, const struct lane *l, const struct job *j)
{
	if (!l->queued)
		return true;
	return l->queued < TASK_QUEUE_SESSION &&
	    l->bytes + j->bytes <= TASK_QUEUE_SESSION_BYTES &&
	    ts->bytes + j->bytes <= TASK_QUEUE_BYTES;
}

/* False when the session has as many as it may, or nothing could run it. */
static bool
job_queue(struct tasks *ts, struct job *j)
{
	struct lane *l;
	bool ok = false;

	pthread_mutex_lock(&ts->lock);
	if (ts->stop || ts->queued >= TASK_QUEUE ||
	    (!ts->threads && thread_add(ts)))
		goto out;
	l = lane_of(ts, &j->session);
	if (!job_fits(ts, l, j))
		goto out;
	*l->tail = j;
	l->tail = &j->next;
	l->queued++;
	l->bytes += j->bytes;
	ts->queued++;
	ts->bytes += j->bytes;
	ok = true;
	call_hands(ts);
out:
	pthread_mutex_unlock(&ts->lock);
	return ok;
}

bool
tasks_enter(struct tasks *ts, const struct ref *session)
{
	struct lane *l;
	bool ok;

	if (!ts)
		return true;
	pthread_mutex_lock(&ts->lock);
	l = lane_of(ts, session);
	ok = ts->calls < TASK_CALLS ? l->calls < TASK_CALLS_SESSION :
	    !l->calls && ts->calls < TASK_CALLS_MAX;
	if (ok) {
		l->calls++;
		ts->calls++;
	}
	lane_end(ts, l);
	pthread_mutex_unlock(&ts->lock);
	return ok;
}

void
tasks_leave(struct tasks *ts, const struct ref *session)
{
	struct lane *l;

	if (!ts)
		return;
	pthread_mutex_lock(&ts->lock);
	l = lane_of(ts, session);
	l->calls--;
	ts->calls--;
	lane_end(ts, l);
	pthread_mutex_unlock(&ts->lock);
}

int
task_start(struct call *c, const struct method *m, const char *permission,
    task_fn *fn, const void *args, struct ref *task_out)
{
	const struct task_new n = {
		.label = arena_printf(c->arena, "Async.%s", m->name),
	};
	struct job *j = arena_alloc(c->arena, sizeof(*j));
	struct call undo = *c;

	if (task_make(c, &n, task_out))
		return -1;
	*j = (struct job){
		.x = c->x, .m = m, .permission = permission, .fn = fn, .args = args,
		.arena = c->arena, .session = c->session, .task = *task_out,
		.superuser = c->superuser, .bytes = arena_used(c->arena),
	};
	if (!job_queue(c->x->tasks, j)) {
		undo.task = *task_out;
		task_drop(&undo);
		return err_too_many_pending_tasks(c);
	}
	c->arena = NULL;
	return 0;
}

int
task_run_sync(struct call *c, const struct method *m, const void *args,
    void *result)
{
	const struct task_new n = { .label = m->name };
	int rc;

	if (task_make(c, &n, &c->task))
		return -1;
	c->patience_ms = SYNC_PATIENCE_MS;
	rc = m->run(c, args, result);
	task_drop(c);
	c->task = REF_NULL;
	return rc;
}

static void *
house_thread(void *arg)
{
	struct tasks *ts = arg;

	pthread_mutex_lock(&ts->lock);
	while (!ts->stop) {
		struct timespec until = cond_after_ms(HOUSE_INTERVAL_S * 1000);
		int r = 0;

		while (!ts->stop && r != ETIMEDOUT)
			r = pthread_cond_timedwait(&ts->gone, &ts->lock,
			    &until);
		if (ts->stop)
			break;
		pthread_mutex_unlock(&ts->lock);
		task_gc(ts->x);
		session_gc(ts->x);
		guesses_report(ts->x->guesses);
		audit_sync(ts->x->audit);
		blobs_sweep(ts->x);
		pthread_mutex_lock(&ts->lock);
	}
	pthread_mutex_unlock(&ts->lock);
	return NULL;
}

int
tasks_start(struct xapi *x, struct tasks **tasks_out)
{
	struct tasks *ts = calloc(1, sizeof(*ts));
	int r;

	if (!ts)
		abort();
	ts->x = x;
	ts->last = &ts->lanes;
	pthread_mutex_init(&ts->lock, NULL);
	cond_init(&ts->work);
	cond_init(&ts->gone);
	r = pthread_create(&ts->house, NULL, house_thread, ts);
	if (r) {
		free(ts);
		return -r;
	}
	*tasks_out = ts;
	return 0;
}

/* The jobs that nobody will run; lanes of running ones stay. */
static void
lanes_drop(struct tasks *ts)
{
	struct lane **at = &ts->lanes, *l;

	while ((l = *at)) {
		for (struct job *j = l->head, *next; j; j = next) {
			next = j->next;
			arena_free(j->arena);
		}
		l->head = NULL;
		if (l->running || l->calls) {
			at = &l->next;
			continue;
		}
		lane_unlink(ts, at);
		free(l);
	}
}

bool
tasks_stop(struct tasks *ts)
{
	struct timespec until = cond_after_ms(STOP_WAIT_S * 1000);
	int left, r = 0;

	if (!ts)
		return true;
	pthread_mutex_lock(&ts->lock);
	ts->stop = true;
	pthread_cond_broadcast(&ts->work);
	pthread_cond_broadcast(&ts->gone);
	while (ts->threads && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&ts->gone, &ts->lock, &until);
	left = ts->threads;
	lanes_drop(ts);
	pthread_mutex_unlock(&ts->lock);
	pthread_join(ts->house, NULL);
	if (left) {
		log_warn("leaving %d tasks behind", left);
		return false;
	}
	pthread_cond_destroy(&ts->work);
	pthread_cond_destroy(&ts->gone);
	pthread_mutex_destroy(&ts->lock);
	free(ts);
	return true;
}
