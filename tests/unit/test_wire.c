/* Messages between members as bytes. */
#include <errno.h>
#include <string.h>

#include "mutate.h"
#include "poold/link.h"
#include "poold/wire.h"
#include "unit.h"

#define FROM 7

static uint64_t words[2][4] = { { 1, 2, 3, 4 }, { 5, 6, 7, 8 } };
static struct raft_entry entries[2] = {
	{ .term = 3, .type = RAFT_COMMAND, .buf = { words[0], 32 } },
	{ .term = 4, .type = RAFT_BARRIER, .buf = { words[1], 8 } },
};
static struct raft_server servers[2] = {
	{ .id = 7, .address = (char[]){ "7" }, .role = RAFT_VOTER },
	{ .id = 8, .address = (char[]){ "8" }, .role = RAFT_STANDBY },
};

static struct raft_message samples[] = {
	{ .type = RAFT_APPEND_ENTRIES, .append_entries = { 1, 5, 41, 4, 40,
	    entries, 2 } },
	{ .type = RAFT_APPEND_ENTRIES, .append_entries = { .term = 5,
	    .prev_log_index = UINT64_MAX } },
	{ .type = RAFT_APPEND_ENTRIES_RESULT,
	    .append_entries_result = { 1, 5, 42, 41, 3, 8192 } },
	{ .type = RAFT_REQUEST_VOTE,
	    .request_vote = { 2, 6, FROM, 44, 5, true, false } },
	{ .type = RAFT_REQUEST_VOTE_RESULT,
	    .request_vote_result = { 2, 6, true, true, 1, 12 } },
	{ .type = RAFT_INSTALL_SNAPSHOT, .install_snapshot = { 1, 6, 50, 5,
	    { servers, 2 }, 33, { words, 64 } } },
	{ .type = RAFT_TIMEOUT_NOW, .timeout_now = { 1, 6, 51, 5 } },
};
#define SAMPLES (sizeof(samples) / sizeof(samples[0]))

static void
check_entries(const struct raft_append_entries *a,
    const struct raft_append_entries *b)
{
	unsigned i;

	ck_assert_uint_eq(a->term, b->term);
	ck_assert_uint_eq(a->prev_log_index, b->prev_log_index);
	ck_assert_uint_eq(a->prev_log_term, b->prev_log_term);
	ck_assert_uint_eq(a->leader_commit, b->leader_commit);
	ck_assert_uint_eq(a->n_entries, b->n_entries);
	for (i = 0; i < a->n_entries; i++) {
		ck_assert_uint_eq(a->entries[i].term, b->entries[i].term);
		ck_assert_int_eq(a->entries[i].type, b->entries[i].type);
		ck_assert_uint_eq(a->entries[i].buf.len,
		    b->entries[i].buf.len);
		ck_assert_mem_eq(a->entries[i].buf.base,
		    b->entries[i].buf.base, a->entries[i].buf.len);
		ck_assert_ptr_eq(a->entries[i].batch, a->entries[0].batch);
	}
}

static void
check_snapshot(const struct raft_install_snapshot *a,
    const struct raft_install_snapshot *b)
{
	unsigned i;

	ck_assert_uint_eq(a->last_index, b->last_index);
	ck_assert_uint_eq(a->last_term, b->last_term);
	ck_assert_uint_eq(a->conf_index, b->conf_index);
	ck_assert_uint_eq(a->conf.n, b->conf.n);
	for (i = 0; i < a->conf.n; i++) {
		ck_assert_uint_eq(a->conf.servers[i].id,
		    b->conf.servers[i].id);
		ck_assert_str_eq(a->conf.servers[i].address,
		    b->conf.servers[i].address);
		ck_assert_int_eq(a->conf.servers[i].role,
		    b->conf.servers[i].role);
	}
	ck_assert_uint_eq(a->data.len, b->data.len);
	ck_assert_mem_eq(a->data.base, b->data.base, a->data.len);
}

static void
check_same(const struct raft_message *a, const struct raft_message *b)
{
	struct buf x = { 0 }, y = { 0 };

	ck_assert_int_eq(a->type, b->type);
	if (a->type == RAFT_APPEND_ENTRIES)
		check_entries(&a->append_entries, &b->append_entries);
	if (a->type == RAFT_INSTALL_SNAPSHOT)
		check_snapshot(&a->install_snapshot, &b->install_snapshot);
	ck_assert(wire_encode(&x, a));
	ck_assert(wire_encode(&y, b));
	ck_assert_uint_eq(x.len, y.len);
	ck_assert_mem_eq(x.data, y.data, x.len);
	buf_release(&x);
	buf_release(&y);
}

START_TEST(every_message_comes_as_it_went)
{
	struct raft_message got;
	size_t i;

	for (i = 0; i < SAMPLES; i++) {
		struct buf b = { 0 };

		ck_assert(wire_encode(&b, &samples[i]));
		ck_assert_int_eq(wire_decode(&got, FROM, b.data, b.len), 0);
		ck_assert_uint_eq(got.server_id, FROM);
		check_same(&got, &samples[i]);
		wire_release(&got);
		buf_release(&b);
	}
}
END_TEST

START_TEST(a_part_of_a_message_is_none)
{
	struct raft_message got;
	size_t i, n;

	for (i = 0; i < SAMPLES; i++) {
		struct buf b = { 0 };

		ck_assert(wire_encode(&b, &samples[i]));
		for (n = 0; n < b.len; n++)
			ck_assert_int_eq(wire_decode(&got, FROM, b.data, n),
			    -EBADMSG);
		buf_addc(&b, '\0');
		ck_assert_int_eq(wire_decode(&got, FROM, b.data, b.len),
		    -EBADMSG);
		buf_release(&b);
	}
}
END_TEST

START_TEST(a_vote_is_asked_for_in_ones_own_name)
{
	struct raft_message got;
	struct buf b = { 0 };

	ck_assert(wire_encode(&b, &samples[3]));
	ck_assert_int_eq(wire_decode(&got, FROM + 1, b.data, b.len), -EBADMSG);
	buf_release(&b);
}
END_TEST

START_TEST(changed_bytes_are_refused_or_make_another_message)
{
	struct raft_message got, again;
	struct buf b = { 0 }, c = { 0 };
	size_t round, len;
	char *bytes;
	int rc;

	for (round = 0; round < 20000; round++) {
		buf_reset(&b);
		buf_reset(&c);
		ck_assert(wire_encode(&b, &samples[round % SAMPLES]));
		bytes = mutate(b.data, b.len, &len);
		rc = wire_decode(&got, FROM, bytes, len);
		free(bytes);
		if (rc)
			continue;
		ck_assert(wire_encode(&c, &got));
		ck_assert_int_eq(wire_decode(&again, FROM, c.data, c.len), 0);
		check_same(&got, &again);
		wire_release(&got);
		wire_release(&again);
	}
	buf_release(&b);
	buf_release(&c);
}
END_TEST

static struct wire_forward forwards[] = {
	{ .token = 9, .base = 41, .entry = words, .len = 64 },
	{ .token = UINT64_MAX, .base = 0, .entry = "x", .len = 1 },
	{ .word = WIRE_REFUSED, .token = 9, .rc = -EROFS },
	{ .word = WIRE_BARRIER, .token = 1u << 30 },
	{ .word = WIRE_PASSED, .token = 3, .base = 77 },
};
#define FORWARDS (sizeof(forwards) / sizeof(forwards[0]))

static void
check_same_forward(const struct wire_forward *a, const struct wire_forward *b)
{
	ck_assert_int_eq(a->word, b->word);
	ck_assert_uint_eq(a->token, b->token);
	ck_assert_uint_eq(a->base, b->base);
	ck_assert_int_eq(a->rc, b->rc);
	ck_assert_uint_eq(a->len, b->len);
	if (a->len)
		ck_assert_mem_eq(a->entry, b->entry, a->len);
}

START_TEST(a_batch_that_is_forwarded_comes_as_it_went)
{
	struct wire_forward got;
	struct buf b = { 0 };
	size_t i, n;

	for (i = 0; i < FORWARDS; i++) {
		buf_reset(&b);
		wire_encode_forward(&b, &forwards[i]);
		ck_assert(wire_is_forward(b.data, b.len));
		ck_assert_int_eq(wire_decode_forward(&got, b.data, b.len), 0);
		check_same_forward(&got, &forwards[i]);
		for (n = 0; n < b.len; n++)
			ck_assert_int_eq(wire_decode_forward(&got, b.data, n),
			    -EBADMSG);
		buf_addc(&b, '\0');
		ck_assert_int_eq(wire_decode_forward(&got, b.data, b.len),
		    -EBADMSG);
	}
	for (i = 0; i < SAMPLES; i++) {
		buf_reset(&b);
		ck_assert(wire_encode(&b, &samples[i]));
		ck_assert(!wire_is_forward(b.data, b.len));
	}
	buf_release(&b);
}
END_TEST

START_TEST(a_forwarded_batch_is_neither_empty_nor_too_long)
{
	static char much[WIRE_FORWARD_MAX + 1];
	struct wire_forward got, f = { .token = 1, .entry = much };
	struct buf b = { 0 };

	wire_encode_forward(&b, &f);
	ck_assert_int_eq(wire_decode_forward(&got, b.data, b.len), -EBADMSG);
	buf_reset(&b);
	f.len = WIRE_FORWARD_MAX;
	wire_encode_forward(&b, &f);
	ck_assert_int_eq(wire_decode_forward(&got, b.data, b.len), 0);
	buf_reset(&b);
	f.len++;
	wire_encode_forward(&b, &f);
	ck_assert_int_eq(wire_decode_forward(&got, b.data, b.len), -EBADMSG);
	buf_reset(&b);
	f = (struct wire_forward){ .len = 1, .entry = much };
	wire_encode_forward(&b, &f);
	/* no token: that is of the copy which makes a pool */
	ck_assert_int_eq(wire_decode_forward(&got, b.data, b.len), -EBADMSG);
	buf_release(&b);
}
END_TEST

START_TEST(changed_bytes_of_a_forward_are_refused_or_make_another)
{
	struct wire_forward got, again;
	struct buf b = { 0 }, c = { 0 };
	size_t round, len;
	char *bytes;

	for (round = 0; round < 20000; round++) {
		buf_reset(&b);
		buf_reset(&c);
		wire_encode_forward(&b, &forwards[round % FORWARDS]);
		bytes = mutate(b.data, b.len, &len);
		if (wire_is_forward(bytes, len) &&
		    !wire_decode_forward(&got, bytes, len)) {
			wire_encode_forward(&c, &got);
			ck_assert_int_eq(wire_decode_forward(&again, c.data,
			    c.len), 0);
			check_same_forward(&got, &again);
		}
		free(bytes);
	}
	buf_release(&b);
	buf_release(&c);
}
END_TEST

START_TEST(what_is_too_long_is_not_encoded)
{
	struct raft_message msg = samples[5];
	struct buf b = { 0 };

	msg.install_snapshot.data.len = LINK_MESSAGE_MAX;
	ck_assert(!wire_encode(&b, &msg));
	msg = samples[0];
	msg.append_entries.n_entries = WIRE_ENTRIES_MAX + 1;
	ck_assert(!wire_encode(&b, &msg));
	ck_assert_uint_eq(b.len, 0);
	buf_release(&b);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("wire", every_message_comes_as_it_went,
	    a_part_of_a_message_is_none, a_vote_is_asked_for_in_ones_own_name,
	    changed_bytes_are_refused_or_make_another_message,
	    what_is_too_long_is_not_encoded,
	    a_batch_that_is_forwarded_comes_as_it_went,
	    a_forwarded_batch_is_neither_empty_nor_too_long,
	    changed_bytes_of_a_forward_are_refused_or_make_another);
}
