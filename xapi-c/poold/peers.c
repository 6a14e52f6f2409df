#include "poold/peers.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <raft.h>
#include <raft/uv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/log.h"
#include "base/mem.h"
#include "poold/address.h"
#include "poold/link.h"
#include "poold/listener.h"
#include "poold/wire.h"

#define RETRY_FIRST_MS 100
#define RETRY_MAX_MS 3200
#define HANDSHAKE_MS 5000
#define STALL_MS 10000

static_assert(POOL_PIN == MUTUAL_PIN, "a pin is a pin");

struct peer {
	struct pool_peer info;
	struct sockaddr_storage to;
	socklen_t to_len;
	char name[24];			/* the id: raft wants an address */
	struct link *out, *in;
	uint64_t retry_at;		/* of the loop's clock */
	unsigned retry_ms;
	bool told;			/* that it cannot be reached */
};

struct peers {
	struct raft_io io;
	struct raft_uv_transport transport;
	uv_loop_t *uv;
	uint64_t id;
	struct mutual *mutual;
	struct link_owner owner;
	struct listener *listener;	/* NULL: not yet */
	struct pool_peer self;		/* where it listens */
	struct peer *list[POOL_PEERS_MAX];
	size_t n;
	struct link *pending[PEERS_PENDING_MAX];	/* oldest first */
	size_t n_pending;
	int (*start)(struct raft_io *io, unsigned ms, raft_io_tick_cb tick,
	    raft_io_recv_cb recv);	/* the uv back end's */
	raft_io_recv_cb recv;		/* NULL: raft does not listen */
	void (*forward)(void *arg, uint64_t from,
	    const struct wire_forward *f);	/* NULL: nobody does */
	void *forward_arg;
};

static struct peers *
of_io(struct raft_io *io)
{
	return (struct peers *)((char *)io - offsetof(struct peers, io));
}

static struct peer *
find_peer(struct peers *p, uint64_t id)
{
	size_t i;

	for (i = 0; i < p->n; i++) {
		if (p->list[i]->info.id == id)
			return p->list[i];
	}
	return NULL;
}

static bool
forget_pending(struct peers *p, const struct link *l)
{
	size_t i;

	for (i = 0; i < p->n_pending && p->pending[i] != l; i++)
		;
	if (i == p->n_pending)
		return false;
	p->n_pending--;
	memmove(&p->pending[i], &p->pending[i + 1],
	    (p->n_pending - i) * sizeof(p->pending[0]));
	return true;
}

static void
accepted(void *arg, int fd)
{
	struct peers *p = arg;
	struct link *l;

	if (p->n_pending == PEERS_PENDING_MAX) {
		l = p->pending[0];
		forget_pending(p, l);
		link_close(l);
	}
	if (link_accept(&p->owner, fd, &l) == 0)
		p->pending[p->n_pending++] = l;
}

/* Twice as late each time, so that a member that is gone costs little. */
static void
retry_later(struct peers *p, struct peer *r)
{
	r->retry_at = uv_now(p->uv) + r->retry_ms;
	r->retry_ms *= 2;
	if (r->retry_ms > RETRY_MAX_MS)
		r->retry_ms = RETRY_MAX_MS;
}

static void
not_reached(struct peers *p, struct peer *r, int rc)
{
	retry_later(p, r);
	if (!r->told)
		log_warn("cannot reach member %s at %s: %s", r->name,
		    r->info.address, strerror(-rc));
	r->told = true;
}

static void
down(void *arg, struct link *l, int rc)
{
	struct peers *p = arg;
	size_t i;

	if (forget_pending(p, l))
		return;
	for (i = 0; i < p->n; i++) {
		if (p->list[i]->in == l)
			p->list[i]->in = NULL;
		if (p->list[i]->out == l) {
			p->list[i]->out = NULL;
			not_reached(p, p->list[i], rc);
		}
	}
}

/* A member has one connection to this one: the newest. */
static void
up_in(struct peers *p, struct link *l, uint64_t id)
{
	struct peer *r = find_peer(p, id);

	if (!r) {
		link_close(l);
		return;
	}
	link_close(r->in);
	r->in = l;
}

static void
up_out(struct peers *p, struct peer *r, uint64_t id)
{
	if (r->info.id != id) {
		log_warn("member %s is not at %s, another is", r->name,
		    r->info.address);
		link_close(r->out);
		r->out = NULL;
		retry_later(p, r);
		return;
	}
	if (r->told)
		log_info("member %s is reached again", r->name);
	r->told = false;
	r->retry_ms = RETRY_FIRST_MS;
}

static void
up(void *arg, struct link *l, uint64_t id)
{
	struct peers *p = arg;
	size_t i;

	if (forget_pending(p, l)) {
		up_in(p, l, id);
		return;
	}
	for (i = 0; p->list[i]->out != l; i++)
		assert(i + 1 < p->n);
	up_out(p, p->list[i], id);
}

static int
take_forward(struct peers *p, struct peer *r, const void *data, size_t len)
{
	struct wire_forward f;
	int rc = wire_decode_forward(&f, data, len);

	if (!rc && p->forward)
		p->forward(p->forward_arg, r->info.id, &f);
	return rc;
}

static int
take_raft(struct peers *p, struct peer *r, const void *data, size_t len)
{
	struct raft_message msg;
	int rc = wire_decode(&msg, r->info.id, data, len);

	if (rc)
		return rc;
	msg.server_address = r->name;
	p->recv(&p->io, &msg);
	return 0;
}

static void
message(void *arg, struct link *l, const void *data, size_t len)
{
	struct peers *p = arg;
	struct peer *r = find_peer(p, link_peer(l));

	if (!r || r->in != l || !p->recv)
		return;
	if (wire_is_forward(data, len) ? take_forward(p, r, data, len) :
	    take_raft(p, r, data, len)) {
		log_warn("member %s sends what is no message", r->name);
		r->in = NULL;
		link_close(l);
	}
}

static void
connect_to(struct peers *p, struct peer *r)
{
	int rc;

	if (uv_now(p->uv) < r->retry_at)
		return;
	rc = link_connect(&p->owner, (const struct sockaddr *)&r->to,
	    r->to_len, &r->out);
	if (rc)
		not_reached(p, r, rc);
}

static struct peer *
reach(struct peers *p, uint64_t id)
{
	struct peer *r = find_peer(p, id);

	if (r && !r->out)
		connect_to(p, r);
	return r && r->out ? r : NULL;
}

void
peers_listen(struct peers *p, void (*forward)(void *arg, uint64_t from,
    const struct wire_forward *f), void *arg)
{
	p->forward = forward;
	p->forward_arg = arg;
}

void
peers_forward(struct peers *p, uint64_t to, const struct wire_forward *f)
{
	struct peer *r = reach(p, to);
	struct buf b = { 0 };

	if (!r)
		return;
	wire_encode_forward(&b, f);
	link_send(r->out, b.data, b.len);
	buf_release(&b);
}

/* The bytes are the link's when it returns, so raft may have its memory back. */
static int
io_send(struct raft_io *io, struct raft_io_send *req,
    const struct raft_message *msg, raft_io_send_cb cb)
{
	struct peers *p = of_io(io);
	struct peer *r = reach(p, msg->server_id);
	struct buf b = { 0 };

	if (r && wire_encode(&b, msg))
		link_send(r->out, b.data, b.len);
	buf_release(&b);
	req->cb = cb;
	cb(req, 0);
	return 0;
}

static int
io_start(struct raft_io *io, unsigned ms, raft_io_tick_cb tick,
    raft_io_recv_cb recv)
{
	struct peers *p = of_io(io);

	p->recv = recv;
	return p->start(io, ms, tick, recv);
}

static int
transport_init(struct raft_uv_transport *t, raft_id id, const char *address)
{
	(void)t, (void)id, (void)address;
	return 0;
}

static int
transport_listen(struct raft_uv_transport *t, raft_uv_accept_cb cb)
{
	(void)t, (void)cb;
	return 0;
}

/* Never called: messages do not go this way. */
static int
transport_connect(struct raft_uv_transport *t, struct raft_uv_connect *req,
    raft_id id, const char *address, raft_uv_connect_cb cb)
{
	(void)t, (void)req, (void)id, (void)address, (void)cb;
	return RAFT_NOCONNECTION;
}

static void
peer_free(struct peer *r)
{
	link_close(r->in);
	link_close(r->out);
	free(r);
}

void
peers_end(struct peers *p)
{
	p->recv = NULL;
	listener_free(p->listener);
	p->listener = NULL;
	while (p->n_pending)
		link_close(p->pending[--p->n_pending]);
	while (p->n)
		peer_free(p->list[--p->n]);
}

static void
transport_close(struct raft_uv_transport *t, raft_uv_transport_close_cb cb)
{
	cb(t);
}

int
peers_new(uv_loop_t *uv, uint64_t id, const char *identity,
    struct peers **out)
{
	struct peers *p = mem_zalloc(sizeof(*p));
	int rc;

	*out = NULL;
	p->uv = uv;
	p->id = id;
	p->transport = (struct raft_uv_transport){
		.version = 1, .init = transport_init,
		.listen = transport_listen, .connect = transport_connect,
		.close = transport_close,
	};
	rc = mutual_new(identity, &p->mutual);
	if (rc) {
		free(p);
		return rc;
	}
	p->owner = (struct link_owner){
		.loop = uv, .mutual = p->mutual,
		.handshake_ms = HANDSHAKE_MS, .stall_ms = STALL_MS,
		.up = up, .message = message, .down = down, .arg = p,
	};
	*out = p;
	return 0;
}

void
peers_free(struct peers *p)
{
	if (!p)
		return;
	mutual_free(p->mutual);
	free(p);
}

void
peers_own(const struct peers *p, uint8_t out[static POOL_PIN])
{
	mutual_own(p->mutual, out);
}

struct raft_io *
peers_io(struct peers *p)
{
	return &p->io;
}

struct raft_uv_transport *
peers_transport(struct peers *p)
{
	return &p->transport;
}

void
peers_begin(struct peers *p)
{
	p->start = p->io.start;
	p->io.start = io_start;
	p->io.send = io_send;
}

static struct peer *
peer_new(const struct pool_peer *info)
{
	struct peer *r = mem_zalloc(sizeof(*r));

	r->info = *info;
	r->retry_ms = RETRY_FIRST_MS;
	snprintf(r->name, sizeof(r->name), "%llu",
	    (unsigned long long)info->id);
	address_parse(info->address, &r->to, &r->to_len);
	return r;
}

static bool
list_is_good(const struct pool_peer *list, size_t n)
{
	struct sockaddr_storage to;
	socklen_t len;
	size_t i, k;

	for (i = 0; i < n && n <= POOL_PEERS_MAX; i++) {
		if (!list[i].id || !memchr(list[i].address, 0, POOL_ADDRESS) ||
		    !address_parse(list[i].address, &to, &len))
			return false;
		for (k = 0; k < i; k++) {
			if (list[k].id == list[i].id)
				return false;
		}
	}
	return n <= POOL_PEERS_MAX;
}

/* Takes who has not changed out of the list that was. */
static struct peer *
take_same(struct peers *p, const struct pool_peer *info)
{
	struct peer *r = find_peer(p, info->id);
	size_t i;

	if (!r || strcmp(r->info.address, info->address) != 0 ||
	    memcmp(r->info.pin, info->pin, POOL_PIN) != 0)
		return NULL;
	for (i = 0; p->list[i] != r; i++)
		;
	p->list[i] = p->list[--p->n];
	return r;
}

static int
listen_at(struct peers *p, const struct pool_peer *self)
{
	struct listener *fresh;
	int rc;

	if (p->listener && strcmp(p->self.address, self->address) == 0)
		return 0;
	rc = listener_new(p->uv, self->address, accepted, p, &fresh);
	if (rc)
		return rc;
	listener_free(p->listener);
	p->listener = fresh;
	p->self = *self;
	return 0;
}

/* What stays the same keeps its connections. */
static void
replace_list(struct peers *p, const struct pool_peer *list, size_t n)
{
	struct mutual_pin pins[POOL_PEERS_MAX];
	struct peer *next[POOL_PEERS_MAX], *r;
	size_t i, k = 0;

	for (i = 0; i < n; i++) {
		if (list[i].id == p->id)
			continue;
		r = take_same(p, &list[i]);
		next[k] = r ? r : peer_new(&list[i]);
		pins[k].id = list[i].id;
		memcpy(pins[k].sha256, list[i].pin, POOL_PIN);
		k++;
	}
	while (p->n)
		peer_free(p->list[--p->n]);
	memcpy(p->list, next, k * sizeof(next[0]));
	p->n = k;
	mutual_trust(p->mutual, pins, k);
}

int
peers_set(struct peers *p, const struct pool_peer *list, size_t n)
{
	size_t i;
	int rc;

	if (!list_is_good(list, n))
		return -EINVAL;
	for (i = 0; i < n && list[i].id != p->id; i++)
		;
	if (i == n)
		return -EINVAL;
	rc = listen_at(p, &list[i]);
	if (rc)
		return rc;
	replace_list(p, list, n);
	return 0;
}
