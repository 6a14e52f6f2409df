#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/codec.h"
#include "model_tables.h"
#include "unit.h"

static struct arena *a;

static const char *
random_text(void)
{
	static const char *const texts[] = {
		"", "a", "ä€😀", "a longer text with <markup> & \"quotes\"",
	};

	return texts[rand() % 4];
}

static int64_t
random_int(void)
{
	static const int64_t edges[] = {
		0, 1, -1, 127, 128, -64, -65, INT64_MAX, INT64_MIN, 1 << 20,
	};

	return rand() % 2 ? edges[rand() % 10] : (int64_t)rand() - rand();
}

static void
random_thing(struct thing *th)
{
	static const double prices[] = { 0, -0.0, 1.5, -1e300, INFINITY, NAN };
	int i;

	*th = thing_default;
	th->name_label = random_text();
	th->weight = random_int();
	th->price = prices[rand() % 6];
	th->broken = rand() % 2;
	th->colour = rand() % 3;
	th->bought = random_int();
	if (rand() % 2)
		ref_random(&th->box);
	for (i = rand() % 4; i; i--) {
		struct ref r;

		ref_random(&r);
		th->labels = vec_add_ref(a, th->labels, &r);
		th->tags = vec_add_string(a, th->tags, random_text());
		th->other_config = map_set(a, th->other_config, random_text(),
		    random_text());
		th->colours = enum_map_set(a, th->colours, random_text(),
		    rand() % 3);
	}
	th->size.width = random_int();
	th->size.unit = random_text();
	th->temperature = random_int();
	th->slot = random_text();
}

static void
assert_equal(const struct record_type *rt, const void *x, const void *y)
{
	uint16_t i;

	for (i = 0; i < rt->n; i++) {
		const struct field *f = &rt->fields[i];

		ck_assert_msg(type_equal(f->type, (const char *)x + f->offset,
		    (const char *)y + f->offset), "%s differs", f->name);
	}
}

START_TEST(decoding_gives_back_what_was_encoded)
{
	struct thing in, out;
	int i;

	srand(3);
	for (i = 0; i < 3000; i++) {
		struct buf b = { 0 };

		a = arena_new();
		random_thing(&in);
		codec_encode(&b, &class_thing.rec, &in, 0);
		out = thing_default;
		ck_assert_int_eq(codec_decode(a, &class_thing.rec, &out,
		    b.data, b.len, NULL), 0);
		assert_equal(&class_thing.rec, &in, &out);
		buf_release(&b);
		arena_free(a);
	}
}
END_TEST

START_TEST(defaults_take_no_room)
{
	struct buf b = { 0 };

	codec_encode(&b, &class_thing.rec, &thing_default, 0);
	ck_assert_uint_eq(b.len, 0);
	codec_encode(&b, &class_thing.rec, &thing_default, FIELD_DURABLE);
	ck_assert_uint_eq(b.len, 0);
}
END_TEST

START_TEST(the_mask_chooses_fields)
{
	struct thing in = thing_default, out = thing_default;
	struct buf b = { 0 };

	a = arena_new();
	in.weight = 1;
	in.temperature = 2;
	in.slot = "x";
	codec_encode(&b, &class_thing.rec, &in, FIELD_VOLATILE | FIELD_LOCAL);
	ck_assert_int_eq(codec_decode(a, &class_thing.rec, &out, b.data,
	    b.len, NULL), 0);
	ck_assert_int_eq(out.weight, 7);
	ck_assert_int_eq(out.temperature, 2);
	ck_assert_str_eq(out.slot, "x");
	buf_release(&b);
	arena_free(a);
}
END_TEST

START_TEST(unknown_fields_are_handed_over)
{
	struct record_type old = class_thing.rec;
	struct buf b = { 0 }, extra = { 0 };
	struct thing in, out = thing_default;

	srand(4);
	a = arena_new();
	random_thing(&in);
	in.other_config = map_set(a, in.other_config, "k", "v");
	in.size.width = 77;
	old.n = 5;
	codec_encode(&b, &class_thing.rec, &in, 0);
	ck_assert_int_eq(codec_decode(a, &old, &out, b.data, b.len, &extra),
	    0);
	ck_assert_int_eq(codec_decode(a, &class_thing.rec, &out, extra.data,
	    extra.len, NULL), 0);
	assert_equal(&class_thing.rec, &in, &out);
	buf_release(&b);
	buf_release(&extra);
	arena_free(a);
}
END_TEST

/* Any bytes: an error or a record, and never a read past the end, which ASan
 * would see since each input has a block of its own. */
START_TEST(damaged_input_is_refused_or_decoded_but_never_overrun)
{
	struct thing in, out;
	int i;

	srand(5);
	for (i = 0; i < 20000; i++) {
		struct buf b = { 0 }, extra = { 0 };
		size_t len;
		char *copy;
		int k;

		a = arena_new();
		random_thing(&in);
		codec_encode(&b, &class_thing.rec, &in, 0);
		len = b.len ? (size_t)rand() % (b.len + 1) : 0;
		copy = malloc(len ? len : 1);
		if (len)
			memcpy(copy, b.data, len);
		for (k = rand() % 4; k && len; k--)
			copy[(size_t)rand() % len] = (char)rand();
		out = thing_default;
		k = codec_decode(a, &class_thing.rec, &out, copy, len, &extra);
		ck_assert(!k || k == -EBADMSG);
		if (!k) {
			buf_reset(&b);
			codec_encode(&b, &class_thing.rec, &out, 0);
		}
		free(copy);
		buf_release(&b);
		buf_release(&extra);
		arena_free(a);
	}
}
END_TEST

static int
decode_bytes(const void *data, size_t len)
{
	struct thing out = thing_default;
	int rc;

	a = arena_new();
	rc = codec_decode(a, &class_thing.rec, &out, data, len, NULL);
	arena_free(a);
	return rc;
}

START_TEST(what_no_encoder_makes_is_refused)
{
	/* tag 2: a string with a NUL; tag 6: no such enum value; tag 5: a
	 * bool of 2; tag 3 as bytes; tag 8: a short ref; varint too long;
	 * form 3 */
	ck_assert_int_eq(decode_bytes("\x12\x03" "a\0b", 5), -EBADMSG);
	ck_assert_int_eq(decode_bytes("\x30\x06", 2), -EBADMSG);
	ck_assert_int_eq(decode_bytes("\x30\x01", 2), -EBADMSG);
	ck_assert_int_eq(decode_bytes("\x28\x02", 2), -EBADMSG);
	ck_assert_int_eq(decode_bytes("\x1a\x00", 2), -EBADMSG);
	ck_assert_int_eq(decode_bytes("\x42\x01x", 3), -EBADMSG);
	ck_assert_int_eq(decode_bytes("\x18\xff\xff\xff\xff\xff\xff\xff\xff"
	    "\xff\x02", 11), -EBADMSG);
	ck_assert_int_eq(decode_bytes("\x1b\x00", 2), -EBADMSG);
	ck_assert_int_eq(decode_bytes("\x30\x04", 2), 0);
}
END_TEST

/* A set of a record: one byte each on the wire, many in memory. */
static const struct type type_size_set = {
	.kind = KIND_SET, .size = sizeof(struct vec), .elem = &type_size,
};
static const struct field sizes_fields[] = {
	{ .name = "sizes", .type = &type_size_set, .tag = 1,
	  .far_class = -1, .far_field = -1 },
};
static const struct vec sizes_default;
static const struct record_type sizes_record = {
	.name = "sizes", .fields = sizes_fields, .n = 1,
	.size = sizeof(struct vec), .dflt = &sizes_default,
};

START_TEST(small_input_cannot_take_much_memory)
{
	struct buf b = { 0 };
	struct vec out = { NULL, 0 };
	size_t n = 3 << 20;

	a = arena_new();
	codec_add_varint(&b, 1 << 3 | 2);
	codec_add_varint(&b, n);
	memset(buf_reserve(&b, n), 0, n);
	b.len += n;
	ck_assert_int_eq(codec_decode(a, &sizes_record, &out, b.data, b.len,
	    NULL), -EBADMSG);
	ck_assert_uint_lt(arena_used(a), CODEC_MAX_MEMORY + 4096);
	buf_release(&b);
	arena_free(a);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("codec", decoding_gives_back_what_was_encoded,
	    defaults_take_no_room, the_mask_chooses_fields,
	    unknown_fields_are_handed_over,
	    damaged_input_is_refused_or_decoded_but_never_overrun,
	    what_no_encoder_makes_is_refused,
	    small_input_cannot_take_much_memory);
}
