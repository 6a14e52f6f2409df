#include "api/oplock.h"

#include <string.h>
#include <time.h>

#include "api/task.h"
#include "api/xapi.h"
#include "gen/errors.h"
#include "gen/store.h"

#define MAX_OPERATIONS 64
#define RETRY_MS 200

static struct vec *
field_at(void *obj, size_t offset)
{
	return (struct vec *)((char *)obj + offset);
}

static struct vec
current_of(const struct op_class *k, const void *obj)
{
	return *(const struct vec *)((const char *)obj + k->current);
}

static const struct op_class *
class_with_operations(int class_id)
{
	static const struct op_class *const all[] = { &vm_op_class,
	    &vbd_op_class, &vif_op_class, &vdi_op_class, &sr_op_class,
	    &vm_appliance_op_class };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i]->cls->id == class_id)
			return all[i];
	return NULL;
}

static bool
deletes(const struct op_class *k, int op)
{
	return k->deletes && k->deletes(op);
}

static bool
is_going(const struct op_class *k, const void *obj)
{
	struct vec current = current_of(k, obj);
	const struct enum_pair *p = current.v;

	for (uint32_t i = 0; i < current.n; i++)
		if (deletes(k, p[i].value))
			return true;
	return false;
}

/* The owner that field f of obj names, if it is one with operations. */
static const void *
owner_of(const struct view *v, const void *obj, const struct field *f,
    const struct op_class **k_out)
{
	const struct field *far;

	if (f->far_class < 0 || f->type->kind != KIND_REF)
		return NULL;
	far = &classes[f->far_class]->rec.fields[f->far_field];
	*k_out = class_with_operations(f->far_class);
	if (!(far->flags & FIELD_CASCADE) || !*k_out)
		return NULL;
	return view_get(v, f->far_class,
	    (const struct ref *)((const char *)obj + f->offset));
}

/* Nothing begins on what is about to go with its owner, or with that one's. */
static int
check_owners(const struct view *v, const struct op_class *k, const void *obj,
    struct call *c)
{
	const struct record_type *rt = &k->cls->rec;

	for (uint16_t i = 0; i < rt->n; i++) {
		const struct op_class *of;
		const void *owner = owner_of(v, obj, &rt->fields[i], &of);

		if (owner && is_going(of, owner))
			return op_in_progress(of, owner, c);
		if (owner && check_owners(v, of, owner, c))
			return -1;
	}
	return 0;
}

/* What would go with obj must not be under an operation. */
static int
check_owned(const struct view *v, const struct op_class *k, const void *obj,
    struct call *c)
{
	const struct record_type *rt = &k->cls->rec;

	for (uint16_t i = 0; i < rt->n; i++) {
		const struct field *f = &rt->fields[i];
		const struct op_class *of = f->far_class < 0 ? NULL :
		    class_with_operations(f->far_class);
		const struct vec *set =
		    (const struct vec *)((const char *)obj + f->offset);
		const struct ref *refs;

		if (!(f->flags & FIELD_CASCADE) || !of)
			continue;
		refs = set->v;
		for (uint32_t n = 0; n < set->n; n++) {
			const void *own = view_get(v, f->far_class, &refs[n]);

			if (own && current_of(of, own).n)
				return op_in_progress(of, own, c);
			if (own && check_owned(v, of, own, c))
				return -1;
		}
	}
	return 0;
}

int
op_check(const struct view *v, const struct op_class *k, const void *obj,
    int op, struct call *c)
{
	if (k->check(v, obj, op, c) || check_owners(v, k, obj, c))
		return -1;
	return deletes(k, op) ? check_owned(v, k, obj, c) : 0;
}

static void
refresh_draft(struct db_txn *t, const struct op_class *k, void *obj)
{
	const struct view v = { .t = t };
	int allowed[MAX_OPERATIONS];
	uint32_t n = 0;

	for (int op = 0; op < k->ops->n && n < MAX_OPERATIONS; op++)
		if (k->listed(op) && op_check(&v, k, obj, op, NULL) == 0)
			allowed[n++] = op;
	*field_at(obj, k->allowed) = vec_enums(txn_arena(t), allowed, n);
}

/* What obj is under counts for what may be done to its owners. */
static void
refresh_owners(struct db_txn *t, struct op_moves *m, const struct op_class *k,
    const void *obj)
{
	const struct record_type *rt = &k->cls->rec;
	const struct view v = { .t = t };

	for (uint16_t i = 0; i < rt->n; i++) {
		const struct op_class *of;
		const struct object *owner =
		    owner_of(&v, obj, &rt->fields[i], &of);

		if (!owner)
			continue;
		op_moves_note(m, &owner->ref);
		op_refresh(t, of, &owner->ref);
	}
}

/* An operation on obj begins or ends. */
static void
moved(struct db_txn *t, const struct oplock *l, void *obj)
{
	op_moves_note(l->moves, &l->ref);
	refresh_draft(t, l->k, obj);
	refresh_owners(t, l->moves, l->k, obj);
}

void
op_refresh(struct db_txn *t, const struct op_class *k, const struct ref *ref)
{
	void *obj = txn_edit(t, k->cls->id, ref);

	if (obj)
		refresh_draft(t, k, obj);
}

void
op_reset(struct db_txn *t, const struct op_class *k, const struct ref *ref)
{
	void *obj = txn_edit(t, k->cls->id, ref);

	if (!obj)
		return;
	*field_at(obj, k->current) = (struct vec){ 0 };
	refresh_draft(t, k, obj);
}

struct take {
	struct call *c;
	struct oplock *l;
	int op;
};

static int
take_in(struct db_txn *t, void *arg)
{
	struct take *a = arg;
	const struct op_class *k = a->l->k;
	const struct view v = { .t = t };
	void *obj = txn_edit(t, k->cls->id, &a->l->ref);
	struct vec *current;

	if (!obj)
		return err_handle_invalid(a->c, k->cls->rec.name,
		    call_ref_text(a->c, &a->l->ref));
	if (op_check(&v, k, obj, a->op, a->c))
		return -1;
	current = field_at(obj, k->current);
	*current = enum_map_set(txn_arena(t), *current, a->l->key, a->op);
	moved(t, a->l, obj);
	return 0;
}

/* After a refusal: true when it is worth another try, with c->err cleared. */
static bool
wait_turn(struct call *c, int64_t *waited_ms)
{
	const struct timespec pause = { .tv_nsec = RETRY_MS * 1000000L };

	if (strcmp(c->err.code, "OTHER_OPERATION_IN_PROGRESS") ||
	    *waited_ms >= c->patience_ms || task_is_cancelled(c))
		return false;
	nanosleep(&pause, NULL);
	*waited_ms += RETRY_MS;
	c->err = (struct error){ 0 };
	return true;
}

static const void *
take(struct call *c, struct oplock *l, const struct op_class *k,
    const struct ref *ref, int op)
{
	struct take a = { .c = c, .l = l, .op = op };
	struct ref key = c->task;
	int64_t waited_ms = 0;

	if (ref_is_null(&key))
		ref_random(&key);
	l->k = k;
	l->moves = &c->x->moves;
	l->ref = *ref;
	ref_text(&key, l->key);
	while (call_write(c, take_in, &a))
		if (!wait_turn(c, &waited_ms))
			return NULL;
	l->held = true;
	call_refresh(c);
	return call_find(c, k->cls->id, &l->ref);
}

const struct vm *
vm_lock(struct call *c, struct oplock *l, const struct ref *ref, int op)
{
	return take(c, l, &vm_op_class, ref, op);
}

const struct vbd *
vbd_lock(struct call *c, struct oplock *l, const struct ref *ref, int op)
{
	return take(c, l, &vbd_op_class, ref, op);
}

const struct vif *
vif_lock(struct call *c, struct oplock *l, const struct ref *ref, int op)
{
	return take(c, l, &vif_op_class, ref, op);
}

const struct vdi *
vdi_lock(struct call *c, struct oplock *l, const struct ref *ref, int op)
{
	return take(c, l, &vdi_op_class, ref, op);
}

const struct sr *
sr_lock(struct call *c, struct oplock *l, const struct ref *ref, int op)
{
	return take(c, l, &sr_op_class, ref, op);
}

const struct vm_appliance *
vm_appliance_lock(struct call *c, struct oplock *l, const struct ref *ref,
    int op)
{
	return take(c, l, &vm_appliance_op_class, ref, op);
}

void
oplock_release_in(struct db_txn *t, struct oplock *l)
{
	void *obj;
	struct vec *current;

	if (!l->held)
		return;
	obj = txn_edit(t, l->k->cls->id, &l->ref);
	if (!obj)
		return;
	current = field_at(obj, l->k->current);
	*current = enum_map_remove(txn_arena(t), *current, l->key);
	moved(t, l, obj);
}

int
oplock_write(struct call *c, struct oplock *l, db_write_fn *fn, void *arg)
{
	int rc = call_write(c, fn, arg);

	if (rc == 0)
		l->held = false;
	return rc;
}

static int
release_in(struct db_txn *t, void *arg)
{
	oplock_release_in(t, arg);
	return 0;
}

void
oplock_release(struct call *c, struct oplock *l)
{
	struct error saved = c->err;

	if (!l->held)
		return;
	call_write_surely(c, release_in, l);
	l->held = false;
	c->err = saved;
}

void
oplock_keep(struct oplock *l)
{
	l->held = false;
}

/* Locks are named by their tasks. */
static bool
task_is_pending(struct db_txn *t, const char *key)
{
	const struct task *task;
	struct ref ref;

	if (!ref_parse(key, &ref))
		return false;
	task = task_txn_get(t, &ref);
	return task && task->status == TASK_STATUS_TYPE_PENDING;
}

bool
op_is_under_way(struct db_txn *t, const struct op_class *k, const void *obj)
{
	struct vec current = current_of(k, obj);
	const struct enum_pair *p = current.v;

	for (uint32_t i = 0; i < current.n; i++)
		if (task_is_pending(t, p[i].key))
			return true;
	return false;
}

void
op_settle(struct db_txn *t, const struct op_class *k, const struct ref *ref)
{
	void *obj = txn_edit(t, k->cls->id, ref);
	struct vec current = obj ? current_of(k, obj) : (struct vec){ 0 };
	const struct enum_pair *p = current.v;
	struct vec left = current;

	for (uint32_t i = 0; i < current.n; i++)
		if (!task_is_pending(t, p[i].key))
			left = enum_map_remove(txn_arena(t), left, p[i].key);
	if (left.n == current.n)
		return;
	*field_at(obj, k->current) = left;
	refresh_draft(t, k, obj);
}

int
op_in_progress(const struct op_class *k, const void *obj, struct call *c)
{
	struct vec current = current_of(k, obj);
	const struct enum_pair *p = current.v;
	const struct object *o = obj;
	const char *ops = "", *tasks = "";

	if (!c)
		return -1;
	for (uint32_t i = 0; i < current.n; i++) {
		const char *sep = i ? "," : "";

		ops = arena_printf(c->arena, "%s%s%s", ops, sep,
		    k->ops->names[p[i].value]);
		tasks = arena_printf(c->arena, "%s%s%s", tasks, sep, p[i].key);
	}
	if (current.n > 1) {
		ops = arena_printf(c->arena, "{%s}", ops);
		tasks = arena_printf(c->arena, "{%s}", tasks);
	}
	return err_other_operation_in_progress(c, k->cls->rec.name,
	    call_ref_text(c, &o->ref), ops, tasks);
}
