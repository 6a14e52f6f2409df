/*
 * The context of one XenAPI call: everything a handler may use.  Handlers are
 * declared in build/gen/methods.h:
 *
 *     int api_vm_start(struct call *c, const struct vm_start_args *a);
 *     int api_vm_clone(struct call *c, const struct vm_clone_args *a,
 *         struct ref *result);
 *
 * They return 0, or -1 with c->err set (err_*() of build/gen/errors.h set it
 * and return -1).  The dispatcher checked session and role, and took root.
 * One thread owns a call at a time; results may point into c->arena or into
 * objects of c->root.
 */
#ifndef API_CALL_H
#define API_CALL_H

#include "base/arena.h"
#include "base/source.h"
#include "db/db.h"

/*
 * What all clients together may make of this host's memory.  A write beyond it
 * is OUT_OF_SPACE: by call_write, that is, for whatever a client asks for.
 * Writes that keep the record true to the machine, delete or shrink go on.
 * Sessions and tasks have quotas of their own (session.h, task.h).
 */
#define OBJECTS_MAX 4096		/* of a class: VMs, with templates and
					 * snapshots, networks, ... */
#define OBJECTS_MAX_MANY 16384		/* VBDs, VIFs, VDIs, messages */
#define OBJECTS_MAX_BYTES (32u << 20)	/* of all classes */

/* Bytes of a text, map or set of an object that lives in memory only. */
#define CALL_VOLATILE_MAX 4096

#define ERROR_MAX_PARAMS 16

struct error {
	const char *code;		/* NULL: no error */
	const char *params[ERROR_MAX_PARAMS];	/* in the call's arena */
	int n;
};

struct xapi;
struct older_root;

struct call {
	struct xapi *x;			/* the daemon, see api/xapi.h */
	struct arena *arena;
	struct db_root *root;		/* state when the call began, or since */
	struct older_root *older;	/* those before call_refresh */
	struct ref session;		/* null: call needs none */
	struct ref task;		/* null: call is not a task */
	bool part;			/* of a task that tells its own progress */
	bool undoing;			/* see call_undo_begin */
	struct source from;		/* who sent it */
	bool superuser;			/* local root or pool session */
	bool local_root;		/* sent by root on this host, by the
					 * socket that nobody else reaches */
	int64_t patience_ms;		/* how long to wait for an oplock */
	struct error err;
};

/* Sets c->err (copying the texts) and returns -1. */
int call_error(struct call *c, const char *code,
    const char *const *params, int n);
/* Replaces c->root by the newest state.  What was found in the one before stays
 * what it was until call_close: no pointer dangles. */
void call_refresh(struct call *c);
/* Lets go of c->root and those before it. */
void call_close(struct call *c);
/* db_write for handlers: -1 with c->err set when the disk refused, or when
 * there would be too much. */
int call_write(struct call *c, db_write_fn *fn, void *arg);
/* Would call_write, now?  Likewise, and nothing is kept: for what is to be known
 * before something that cannot be taken back.  fn runs again in the write. */
int call_rehearse(struct call *c, db_write_fn *fn, void *arg);
/* db_write of volatile fields, which must not stay undone and which a full
 * disk does not hinder: tries until it is taken. */
void call_write_surely(struct call *c, db_write_fn *fn, void *arg);
/* The object in c->root; NULL with HANDLE_INVALID [class, ref] set. */
const void *call_find(struct call *c, int class_id, const struct ref *ref);
/* The newest version in a write, or a draft of it; NULL likewise. */
const void *call_txn_get(struct call *c, struct db_txn *t, int class_id,
    const struct ref *ref);
void *call_txn_edit(struct call *c, struct db_txn *t, int class_id,
    const struct ref *ref);
/*
 * Between these two c takes back what it did, or clears away what is over: a task
 * that was cancelled does not stop that too, and c->err is afterwards what it was
 * before.  They nest.
 */
struct call_undo {
	struct error err;
	bool undoing;
};
void call_undo_begin(struct call *c, struct call_undo *u);
void call_undo_end(struct call *c, const struct call_undo *u);

/* A write that deletes one object and nothing else. */
int call_delete(struct call *c, int class_id, const struct ref *ref);
/* The class of that name; CLASS_N: none. */
int call_class(const char *name);
/* Texts in the call's arena. */
const char *call_ref_text(struct call *c, const struct ref *r);

#endif
