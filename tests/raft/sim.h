/*
 * A pool in one process, in virtual time: every event (a tick, a message that
 * arrives, a disk that is done, a client's write, a fault) comes from one queue
 * and every choice from one generator, so a seed is a history.
 *
 * The databases and their writer threads are the real ones; the driver waits
 * for them at each step, which keeps them in order.
 */
#ifndef RAFT_SIM_H
#define RAFT_SIM_H

#include <pthread.h>
#include <raft.h>
#include <stdbool.h>
#include <stdint.h>

#include "poold/member.h"
#include "workload.h"

#define SIM_NODES 5
#define SIM_TICK_MS 100

struct sim;
struct node;

struct sim_event {
	uint64_t time;
	uint64_t seq;		/* order of events of one time */
	struct node *node;	/* NULL: the driver's */
	void (*run)(struct sim *s, struct node *n, void *arg);
	void (*drop)(struct node *n, void *arg);	/* instead of run */
	void *arg;
};

/* What a node's disk keeps when the node dies. */
struct disk {
	raft_term term;
	raft_id vote;
	struct raft_entry *entries;	/* the buffers are ours */
	size_t n;
	raft_index start;		/* index of entries[0] */
	struct raft_snapshot *snapshot;	/* NULL: none */
};

struct disk_op;

/* sim_io.c: the raft_io of a node. */
struct sim_io {
	struct raft_io io;
	raft_io_tick_cb tick;
	raft_io_recv_cb recv;
	struct disk_op *ops, **ops_end;	/* in order, none of them synced */
	bool busy;			/* a completion is queued */
};

struct node {
	struct sim *sim;
	int i;
	uint64_t id;
	char address[16];
	bool alive;
	bool doomed;		/* dies at the end of the event */
	bool in_pool;		/* has been added or bootstrapped */
	uint64_t paused_until;
	int64_t clock_ms;	/* how far its clock is from the others' */
	bool disk_full;		/* for the log and the database */
	unsigned disk_ms;	/* time of one write */
	char path[4096];	/* "": in memory */
	struct disk disk;
	struct sim_io io;
	struct member *m;
	struct db *db;
	/* for the checker */
	uint64_t applied;
	uint64_t generation;
	uint64_t leader;	/* as the member has told */
	bool current;		/* likewise, since that */
	uint64_t acked;		/* writes acknowledged before that */
	/* the client's thread; under sim.lock */
	pthread_t client;
	struct op *op;
	bool op_running;
	bool woken;		/* its writer has posted a batch */
	bool stop;
};

struct sim {
	uint64_t seed;
	uint64_t rng;
	uint64_t now;
	uint64_t seq;
	struct sim_event *queue;	/* a heap */
	size_t n_queue, cap_queue;
	struct node nodes[SIM_NODES];
	uint8_t cut[SIM_NODES][SIM_NODES];	/* one way */
	unsigned loss_percent;
	bool faults;
	FILE *trace;
	/* checker */
	struct op **ops;
	int n_ops, cap_ops;
	uint64_t *leader_of_term;
	size_t n_terms;
	uint64_t *hash_at;		/* state by index of the log; 0: unknown */
	size_t n_hashes;
	char **tags_seen;		/* by node and thing */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t n_acked;		/* writes; under the lock */
};

/* sim.c */
uint64_t sim_random(struct sim *s, uint64_t below);
void sim_at(struct sim *s, struct node *n, uint64_t delay,
    void (*run)(struct sim *s, struct node *n, void *arg),
    void (*drop)(struct node *n, void *arg), void *arg);
/* Drops the events of a node that dies. */
void sim_purge(struct sim *s, struct node *n);
void sim_trace(struct sim *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Prints why, the seed and the trace, and ends the process. */
void sim_fail(struct sim *s, const char *fmt, ...)
    __attribute__((noreturn, format(printf, 2, 3)));
struct node *sim_node(struct sim *s, raft_id id);
/* Three members that make the pool together. */
void sim_start(struct sim *s);
/* A further one. */
void sim_add(struct sim *s, int i);
/* The one with the highest term, or NULL. */
struct node *sim_leader(struct sim *s);
/* One that is in the pool and does not lead, or NULL. */
struct node *sim_follower(struct sim *s);
void sim_run(struct sim *s, uint64_t ms);
/* After each event. */
void sim_settle(struct sim *s);
struct op *sim_op(struct sim *s, enum op_kind kind);

/* sim_script.c: what chance is too slow to find; the last has no name */
struct script {
	const char *name;
	void (*play)(struct sim *s);
};
extern const struct script sim_scripts[];

/* sim_io.c */
void sim_io_init(struct node *n);
/* Beside raft's messages; of the member. */
void sim_forward(void *node, uint64_t to, const struct wire_forward *f);
/* Before the member is closed: some of what was not synced is on the disk. */
void sim_io_crash(struct node *n);
void disk_release(struct disk *d);

/* sim_node.c; sim_disks before any node */
void sim_disks(void);
void node_init(struct sim *s, int i, const char *dir);
void node_release(struct node *n);
/* false: no room for its database, to be tried again. */
bool node_open(struct node *n);
void node_start(struct node *n);
void node_kill(struct node *n);
void node_event(struct node *n, const struct sim_event *e);
/* Gives the node's client a write to do; it may wait for the log. */
void node_write(struct node *n, struct op *op);
/* After each event: takes up what writers and raft have to say. */
void node_settle(struct node *n);

/* sim_check.c */
void check_step(struct sim *s);
/* The member says that it is current. */
void check_current(struct sim *s, struct node *n);
void check_end(struct sim *s);

#endif
