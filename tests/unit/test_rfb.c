/*
 * A text console as a picture: what viewers send in pieces of any size, keys,
 * what a terminal shows, and updates of bounded size.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "rfb/font.h"
#include "rfb/update.h"
#include "unit.h"

#define HELLO "RFB 003.008\n\1\1"
#define ASK_ALL "\3\0\0\0\0\0\2\200\1\220"
#define ASK "\3\1\0\0\0\0\2\200\1\220"
#define WITH_ZRLE "\2\0\0\2\0\0\0\20\0\0\0\0"

struct rig {
	struct rfb rfb;
	struct screen *screen;
	struct zrle zrle;
	struct buf out, typed;
};

static void
on_typed(const char *data, size_t len, void *arg)
{
	buf_add(&((struct rig *)arg)->typed, data, len);
}

static void
on_key(void *arg, uint32_t keysym, bool down)
{
	screen_key(((struct rig *)arg)->screen, keysym, down);
}

static void
setup(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	r->rfb = (struct rfb){ .width = SCREEN_W, .height = SCREEN_H,
		.name = "name", .key = on_key, .arg = r };
	r->screen = screen_new(on_typed, r);
	zrle_init(&r->zrle);
	rfb_begin(&r->rfb, &r->out);
}

static void
teardown(struct rig *r)
{
	screen_free(r->screen);
	zrle_release(&r->zrle);
	buf_release(&r->out);
	buf_release(&r->typed);
}

static int
feed(struct rig *r, const char *data, size_t len)
{
	return rfb_feed(&r->rfb, (const uint8_t *)data, len, &r->out);
}

#define FEED(r, literal) \
	ck_assert_int_eq(feed(r, literal, sizeof(literal) - 1), 0)

static void
print(struct rig *r, const char *text)
{
	screen_print(r->screen, text, strlen(text));
}

static void
update(struct rig *r)
{
	buf_reset(&r->out);
	ck_assert(update_due(&r->rfb, r->screen));
	update_make(&r->rfb, r->screen, &r->zrle, &r->out);
}

static unsigned int
at16(const struct buf *b, size_t at)
{
	return (unsigned int)(uint8_t)b->data[at] << 8 |
	    (uint8_t)b->data[at + 1];
}

START_TEST(a_viewer_of_each_version_is_greeted)
{
	static const struct {
		const char *version;
		size_t len;		/* of the answer to it and to "\1" */
		const char *answer;
	} all[] = {
		{ "RFB 003.003\n", 4, "\0\0\0\1" },
		{ "RFB 003.005\n", 4, "\0\0\0\1" },
		{ "RFB 003.007\n", 2, "\1\1" },
		{ "RFB 003.008\n", 6, "\1\1\0\0\0\0" },
	};
	struct rig r;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		bool old = all[i].len == 4;

		setup(&r);
		ck_assert_mem_eq(r.out.data, "RFB 003.008\n", 12);
		buf_reset(&r.out);
		ck_assert_int_eq(feed(&r, all[i].version, 12), 0);
		ck_assert_int_eq(feed(&r, "\1", old ? 0 : 1), 0);
		ck_assert_uint_eq(r.out.len, all[i].len);
		ck_assert_mem_eq(r.out.data, all[i].answer, all[i].len);
		buf_reset(&r.out);
		FEED(&r, "\1");
		ck_assert_uint_eq(at16(&r.out, 0), SCREEN_W);
		ck_assert_uint_eq(at16(&r.out, 2), SCREEN_H);
		ck_assert_mem_eq(r.out.data + 20, "\0\0\0\4name", 8);
		teardown(&r);
	}
}
END_TEST

START_TEST(who_speaks_something_else_is_refused)
{
	static const struct {
		const char *data;
		size_t len;
	} bad[] = {
		{ "GET / HTTP/1.1\r\n", 16 },
		{ "RFB 004.000\n", 12 },
		{ "RFB 003.008\n\2", 13 },
		{ HELLO "\1", 15 },		/* no such message */
		{ HELLO "\7", 15 },
		{ HELLO "\377", 15 },
		/* a palette, 24 bits, and a shift out of the pixel */
		{ HELLO "\0\0\0\0\10\10\0\0\0\7\0\7\0\3\0\3\6\0\0\0", 34 },
		{ HELLO "\0\0\0\0\30\30\0\1\0\377\0\377\0\377\20\10\0\0\0\0",
		    34 },
		{ HELLO "\0\0\0\0\20\20\0\1\0\37\0\77\0\37\20\5\0\0\0\0", 34 },
	};
	struct rig r;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		setup(&r);
		ck_assert_msg(feed(&r, bad[i].data, bad[i].len) == -EPROTO,
		    "%zu", i);
		teardown(&r);
	}
}
END_TEST

/* Byte by byte it means the same; a paste of any length costs nothing. */
START_TEST(messages_come_in_pieces_of_any_size)
{
	static const char all[] = HELLO WITH_ZRLE "\5\0\0\1\0\1"
	    "\6\0\0\0\0\0\0\5paste" "\2\0\0\0"
	    "\4\1\0\0\0\0\0a" "\4\0\0\0\0\0\0a" ASK;
	struct rig r;

	setup(&r);
	for (size_t i = 0; i < sizeof(all) - 1; i++)
		ck_assert_int_eq(feed(&r, all + i, 1), 0);
	ck_assert_int_eq(r.rfb.encoding, RFB_RAW);	/* the empty list */
	ck_assert(r.rfb.wants && !r.rfb.wants_all);
	ck_assert_str_eq(r.typed.data, "a");
	FEED(&r, "\6\0\0\0\377\377\377\377");
	buf_reset(&r.out);
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(feed(&r, all, sizeof(all) - 1), 0);
	ck_assert_str_eq(r.typed.data, "a");
	ck_assert_uint_eq(r.out.len, 0);
	teardown(&r);
}
END_TEST

static void
press(struct rig *r, uint32_t keysym)
{
	screen_key(r->screen, keysym, true);
	screen_key(r->screen, keysym, false);
}

START_TEST(keys_become_what_a_terminal_sends)
{
	static const struct {
		uint32_t held, keysym;
		const char *sent;
	} all[] = {
		{ 0, 'x', "x" }, { 0xffe1, 'X', "X" }, { 0, 0xff0d, "\r" },
		{ 0, 0xff08, "\x7f" }, { 0, 0xff09, "\t" },
		{ 0, 0xff1b, "\x1b" }, { 0xffe3, 'c', "\x03" },
		{ 0xffe4, 'C', "\x03" }, { 0xffe3, 'i', "\t" },
		{ 0xffe3, '[', "\x1b" }, { 0xffe3, ']', "\x1d" },
		{ 0xffe9, 'b', "\x1b" "b" }, { 0, 0xff52, "\x1b[A" },
		{ 0, 0xff50, "\x1b[H" }, { 0, 0xffff, "\x1b[3~" },
		{ 0, 0xffbe, "\x1bOP" }, { 0, 0xffc9, "\x1b[24~" },
		{ 0, 0xffb7, "7" }, { 0, 0xffab, "+" }, { 0, 0xe4, "\xc3\xa4" },
		{ 0, 0x010020ac, "\xe2\x82\xac" }, { 0, 0xfe03, "" },
		{ 0, 0, "" }, { 0, 0xffffffff, "" }, { 0, 0x01000000, "" },
	};
	struct rig r;

	setup(&r);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		buf_reset(&r.typed);
		buf_adds(&r.typed, "");
		screen_key(r.screen, all[i].held, true);
		press(&r, all[i].keysym);
		screen_key(r.screen, all[i].held, false);
		ck_assert_msg(!strcmp(r.typed.len ? r.typed.data : "",
		    all[i].sent), "key %zu", i);
	}
	teardown(&r);
}
END_TEST

/* Pixels of the first update's only rectangle, 32 bits each. */
static uint32_t
pixel(const struct rig *r, int x, int y)
{
	uint32_t v;

	memcpy(&v, r->out.data + 16 + 4 * (y * SCREEN_W + x), 4);
	return v;
}

START_TEST(text_is_drawn_in_its_colours)
{
	const uint8_t *rows = font_rows('A');
	uint32_t want;
	struct rig r;

	setup(&r);
	FEED(&r, HELLO ASK_ALL);
	print(&r, "\033[31;44mA\033[0m\033[?25l");
	update(&r);
	ck_assert_uint_eq(at16(&r.out, 2), 1);
	ck_assert_uint_eq(r.out.len, 16 + 4 * SCREEN_W * SCREEN_H);
	for (int y = 0; y < SCREEN_CELL_H; y++) {
		for (int x = 0; x < SCREEN_CELL_W; x++) {
			want = rows[y] >> (7 - x) & 1 ? 0xe00000 : 0x0000e0;
			ck_assert_uint_eq(pixel(&r, x, y), want);
		}
	}
	ck_assert_uint_eq(pixel(&r, SCREEN_CELL_W, 0), 0);
	teardown(&r);
}
END_TEST

START_TEST(only_what_has_changed_is_sent)
{
	struct rig r;

	setup(&r);
	FEED(&r, HELLO ASK_ALL);
	update(&r);
	FEED(&r, ASK);
	ck_assert(!update_due(&r.rfb, r.screen));
	print(&r, "\033[5;10Hxy");
	update(&r);
	/* where the cursor was, and where it has printed and is */
	ck_assert_uint_eq(at16(&r.out, 2), 2);
	ck_assert_uint_eq(at16(&r.out, 4 + 12 + 4 * 128), 9 * 8);
	ck_assert_uint_eq(at16(&r.out, 4 + 12 + 4 * 128 + 2), 4 * 16);
	ck_assert_uint_eq(at16(&r.out, 4 + 12 + 4 * 128 + 4), 3 * 8);
	print(&r, "z");
	ck_assert(!update_due(&r.rfb, r.screen));	/* not asked for */
	teardown(&r);
}
END_TEST

static size_t
unpacked(const struct rig *r, char *to, size_t room)
{
	z_stream z = { .next_in = (Bytef *)r->out.data + 20,
		.avail_in = (uInt)(r->out.len - 20),
		.next_out = (Bytef *)to, .avail_out = (uInt)room };

	ck_assert_int_eq(inflateInit(&z), Z_OK);
	ck_assert_int_eq(inflate(&z, Z_SYNC_FLUSH), Z_OK);
	inflateEnd(&z);
	ck_assert_uint_eq(z.avail_in, 0);
	return room - z.avail_out;
}

START_TEST(a_packed_picture_is_small)
{
	static char plain[4 * SCREEN_W * SCREEN_H];
	struct rig r;
	size_t n;

	setup(&r);
	FEED(&r, HELLO WITH_ZRLE ASK_ALL);
	print(&r, "\033[?25lA");
	update(&r);
	ck_assert_uint_lt(r.out.len, 2000);
	ck_assert_uint_eq(at16(&r.out, 14), RFB_ZRLE);
	n = unpacked(&r, plain, sizeof(plain));
	/* two colours, 64 lines of 8 bytes; 69 tiles of one colour */
	ck_assert_uint_eq(n, 1 + 2 * 3 + 64 * 8 + 69 * 4);
	ck_assert_int_eq(plain[0], 2);
	for (int y = 0; y < SCREEN_CELL_H; y++)
		ck_assert_int_eq((uint8_t)plain[7 + 8 * y],
		    font_rows('A')[y]);
	teardown(&r);
}
END_TEST

START_TEST(pixels_are_as_the_viewer_wants_them)
{
	static const struct {
		struct rfb_format f;
		bool compact;
		const char *bytes;
		size_t n;
	} all[] = {
		{ { 32, 24, false, { 255, 255, 255 }, { 16, 8, 0 } }, false,
		    "\x56\x34\x12\0", 4 },
		{ { 32, 24, true, { 255, 255, 255 }, { 16, 8, 0 } }, false,
		    "\0\x12\x34\x56", 4 },
		{ { 32, 24, false, { 255, 255, 255 }, { 16, 8, 0 } }, true,
		    "\x56\x34\x12", 3 },
		{ { 32, 24, true, { 255, 255, 255 }, { 16, 8, 0 } }, true,
		    "\x12\x34\x56", 3 },
		{ { 32, 24, false, { 255, 255, 255 }, { 24, 16, 8 } }, true,
		    "\x56\x34\x12", 3 },
		{ { 32, 32, false, { 255, 255, 255 }, { 16, 8, 0 } }, true,
		    "\x56\x34\x12\0", 4 },
		{ { 16, 16, false, { 31, 63, 31 }, { 11, 5, 0 } }, true,
		    "\xaa\x11", 2 },
		{ { 8, 8, false, { 7, 7, 3 }, { 0, 3, 6 } }, true, "\x48", 1 },
	};
	struct buf b = { 0 };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		buf_reset(&b);
		rfb_pixel(&all[i].f, 0x123456, all[i].compact, &b);
		ck_assert_uint_eq(b.len, all[i].n);
		ck_assert_msg(!memcmp(b.data, all[i].bytes, b.len), "%zu", i);
	}
	buf_release(&b);
}
END_TEST

/* Whatever a guest prints and a viewer sends: an update has its limit. */
START_TEST(noise_is_drawn_and_forgotten)
{
	char noise[4096];
	struct rig r;

	setup(&r);
	FEED(&r, HELLO);
	for (int round = 0; round < 200; round++) {
		for (size_t i = 0; i < sizeof(noise); i++)
			noise[i] = (char)rand();
		screen_print(r.screen, noise, sizeof(noise));
		for (int i = 0; i < 50; i++)
			press(&r, (uint32_t)rand() % 0x10000);
		if (round % 2)
			FEED(&r, WITH_ZRLE);
		else
			FEED(&r, "\2\0\0\0");
		FEED(&r, ASK_ALL);
		update(&r);
		ck_assert_uint_le(r.out.len, 1100000);
		buf_reset(&r.typed);
	}
	teardown(&r);
}
END_TEST

#define X10 "xxxxxxxxxx"
#define X80 X10 X10 X10 X10 X10 X10 X10 X10

#define ARGS15 ";;;;;;;;;;;;;;;"
#define ARGS300 ARGS15 ARGS15 ARGS15 ARGS15 ARGS15 ARGS15 ARGS15 ARGS15 \
	ARGS15 ARGS15 ARGS15 ARGS15 ARGS15 ARGS15 ARGS15 ARGS15 ARGS15 ARGS15 \
	ARGS15 ARGS15

/* After what has no column libvterm's repeats have no end, arguments beyond its
 * array are written behind it, and after U+009B the cursor is left of the screen. */
START_TEST(sequences_without_measure_are_cut)
{
	static const struct {
		const char *printed, *same;
	} all[] = {
		{ "\033[b", "" }, { "\033[99999999999b", "" },
		{ "e\314\201\033[7bx", "e\314\201x" },
		{ "-\033[b", "--" }, { "-\033[0b", "--" },
		{ "-\033[3bx", "----x" }, { "-\033[1;32m\033[m\033[2b", "---" },
		{ "q\033(B\033[2b", "qqq" }, { "-\033[?25h\r\n\033[2b", "-\r\n--" },
		{ "\303\244\033[2b", "\303\244\303\244\303\244" },
		{ "-\033[1\0332b", "-b" }, { "-\033[1\0302b", "-2b" },
		{ "b\033[1A\033[2Cb", "b\033[2Cb" },
		{ "x\033[999999999b", X80 "x" },
		{ "\033[" ARGS300 "mx", "x" },
		{ "\033[31" ARGS15 "42mx", "\033[42mx" },
		{ "\033[" ARGS15 "31;42mx", "\033[31mx" },
		{ "\033[00000000000000031mx", "\033[31mx" },
		{ "\033[5;99999999999999999999Hx", "\033[5;80Hx" },
		{ "\033\377[" ARGS300 "mx", "x" },
		{ "\033(\033[" ARGS300 "mx", "x" },
		{ "\302\233\033[X\r\033[2K", "" },
		{ "\302\033[\377\233\033[X\r\033[2K", "" },
		{ "\303\233x", "\303\233x" },
	};
	struct rig r, same;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		setup(&r);
		setup(&same);
		FEED(&r, HELLO ASK_ALL);
		FEED(&same, HELLO ASK_ALL);
		for (const char *p = all[i].printed; *p; p++)
			screen_print(r.screen, p, 1);
		print(&same, all[i].same);
		update(&r);
		update(&same);
		ck_assert_uint_eq(r.out.len, same.out.len);
		ck_assert_msg(!memcmp(r.out.data, same.out.data, r.out.len),
		    "row %zu", i);
		teardown(&r);
		teardown(&same);
	}
}
END_TEST

/* libvterm would take what stands behind a piece for the rest of a question, and
 * answer that. */
START_TEST(what_stands_behind_a_piece_is_not_read)
{
	char question[16] = "\033P$q\033_m";
	size_t last = strcspn(question, "_");
	struct rig r;

	for (int c = 0; c <= 0x7f; c++) {
		if ((c >= ' ' && c < 0x7f) || c == 0x18 || c == 0x1a)
			continue;
		question[last] = (char)c;
		setup(&r);
		screen_print(r.screen, question, last + 1);
		print(&r, "\\");
		ck_assert_uint_gt(r.typed.len, 0);
		ck_assert_ptr_null(memchr(r.typed.data, 'm', r.typed.len));
		teardown(&r);
	}
}
END_TEST

int
main(void)
{
	return UNIT_RUN("rfb",
	    a_viewer_of_each_version_is_greeted,
	    who_speaks_something_else_is_refused,
	    messages_come_in_pieces_of_any_size,
	    keys_become_what_a_terminal_sends, text_is_drawn_in_its_colours,
	    only_what_has_changed_is_sent, a_packed_picture_is_small,
	    pixels_are_as_the_viewer_wants_them,
	    noise_is_drawn_and_forgotten,
	    sequences_without_measure_are_cut,
	    what_stands_behind_a_piece_is_not_read);
}
