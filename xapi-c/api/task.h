/*
 * Task records: making, driving, ending and collecting them.
 *
 *     pending --task_end--> success | failure | cancelled
 *
 * A finished task never changes again.  task.cancel puts `cancel` into
 * current_operations; the work asks task_is_cancelled at its own points.
 * task.destroy of a pending task puts `destroy` there; task_end then deletes
 * it.  Tasks live in memory only: a restart of xapi forgets them.  Who made a
 * task, and whoever has the permission task.destroy/any, may change it.  All but
 * the writes of GC run on the thread that owns the call.
 */
#ifndef API_TASK_H
#define API_TASK_H

#include "api/call.h"

#define TASK_KEEP_S (65 * 60)		/* finished tasks */
#define TASK_PENDING_S (24 * 3600)	/* pending ones that nothing drives */

/* Finished tasks; the oldest goes first. */
#define TASK_KEPT_SESSION 200		/* of one session, collected */
#define TASK_FINISHED_SESSION 1000	/* of one session, until then */
#define TASK_FINISHED_OWNER 1000	/* of one subject's sessions */
#define TASK_FINISHED_MAX 4000
/* Results above TASK_TEXT_MAX of these together: the oldest such task goes first.
 * One that is too large by itself is OUT_OF_SPACE. */
#define TASK_TEXT_MAX CALL_VOLATILE_MAX
#define TASK_RESULTS_SESSION (2u << 20)	/* or of one subject's sessions: 256 KiB of
					 * text, each byte escaped */
#define TASK_RESULTS_MAX (6u << 20)

/* Pending ones by task.create; the oldest that no transfer drives goes first.
 * Those of our own calls need no quota: threads bound them. */
#define TASK_CLIENT_SESSION 500
#define TASK_CLIENT_OWNER 1000		/* of one subject's sessions, or root's */
#define TASK_CLIENT_MAX 2000

struct task_new {
	const char *label;
	const char *description;
	struct ref subtask_of;		/* one that is not there counts as none */
	bool client_made;
};

/* A pending task of c->session. */
int task_make(struct call *c, const struct task_new *n, struct ref *task_out);
/*
 * Takes over a client's pending task for a transfer, which ends it with
 * task_end; sets c->task.  HANDLE_INVALID; OPERATION_NOT_ALLOWED for one that
 * task.create did not make, that has ended or that another transfer drives;
 * RBAC_PERMISSION_DENIED.
 */
int task_take(struct call *c, const struct ref *task);
/* Has somebody asked c->task to stop?  False without a task, and while c undoes
 * what it did (call_undo_begin). */
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
