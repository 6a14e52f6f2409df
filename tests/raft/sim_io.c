#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "poold/wire.h"
#include "sim.h"

/* A write that was begun: in the order given, none is safe before its end. */
struct disk_op {
	struct disk_op *next;
	enum { DISK_APPEND, DISK_TRUNCATE, DISK_SNAPSHOT } kind;
	struct raft_io_append *append;
	const struct raft_entry *entries;
	unsigned n;
	raft_index index;
	struct raft_io_snapshot_put *put;
	const struct raft_snapshot *snapshot;
	unsigned trailing;
};

struct letter {
	struct raft_message msg;
	struct node *from;
	struct raft_io_send *send;
};

/* What one member writes to another beside raft. */
struct note {
	struct node *from;
	struct wire_forward f;
	uint8_t entry[];
};

static struct node *
node_of(struct raft_io *io)
{
	return io->impl;
}

static void *
copy_bytes(const void *p, size_t n)
{
	void *q = raft_malloc(n ? n : 1);

	if (!q)
		abort();
	return memcpy(q, p, n);
}

static struct raft_configuration
copy_configuration(const struct raft_configuration *c)
{
	struct raft_configuration copy;
	unsigned i;

	raft_configuration_init(&copy);
	for (i = 0; i < c->n; i++) {
		if (raft_configuration_add(&copy, c->servers[i].id,
		    c->servers[i].address, c->servers[i].role))
			abort();
	}
	return copy;
}

/* Entries in one piece of memory, as raft wants those that it gets. */
static struct raft_entry *
copy_entries(const struct raft_entry *from, size_t n)
{
	struct raft_entry *to;
	size_t size = 0, i;
	char *batch;

	if (!n)
		return NULL;
	for (i = 0; i < n; i++)
		size += from[i].buf.len;
	to = copy_bytes(from, n * sizeof(*to));
	batch = raft_malloc(size ? size : 8);
	for (i = 0; i < n; i++) {
		to[i].batch = batch;
		to[i].buf.base = batch + (i ? (size_t)((char *)
		    to[i - 1].buf.base + to[i - 1].buf.len - batch) : 0);
		memcpy(to[i].buf.base, from[i].buf.base, from[i].buf.len);
	}
	return to;
}

static struct raft_snapshot *
copy_snapshot(const struct raft_snapshot *from)
{
	struct raft_snapshot *s = copy_bytes(from, sizeof(*s));
	char *p;
	unsigned i;

	s->configuration = copy_configuration(&from->configuration);
	s->bufs = raft_malloc(sizeof(s->bufs[0]));
	s->n_bufs = 1;
	s->bufs[0].len = 0;
	for (i = 0; i < from->n_bufs; i++)
		s->bufs[0].len += from->bufs[i].len;
	p = s->bufs[0].base = raft_malloc(s->bufs[0].len);
	for (i = 0; i < from->n_bufs; i++) {
		memcpy(p, from->bufs[i].base, from->bufs[i].len);
		p += from->bufs[i].len;
	}
	return s;
}

static void
free_snapshot(struct raft_snapshot *s)
{
	if (!s)
		return;
	raft_configuration_close(&s->configuration);
	raft_free(s->bufs[0].base);
	raft_free(s->bufs);
	raft_free(s);
}

/* Drops the entries at and after index. */
static void
disk_truncate(struct disk *d, raft_index index)
{
	while (d->n && d->start + d->n > index)
		raft_free(d->entries[--d->n].buf.base);
}

static void
disk_append(struct disk *d, const struct raft_entry *e, unsigned n)
{
	unsigned i;

	d->entries = mem_realloc(d->entries,
	    sizeof(d->entries[0]) * (d->n + n + 1));
	for (i = 0; i < n; i++) {
		struct raft_entry *to = &d->entries[d->n++];

		*to = e[i];
		to->batch = NULL;
		to->buf.base = copy_bytes(e[i].buf.base, e[i].buf.len);
	}
}

static void
disk_snapshot(struct disk *d, const struct raft_snapshot *s, unsigned trailing)
{
	size_t i, gone = 0;

	free_snapshot(d->snapshot);
	d->snapshot = copy_snapshot(s);
	if (!trailing) {
		disk_truncate(d, 0);
		d->start = s->index + 1;
		return;
	}
	while (gone < d->n && d->start + gone + trailing <= s->index)
		raft_free(d->entries[gone++].buf.base);
	for (i = gone; i < d->n; i++)
		d->entries[i - gone] = d->entries[i];
	d->n -= gone;
	d->start += gone;
}

void
disk_release(struct disk *d)
{
	disk_truncate(d, 0);
	free(d->entries);
	free_snapshot(d->snapshot);
	memset(d, 0, sizeof(*d));
}

static void
do_op(struct disk *d, const struct disk_op *op)
{
	switch (op->kind) {
	case DISK_APPEND:
		disk_append(d, op->entries, op->n);
		break;
	case DISK_TRUNCATE:
		disk_truncate(d, op->index);
		break;
	case DISK_SNAPSHOT:
		disk_snapshot(d, op->snapshot, op->trailing);
		break;
	}
}

static void
end_op(struct disk_op *op, int status)
{
	if (op->kind == DISK_APPEND)
		op->append->cb(op->append, status);
	else if (op->kind == DISK_SNAPSHOT)
		op->put->cb(op->put, status);
	free(op);
}

static void
disk_done(struct sim *s, struct node *n, void *arg)
{
	struct sim_io *io = &n->io;
	struct disk_op *op = io->ops;

	(void)arg;
	io->busy = false;
	if (!op)
		return;
	if (n->disk_full && op->kind != DISK_TRUNCATE) {
		io->busy = true;
		sim_at(s, n, 1000, disk_done, NULL, NULL);
		return;
	}
	io->ops = op->next;
	if (!io->ops)
		io->ops_end = &io->ops;
	do_op(&n->disk, op);
	end_op(op, 0);
	if (io->ops && !io->busy) {
		io->busy = true;
		sim_at(s, n, n->disk_ms, disk_done, NULL, NULL);
	}
}

static struct disk_op *
add_op(struct raft_io *io)
{
	struct node *n = node_of(io);
	struct disk_op *op = mem_zalloc(sizeof(*op));

	*n->io.ops_end = op;
	n->io.ops_end = &op->next;
	if (!n->io.busy) {
		n->io.busy = true;
		sim_at(n->sim, n, n->disk_ms, disk_done, NULL, NULL);
	}
	return op;
}

/* The disk has done some of what was begun, and a part of the next: the sum of
 * a torn entry is wrong, so it and what follows count as not written. */
void
sim_io_crash(struct node *n)
{
	struct disk_op *op;

	for (op = n->io.ops; op && !n->disk_full; op = op->next) {
		if (!sim_random(n->sim, 2)) {
			if (op->kind == DISK_APPEND)
				disk_append(&n->disk, op->entries,
				    (unsigned)sim_random(n->sim, op->n));
			return;
		}
		do_op(&n->disk, op);
	}
}

static int
io_init(struct raft_io *io, raft_id id, const char *address)
{
	(void)io, (void)id, (void)address;
	return 0;
}

static void
io_close(struct raft_io *io, raft_io_close_cb cb)
{
	struct node *n = node_of(io);
	struct disk_op *op;

	sim_purge(n->sim, n);
	while ((op = n->io.ops)) {
		n->io.ops = op->next;
		end_op(op, RAFT_CANCELED);
	}
	cb(io);
}

static int
io_load(struct raft_io *io, raft_term *term, raft_id *voted_for,
    struct raft_snapshot **snapshot, raft_index *start_index,
    struct raft_entry *entries[], size_t *n_entries)
{
	struct disk *d = &node_of(io)->disk;

	*term = d->term;
	*voted_for = d->vote;
	*snapshot = d->snapshot ? copy_snapshot(d->snapshot) : NULL;
	*start_index = d->start;
	*entries = copy_entries(d->entries, d->n);
	*n_entries = d->n;
	return 0;
}

static void
tick(struct sim *s, struct node *n, void *arg)
{
	(void)arg;
	sim_at(s, n, SIM_TICK_MS, tick, NULL, NULL);
	n->io.tick(&n->io.io);
}

static int
io_start(struct raft_io *io, unsigned msecs, raft_io_tick_cb tick_cb,
    raft_io_recv_cb recv)
{
	struct node *n = node_of(io);

	n->io.tick = tick_cb;
	n->io.recv = recv;
	sim_at(n->sim, n, 1 + sim_random(n->sim, msecs), tick, NULL, NULL);
	return 0;
}

static int
io_bootstrap(struct raft_io *io, const struct raft_configuration *conf)
{
	struct disk *d = &node_of(io)->disk;
	struct raft_entry e = { .term = 1, .type = RAFT_CHANGE };

	if (d->term)
		return RAFT_CANTBOOTSTRAP;
	if (raft_configuration_encode(conf, &e.buf))
		abort();
	d->term = 1;
	disk_append(d, &e, 1);
	raft_free(e.buf.base);
	return 0;
}

static int
io_recover(struct raft_io *io, const struct raft_configuration *conf)
{
	(void)io, (void)conf;
	return RAFT_IOERR;
}

/* Without room for these two numbers raft's uv back end ends the process. */
static int
io_set_term(struct raft_io *io, raft_term term)
{
	struct node *n = node_of(io);

	if (n->disk_full)
		n->doomed = true;
	if (n->doomed)
		return 0;
	n->disk.term = term;
	n->disk.vote = 0;
	return 0;
}

static int
io_set_vote(struct raft_io *io, raft_id id)
{
	struct node *n = node_of(io);

	if (n->disk_full)
		n->doomed = true;
	if (!n->doomed)
		n->disk.vote = id;
	return 0;
}

static int
io_append(struct raft_io *io, struct raft_io_append *req,
    const struct raft_entry entries[], unsigned n, raft_io_append_cb cb)
{
	struct disk_op *op = add_op(io);

	req->cb = cb;
	op->kind = DISK_APPEND;
	op->append = req;
	op->entries = entries;
	op->n = n;
	return 0;
}

static int
io_truncate(struct raft_io *io, raft_index index)
{
	struct disk_op *op = add_op(io);

	op->kind = DISK_TRUNCATE;
	op->index = index;
	return 0;
}

static int
io_snapshot_put(struct raft_io *io, unsigned trailing,
    struct raft_io_snapshot_put *req, const struct raft_snapshot *snapshot,
    raft_io_snapshot_put_cb cb)
{
	struct disk_op *op = add_op(io);

	req->cb = cb;
	op->kind = DISK_SNAPSHOT;
	op->put = req;
	op->snapshot = snapshot;
	op->trailing = trailing;
	return 0;
}

static void
snapshot_got(struct sim *s, struct node *n, void *arg)
{
	struct raft_io_snapshot_get *req = arg;

	(void)s;
	req->cb(req, copy_snapshot(n->disk.snapshot), 0);
}

/* raft cannot bear a failure here; what it sends now goes nowhere. */
static void
snapshot_dropped(struct node *n, void *arg)
{
	snapshot_got(n->sim, n, arg);
}

static int
io_snapshot_get(struct raft_io *io, struct raft_io_snapshot_get *req,
    raft_io_snapshot_get_cb cb)
{
	struct node *n = node_of(io);

	req->cb = cb;
	sim_at(n->sim, n, n->disk_ms, snapshot_got, snapshot_dropped, req);
	return 0;
}

static raft_time
io_time(struct raft_io *io)
{
	struct node *n = node_of(io);

	return (raft_time)((int64_t)n->sim->now + n->clock_ms);
}

static int
io_random(struct raft_io *io, int min, int max)
{
	return min + (int)sim_random(node_of(io)->sim, (uint64_t)(max - min));
}

static void
letter_free(struct node *n, void *arg)
{
	struct letter *l = arg;

	(void)n;
	if (l->msg.type == RAFT_APPEND_ENTRIES &&
	    l->msg.append_entries.n_entries) {
		raft_free(l->msg.append_entries.entries[0].batch);
		raft_free(l->msg.append_entries.entries);
	} else if (l->msg.type == RAFT_INSTALL_SNAPSHOT) {
		raft_configuration_close(&l->msg.install_snapshot.conf);
		raft_free(l->msg.install_snapshot.data.base);
	}
	free(l);
}

static struct letter *
letter_new(struct node *from, const struct raft_message *msg)
{
	struct letter *l = mem_zalloc(sizeof(*l));

	l->from = from;
	l->msg = *msg;
	if (msg->type == RAFT_APPEND_ENTRIES) {
		l->msg.append_entries.entries = copy_entries(
		    msg->append_entries.entries,
		    msg->append_entries.n_entries);
	} else if (msg->type == RAFT_INSTALL_SNAPSHOT) {
		l->msg.install_snapshot.conf = copy_configuration(
		    &msg->install_snapshot.conf);
		l->msg.install_snapshot.data.base = copy_bytes(
		    msg->install_snapshot.data.base,
		    msg->install_snapshot.data.len);
	}
	l->msg.server_id = from->id;
	l->msg.server_address = from->address;
	return l;
}

static void
deliver(struct sim *s, struct node *n, void *arg)
{
	struct letter *l = arg;

	if (s->cut[l->from->i][n->i]) {
		letter_free(n, l);
		return;
	}
	n->io.recv(&n->io.io, &l->msg);
	free(l);
}

static void
deliver_note(struct sim *s, struct node *n, void *arg)
{
	struct note *note = arg;

	if (!s->cut[note->from->i][n->i])
		member_take_forward(n->m, note->from->id, &note->f);
	free(note);
}

static void
drop_note(struct node *n, void *arg)
{
	(void)n;
	free(arg);
}

/* How long a message is under way. */
static uint64_t
delay(struct sim *s)
{
	uint64_t ms = 1 + sim_random(s, 20);

	return sim_random(s, 50) ? ms : ms + sim_random(s, 500);
}

static bool
is_lost(struct node *from, struct node *to)
{
	struct sim *s = from->sim;

	return !to || from->doomed || s->cut[from->i][to->i] ||
	    sim_random(s, 100) < s->loss_percent;
}

void
sim_forward(void *node, uint64_t id, const struct wire_forward *f)
{
	struct node *n = node, *to = sim_node(n->sim, id);
	struct note *note;

	if (is_lost(n, to))
		return;
	note = mem_zalloc(sizeof(*note) + f->len);
	note->from = n;
	note->f = *f;
	if (f->len)
		memcpy(note->entry, f->entry, f->len);
	note->f.entry = note->entry;
	sim_at(n->sim, to, delay(n->sim), deliver_note, drop_note, note);
}

static void
sent(struct sim *s, struct node *n, void *arg)
{
	struct raft_io_send *req = arg;

	(void)s, (void)n;
	req->cb(req, 0);
}

static void
not_sent(struct node *n, void *arg)
{
	struct raft_io_send *req = arg;

	(void)n;
	req->cb(req, RAFT_CANCELED);
}

static int
io_send(struct raft_io *io, struct raft_io_send *req,
    const struct raft_message *msg, raft_io_send_cb cb)
{
	struct node *n = node_of(io), *to = sim_node(n->sim, msg->server_id);
	struct sim *s = n->sim;

	req->cb = cb;
	if (!is_lost(n, to))
		sim_at(s, to, delay(s), deliver, letter_free,
		    letter_new(n, msg));
	sim_at(s, n, 0, sent, not_sent, req);
	return 0;
}

void
sim_io_init(struct node *n)
{
	n->io = (struct sim_io){ .io = {
		.version = 2, .capacity = 8192, .impl = n, .init = io_init,
		.close = io_close, .load = io_load, .start = io_start,
		.bootstrap = io_bootstrap, .recover = io_recover,
		.set_term = io_set_term, .set_vote = io_set_vote,
		.send = io_send, .append = io_append,
		.truncate = io_truncate, .snapshot_put = io_snapshot_put,
		.snapshot_get = io_snapshot_get, .time = io_time,
		.random = io_random,
	} };
	n->io.ops_end = &n->io.ops;
	if (!n->disk.start)
		n->disk.start = 1;
}
