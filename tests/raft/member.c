/*
 * member DIR ID ADDRESS make|join [ID=ADDRESS=PIN...]: a member of a pool as a
 * process of its own; it makes the pool together with the others named, or they
 * add it.  "member DIR pin": prints the pin of its certificate.  With DIR alone:
 * a lone host, no pool.  Reads commands, one a line:
 *     put N           adds tag N; answers "put N done|refused|unknown"
 *     box N           makes or deletes a box and adds the tag; likewise
 *     status          "status LEADS LEADER TERM APPLIED HASH"
 *     dump            "dump TAG..."
 *     bench N         N writes one after the other: "bench MICROSECONDS", of
 *                     which the first tenth does not count
 *     peer ID=ADDRESS=PIN     one more is known: "peer RC"
 *     add ID, remove ID, transfer ID      "begun RC"
 * and ends with its input.  It exits with 3 when its database refuses an entry.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/hex.h"
#include "poold/loop.h"
#include "workload.h"

#define CLIENTS 8
#define LINE 256
#define APPLY_WAIT_NS 5000000
#define PEERS 8

struct host {
	struct loop *loop;
	struct member *m;
	struct db *db;
	struct peer_info peers[PEERS];	/* this one first; loop thread */
	size_t n_peers;
	pthread_mutex_t lock;		/* the queue of writes */
	pthread_cond_t changed;
	struct op *queue[1024];
	int n;
	bool ends;
};

static void
answer(const char *text)
{
	char line[LINE];
	int n = snprintf(line, sizeof(line), "%s\n", text);

	if (write(STDOUT_FILENO, line, (size_t)n) != n)
		_exit(2);
}

static void *
client_main(void *arg)
{
	static const char *const names[] = {
		"waits", "done", "refused", "unknown",
	};
	struct host *h = arg;
	char text[LINE];
	struct op *op;

	pthread_mutex_lock(&h->lock);
	for (;;) {
		while (!h->n && !h->ends)
			pthread_cond_wait(&h->changed, &h->lock);
		if (!h->n)
			break;
		op = h->queue[--h->n];
		pthread_mutex_unlock(&h->lock);
		op->result = work_result(db_write(h->db, work_write, op));
		snprintf(text, sizeof(text), "put %d %s", op->number,
		    names[op->result]);
		answer(text);
		free(op);
		pthread_mutex_lock(&h->lock);
	}
	pthread_mutex_unlock(&h->lock);
	return NULL;
}

static struct op *
make_op(const char *command, int number)
{
	struct op *op = calloc(1, sizeof(*op));

	if (!op)
		abort();
	op->number = number;
	op->thing = number % WORK_THINGS;
	op->box = number % 3;
	if (!strcmp(command, "box"))
		op->kind = number % 2 ? OP_BOX : OP_UNBOX;
	return op;
}

static void
post(struct host *h, struct op *op)
{
	pthread_mutex_lock(&h->lock);
	if (h->n == 1024)
		abort();
	h->queue[h->n++] = op;
	pthread_cond_signal(&h->changed);
	pthread_mutex_unlock(&h->lock);
}

static int
tell_status(struct member *m, void *arg)
{
	struct host *h = arg;
	char text[LINE];

	member_settle(m);
	snprintf(text, sizeof(text), "status %d %llu %llu %llu %016llx",
	    member_is_leader(m), (unsigned long long)member_leader(m),
	    (unsigned long long)member_term(m),
	    (unsigned long long)member_applied(m),
	    (unsigned long long)work_hash(h->db));
	answer(text);
	return 0;
}

static void
dump(struct host *h)
{
	struct db_root *r = db_root_get(h->db);
	struct buf b = { 0 };
	uint32_t k;
	int i;

	buf_adds(&b, "dump");
	for (i = 0; i < WORK_THINGS; i++) {
		struct ref ref = work_thing(i);
		const struct thing *th = db_find(r, CLASS_THING, &ref);

		for (k = 0; th && k < th->tags.n; k++)
			buf_addf(&b, " %s",
			    ((const char *const *)th->tags.v)[k]);
	}
	buf_adds(&b, "\n");
	if (write(STDOUT_FILENO, b.data, b.len) != (ssize_t)b.len)
		_exit(2);
	buf_release(&b);
	db_root_put(r);
}

static double
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int
set_weight(struct db_txn *t, void *arg)
{
	struct ref ref = work_thing(0);
	struct thing *th = txn_edit(t, CLASS_THING, &ref);

	if (!th)
		th = txn_new(t, CLASS_THING, &ref);
	th->weight = *(const int *)arg;
	return 0;
}

static void
bench(struct host *h, int n)
{
	double start = 0;
	char text[LINE];
	int i;

	for (i = 0; i < n; i++) {
		if (i == n / 10)
			start = now_us();
		if (db_write(h->db, set_weight, &i)) {
			answer("bench failed");
			return;
		}
	}
	snprintf(text, sizeof(text), "bench %.1f",
	    (now_us() - start) / (n - n / 10));
	answer(text);
}

struct change {
	char command[16];
	uint64_t id;
};

static int
change(struct member *m, void *arg)
{
	const struct change *c = arg;

	char name[24];

	snprintf(name, sizeof(name), "%llu", (unsigned long long)c->id);
	if (!strcmp(c->command, "add"))
		return member_add(m, c->id, name, NULL, NULL);
	if (!strcmp(c->command, "remove"))
		return member_remove(m, c->id, NULL, NULL);
	return member_transfer(m, c->id, NULL, NULL);
}

static void
begin_change(struct host *h, const char *line)
{
	unsigned long long id = 0;
	struct change c = { .id = 0 };
	char text[LINE];

	sscanf(line, "%15s %llu", c.command, &id);
	c.id = id;
	snprintf(text, sizeof(text), "begun %d", loop_call(h->loop, change,
	    &c));
	answer(text);
}

static void
parse_peer(struct peer_info *p, const char *text)
{
	char hex[2 * MUTUAL_PIN + 1] = "";
	unsigned long long id = 0;
	int i;

	memset(p, 0, sizeof(*p));
	sscanf(text, "%llu=%63[^=]=%64s", &id, p->address, hex);
	p->id = id;
	for (i = 0; i < MUTUAL_PIN; i++)
		p->pin[i] = (uint8_t)hex_byte(hex + 2 * i);
}

struct known {
	struct host *h;
	const char *text;
};

static int
know_peer(struct member *m, void *arg)
{
	const struct known *k = arg;
	struct host *h = k->h;

	(void)m;
	if (h->n_peers == PEERS)
		return -ENOSPC;
	parse_peer(&h->peers[h->n_peers++], k->text);
	return peers_set(loop_peers(h->loop), h->peers, h->n_peers);
}

static void
add_peer(struct host *h, const char *text)
{
	struct known k = { h, text };
	char line[LINE];

	snprintf(line, sizeof(line), "peer %d", loop_call(h->loop, know_peer,
	    &k));
	answer(line);
}

static void
obey(struct host *h, const char *line)
{
	char command[16] = "";
	int n = 0;

	sscanf(line, "%15s %d", command, &n);
	if (!strcmp(command, "put") || !strcmp(command, "box"))
		post(h, make_op(command, n));
	else if (!strcmp(command, "status"))
		loop_call(h->loop, tell_status, h);
	else if (!strcmp(command, "dump"))
		dump(h);
	else if (!strcmp(command, "bench"))
		bench(h, n);
	else if (!strcmp(command, "peer"))
		add_peer(h, line + strlen("peer "));
	else
		begin_change(h, line);
}

static void
failed(void *arg, int rc)
{
	(void)arg, (void)rc;
	_exit(3);
}

static void
open_db(struct host *h, const char *dir, bool pool)
{
	char path[4096];
	struct db_config cfg = {
		.path = path, .classes = model_classes, .n_classes = CLASS_N,
		.log = pool ? &member_log : NULL, .log_arg = h->m,
		.apply_wait_ns = pool ? APPLY_WAIT_NS : 0,
	};
	const char *why;

	snprintf(path, sizeof(path), "%s/state.db", dir);
	if (db_open(&cfg, &h->db, &why)) {
		fprintf(stderr, "%s: %s\n", path, why);
		exit(1);
	}
}

static int
make_pool(struct host *h)
{
	const char *names[PEERS];
	char texts[PEERS][24];
	uint64_t ids[PEERS];
	size_t i;

	for (i = 0; i < h->n_peers; i++) {
		ids[i] = h->peers[i].id;
		snprintf(texts[i], sizeof(texts[i]), "%llu",
		    (unsigned long long)ids[i]);
		names[i] = texts[i];
	}
	return member_bootstrap(h->m, h->db, ids, names, (unsigned)h->n_peers);
}

static void
open_loop(struct host *h, const char *dir, uint64_t id)
{
	char path[4096], raft[4096];

	snprintf(path, sizeof(path), "%s/member.pem", dir);
	snprintf(raft, sizeof(raft), "%s/raft", dir);
	if (loop_open(raft, id, path, &h->loop))
		exit(1);
}

/* Before the loop runs. */
static int
set_peers(struct host *h, uint64_t id, char **argv, int n)
{
	int i;

	h->peers[0].id = id;
	snprintf(h->peers[0].address, PEERS_ADDRESS, "%s", argv[0]);
	peers_own(loop_peers(h->loop), h->peers[0].pin);
	h->n_peers = 1;
	for (i = 2; i < n && h->n_peers < PEERS; i++)
		parse_peer(&h->peers[h->n_peers++], argv[i]);
	return peers_set(loop_peers(h->loop), h->peers, h->n_peers);
}

static void
open_pool(struct host *h, int argc, char **argv)
{
	struct member_config cfg = {
		.id = strtoull(argv[2], NULL, 10), .address = argv[2],
		.random = loop_random, .wake = loop_wake, .failed = failed,
		.election_ms = 500, .heartbeat_ms = 50, .snapshot_after = 200,
		.snapshot_trailing = 50, .capacity_kib = 1024,
	};
	char dir[4096];
	bool fresh;
	int rc;

	snprintf(dir, sizeof(dir), "%s/raft", argv[1]);
	fresh = !mkdir(dir, 0700);
	open_loop(h, argv[1], cfg.id);
	cfg.io = loop_io(h->loop);
	cfg.arg = h->loop;
	h->m = member_new(&cfg);
	open_db(h, argv[1], true);
	rc = set_peers(h, cfg.id, argv + 3, argc - 3);
	if (!rc && fresh && !strcmp(argv[4], "make"))
		rc = make_pool(h);
	if (!rc)
		rc = loop_start(h->loop, h->m, h->db);
	if (rc) {
		fprintf(stderr, "cannot start: %s\n", strerror(-rc));
		exit(1);
	}
}

static int
show_pin(const char *dir)
{
	uint8_t pin[MUTUAL_PIN];
	struct mutual *m;
	char path[4096];
	char hex[2 * MUTUAL_PIN + 1];
	int i;

	snprintf(path, sizeof(path), "%s/member.pem", dir);
	if (mutual_new(path, &m))
		return 1;
	mutual_own(m, pin);
	mutual_free(m);
	for (i = 0; i < MUTUAL_PIN; i++)
		snprintf(hex + 2 * i, 3, "%02x", pin[i]);
	answer(hex);
	return 0;
}

int
main(int argc, char **argv)
{
	struct host h = { 0 };
	pthread_t clients[CLIENTS];
	char line[LINE];
	int i;

	if (argc == 3 && !strcmp(argv[2], "pin"))
		return show_pin(argv[1]);
	if (argc < 2 || argc == 3 || argc == 4)
		return 2;
	pthread_mutex_init(&h.lock, NULL);
	pthread_cond_init(&h.changed, NULL);
	if (argc > 3)
		open_pool(&h, argc, argv);
	else
		open_db(&h, argv[1], false);
	for (i = 0; i < CLIENTS; i++)
		pthread_create(&clients[i], NULL, client_main, &h);
	answer("up");
	while (fgets(line, sizeof(line), stdin))
		obey(&h, line);
	loop_close(h.loop);
	pthread_mutex_lock(&h.lock);
	h.ends = true;
	pthread_cond_broadcast(&h.changed);
	pthread_mutex_unlock(&h.lock);
	for (i = 0; i < CLIENTS; i++)
		pthread_join(clients[i], NULL);
	db_close(h.db);
	member_free(h.m);
	return 0;
}
