/*
 * Runs messages as tasks.  Sixty-four task threads at most and a bounded queue
 * behind them.
 */
#ifndef API_TASK_RUN_H
#define API_TASK_RUN_H

#include "api/call.h"
#include "gen/methods.h"

struct tasks;

int tasks_start(struct xapi *x, struct tasks **tasks_out);
/* False if tasks still run after a few seconds: then nothing was freed, and
 * the process should end without more ado.  NULL is allowed. */
bool tasks_stop(struct tasks *t);

/* What a task runs: m->run, or what stands in for it where m has none. */
typedef int task_fn(struct call *c, const void *args, void *result);

/*
 * Async.*: makes a pending task and queues fn for a task thread.  args
 * live in c->arena.  On 0 the arena belongs to the task (c->arena is NULL
 * then), while the caller keeps c->root; the task checks the role
 * (session_allow), takes a newest root of its own and stores result (XML-RPC
 * text of m->result) or error.  -1 with c->err set (TOO_MANY_PENDING_TASKS):
 * nothing was started and the arena stays the caller's.
 */
int task_start(struct call *c, const struct method *m, task_fn *fn,
    const void *args, struct ref *task_out);

/*
 * The synchronous form of a message that could be asynchronous: runs m on the
 * caller's thread inside a task made for it and destroyed or collected later.
 * c->task is set while it runs.  Returns what m->run returned.
 */
int task_run_sync(struct call *c, const struct method *m, const void *args,
    void *result);

#endif
