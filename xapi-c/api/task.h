/*
 * Task records: making, driving, ending and collecting them.
 *
 *     pending --task_end--> success | failure | cancelled
 *
 * A finished task never changes again.  task.cancel puts `cancel` into
 * current_operations; the work asks task_is_cancelled at its own points.
 * task.destroy of a pending task puts `destroy` there; task_end then deletes
 * it.  Tasks live in memory only: a restart of xapi forgets them.  All but
 * the writes of GC run on the thread that owns the call.
 */
#ifndef API_TASK_H
#define API_TASK_H

#include "api/call.h"

#define TASK_KEEP_S (65 * 60)		/* finished tasks */
#define TASK_PENDING_S (24 * 3600)	/* pending ones that nothing drives */
#define TASK_MAX 200			/* finished tasks kept */
#define TASK_MAX_FINISHED 1000		/* until that is seen to */
#define TASK_MAX_PENDING 1000		/* of all clients together */

struct task_new {
	const char *label;
	const char *description;
	struct ref subtask_of;
};

/* A pending task of c->session.  TOO_MANY_PENDING_TASKS. */
int task_make(struct call *c, const struct task_new *n, struct ref *task_out);
/* Has somebody asked c->task to stop?  False without a task. */
bool task_is_cancelled(struct call *c);
/* The same as an error: TASK_CANCELLED [task]. */
int task_check(struct call *c);
/* Progress (0..1) of c->task; writes twice a second at most when last_ms,
 * which the caller keeps (0 at first), is given. */
void task_progress(struct call *c, double fraction, int64_t *last_ms);
/*
 * Ends c->task: success with a result of type t (NULL: the text ""), or by
 * c->err when rc is not 0.  Refuses nothing.
 */
void task_end(struct call *c, int rc, const struct type *t,
    const void *result);
/* Deletes c->task (the synchronous form of a message). */
void task_drop(struct call *c);
/* Every 30 s, by the housekeeper of task_run.c. */
void task_gc(struct xapi *x);
#endif
