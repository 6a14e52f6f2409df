#include "poold/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "poold/link.h"

#define VERSION 1
/* What a message may carry besides entries or snapshot takes less than this. */
#define CONTENT_MAX (LINK_MESSAGE_MAX - (64u << 10))
#define ADDRESS_MAX 63
#define ERRNO_MAX 4095

enum { OURS_FIRST = 64, OURS_LAST = OURS_FIRST + WIRE_PASSED };

static void
put_all(struct buf *b, const uint64_t *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		codec_add_varint(b, v[i]);
}

#define PUT(b, ...) put_all((b), (const uint64_t[]){ __VA_ARGS__ }, \
	sizeof((const uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t))

static void
put_bytes(struct buf *b, const void *p, size_t n)
{
	codec_add_varint(b, n);
	buf_add(b, p, n);
}

static void
put_entries(struct buf *b, const struct raft_append_entries *a)
{
	unsigned i;

	PUT(b, a->version, a->term, a->prev_log_index, a->prev_log_term,
	    a->leader_commit, a->n_entries);
	for (i = 0; i < a->n_entries; i++) {
		PUT(b, a->entries[i].term, a->entries[i].type);
		put_bytes(b, a->entries[i].buf.base, a->entries[i].buf.len);
	}
}

static void
put_snapshot(struct buf *b, const struct raft_install_snapshot *s)
{
	unsigned i;

	PUT(b, s->version, s->term, s->last_index, s->last_term,
	    s->conf_index, s->conf.n);
	for (i = 0; i < s->conf.n; i++) {
		codec_add_varint(b, s->conf.servers[i].id);
		put_bytes(b, s->conf.servers[i].address,
		    strlen(s->conf.servers[i].address));
		codec_add_varint(b, (uint64_t)s->conf.servers[i].role);
	}
	put_bytes(b, s->data.base, s->data.len);
}

static void
put_vote(struct buf *b, const struct raft_request_vote *v)
{
	PUT(b, v->version, v->term, v->candidate_id, v->last_log_index,
	    v->last_log_term, v->disrupt_leader, v->pre_vote);
}

static size_t
entries_len(const struct raft_append_entries *a)
{
	size_t len = 0;
	unsigned i;

	for (i = 0; i < a->n_entries; i++)
		len += a->entries[i].buf.len;
	return len;
}

/* Before memory is taken for it. */
static bool
is_too_long(const struct raft_message *msg)
{
	switch (msg->type) {
	case RAFT_INSTALL_SNAPSHOT:
		return msg->install_snapshot.data.len > CONTENT_MAX ||
		    msg->install_snapshot.conf.n > WIRE_SERVERS_MAX;
	case RAFT_APPEND_ENTRIES:
		return msg->append_entries.n_entries > WIRE_ENTRIES_MAX ||
		    entries_len(&msg->append_entries) > CONTENT_MAX;
	default:
		return false;
	}
}

bool
wire_encode(struct buf *b, const struct raft_message *msg)
{
	const struct raft_request_vote_result *vr = &msg->request_vote_result;
	const struct raft_append_entries_result *ar =
	    &msg->append_entries_result;
	const struct raft_timeout_now *now = &msg->timeout_now;

	if (is_too_long(msg))
		return false;
	PUT(b, VERSION, msg->type);
	switch (msg->type) {
	case RAFT_APPEND_ENTRIES:
		put_entries(b, &msg->append_entries);
		return true;
	case RAFT_APPEND_ENTRIES_RESULT:
		PUT(b, ar->version, ar->term, ar->rejected, ar->last_log_index,
		    ar->features, ar->capacity);
		return true;
	case RAFT_REQUEST_VOTE:
		put_vote(b, &msg->request_vote);
		return true;
	case RAFT_REQUEST_VOTE_RESULT:
		PUT(b, vr->version, vr->term, vr->vote_granted, vr->pre_vote,
		    vr->features, vr->capacity);
		return true;
	case RAFT_INSTALL_SNAPSHOT:
		put_snapshot(b, &msg->install_snapshot);
		return true;
	case RAFT_TIMEOUT_NOW:
		PUT(b, now->version, now->term, now->last_log_index,
		    now->last_log_term);
		return true;
	}
	return false;
}

struct reader {
	const uint8_t *p, *end;
	bool bad;
};

static uint64_t
get(struct reader *r, uint64_t max)
{
	uint64_t v = 0;

	if (r->bad || !codec_get_varint(&r->p, r->end, &v) || v > max) {
		r->bad = true;
		return 0;
	}
	return v;
}

static uint64_t
get_any(struct reader *r)
{
	return get(r, UINT64_MAX);
}

static const uint8_t *
get_bytes(struct reader *r, size_t *len)
{
	const uint8_t *data = NULL;

	*len = 0;
	if (!r->bad && !codec_get_bytes(&r->p, r->end, &data, len))
		r->bad = true;
	return data;
}

static void *
take(size_t len)
{
	void *p = raft_malloc(len ? len : 1);

	if (!p)
		abort();
	return p;
}

/* Where each entry lies in the message; returns the bytes of all. */
static size_t
find_entries(struct reader *r, struct raft_entry *e, size_t n)
{
	size_t total = 0, i;

	for (i = 0; i < n; i++) {
		e[i].term = get_any(r);
		e[i].type = (enum raft_entry_type)get(r, RAFT_CHANGE);
		if (!e[i].type)
			r->bad = true;
		/* read only, until it is copied */
		e[i].buf.base = (void *)(uintptr_t)get_bytes(r, &e[i].buf.len);
		if (e[i].buf.len % 8)
			r->bad = true;
		total += e[i].buf.len;
	}
	return total;
}

/* Into one piece of memory, as raft wants it. */
static void
copy_entries(struct raft_entry *e, size_t n, size_t total)
{
	char *batch = take(total), *to = batch;
	size_t i;

	for (i = 0; i < n; i++) {
		if (e[i].buf.len)
			memcpy(to, e[i].buf.base, e[i].buf.len);
		e[i].buf.base = to;
		e[i].batch = batch;
		to += e[i].buf.len;
	}
}

static void
get_entries(struct reader *r, struct raft_append_entries *a)
{
	size_t total;

	a->version = (unsigned char)get(r, UINT8_MAX);
	a->term = get_any(r);
	a->prev_log_index = get_any(r);
	a->prev_log_term = get_any(r);
	a->leader_commit = get_any(r);
	a->n_entries = (unsigned)get(r, WIRE_ENTRIES_MAX);
	if (r->bad || !a->n_entries)
		return;
	a->entries = take(a->n_entries * sizeof(*a->entries));
	total = find_entries(r, a->entries, a->n_entries);
	if (!r->bad && r->p == r->end) {
		copy_entries(a->entries, a->n_entries, total);
		return;
	}
	r->bad = true;
	raft_free(a->entries);
	a->entries = NULL;
	a->n_entries = 0;
}

static void
get_server(struct reader *r, struct raft_configuration *conf)
{
	uint64_t id = get_any(r);
	size_t len;
	const uint8_t *text = get_bytes(r, &len);
	int role = (int)get(r, RAFT_SPARE);
	char address[ADDRESS_MAX + 1] = "";

	if (r->bad || !id || len > ADDRESS_MAX ||
	    memchr(text, 0, len)) {
		r->bad = true;
		return;
	}
	memcpy(address, text, len);
	/* refuses what is there already */
	if (raft_configuration_add(conf, id, address, role))
		r->bad = true;
}

static void
get_snapshot(struct reader *r, struct raft_install_snapshot *s)
{
	const uint8_t *data;
	uint64_t n;

	raft_configuration_init(&s->conf);
	s->version = (unsigned char)get(r, UINT8_MAX);
	s->term = get_any(r);
	s->last_index = get_any(r);
	s->last_term = get_any(r);
	s->conf_index = get_any(r);
	for (n = get(r, WIRE_SERVERS_MAX); n && !r->bad; n--)
		get_server(r, &s->conf);
	data = get_bytes(r, &s->data.len);
	if (!s->conf.n || !s->data.len)
		r->bad = true;
	if (r->bad)
		s->data.len = 0;
	else
		s->data.base = memcpy(take(s->data.len), data, s->data.len);
}

static void
get_vote(struct reader *r, struct raft_request_vote *v, uint64_t from)
{
	v->version = (unsigned char)get(r, UINT8_MAX);
	v->term = get_any(r);
	v->candidate_id = get_any(r);
	v->last_log_index = get_any(r);
	v->last_log_term = get_any(r);
	v->disrupt_leader = get(r, 1);
	v->pre_vote = get(r, 1);
	if (v->candidate_id != from)
		r->bad = true;
}

static void
get_vote_result(struct reader *r, struct raft_request_vote_result *v)
{
	v->version = (unsigned char)get(r, UINT8_MAX);
	v->term = get_any(r);
	v->vote_granted = get(r, 1);
	v->pre_vote = get(r, 1);
	v->features = (unsigned short)get(r, UINT16_MAX);
	v->capacity = (unsigned short)get(r, UINT16_MAX);
}

static void
get_entries_result(struct reader *r, struct raft_append_entries_result *a)
{
	a->version = (unsigned char)get(r, UINT8_MAX);
	a->term = get_any(r);
	a->rejected = get_any(r);
	a->last_log_index = get_any(r);
	a->features = (unsigned short)get(r, UINT16_MAX);
	a->capacity = (unsigned short)get(r, UINT16_MAX);
}

static void
get_timeout(struct reader *r, struct raft_timeout_now *t)
{
	t->version = (unsigned char)get(r, UINT8_MAX);
	t->term = get_any(r);
	t->last_log_index = get_any(r);
	t->last_log_term = get_any(r);
}

static void
get_body(struct reader *r, struct raft_message *msg)
{
	switch (msg->type) {
	case RAFT_APPEND_ENTRIES:
		get_entries(r, &msg->append_entries);
		break;
	case RAFT_APPEND_ENTRIES_RESULT:
		get_entries_result(r, &msg->append_entries_result);
		break;
	case RAFT_REQUEST_VOTE:
		get_vote(r, &msg->request_vote, msg->server_id);
		break;
	case RAFT_REQUEST_VOTE_RESULT:
		get_vote_result(r, &msg->request_vote_result);
		break;
	case RAFT_INSTALL_SNAPSHOT:
		get_snapshot(r, &msg->install_snapshot);
		break;
	case RAFT_TIMEOUT_NOW:
		get_timeout(r, &msg->timeout_now);
		break;
	default:
		r->bad = true;
	}
}

int
wire_decode(struct raft_message *msg, uint64_t from, const void *data,
    size_t len)
{
	struct reader r = { .p = data, .end = (const uint8_t *)data + len };

	memset(msg, 0, sizeof(*msg));
	msg->server_id = from;
	if (get(&r, VERSION) != VERSION)
		r.bad = true;
	msg->type = (enum raft_message_type)get(&r, RAFT_TIMEOUT_NOW);
	get_body(&r, msg);
	if (!r.bad && r.p == r.end)
		return 0;
	wire_release(msg);
	return -EBADMSG;
}

static uint64_t
get_type(struct reader *r)
{
	if (get(r, VERSION) != VERSION)
		r->bad = true;
	return get_any(r);
}

bool
wire_is_forward(const void *data, size_t len)
{
	struct reader r = { .p = data, .end = (const uint8_t *)data + len };
	uint64_t type = get_type(&r);

	return type >= OURS_FIRST && type <= OURS_LAST;
}

void
wire_encode_forward(struct buf *b, const struct wire_forward *f)
{
	PUT(b, VERSION, OURS_FIRST + f->word, f->token);
	switch (f->word) {
	case WIRE_BATCH:
		codec_add_varint(b, f->base);
		put_bytes(b, f->entry, f->len);
		break;
	case WIRE_REFUSED:
		codec_add_varint(b, (uint64_t)-f->rc);
		break;
	case WIRE_BARRIER:
		break;
	case WIRE_PASSED:
		codec_add_varint(b, f->base);
		break;
	}
}

static void
get_forward(struct reader *r, struct wire_forward *f)
{
	switch (f->word) {
	case WIRE_BATCH:
		f->base = get_any(r);
		f->entry = get_bytes(r, &f->len);
		r->bad |= !f->len || f->len > WIRE_FORWARD_MAX;
		break;
	case WIRE_REFUSED:
		f->rc = -(int)get(r, ERRNO_MAX);
		r->bad |= !f->rc;
		break;
	case WIRE_BARRIER:
		break;
	case WIRE_PASSED:
		f->base = get_any(r);
		r->bad |= !f->base;
		break;
	}
}

int
wire_decode_forward(struct wire_forward *f, const void *data, size_t len)
{
	struct reader r = { .p = data, .end = (const uint8_t *)data + len };

	memset(f, 0, sizeof(*f));
	if (!wire_is_forward(data, len))
		return -EBADMSG;
	f->word = (enum wire_word)(get_type(&r) - OURS_FIRST);
	f->token = get_any(&r);
	get_forward(&r, f);
	return r.bad || r.p != r.end || !f->token ? -EBADMSG : 0;
}

void
wire_release(struct raft_message *msg)
{
	if (msg->type == RAFT_APPEND_ENTRIES && msg->append_entries.entries) {
		raft_free(msg->append_entries.entries[0].batch);
		raft_free(msg->append_entries.entries);
	} else if (msg->type == RAFT_INSTALL_SNAPSHOT) {
		raft_configuration_close(&msg->install_snapshot.conf);
		raft_free(msg->install_snapshot.data.base);
	}
	memset(msg, 0, sizeof(*msg));
}
