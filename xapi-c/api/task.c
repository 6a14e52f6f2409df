#include "api/task.h"

#include <stdlib.h>
#include <string.h>

#include "api/access/role.h"
#include "api/access/session.h"
#include "api/xapi.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/store.h"
#include "wire/emit.h"

#define PROGRESS_INTERVAL_MS 500
#define TASK_LABEL_MAX 1024

static bool
has_operation(const struct task *task, int op)
{
	const struct enum_pair *p = task->current_operations.v;

	for (uint32_t i = 0; i < task->current_operations.n; i++)
		if (p[i].value == op)
			return true;
	return false;
}

static bool
is_finished(const struct task *task)
{
	return task->status == TASK_STATUS_TYPE_SUCCESS ||
	    task->status == TASK_STATUS_TYPE_FAILURE ||
	    task->status == TASK_STATUS_TYPE_CANCELLED;
}

static struct vec
enum_set(struct db_txn *t, int a, int b)
{
	const int values[] = { a, b };

	return vec_enums(txn_arena(t), values, b == -1 ? 1 : 2);
}

/* -- limits -- */

/* Tasks of a kind that share a limit. */
struct crowd {
	bool finished;			/* or pending and made by clients */
	const struct ref *session;	/* NULL: of any */
	const char *owner;		/* NULL: of any */
	bool large;			/* only those with a large result */
	/* while counting: */
	uint32_t n;
	size_t bytes;			/* of results */
	struct ref oldest;		/* null: none that may go */
	uint64_t oldest_change;
};

static size_t
length(const char *result)
{
	return result ? strlen(result) : 0;
}

static bool
is_in_crowd(const struct crowd *k, const struct task *task)
{
	if (k->finished != is_finished(task) ||
	    (!k->finished && !task->client_made))
		return false;
	if (k->session && !ref_equal(k->session, &task->session))
		return false;
	if (k->large && length(task->result) <= TASK_TEXT_MAX)
		return false;
	return !k->owner || strcmp(k->owner, task->owner) == 0;
}

static int
crowd_count(const void *obj, void *arg)
{
	const struct task *task = obj;
	struct crowd *k = arg;
	uint64_t change = k->finished ? task->obj.changed : task->obj.created;

	if (!is_in_crowd(k, task))
		return 0;
	k->n++;
	k->bytes += k->large ? length(task->result) : 0;
	if ((k->finished || !task->driven) &&
	    (ref_is_null(&k->oldest) || change < k->oldest_change)) {
		k->oldest = task->obj.ref;
		k->oldest_change = change;
	}
	return 0;
}

/* Makes room for one more: the oldest goes if they are max. */
static void
crowd_trim(struct db_txn *t, struct crowd k, uint32_t max)
{
	txn_each(t, CLASS_TASK, crowd_count, &k);
	if (k.n >= max && !ref_is_null(&k.oldest))
		txn_delete(t, CLASS_TASK, &k.oldest);
}

/* Makes room for a large result of len bytes: the oldest such tasks of a crowd
 * go until they and it have max at most. */
static void
results_trim(struct db_txn *t, struct crowd of, size_t len, size_t max)
{
	struct crowd k;

	of.finished = of.large = true;
	do {
		k = of;
		txn_each(t, CLASS_TASK, crowd_count, &k);
		if (k.bytes + len > max)
			txn_delete(t, CLASS_TASK, &k.oldest);
	} while (k.bytes + len > max && k.n);
}

/* -- making -- */

struct make {
	struct call *c;
	const struct task_new *n;
	struct ref ref;
};

/* The subject that c's session is of; "" for root. */
static const char *
owner_of(struct db_txn *t, const struct call *c)
{
	const struct session *s = txn_get(t, CLASS_SESSION, &c->session);

	return s && s->auth_user_sid ? s->auth_user_sid : "";
}

static void
make_room(struct db_txn *t, const struct ref *session, const char *owner)
{
	crowd_trim(t, (struct crowd){ .session = session },
	    TASK_CLIENT_SESSION);
	crowd_trim(t, (struct crowd){ .owner = owner }, TASK_CLIENT_OWNER);
	crowd_trim(t, (struct crowd){ 0 }, TASK_CLIENT_MAX);
}

static int
make_in(struct db_txn *t, void *arg)
{
	struct make *m = arg;
	const char *owner = owner_of(t, m->c);
	struct task *task;

	if (m->n->client_made)
		make_room(t, &m->c->session, owner);
	task = task_txn_new(t);
	m->ref = task->obj.ref;
	task->name_label = m->n->label;
	task->name_description = m->n->description;
	task->created = clock_wall_s();
	task->status_mono_ms = clock_mono_ms();
	task->status = TASK_STATUS_TYPE_PENDING;
	task->session = m->c->session;
	task->owner = owner;
	task->client_made = m->n->client_made;
	task->resident_on = m->c->x->host;
	task->type = "<none/>";
	if (txn_get(t, CLASS_TASK, &m->n->subtask_of))
		task->subtask_of = m->n->subtask_of;
	task->allowed_operations = enum_set(t,
	    TASK_ALLOWED_OPERATIONS_CANCEL, TASK_ALLOWED_OPERATIONS_DESTROY);
	return 0;
}

int
task_make(struct call *c, const struct task_new *n, struct ref *task_out)
{
	struct make m = { .c = c, .n = n };

	if (call_write(c, make_in, &m))
		return -1;
	*task_out = m.ref;
	return 0;
}

/* May c change a task that others may see? */
static int
may_change(struct call *c, struct db_txn *t, const struct task *task)
{
	const char *owner;

	if (c->superuser || ref_equal(&task->session, &c->session))
		return 0;
	owner = owner_of(t, c);
	if (*owner && strcmp(owner, task->owner) == 0)
		return 0;
	return session_allow(c, ROLE_ANY_TASK);
}

struct take {
	struct call *c;
	struct ref ref;
};

static int
take_in(struct db_txn *t, void *arg)
{
	struct take *k = arg;
	struct task *task = call_txn_edit(k->c, t, CLASS_TASK, &k->ref);

	if (!task || may_change(k->c, t, task))
		return -1;
	if (!task->client_made)
		return err_operation_not_allowed(k->c,
		    "no client made the task");
	if (task->driven || task->status != TASK_STATUS_TYPE_PENDING)
		return err_operation_not_allowed(k->c,
		    "the task has ended or is driven already");
	task->driven = true;
	return 0;
}

int
task_take(struct call *c, const struct ref *task)
{
	struct take k = { .c = c, .ref = *task };

	if (call_write(c, take_in, &k))
		return -1;
	c->task = *task;
	return 0;
}

/* -- driving -- */

bool
task_is_cancelled(struct call *c)
{
	struct db_root *root;
	const struct task *task;
	bool yes;

	if (ref_is_null(&c->task) || c->undoing)
		return false;
	root = db_root_get(c->x->db);
	task = task_find(root, &c->task);
	yes = task && has_operation(task, TASK_ALLOWED_OPERATIONS_CANCEL);
	db_root_put(root);
	return yes;
}

int
task_check(struct call *c)
{
	if (!task_is_cancelled(c))
		return 0;
	return err_task_cancelled(c, call_ref_text(c, &c->task));
}

struct progress {
	struct ref task;
	double fraction;
};

static int
progress_in(struct db_txn *t, void *arg)
{
	const struct progress *p = arg;
	struct task *task = task_txn_edit(t, &p->task);

	if (task && !is_finished(task))
		task->progress = p->fraction;
	return 0;
}

void
task_progress(struct call *c, double fraction, int64_t *last_ms)
{
	struct progress p = { .task = c->task };
	int64_t now = clock_mono_ms();

	if (ref_is_null(&c->task) || c->part)
		return;
	if (*last_ms && now - *last_ms < PROGRESS_INTERVAL_MS)
		return;
	*last_ms = now;
	p.fraction = fraction < 0 ? 0 : fraction > 1 ? 1 : fraction;
	db_write(c->x->db, progress_in, &p);
}

/* -- ending -- */

struct end {
	struct call *c;
	int status;
	const char *result;
};

static struct vec
error_texts(struct arena *a, const struct error *err)
{
	const char **texts = arena_alloc(a,
	    (size_t)(err->n + 1) * sizeof(*texts));

	texts[0] = err->code;
	for (int i = 0; i < err->n; i++)
		texts[i + 1] = err->params[i];
	return (struct vec){ .v = texts, .n = (uint32_t)err->n + 1 };
}

/* A subject's sessions count together: with many it would drive out what others
 * have not seen yet. */
static void
make_room_finished(struct db_txn *t, const struct task *task)
{
	crowd_trim(t, (struct crowd){ .finished = true,
	    .session = &task->session }, TASK_FINISHED_SESSION);
	if (*task->owner)
		crowd_trim(t, (struct crowd){ .finished = true,
		    .owner = task->owner }, TASK_FINISHED_OWNER);
	crowd_trim(t, (struct crowd){ .finished = true }, TASK_FINISHED_MAX);
}

static void
make_room_result(struct db_txn *t, const struct task *task, size_t len)
{
	results_trim(t, *task->owner ?
	    (struct crowd){ .owner = task->owner } :
	    (struct crowd){ .session = &task->session }, len,
	    TASK_RESULTS_SESSION);
	results_trim(t, (struct crowd){ 0 }, len, TASK_RESULTS_MAX);
}

static void
finish(struct db_txn *t, struct task *task, int status, const char *result,
    struct vec error_info)
{
	make_room_finished(t, task);
	if (length(result) > TASK_TEXT_MAX)
		make_room_result(t, task, length(result));
	task->status = status;
	task->result = result;
	task->error_info = error_info;
	task->progress = 1.0;
	task->finished = clock_wall_s();
	task->status_mono_ms = clock_mono_ms();
	task->current_operations = (struct vec){ 0 };
	task->allowed_operations = (struct vec){ 0 };
}

static int
end_in(struct db_txn *t, void *arg)
{
	const struct end *e = arg;
	struct task *task = task_txn_edit(t, &e->c->task);
	struct vec error_info = { 0 };

	if (!task || is_finished(task))
		return 0;
	if (has_operation(task, TASK_ALLOWED_OPERATIONS_DESTROY)) {
		txn_delete(t, CLASS_TASK, &e->c->task);
		return 0;
	}
	if (e->status != TASK_STATUS_TYPE_SUCCESS)
		error_info = error_texts(txn_arena(t), &e->c->err);
	finish(t, task, e->status, e->result, error_info);
	return 0;
}

void
task_end(struct call *c, int rc, const struct type *t, const void *result)
{
	struct end e = { .c = c, .result = "" };
	struct buf b = { 0 };

	if (ref_is_null(&c->task))
		return;
	if (rc == 0 && t) {
		emit_xml_value(&b, t, result);
		if (b.len > TASK_RESULTS_SESSION)
			rc = err_out_of_space(c, "results of tasks");
	}
	if (rc == 0) {
		e.status = TASK_STATUS_TYPE_SUCCESS;
		e.result = b.data ? b.data : "";
	} else if (c->err.code && strcmp(c->err.code, "TASK_CANCELLED") == 0) {
		e.status = TASK_STATUS_TYPE_CANCELLED;
	} else {
		e.status = TASK_STATUS_TYPE_FAILURE;
	}
	call_write_surely(c, end_in, &e);
	buf_release(&b);
}

static int
drop_in(struct db_txn *t, void *arg)
{
	txn_delete(t, CLASS_TASK, arg);
	return 0;
}

void
task_drop(struct call *c)
{
	if (!ref_is_null(&c->task))
		call_write_surely(c, drop_in, &c->task);
}

/* -- collecting -- */

struct gc_finished {
	struct ref session;
	struct ref ref;
	uint64_t change;
};

/* Ages are told by the clock that nobody sets.  What has no room waits for the
 * next time. */
struct gc {
	int64_t now_mono_ms;
	uint32_t room;
	uint32_t n_dead, n_finished;
	struct ref *dead;
	struct gc_finished *finished;
};

static int
gc_look(const void *obj, void *arg)
{
	const struct task *task = obj;
	struct gc *g = arg;
	int64_t age_s = (g->now_mono_ms - task->status_mono_ms) / 1000;

	if (age_s > (is_finished(task) ? TASK_KEEP_S : TASK_PENDING_S))
		g->dead[g->n_dead++] = task->obj.ref;
	else if (is_finished(task))
		g->finished[g->n_finished++] = (struct gc_finished){
		    task->session, task->obj.ref, task->obj.changed };
	return g->n_dead + g->n_finished >= g->room;
}

/* By session, the newest first. */
static int
gc_order(const void *a, const void *b)
{
	const struct gc_finished *x = a, *y = b;
	int order = memcmp(&x->session, &y->session, sizeof(x->session));

	if (order)
		return order;
	return x->change > y->change ? -1 : x->change < y->change;
}

static int
gc_in(struct db_txn *t, void *arg)
{
	struct gc *g = arg;
	const struct gc_finished *f = g->finished;
	uint32_t of_session = 0;

	g->n_dead = g->n_finished = 0;
	txn_each(t, CLASS_TASK, gc_look, g);
	for (uint32_t i = 0; i < g->n_dead; i++)
		txn_delete(t, CLASS_TASK, &g->dead[i]);
	qsort(g->finished, g->n_finished, sizeof(*f), gc_order);
	for (uint32_t i = 0; i < g->n_finished; i++) {
		if (i && !ref_equal(&f[i].session, &f[i - 1].session))
			of_session = 0;
		if (++of_session > TASK_KEPT_SESSION)
			txn_delete(t, CLASS_TASK, &f[i].ref);
	}
	return 0;
}

void
task_gc(struct xapi *x)
{
	struct gc g = { .now_mono_ms = clock_mono_ms() };
	struct db_root *root = db_root_get(x->db);

	g.room = db_count(root, CLASS_TASK);
	db_root_put(root);
	if (!g.room)
		return;
	g.dead = mem_alloc(g.room * sizeof(*g.dead));
	g.finished = mem_alloc(g.room * sizeof(*g.finished));
	db_write(x->db, gc_in, &g);
	free(g.dead);
	free(g.finished);
}

/*
 * -- messages of class task --
 *
 * The keys of current_operations are words: everybody reads them, so they must
 * not tell who asked (a session's reference is its credential).
 */

/* What a message does to a task. */
struct change {
	struct call *c;
	struct ref task;
	int status;
	double progress;
	const char *text;
	struct vec set;
};

static int
too_long(struct call *c, const char *field, const char *text, size_t max)
{
	if (strlen(text) <= max)
		return 0;
	return err_invalid_value(c, field, "too long");
}

int
api_task_create(struct call *c, const struct task_create_args *a,
    struct ref *result)
{
	const struct task_new n = {
		.label = a->label, .description = a->description,
		.client_made = true,
	};

	if (too_long(c, "label", a->label ? a->label : "", TASK_LABEL_MAX) ||
	    too_long(c, "description", a->description ? a->description : "",
	    TASK_LABEL_MAX))
		return -1;
	return task_make(c, &n, result);
}

static int
destroy_in(struct db_txn *t, void *arg)
{
	struct change *ch = arg;
	const struct task *task = call_txn_get(ch->c, t, CLASS_TASK,
	    &ch->task);
	struct task *draft;

	if (!task || may_change(ch->c, t, task))
		return -1;
	if (is_finished(task)) {
		txn_delete(t, CLASS_TASK, &ch->task);
		return 0;
	}
	draft = task_txn_edit(t, &ch->task);
	draft->current_operations = enum_map_set(txn_arena(t),
	    draft->current_operations, "destroy",
	    TASK_ALLOWED_OPERATIONS_DESTROY);
	return 0;
}

int
api_task_destroy(struct call *c, const struct task_destroy_args *a)
{
	struct change ch = { .c = c, .task = a->self };

	return call_write(c, destroy_in, &ch);
}

static int
cancel_in(struct db_txn *t, void *arg)
{
	struct change *ch = arg;
	struct task *task = call_txn_edit(ch->c, t, CLASS_TASK, &ch->task);

	if (!task || may_change(ch->c, t, task))
		return -1;
	if (!set_has_enum(task->allowed_operations,
	    TASK_ALLOWED_OPERATIONS_CANCEL))
		return err_operation_not_allowed(ch->c,
		    "the task cannot be cancelled");
	task->current_operations = enum_map_set(txn_arena(t),
	    task->current_operations, "cancel",
	    TASK_ALLOWED_OPERATIONS_CANCEL);
	return 0;
}

int
api_task_cancel(struct call *c, const struct task_cancel_args *a)
{
	struct change ch = { .c = c, .task = a->task };

	return call_write(c, cancel_in, &ch);
}

/* A pending task, to be changed by the client that drives it. */
static struct task *
pending_edit(struct db_txn *t, struct change *ch)
{
	struct task *task = call_txn_edit(ch->c, t, CLASS_TASK, &ch->task);

	if (!task || may_change(ch->c, t, task))
		return NULL;
	if (!task->client_made) {
		err_operation_not_allowed(ch->c, "no client made the task");
		return NULL;
	}
	if (is_finished(task)) {
		err_operation_not_allowed(ch->c, "the task has finished");
		return NULL;
	}
	if (task->driven) {
		err_operation_not_allowed(ch->c, "a transfer drives the task");
		return NULL;
	}
	return task;
}

static int
status_in(struct db_txn *t, void *arg)
{
	struct change *ch = arg;
	struct task *task = pending_edit(t, ch);

	if (!task)
		return -1;
	if (ch->status == TASK_STATUS_TYPE_PENDING ||
	    ch->status == TASK_STATUS_TYPE_CANCELLING)
		task->status = ch->status;
	else if (has_operation(task, TASK_ALLOWED_OPERATIONS_DESTROY))
		txn_delete(t, CLASS_TASK, &ch->task);
	else
		finish(t, task, ch->status, task->result, task->error_info);
	return 0;
}

int
api_task_set_status(struct call *c, const struct task_set_status_args *a)
{
	struct change ch = { .c = c, .task = a->self, .status = a->value };

	return call_write(c, status_in, &ch);
}

static int
set_progress_in(struct db_txn *t, void *arg)
{
	struct change *ch = arg;
	struct task *task = pending_edit(t, ch);

	if (!task)
		return -1;
	task->progress = ch->progress;
	return 0;
}

int
api_task_set_progress(struct call *c, const struct task_set_progress_args *a)
{
	struct change ch = { .c = c, .task = a->self, .progress = a->value };

	if (!call_find(c, CLASS_TASK, &a->self))
		return -1;
	if (!(a->value >= 0.0 && a->value <= 1.0))
		return err_invalid_value(c, "value",
		    arena_printf(c->arena, "%g", a->value));
	return call_write(c, set_progress_in, &ch);
}

static int
set_result_in(struct db_txn *t, void *arg)
{
	struct change *ch = arg;
	struct task *task = pending_edit(t, ch);

	if (!task)
		return -1;
	task->result = ch->text;
	return 0;
}

int
api_task_set_result(struct call *c, const struct task_set_result_args *a)
{
	struct change ch = { .c = c, .task = a->self, .text = a->value };

	if (too_long(c, "value", a->value ? a->value : "", TASK_TEXT_MAX))
		return -1;
	return call_write(c, set_result_in, &ch);
}

static int
set_error_info_in(struct db_txn *t, void *arg)
{
	struct change *ch = arg;
	struct task *task = pending_edit(t, ch);

	if (!task)
		return -1;
	task->error_info = ch->set;
	return 0;
}

int
api_task_set_error_info(struct call *c,
    const struct task_set_error_info_args *a)
{
	struct change ch = { .c = c, .task = a->self, .set = a->value };

	if (vec_text_size(a->value, 1) > TASK_TEXT_MAX)
		return err_invalid_value(c, "value", "too long");
	return call_write(c, set_error_info_in, &ch);
}
