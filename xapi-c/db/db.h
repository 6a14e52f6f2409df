/*
 * The object store: every XenAPI object, in memory and (by its class's and
 * fields' persistence) in SQLite.
 *
 * Reading.  db_root_get takes a reference to the current root, an immutable
 * picture of all objects; whatever is found through it stays valid until
 * db_root_put.  Any thread; never waits for a writer.
 *
 * Writing.  db_write runs fn on the one writer thread, against the newest
 * state, and returns when its changes are durable and visible (those of
 * volatile fields only: visible).  Requests that wait together share one
 * SQLite transaction and one fsync.  fn must not block, must not call db_write
 * and uses only txn_* functions.  It may run several times: when the disk
 * refuses what it shared a transaction with, or another member of the pool was
 * first, the run before is undone; so it must not count on what that left in
 * arg.  If fn returns non-zero nothing it did is kept and
 * db_write returns that value.  -EIO / -ENOSPC: the disk refused; the
 * change was not made and reading goes on.  (If the process ends before
 * another write succeeds, the next one may find it made, wholly: the disk may
 * have it although it said no.)  In a pool also what db/log.h says
 * of append.
 *
 * Relations (VBD.VM -> VM.VBDs) are kept by the commit: set the single end,
 * the far set follows; deleting an object deletes what its cascading fields
 * (VM.VBDs, VM.metrics) refer to, removes it from the far sets and sets
 * references to it to null, but for those to objects that are never stored.
 *
 * Knows nothing of XenAPI errors, requests or sockets.
 */
#ifndef DB_DB_H
#define DB_DB_H

#include "base/arena.h"
#include "base/object.h"

struct db;
struct db_log;
struct db_root;
struct db_txn;

struct db_config {
	const char *path;	/* SQLite file; NULL: memory only (tests) */
	const struct class_type *const *classes;	/* indexed by class id */
	int n_classes;
	/* Called on the writer thread after each publication; must not block. */
	void (*published)(void *arg);
	void *published_arg;
	/* Called on the writer thread when the disk begins to refuse writes
	 * (-errno), and when it takes them again (0); must not block. */
	void (*disk)(void *arg, int rc);
	void *disk_arg;
	/* NULL: log_local.  See db/log.h. */
	const struct db_log *log;
	void *log_arg;
	/* How long entries of db_apply_later may wait for more of them. */
	int64_t apply_wait_ns;
};

/* 0 or -errno; on failure *why is a static or config-lifetime text. */
int db_open(const struct db_config *cfg, struct db **db_out,
    const char **why);
void db_close(struct db *db);		/* waits for queued writes */

struct db_root *db_root_get(struct db *db);
void db_root_put(struct db_root *root);
uint64_t db_generation(const struct db_root *root);
/* Generation of the last change (or deletion) in a class. */
uint64_t db_class_generation(const struct db_root *root, int class_id);
/* Deletions in a class up to this generation may be forgotten. */
uint64_t db_class_horizon(const struct db_root *root, int class_id);
uint32_t db_count(const struct db_root *root, int class_id);

/* NULL if there is none.  The result is the class's struct. */
const void *db_find(const struct db_root *root, int class_id,
    const struct ref *ref);
const void *db_find_uuid(const struct db_root *root, int class_id,
    const char *uuid);
/* Class id of the object with this ref, or -1. */
int db_class_of(const struct db_root *root, const struct ref *ref);
/* All objects (of that name_label), in no promised order; fn returns
 * non-zero to stop, which is returned. */
int db_each(const struct db_root *root, int class_id,
    int (*fn)(const void *obj, void *arg), void *arg);
int db_each_named(const struct db_root *root, int class_id,
    const char *name_label, int (*fn)(const void *obj, void *arg), void *arg);

/* What changed in a class after generation since, oldest change first.
 * obj is NULL for a deletion, whose created generation is given instead. */
struct db_change {
	const struct object *obj;
	struct ref ref;
	uint64_t created;
	uint64_t changed;
};
int db_changes(const struct db_root *root, int class_id, uint64_t since,
    int (*fn)(const struct db_change *ch, void *arg), void *arg);

/* Keeps one object beyond its root. */
void object_get(const struct object *o);
void object_put(const struct object *o);

typedef int db_write_fn(struct db_txn *t, void *arg);
int db_write(struct db *db, db_write_fn *fn, void *arg);

/* In a write: the newest version, including this write's own changes. */
const void *txn_get(struct db_txn *t, int class_id, const struct ref *ref);
const void *txn_find_uuid(struct db_txn *t, int class_id, const char *uuid);
int txn_each(struct db_txn *t, int class_id,
    int (*fn)(const void *obj, void *arg), void *arg);
/*
 * A draft to change in place: a shallow copy whose pointers may be replaced by
 * others from txn_arena.  NULL if there is no such object.  Equal drafts
 * commit nothing.  Derived fields must not be written.
 */
void *txn_edit(struct db_txn *t, int class_id, const struct ref *ref);
/* A new object with the class's defaults, a random ref (or *ref) and, if the
 * class has one, a random uuid. */
void *txn_new(struct db_txn *t, int class_id, const struct ref *ref);
bool txn_delete(struct db_txn *t, int class_id, const struct ref *ref);
/* Makes a `mod` event for an unchanged object (event.inject). */
bool txn_touch(struct db_txn *t, int class_id, const struct ref *ref);
/* Leaves a new object in memory, where no disk is needed for it and no other
 * member sees it, until a write changes or touches it: then it is stored. */
bool txn_keep_in_memory(struct db_txn *t, int class_id,
    const struct ref *ref);
struct arena *txn_arena(struct db_txn *t);
/* A class of which the write makes more than it deletes, so that there would be
 * more than most(class id) allows; -1: none.  What cascades delete is not yet
 * counted. */
int txn_crowded(struct db_txn *t, uint32_t (*most)(int class_id));
/* Bytes in memory of all objects before the write, and by how many its stored
 * fields make that more (or less). */
uint64_t txn_bytes(const struct db_txn *t);
int64_t txn_growth(const struct db_txn *t);
/* Generation that this write's changes will carry. */
uint64_t txn_generation(const struct db_txn *t);

#endif
