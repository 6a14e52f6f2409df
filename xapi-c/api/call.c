#include "api/call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/xapi.h"
#include "base/log.h"
#include "base/mem.h"
#include "gen/errors.h"
#include "gen/types.h"

#define RETRY_MS 200

int
call_error(struct call *c, const char *code, const char *const *params, int n)
{
	if (n > ERROR_MAX_PARAMS)
		n = ERROR_MAX_PARAMS;
	c->err.code = arena_strdup(c->arena, code);
	for (int i = 0; i < n; i++)
		c->err.params[i] = arena_strdup(c->arena,
		    params[i] ? params[i] : "");
	c->err.n = n;
	return -1;
}

struct older_root {
	struct older_root *next;
	struct db_root *root;
};

/* Not from the arena, which a task may take from the call. */
void
call_refresh(struct call *c)
{
	struct older_root *o;

	if (c->root) {
		o = mem_alloc(sizeof(*o));
		*o = (struct older_root){ c->older, c->root };
		c->older = o;
	}
	c->root = db_root_get(c->x->db);
}

void
call_close(struct call *c)
{
	db_root_put(c->root);
	c->root = NULL;
	while (c->older) {
		struct older_root *o = c->older;

		c->older = o->next;
		db_root_put(o->root);
		free(o);
	}
}

static uint32_t
most_objects(int class_id)
{
	switch (class_id) {
	case CLASS_MESSAGE:
	case CLASS_VBD:
	case CLASS_VIF:
	case CLASS_VDI:
		return OBJECTS_MAX_MANY;
	default:
		return OBJECTS_MAX;
	}
}

struct bounded {
	struct call *c;
	db_write_fn *fn;
	void *arg;
	struct error before;		/* what c->err was */
	bool rehearsed;			/* out: it would have been made */
};

/* A run that failed may be followed by one that does not. */
static int
fresh_in(struct db_txn *t, void *arg)
{
	struct bounded *b = arg;

	b->c->err = b->before;
	return b->fn(t, b->arg);
}

static int
bounded_in(struct db_txn *t, void *arg)
{
	struct bounded *b = arg;
	int64_t growth;
	int rc = fresh_in(t, b), id;

	if (rc)
		return rc;
	id = txn_crowded(t, most_objects);
	if (id >= 0)
		return err_out_of_space(b->c, arena_printf(b->c->arena,
		    "objects of class %s: %u at most",
		    classes[id]->rec.name, most_objects(id)));
	growth = txn_growth(t);
	if (growth > 0 && txn_bytes(t) + (uint64_t)growth > OBJECTS_MAX_BYTES)
		return err_out_of_space(b->c, arena_printf(b->c->arena,
		    "all objects: %u MiB at most", OBJECTS_MAX_BYTES >> 20));
	return 0;
}

static int
write_failed(struct call *c, int rc)
{
	if (c->err.code)
		return -1;
	log_error("cannot write the database: %s", strerror(-rc));
	if (rc == -ENOSPC)
		return err_out_of_space(c, "state of the host");
	return err_internal_error(c, arena_printf(c->arena,
	    "the database refused the change: %s", strerror(-rc)));
}

int
call_write(struct call *c, db_write_fn *fn, void *arg)
{
	struct bounded b = { .c = c, .fn = fn, .arg = arg,
	    .before = c->err };
	int rc = db_write(c->x->db, bounded_in, &b);

	return rc ? write_failed(c, rc) : 0;
}

static int
rehearse_in(struct db_txn *t, void *arg)
{
	struct bounded *b = arg;
	int rc = bounded_in(t, b);

	b->rehearsed = rc == 0;
	return rc ? rc : -ECANCELED;
}

int
call_rehearse(struct call *c, db_write_fn *fn, void *arg)
{
	struct bounded b = { .c = c, .fn = fn, .arg = arg,
	    .before = c->err };
	int rc = db_write(c->x->db, rehearse_in, &b);

	return b.rehearsed ? 0 : write_failed(c, rc);
}

void
call_write_surely(struct call *c, db_write_fn *fn, void *arg)
{
	const struct timespec pause = { .tv_nsec = RETRY_MS * 1000000L };
	struct bounded b = { .c = c, .fn = fn, .arg = arg,
	    .before = c->err };

	while (db_write(c->x->db, fresh_in, &b))
		nanosleep(&pause, NULL);
}

void
call_undo_begin(struct call *c, struct call_undo *u)
{
	*u = (struct call_undo){ c->err, c->undoing };
	c->undoing = true;
	c->err = (struct error){ 0 };
}

void
call_undo_end(struct call *c, const struct call_undo *u)
{
	c->undoing = u->undoing;
	c->err = u->err;
}

static int
handle_invalid(struct call *c, int class_id, const struct ref *ref)
{
	return err_handle_invalid(c, classes[class_id]->rec.name,
	    call_ref_text(c, ref));
}

const void *
call_find(struct call *c, int class_id, const struct ref *ref)
{
	const void *obj = db_find(c->root, class_id, ref);

	if (!obj)
		handle_invalid(c, class_id, ref);
	return obj;
}

const void *
call_txn_get(struct call *c, struct db_txn *t, int class_id,
    const struct ref *ref)
{
	const void *obj = txn_get(t, class_id, ref);

	if (!obj)
		handle_invalid(c, class_id, ref);
	return obj;
}

void *
call_txn_edit(struct call *c, struct db_txn *t, int class_id,
    const struct ref *ref)
{
	void *obj = txn_edit(t, class_id, ref);

	if (!obj)
		handle_invalid(c, class_id, ref);
	return obj;
}

struct deletion {
	struct call *c;
	int class_id;
	const struct ref *ref;
};

static int
delete_in(struct db_txn *t, void *arg)
{
	const struct deletion *d = arg;

	return txn_delete(t, d->class_id, d->ref) ? 0 :
	    handle_invalid(d->c, d->class_id, d->ref);
}

int
call_delete(struct call *c, int class_id, const struct ref *ref)
{
	return call_write(c, delete_in, &(struct deletion){ .c = c,
	    .class_id = class_id, .ref = ref });
}

int
call_class(const char *name)
{
	int i = 0;

	while (i < CLASS_N && strcmp(classes[i]->rec.name, name) != 0)
		i++;
	return i;
}

const char *
call_ref_text(struct call *c, const struct ref *r)
{
	char text[REF_TEXT_LEN + 1];

	return arena_strdup(c->arena, ref_text(r, text));
}
