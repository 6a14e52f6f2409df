/*
 * Pictures of screens, taken from servers that say what the test wants: what
 * they send is bounded, and one that says nothing is not waited for for ever.
 */
#include "http/picture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fdio.h"
#include "unit.h"

#define BYTES(b, text) buf_add(b, text, sizeof(text) - 1)

static void
greet(struct buf *b, const char *size)
{
	BYTES(b, "RFB 003.008\n\1\1\0\0\0\0");
	buf_add(b, size, 4);
	buf_add(b, (char[16]){ 0 }, 16);
	BYTES(b, "\0\0\0\1x");
}

/* What comes of a server that says this, and then ends or is silent. */
static int
take(struct buf *b, bool ends, struct picture *p)
{
	int fds[2], rc;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_int_eq(fdio_nonblock(fds[0], true), 0);
	ck_assert_int_eq(write(fds[1], b->data, b->len), (ssize_t)b->len);
	if (ends)
		ck_assert_int_eq(shutdown(fds[1], SHUT_WR), 0);
	rc = picture_take(fds[0], p);
	close(fds[0]);
	close(fds[1]);
	buf_release(b);
	return rc;
}

START_TEST(a_picture_is_what_its_server_says)
{
	struct buf b = { 0 };
	struct picture p;

	greet(&b, "\0\2\0\2");
	BYTES(&b, "\2");					/* a bell */
	BYTES(&b, "\3\0\0\0\0\0\0\2hi");
	BYTES(&b, "\0\0\0\2" "\0\0\0\0\0\2\0\1\0\0\0\0" "\1\2\3\4\5\6\7\x08"
	    "\0\1\0\1\0\1\0\1\0\0\0\0" "\x11\x12\x13\0");
	BYTES(&b, "\0\0\0\1" "\0\0\0\1\0\1\0\1\0\0\0\0" "\x21\x22\x23\0");
	ck_assert_int_eq(take(&b, false, &p), 0);
	ck_assert_uint_eq(p.width, 2);
	ck_assert_uint_eq(p.height, 2);
	ck_assert_uint_eq(p.pixels[0], 0x030201);
	ck_assert_uint_eq(p.pixels[1], 0x070605);
	ck_assert_uint_eq(p.pixels[2], 0x232221);
	ck_assert_uint_eq(p.pixels[3], 0x131211);
	free(p.pixels);
}
END_TEST

static int
after_greeting(const char *size, const void *said, size_t n)
{
	struct buf b = { 0 };
	struct picture p;
	int rc;

	greet(&b, size);
	buf_add(&b, said, n);
	rc = take(&b, true, &p);
	ck_assert_ptr_null(p.pixels);
	return rc;
}

#define SAYS(text) after_greeting("\0\2\0\2", text, sizeof(text) - 1)

START_TEST(what_does_not_fit_is_no_picture)
{
	ck_assert_int_eq(SAYS("\0\0\0\1\0\1\0\0\0\2\0\1\0\0\0\0"), -EPROTO);
	ck_assert_int_eq(SAYS("\0\0\0\1\0\0\0\2\0\1\0\1\0\0\0\0"), -EPROTO);
	ck_assert_int_eq(SAYS("\0\0\0\1\xff\xff\0\0\xff\xff\0\1\0\0\0\0"),
	    -EPROTO);
	/* an encoding and a message that nobody asked for */
	ck_assert_int_eq(SAYS("\0\0\0\1\0\0\0\0\0\1\0\1\0\0\0\x10"), -EPROTO);
	ck_assert_int_eq(SAYS("\1\0\0\0\0\0"), -EPROTO);
	/* a clipboard of 2 GiB */
	ck_assert_int_eq(SAYS("\3\0\0\0\x7f\xff\xff\xff"), -EPROTO);
	ck_assert_int_eq(SAYS("\0\0\0\1\0\0\0\0\0\2\0\2\0\0\0\0ab"), -EPIPE);
	ck_assert_int_eq(after_greeting("\0\0\0\2", "", 0), -EPROTO);
	ck_assert_int_eq(after_greeting("\xff\xff\xff\xff", "", 0), -EFBIG);
}
END_TEST

START_TEST(who_speaks_otherwise_is_no_screen)
{
	static const char *const others[] = { "Debian GNU/Linux login: ",
		"RFB 003.008\n\1\2" };
	struct picture p;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct buf b = { 0 };

		buf_adds(&b, others[i]);
		ck_assert_int_eq(take(&b, true, &p), -EPROTO);
	}
}
END_TEST

int
main(void)
{
	return UNIT_RUN("picture", a_picture_is_what_its_server_says,
	    what_does_not_fit_is_no_picture,
	    who_speaks_otherwise_is_no_screen);
}
