/*
 * sim DIR FIRST COUNT: plays what is written in sim_script.c, then the histories
 * of COUNT seeds, each in a process of its own, and prints a PASS line, or a FAIL
 * line and the end of its trace for each that shows a fault.  With SEED=n in the
 * environment: that one, with all of its trace.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sim.h"

#define TRACE_SHOWN (8 * 1024)
#define SEED_CPU_S 60		/* one history computes a second at most */
#define SEED_HANGS_S 1800	/* whatever else the machine does */
#define CALM_MS 120000

uint64_t
sim_random(struct sim *s, uint64_t below)
{
	uint64_t z = s->rng += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	z ^= z >> 31;
	return below ? z % below : 0;
}

void
sim_trace(struct sim *s, const char *fmt, ...)
{
	va_list ap;

	fprintf(s->trace, "%8llu ", (unsigned long long)s->now);
	va_start(ap, fmt);
	vfprintf(s->trace, fmt, ap);
	va_end(ap);
	fputc('\n', s->trace);
	fflush(s->trace);
}

void
sim_fail(struct sim *s, const char *fmt, ...)
{
	va_list ap;

	fprintf(s->trace, "%8llu FAILED: ", (unsigned long long)s->now);
	va_start(ap, fmt);
	vfprintf(s->trace, fmt, ap);
	va_end(ap);
	fputc('\n', s->trace);
	fflush(s->trace);
	_exit(1);
}

static bool
before(const struct sim_event *a, const struct sim_event *b)
{
	return a->time != b->time ? a->time < b->time : a->seq < b->seq;
}

/* Moves the event at i to its place in the heap. */
static void
sift(struct sim *s, size_t i)
{
	struct sim_event e = s->queue[i];
	size_t k;

	for (; i && before(&e, &s->queue[(i - 1) / 2]); i = (i - 1) / 2)
		s->queue[i] = s->queue[(i - 1) / 2];
	for (; (k = 2 * i + 1) < s->n_queue; i = k) {
		if (k + 1 < s->n_queue &&
		    before(&s->queue[k + 1], &s->queue[k]))
			k++;
		if (!before(&s->queue[k], &e))
			break;
		s->queue[i] = s->queue[k];
	}
	s->queue[i] = e;
}

static struct sim_event
take(struct sim *s, size_t i)
{
	struct sim_event e = s->queue[i];

	s->queue[i] = s->queue[--s->n_queue];
	if (i < s->n_queue)
		sift(s, i);
	return e;
}

void
sim_at(struct sim *s, struct node *n, uint64_t delay,
    void (*run)(struct sim *s, struct node *n, void *arg),
    void (*drop)(struct node *n, void *arg), void *arg)
{
	if (s->n_queue == s->cap_queue) {
		s->cap_queue = s->cap_queue ? s->cap_queue * 2 : 64;
		s->queue = mem_realloc(s->queue,
		    sizeof(s->queue[0]) * s->cap_queue);
	}
	s->queue[s->n_queue++] = (struct sim_event){
		s->now + delay, s->seq++, n, run, drop, arg,
	};
	sift(s, s->n_queue - 1);
}

void
sim_purge(struct sim *s, struct node *n)
{
	struct sim_event e;
	size_t i = 0;

	/* what is dropped may add or move others */
	while (i < s->n_queue) {
		if (s->queue[i].node != n) {
			i++;
			continue;
		}
		e = take(s, i);
		if (e.drop)
			e.drop(n, e.arg);
		i = 0;
	}
}

struct node *
sim_node(struct sim *s, raft_id id)
{
	return id && id <= SIM_NODES ? &s->nodes[id - 1] : NULL;
}

struct node *
sim_leader(struct sim *s)
{
	struct node *best = NULL;
	int i;

	for (i = 0; i < SIM_NODES; i++) {
		struct node *n = &s->nodes[i];

		if (n->alive && member_is_leader(n->m) &&
		    (!best || member_term(n->m) > member_term(best->m)))
			best = n;
	}
	return best;
}

void
sim_settle(struct sim *s)
{
	int i;

	for (i = 0; i < SIM_NODES; i++) {
		if (s->nodes[i].alive && !s->nodes[i].doomed)
			node_settle(&s->nodes[i]);
		if (s->nodes[i].alive && s->nodes[i].doomed)
			node_kill(&s->nodes[i]);
	}
	check_step(s);
}

/* Runs the next event; false when it is the driver's turn at until. */
static bool
step(struct sim *s, uint64_t until)
{
	struct sim_event e;

	if (!s->n_queue || s->queue[0].time > until) {
		s->now = until;
		return false;
	}
	e = take(s, 0);
	s->now = e.time;
	if (!e.node->alive) {
		if (e.drop)
			e.drop(e.node, e.arg);
		return true;
	}
	if (e.node->paused_until > s->now) {
		sim_at(s, e.node, e.node->paused_until - s->now, e.run,
		    e.drop, e.arg);
		return true;
	}
	node_event(e.node, &e);
	sim_settle(s);
	return true;
}

void
sim_run(struct sim *s, uint64_t ms)
{
	uint64_t until = s->now + ms;

	while (step(s, until))
		;
}

struct op *
sim_op(struct sim *s, enum op_kind kind)
{
	struct op *op = mem_zalloc(sizeof(*op));

	if (s->n_ops == s->cap_ops) {
		s->cap_ops = s->cap_ops ? s->cap_ops * 2 : 64;
		s->ops = mem_realloc(s->ops, sizeof(s->ops[0]) *
		    (size_t)s->cap_ops);
	}
	op->kind = kind;
	op->thing = (int)sim_random(s, WORK_THINGS);
	op->box = (int)sim_random(s, 3);
	op->number = s->n_ops;
	s->ops[s->n_ops++] = op;
	return op;
}

struct node *
sim_follower(struct sim *s)
{
	struct node *n;
	int i;

	for (i = 0; i < SIM_NODES; i++) {
		n = &s->nodes[i];
		if (n->alive && n->in_pool && !member_is_leader(n->m))
			return n;
	}
	return NULL;
}

/* Half of them to the leader, and some tags more than of the rest. */
static void
client_write(struct sim *s)
{
	struct node *n = sim_leader(s);
	enum op_kind kind = sim_random(s, 2) ? OP_TAG :
	    (enum op_kind)sim_random(s, OP_N);

	if (!n || !sim_random(s, 2))
		n = &s->nodes[sim_random(s, SIM_NODES)];
	if (!n->alive || n->op_running || n->paused_until > s->now)
		return;
	node_write(n, sim_op(s, kind));
	sim_settle(s);
}

static void
heal_network(struct sim *s)
{
	memset(s->cut, 0, sizeof(s->cut));
	s->loss_percent = 0;
}

static void
heal_all(struct sim *s)
{
	int i;

	heal_network(s);
	for (i = 0; i < SIM_NODES; i++) {
		s->nodes[i].disk_full = false;
		s->nodes[i].io.io.capacity = 8192;
		s->nodes[i].disk_ms = 5;
	}
}

static void
restart_some(struct sim *s, bool all)
{
	int i;

	for (i = 0; i < SIM_NODES; i++) {
		struct node *n = &s->nodes[i];

		if (n->alive || !n->in_pool || (!all && sim_random(s, 40)))
			continue;
		if (node_open(n))
			node_start(n);
	}
}

void
sim_add(struct sim *s, int i)
{
	struct node *n = &s->nodes[i], *l;
	int tries;

	heal_all(s);
	if (!n->alive && node_open(n))
		node_start(n);
	for (tries = 0; tries < 60; tries++) {
		restart_some(s, true);
		l = sim_leader(s);
		if (l && member_is_voter(l->m, n->id))
			break;
		if (l)
			member_add(l->m, n->id, n->address, NULL, NULL);
		sim_settle(s);
		sim_run(s, 1000);
	}
	if (tries == 60)
		sim_fail(s, "node %d cannot be added", i);
	n->in_pool = true;
	sim_trace(s, "node %d was added", i);
}

/* Takes a member out; it is gone for good, as is its id. */
static void
remove_node(struct sim *s, int i)
{
	struct node *n = &s->nodes[i], *l;
	int tries;

	heal_all(s);
	n->in_pool = false;
	for (tries = 0; tries < 60; tries++) {
		restart_some(s, true);
		l = sim_leader(s);
		if (l && l != n && !member_is_voter(l->m, n->id))
			break;
		if (l && l != n)
			member_remove(l->m, n->id, NULL, NULL);
		else if (l)
			member_transfer(l->m, 0, NULL, NULL);
		sim_settle(s);
		/* until a write a follower may have an entry too many */
		client_write(s);
		sim_run(s, 1000);
	}
	if (tries == 60)
		sim_fail(s, "node %d cannot be removed", i);
	if (n->alive)
		node_kill(n);
	sim_trace(s, "node %d was removed", i);
}

void
sim_start(struct sim *s)
{
	uint64_t ids[3] = { 1, 2, 3 };
	const char *addresses[3];
	int i;

	for (i = 0; i < 3; i++)
		addresses[i] = s->nodes[i].address;
	for (i = 0; i < 3; i++) {
		node_open(&s->nodes[i]);
		if (member_bootstrap(s->nodes[i].m, ids,
		    addresses, 3))
			sim_fail(s, "bootstrap of node %d", i);
		node_start(&s->nodes[i]);
		s->nodes[i].in_pool = true;
	}
}

/* A host with some objects becomes a pool, others join. */
static void
start_with_one(struct sim *s)
{
	struct node *n = &s->nodes[0];
	const char *address = n->address;
	int i;

	node_open(n);
	if (member_bootstrap(n->m, &n->id, &address, 1))
		sim_fail(s, "bootstrap");
	node_start(n);
	n->in_pool = true;
	sim_run(s, 2000);
	for (i = 0; i < 40; i++) {
		client_write(s);
		sim_run(s, sim_random(s, 50));
	}
	sim_add(s, 1);
	sim_add(s, 2);
}

static void
fault_cut(struct sim *s, struct node *n)
{
	bool one_way = !sim_random(s, 3);
	int i, only = sim_random(s, 2) ? (int)sim_random(s, SIM_NODES) : -1;

	for (i = 0; i < SIM_NODES; i++) {
		if (only >= 0 && i != only)
			continue;
		s->cut[n->i][i] = 1;
		if (!one_way)
			s->cut[i][n->i] = 1;
	}
	sim_trace(s, "node %d is cut off%s%s", n->i,
	    only >= 0 ? " from one" : "", one_way ? ", one way" : "");
}

/* One of the things that go wrong, on one of the nodes. */
static void
fault(struct sim *s)
{
	struct node *n = sim_random(s, 2) ? sim_leader(s) : NULL;

	if (!n)
		n = &s->nodes[sim_random(s, SIM_NODES)];
	switch (sim_random(s, 9)) {
	case 0:
	case 1:
		if (n->alive)
			node_kill(n);
		break;
	case 2:
		fault_cut(s, n);
		break;
	case 3:
		heal_network(s);
		sim_trace(s, "the network is whole");
		break;
	case 4:
		n->paused_until = s->now + sim_random(s, 5000);
		sim_trace(s, "node %d pauses", n->i);
		break;
	case 5:
		n->disk_full = !n->disk_full && sim_random(s, 2);
		n->io.io.capacity = n->disk_full || sim_random(s, 2) ? 0 : 8192;
		sim_trace(s, "node %d: disk %s", n->i, n->disk_full ? "full" :
		    n->io.io.capacity ? "has room" : "is nearly full");
		break;
	case 6:
		n->disk_ms = 1 + (unsigned)(sim_random(s, 2) *
		    sim_random(s, 800));
		sim_trace(s, "node %d: disk takes %u ms", n->i, n->disk_ms);
		break;
	case 7:
		/* never back: libuv's is CLOCK_MONOTONIC, raft counts on it */
		n->clock_ms += (int64_t)sim_random(s, 20000);
		sim_trace(s, "node %d: clock jumps", n->i);
		break;
	case 8:
		s->loss_percent = (unsigned)sim_random(s, 2) * 15;
		if (n->alive && member_is_leader(n->m)) {
			member_transfer(n->m, 0, NULL, NULL);
			sim_settle(s);
			sim_trace(s, "node %d hands over the lead", n->i);
		}
		break;
	}
}

static void
storm(struct sim *s)
{
	uint64_t end = s->now + 10000 + sim_random(s, 40000);
	uint64_t rate = 5 + sim_random(s, 200);
	int n_added = 0, n_removed = 0;

	while (s->now < end) {
		sim_run(s, 1 + sim_random(s, rate));
		client_write(s);
		if (!sim_random(s, 1 + 1200 / rate))
			fault(s);
		restart_some(s, false);
		if (n_added < 2 && !sim_random(s, 2000))
			sim_add(s, 3 + n_added++);
		if (n_removed < n_added && !sim_random(s, 2000))
			remove_node(s, n_removed++);
	}
}

static bool
is_settled(struct sim *s, const struct op *last)
{
	struct node *l = sim_leader(s);
	int i;

	if (!l || last->result != OP_DONE)
		return false;
	for (i = 0; i < SIM_NODES; i++) {
		struct node *n = &s->nodes[i];

		if (n->in_pool && (!n->alive || !n->current || n->op_running ||
		    n->applied != l->applied ||
		    member_applied(n->m) != member_applied(l->m)))
			return false;
	}
	return true;
}

static bool
is_written(const struct sim *s, const struct op *op)
{
	int i;

	for (i = 0; i < SIM_NODES; i++) {
		if (s->nodes[i].op_running && s->nodes[i].op == op)
			return true;
	}
	return false;
}

/* Nothing goes wrong any more: the pool has to work again, for one that does not
 * lead, too. */
static void
calm(struct sim *s)
{
	uint64_t end = s->now + CALM_MS;
	struct op *last = sim_op(s, OP_TAG);
	struct node *n;

	sim_trace(s, "nothing goes wrong any more");
	heal_all(s);
	while (!is_settled(s, last)) {
		if (s->now > end)
			sim_fail(s, "the pool does not come back");
		restart_some(s, true);
		sim_run(s, 100);
		n = sim_follower(s);
		if (!n || n->op_running || n->paused_until > s->now ||
		    last->result == OP_DONE || is_written(s, last))
			continue;
		if (last->result != OP_WAITS)
			last = sim_op(s, OP_TAG);
		node_write(n, last);
		sim_settle(s);
	}
	check_end(s);
}

/* A storm's ops, for the summary of one seed. */
static void
report(struct sim *s)
{
	int count[4] = { 0 }, forwarded = 0, i;

	for (i = 0; i < s->n_ops; i++) {
		count[s->ops[i]->result]++;
		forwarded += s->ops[i]->forwarded &&
		    s->ops[i]->result == OP_DONE;
	}
	sim_trace(s, "%d writes: %d done (%d forwarded), %d refused, "
	    "%d unknown", s->n_ops, count[OP_DONE], forwarded,
	    count[OP_REFUSED], count[OP_UNKNOWN]);
}

static void
sim_release(struct sim *s)
{
	int i;

	for (i = 0; i < SIM_NODES; i++)
		node_release(&s->nodes[i]);
	for (i = 0; i < s->n_ops; i++)
		free(s->ops[i]);
	for (i = 0; i < SIM_NODES * WORK_THINGS; i++)
		free(s->tags_seen[i]);
	free(s->ops);
	free(s->tags_seen);
	free(s->leader_of_term);
	free(s->hash_at);
	free(s->queue);
}

static void
play_storm(struct sim *s)
{
	if (s->seed % 2)
		sim_start(s);
	else
		start_with_one(s);
	storm(s);
}

static void
play(uint64_t seed, const struct script *script, const char *dir, FILE *trace)
{
	struct sim s = { .seed = seed, .rng = seed, .trace = trace };
	int i;

	pthread_mutex_init(&s.lock, NULL);
	pthread_cond_init(&s.changed, NULL);
	sim_disks();
	s.tags_seen = mem_zalloc(sizeof(char *) * SIM_NODES * WORK_THINGS);
	for (i = 0; i < SIM_NODES; i++)
		node_init(&s, i, seed % 4 ? dir : NULL);
	if (script)
		script->play(&s);
	else
		play_storm(&s);
	calm(&s);
	report(&s);
	sim_release(&s);
}

static void
remove_states(const char *dir)
{
	static const char *const ends[] = {
		"", "-wal", ".synced", "-wal.synced",
	};
	char path[4096];
	size_t k;
	int i;

	for (i = 0; i < SIM_NODES; i++) {
		for (k = 0; k < sizeof(ends) / sizeof(*ends); k++) {
			snprintf(path, sizeof(path), "%s/state%d.db%s", dir, i,
			    ends[k]);
			unlink(path);
		}
	}
}

/* In a process of its own; what it prints to stderr is trace, too. */
static bool
play_apart(uint64_t seed, const struct script *script, const char *dir,
    FILE *trace)
{
	const struct rlimit cpu = { SEED_CPU_S, SEED_CPU_S };
	int status = 0;
	pid_t pid;

	remove_states(dir);
	fflush(NULL);
	pid = fork();
	if (!pid) {
		dup2(fileno(trace), STDERR_FILENO);
		setrlimit(RLIMIT_CPU, &cpu);
		alarm(SEED_HANGS_S);
		play(seed, script, dir, trace);
		exit(0);
	}
	if (waitpid(pid, &status, 0) != pid)
		abort();
	if (WIFSIGNALED(status))
		printf("the history was ended by signal %d (%s)\n",
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

static void
show_end(FILE *trace)
{
	char text[TRACE_SHOWN + 1];
	size_t n;

	fseek(trace, 0, SEEK_END);
	if (fseek(trace, -TRACE_SHOWN, SEEK_CUR))
		rewind(trace);
	n = fread(text, 1, TRACE_SHOWN, trace);
	fwrite(text, 1, n, stdout);
}

/* How many of the scripts show a fault. */
static int
play_scripts(const char *dir)
{
	const struct script *p;
	FILE *trace;
	int bad = 0;

	for (p = sim_scripts; p->name; p++) {
		trace = tmpfile();
		if (!trace)
			abort();
		if (play_apart(1, p, dir, trace)) {
			printf("PASS raft: %s\n", p->name);
		} else {
			printf("FAIL raft: %s\n", p->name);
			show_end(trace);
			bad++;
		}
		fclose(trace);
	}
	return bad;
}

int
main(int argc, char **argv)
{
	const char *one = getenv("SEED");
	uint64_t first, count, seed;
	int64_t start = clock_mono_ms();
	FILE *trace;
	int bad = 0;

	if (argc != 4)
		return 2;
	first = strtoull(one ? one : argv[2], NULL, 10);
	count = one ? 1 : strtoull(argv[3], NULL, 10);
	if (!one)
		bad += play_scripts(argv[1]);
	for (seed = first; seed < first + count; seed++) {
		trace = one ? stdout : tmpfile();
		if (!trace)
			return 2;
		if (!play_apart(seed, NULL, argv[1], trace)) {
			printf("FAIL raft: seed %llu; SEED=%llu shows it\n",
			    (unsigned long long)seed,
			    (unsigned long long)seed);
			if (!one)
				show_end(trace);
			fflush(stdout);
			bad++;
		}
		if (!one)
			fclose(trace);
	}
	remove_states(argv[1]);
	if (!bad)
		printf("PASS raft: %llu histories with faults from seed %llu "
		    "(%lld s)\n", (unsigned long long)count,
		    (unsigned long long)first,
		    (long long)(clock_mono_ms() - start) / 1000);
	return bad ? 1 : 0;
}
