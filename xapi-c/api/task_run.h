/*
 * Runs messages as tasks, on threads of their own with a queue behind them.
 * Sessions take turns, and one that has nothing running finds a thread although
 * others fill all that are shared.  What runs on the callers' threads is counted
 * here too: these threads belong to all sessions.
 */
#ifndef API_TASK_RUN_H
#define API_TASK_RUN_H

#include "api/call.h"
#include "gen/methods.h"

#define TASK_THREADS 64			/* shared by all sessions */
#define TASK_THREADS_MAX 128		/* with those of a session's only job */
#define TASK_QUEUE_SESSION 1024		/* waiting jobs of one session */
#define TASK_QUEUE 8192			/* of all */
/* What waiting jobs take; the only job of a session always fits. */
#define TASK_QUEUE_SESSION_BYTES (8u << 20)
#define TASK_QUEUE_BYTES (32u << 20)

#define TASK_CALLS_SESSION 48		/* on callers' threads, of one session */
#define TASK_CALLS 96			/* shared by all sessions */
#define TASK_CALLS_MAX 112		/* with those of a session's only call */

struct tasks;

int tasks_start(struct xapi *x, struct tasks **tasks_out);
/* False if tasks still run after a few seconds: then nothing was freed, and
 * the process should end without more ado.  NULL is allowed. */
bool tasks_stop(struct tasks *t);

/* What a task runs: m->run, or what stands in for it where m has none. */
typedef int task_fn(struct call *c, const void *args, void *result);

/*
 * Async.*: makes a pending task and queues fn for a task thread.  args
 * and permission live in c->arena.  On 0 the arena belongs to the task (c->arena
 * is NULL then), while the caller keeps c->root; the task asks session_allow for
 * the permission, takes a newest root of its own and stores result (XML-RPC text
 * of m->result) or error.  -1 with c->err set (TOO_MANY_PENDING_TASKS):
 * nothing was started and the arena stays the caller's.
 */
int task_start(struct call *c, const struct method *m, const char *permission,
    task_fn *fn, const void *args, struct ref *task_out);

/*
 * The synchronous form of a message that could be asynchronous: runs m on the
 * caller's thread inside a task made for it and destroyed or collected later.
 * c->task is set while it runs.  Returns what m->run returned.
 */
int task_run_sync(struct call *c, const struct method *m, const void *args,
    void *result);

/* May one more call of the session have the caller's thread, for as long as it
 * takes?  If so, tasks_leave says that it is over.  NULL is allowed. */
bool tasks_enter(struct tasks *t, const struct ref *session);
void tasks_leave(struct tasks *t, const struct ref *session);

#endif
