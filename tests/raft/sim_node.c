#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault_vfs.h"
#include "poold/member_impl.h"
#include "sim.h"

/* raft's uv back end calls it once per turn of its loop; it is not in raft.h. */
void LegacyFireCompletedRequests(struct raft *r);

static void *
client_main(void *arg)
{
	struct node *n = arg;
	struct sim *s = n->sim;
	int rc;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		while (!n->op_running && !n->stop)
			pthread_cond_wait(&s->changed, &s->lock);
		if (n->stop)
			break;
		pthread_mutex_unlock(&s->lock);
		rc = db_write(n->db, work_write, n->op);
		pthread_mutex_lock(&s->lock);
		n->op->result = work_result(rc);
		if (n->op->result == OP_DONE)
			n->op->done_at = ++s->n_acked;
		n->op_running = false;
		pthread_cond_broadcast(&s->changed);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static void
wake(void *arg)
{
	struct node *n = arg;

	pthread_mutex_lock(&n->sim->lock);
	n->woken = true;
	pthread_cond_broadcast(&n->sim->changed);
	pthread_mutex_unlock(&n->sim->lock);
}

/* Called by the writer, which never runs at the same time as the driver. */
static uint64_t
draw(void *arg)
{
	struct node *n = arg;

	return sim_random(n->sim, UINT64_MAX);
}

static void
failed(void *arg, int rc)
{
	struct node *n = arg;

	if (!n->disk_full || rc != -ENOSPC)
		sim_fail(n->sim, "node %d: the database refused an entry: %s",
		    n->i, strerror(-rc));
	sim_trace(n->sim, "node %d: no room for an entry", n->i);
	n->doomed = true;
}

static void
role(void *arg, bool leads, uint64_t leader)
{
	struct node *n = arg;

	(void)leads;
	n->leader = leader;
	n->current = false;
	pthread_mutex_lock(&n->sim->lock);
	n->acked = n->sim->n_acked;
	pthread_mutex_unlock(&n->sim->lock);
}

static void
current(void *arg)
{
	struct node *n = arg;

	if (n->current || !n->leader)
		sim_fail(n->sim, "node %d is current out of turn", n->i);
	n->current = true;
	check_current(n->sim, n);
}

void
sim_disks(void)
{
	fault_install();
}

/* One node at a time touches its database: the fault is set for that one. */
static void
use_disk(struct node *n)
{
	fault_set(n->disk_full && n->path[0], SQLITE_FULL);
}

/* Until the client has its answer, or its write waits for the log: again, if the
 * log had no place for it. */
static void
wait_for_writer(struct node *n)
{
	struct sim *s = n->sim;
	bool runs = true;

	while (runs) {
		pthread_mutex_lock(&s->lock);
		n->woken = false;
		pthread_mutex_unlock(&s->lock);
		if (n->m && member_has_batch(n->m))
			return;
		pthread_mutex_lock(&s->lock);
		while (n->op_running && !n->woken)
			pthread_cond_wait(&s->changed, &s->lock);
		runs = n->op_running;
		pthread_mutex_unlock(&s->lock);
	}
}

static void
settle_writer(struct node *n)
{
	member_settle(n->m);
	wait_for_writer(n);
}

void
node_event(struct node *n, const struct sim_event *e)
{
	use_disk(n);
	e->run(n->sim, n, e->arg);
	if (n->m)
		settle_writer(n);
}

void
node_init(struct sim *s, int i, const char *dir)
{
	struct node *n = &s->nodes[i];

	n->sim = s;
	n->i = i;
	n->id = (uint64_t)i + 1;
	n->disk_ms = 5;
	snprintf(n->address, sizeof(n->address), "node%d", i);
	if (dir)
		snprintf(n->path, sizeof(n->path), "%s/state%d.db", dir, i);
	pthread_create(&n->client, NULL, client_main, n);
}

void
node_release(struct node *n)
{
	if (n->alive)
		node_kill(n);
	pthread_mutex_lock(&n->sim->lock);
	n->stop = true;
	pthread_cond_broadcast(&n->sim->changed);
	pthread_mutex_unlock(&n->sim->lock);
	pthread_join(n->client, NULL);
	disk_release(&n->disk);
}

bool
node_open(struct node *n)
{
	struct member_config mc = {
		.id = n->id, .address = n->address, .io = &n->io.io,
		.db = &work_db, .db_arg = &n->db,
		.random = draw, .wake = wake, .forward = sim_forward,
		.failed = failed, .role = role, .current = current, .arg = n,
		.heartbeat_ms = SIM_TICK_MS, .election_ms = 1000,
		.snapshot_after = 16 + (unsigned)sim_random(n->sim, 64),
		.snapshot_trailing = 4 + (unsigned)sim_random(n->sim, 30),
		.capacity_kib = 64,
	};
	struct db_config dc = {
		.path = n->path[0] ? n->path : NULL,
		.classes = model_classes, .n_classes = CLASS_N,
		.log = &work_log,
	};
	const char *why;

	sim_io_init(n);
	n->m = member_new(&mc);
	dc.log_arg = n->m;
	use_disk(n);
	if (db_open(&dc, &n->db, &why)) {
		if (!n->disk_full)
			sim_fail(n->sim, "node %d: %s", n->i, why);
		member_free(n->m);
		return false;
	}
	if (!n->path[0])
		n->applied = n->generation = 0;
	return true;
}

void
node_start(struct node *n)
{
	int rc;

	n->alive = true;
	sim_trace(n->sim, "node %d starts", n->i);
	rc = member_start(n->m);
	member_settle(n->m);
	if (rc)
		sim_fail(n->sim, "node %d: start: %s", n->i, strerror(-rc));
}

static void
closed(void *arg)
{
	struct node *n = arg;

	n->alive = false;
}

/* The file is as it was at its last sync. */
static void
lose_unsynced(const char *path)
{
	char synced[sizeof(((struct node *)0)->path) + 16];

	snprintf(synced, sizeof(synced), "%s.synced", path);
	/* none: there is no such file */
	if (rename(synced, path) == -1 && errno != ENOENT)
		abort();
}

static void
lose_power(struct node *n)
{
	char log[sizeof(n->path) + 8];

	snprintf(log, sizeof(log), "%s-wal", n->path);
	lose_unsynced(n->path);
	lose_unsynced(log);
	sim_trace(n->sim, "node %d: what was not synced is lost", n->i);
}

void
node_kill(struct node *n)
{
	struct op *op = n->op_running ? n->op : NULL;

	sim_trace(n->sim, "node %d dies", n->i);
	n->doomed = true;
	/* the dead tidy up nothing: SQLite's log stays */
	fault_set(1, SQLITE_IOERR_WRITE);
	sim_io_crash(n);
	member_close(n->m, closed, n);
	wait_for_writer(n);
	if (op)
		op->result = OP_UNKNOWN;	/* its client was not told */
	db_close(n->db);
	member_free(n->m);
	n->m = NULL;
	n->db = NULL;
	n->leader = 0;
	n->current = false;
	n->doomed = false;
	if (n->path[0] && sim_random(n->sim, 2))
		lose_power(n);
}

void
node_write(struct node *n, struct op *op)
{
	struct sim *s = n->sim;

	use_disk(n);
	pthread_mutex_lock(&s->lock);
	n->op = op;
	op->forwarded = work_replicated(op) && !member_is_leader(n->m);
	n->op_running = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	wait_for_writer(n);
	node_settle(n);
}

void
node_settle(struct node *n)
{
	use_disk(n);
	LegacyFireCompletedRequests(member_raft(n->m));
	settle_writer(n);
	member_poll(n->m);
	LegacyFireCompletedRequests(member_raft(n->m));
	settle_writer(n);
}
