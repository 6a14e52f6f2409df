#include "host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/hex.h"

#define APPLY_WAIT_NS 5000000

void
host_answer(const char *text)
{
	char line[HOST_LINE];
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
	char text[HOST_LINE];
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
		host_answer(text);
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
	if (h->n == HOST_QUEUE)
		abort();
	h->queue[h->n++] = op;
	pthread_cond_signal(&h->changed);
	pthread_mutex_unlock(&h->lock);
}

static void
dump(struct host *h)
{
	struct db_root *r = db_root_get(h->db);
	struct buf b = { 0 };
	int64_t weight = 0;
	uint32_t k;
	int i;

	buf_adds(&b, "dump");
	for (i = 0; i < WORK_THINGS; i++) {
		struct ref ref = work_thing(i);
		const struct thing *th = db_find(r, CLASS_THING, &ref);

		weight += th ? th->weight : 0;
		for (k = 0; th && k < th->tags.n; k++)
			buf_addf(&b, " %s",
			    ((const char *const *)th->tags.v)[k]);
	}
	buf_addf(&b, " %lld\n", (long long)weight);
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
	char text[HOST_LINE];
	int i;

	for (i = 0; i < n; i++) {
		if (i == n / 10)
			start = now_us();
		if (db_write(h->db, set_weight, &i)) {
			host_answer("bench failed");
			return;
		}
	}
	snprintf(text, sizeof(text), "bench %.1f",
	    (now_us() - start) / (n - n / 10));
	host_answer(text);
}

void
host_parse_peer(struct pool_peer *p, const char *text)
{
	char hex[2 * POOL_PIN + 1] = "";
	unsigned long long id = 0;
	int i;

	memset(p, 0, sizeof(*p));
	sscanf(text, "%llu=%63[^=]=%64s", &id, p->address, hex);
	p->id = id;
	for (i = 0; i < POOL_PIN; i++)
		p->pin[i] = (uint8_t)hex_byte(hex + 2 * i);
}

void
host_open(struct host *h, const char *dir, const struct db_log *log,
    void *log_arg)
{
	char path[4096];
	struct db_config cfg = {
		.path = path, .classes = model_classes, .n_classes = CLASS_N,
		.log = log, .log_arg = log_arg,
		.apply_wait_ns = log ? APPLY_WAIT_NS : 0,
	};
	const char *why;

	snprintf(path, sizeof(path), "%s/state.db", dir);
	if (db_open(&cfg, &h->db, &why)) {
		fprintf(stderr, "%s: %s\n", path, why);
		exit(1);
	}
}

void
host_begin(struct host *h)
{
	int i;

	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->changed, NULL);
	for (i = 0; i < HOST_CLIENTS; i++)
		pthread_create(&h->clients[i], NULL, client_main, h);
}

void
host_end(struct host *h)
{
	int i;

	pthread_mutex_lock(&h->lock);
	h->ends = true;
	pthread_cond_broadcast(&h->changed);
	pthread_mutex_unlock(&h->lock);
	for (i = 0; i < HOST_CLIENTS; i++)
		pthread_join(h->clients[i], NULL);
	db_close(h->db);
}

bool
host_obey(struct host *h, const char *line)
{
	char command[16] = "";
	int n = 0;

	sscanf(line, "%15s %d", command, &n);
	if (!strcmp(command, "put") || !strcmp(command, "box"))
		post(h, make_op(command, n));
	else if (!strcmp(command, "dump"))
		dump(h);
	else if (!strcmp(command, "bench"))
		bench(h, n);
	else
		return false;
	return true;
}
