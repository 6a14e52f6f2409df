/* Images of suspended VMs: what is written comes back, and nothing else does. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/blake2b.h"
#include "scratch.h"
#include "unit.h"
#include "xenopsd/domains/image.h"

#define VM "11111111-0000-4000-8000-000000000001"
#define VM2 "11111111-0000-4000-8000-000000000002"
#define MIB (1 << 20)
#define SIZE (4 * MIB)
#define LENGTH (2 * MIB + 77)

static struct image
image_new(void)
{
	static char key[PATH_MAX], disk[PATH_MAX];
	struct image im = { .size = SIZE, .vm = VM, .key_path = key };

	snprintf(key, sizeof(key), "%s", scratch_file("key"));
	snprintf(disk, sizeof(disk), "%s", scratch_file("disk"));
	ck_assert_int_eq(image_make_key(key), 0);
	im.fd = open(disk, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert_int_ne(im.fd, -1);
	ck_assert_int_eq(ftruncate(im.fd, SIZE), 0);
	return im;
}

static uint8_t
byte_at(int i)
{
	return (uint8_t)(i ^ i >> 8 ^ i >> 16);
}

static int
write_image(const struct image *im, int length, bool whole)
{
	struct image_pump *p;
	uint8_t buf[1000];
	int fd, rc = image_write(im, &p, &fd);

	ck_assert_int_eq(rc, 0);
	for (int at = 0; at < length;) {
		int n = 0;

		for (; n < (int)sizeof(buf) && at + n < length; n++)
			buf[n] = byte_at(at + n);
		if (write(fd, buf, (size_t)n) != n)
			break;
		at += n;
	}
	close(fd);
	return image_finish(p, whole);
}

/* How many bytes came out, all of them right; *rc_out: the end. */
static int
read_image(const struct image *im, int *rc_out)
{
	struct image_pump *p;
	uint8_t buf[999];
	bool right = true;
	ssize_t r;
	int fd, n = 0;

	*rc_out = image_read(im, &p, &fd);
	if (*rc_out)
		return 0;
	while ((r = read(fd, buf, sizeof(buf))) > 0)
		for (ssize_t i = 0; i < r; i++)
			right &= buf[i] == byte_at(n++);
	close(fd);
	ck_assert(right);
	*rc_out = image_finish(p, true);
	return n;
}

START_TEST(what_was_written_comes_back)
{
	static const int lengths[] = { 1, MIB - 1, MIB, MIB + 1, LENGTH };
	struct image im = image_new();
	int rc;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		ck_assert_int_eq(write_image(&im, lengths[i], true), 0);
		ck_assert_int_eq(image_check(&im), 0);
		ck_assert_int_eq(read_image(&im, &rc), lengths[i]);
		ck_assert_int_eq(rc, 0);
	}
	im.vm = VM2;
	ck_assert_int_eq(image_check(&im), -EBADMSG);
	im.vm = VM;
	ck_assert_int_eq(image_discard(&im), 0);
	ck_assert_int_eq(image_check(&im), -EBADMSG);
	close(im.fd);
}
END_TEST

/* With a bit more or less it is no image of this host's. */
START_TEST(the_guests_features_are_kept_with_it)
{
	struct image im = image_new();
	struct image_pump *p;
	uint8_t bits;
	int fd;

	im.features = 5;
	ck_assert_int_eq(write_image(&im, LENGTH, true), 0);
	im.features = 0;
	ck_assert_int_eq(image_read(&im, &p, &fd), 0);
	ck_assert_uint_eq(image_features(p), 5);
	close(fd);
	(void)image_finish(p, true);
	ck_assert_int_eq(pread(im.fd, &bits, 1, 12), 1);
	ck_assert_uint_eq(bits, 5);
	bits = 7;
	ck_assert_int_eq(pwrite(im.fd, &bits, 1, 12), 1);
	ck_assert_int_eq(image_check(&im), -EBADMSG);
	close(im.fd);
}
END_TEST

START_TEST(what_was_not_finished_is_no_image)
{
	struct image im = image_new();
	int rc;

	ck_assert_int_eq(image_check(&im), -EBADMSG);
	ck_assert_int_eq(write_image(&im, LENGTH, true), 0);
	/* over a whole one */
	ck_assert_int_eq(write_image(&im, LENGTH, false), 0);
	ck_assert_int_eq(image_check(&im), -EBADMSG);
	ck_assert_int_eq(read_image(&im, &rc), 0);
	ck_assert_int_eq(rc, -EBADMSG);
	ck_assert_int_eq(write_image(&im, SIZE, true), -ENOSPC);
	ck_assert_int_eq(image_check(&im), -EBADMSG);
	close(im.fd);
}
END_TEST

/* Every byte of the head counts, and some of each piece. */
START_TEST(a_byte_that_is_another_is_found)
{
	struct image im = image_new();
	uint8_t was, other;
	int rc, n;

	ck_assert_int_eq(write_image(&im, LENGTH, true), 0);
	for (off_t at = 0; at < 4096 + LENGTH; at += at < 96 ? 1 : 399989) {
		if (at > 88 && at < 4096)
			continue;	/* nobody's */
		ck_assert_int_eq(pread(im.fd, &was, 1, at), 1);
		other = (uint8_t)~was;
		ck_assert_int_eq(pwrite(im.fd, &other, 1, at), 1);
		n = read_image(&im, &rc);
		if (rc != -EBADMSG && at < 88)
			ck_abort_msg("byte %ld of the head", (long)at);
		if (at >= 4096) {
			ck_assert_int_eq(rc, -EBADMSG);
			/* whole pieces that are right, and no more */
			ck_assert_int_eq(n, (int)((at - 4096) / (MIB + 32)) *
			    MIB);
		}
		ck_assert_int_eq(pwrite(im.fd, &was, 1, at), 1);
	}
	ck_assert_int_eq(read_image(&im, &rc), LENGTH);
	close(im.fd);
}
END_TEST

START_TEST(pieces_have_their_place_and_their_image)
{
	static uint8_t first[MIB + 32], second[MIB + 32];
	struct image im = image_new();
	int rc;

	ck_assert_int_eq(write_image(&im, LENGTH, true), 0);
	ck_assert_int_eq(pread(im.fd, first, sizeof(first), 4096),
	    sizeof(first));
	ck_assert_int_eq(pread(im.fd, second, sizeof(second), 4096 +
	    sizeof(first)), sizeof(second));
	ck_assert_int_eq(pwrite(im.fd, second, sizeof(second), 4096),
	    sizeof(second));
	ck_assert_int_eq(read_image(&im, &rc), 0);
	ck_assert_int_eq(rc, -EBADMSG);
	/* the same bytes of an older image of this VM */
	ck_assert_int_eq(write_image(&im, LENGTH, true), 0);
	ck_assert_int_eq(pwrite(im.fd, first, sizeof(first), 4096),
	    sizeof(first));
	ck_assert_int_eq(read_image(&im, &rc), 0);
	ck_assert_int_eq(rc, -EBADMSG);
	close(im.fd);
}
END_TEST

START_TEST(another_hosts_image_is_none)
{
	struct image im = image_new();

	ck_assert_int_eq(write_image(&im, LENGTH, true), 0);
	ck_assert_int_eq(image_make_key(im.key_path), 0);	/* stays */
	ck_assert_int_eq(image_check(&im), 0);
	unlink(im.key_path);
	ck_assert_int_eq(image_check(&im), -ENOENT);
	ck_assert_int_eq(image_make_key(im.key_path), 0);
	ck_assert_int_eq(image_check(&im), -EBADMSG);
	/* one that was cut is made again */
	ck_assert_int_eq(truncate(im.key_path, 31), 0);
	ck_assert_int_eq(image_check(&im), -EPIPE);
	ck_assert_int_eq(image_make_key(im.key_path), 0);
	ck_assert_int_eq(write_image(&im, LENGTH, true), 0);
	ck_assert_int_eq(image_check(&im), 0);
	close(im.fd);
}
END_TEST

START_TEST(a_reader_that_stops_ends_the_thread)
{
	struct image im = image_new();
	struct image_pump *p;
	char byte;
	int fd;

	ck_assert_int_eq(write_image(&im, LENGTH, true), 0);
	ck_assert_int_eq(image_read(&im, &p, &fd), 0);
	ck_assert_int_eq(read(fd, &byte, 1), 1);
	close(fd);
	ck_assert_int_eq(image_finish(p, true), -EPIPE);
	close(im.fd);
}
END_TEST

/* By another implementation: Python's hashlib.blake2b. */
START_TEST(the_digest_is_that_of_its_standard)
{
	static const struct {
		int n;
		const char *hex;
	} known[] = {
		{ 0, "4e51e7a913fc80137da52880fecca175"
		    "bf81e117d5c68126dc2774033517ea0d" },
		{ 129, "e55dfffcd33502ea3ec814c1a04e6ff5"
		    "d14268efbee31a8d23f1cebc8b1ba7b9" },
	};
	uint8_t key[BLAKE2B_KEY], data[129], digest[BLAKE2B_DIGEST];
	char hex[2 * BLAKE2B_DIGEST + 1];
	struct blake2b b;

	for (int i = 0; i < BLAKE2B_KEY; i++)
		key[i] = (uint8_t)i;
	for (int i = 0; i < 129; i++)
		data[i] = (uint8_t)(i * 7);
	for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++) {
		blake2b_begin(&b, key);
		for (int i = 0; i < known[k].n; i++)
			blake2b_add(&b, data + i, 1);
		blake2b_end(&b, digest);
		for (int i = 0; i < BLAKE2B_DIGEST; i++)
			snprintf(hex + 2 * i, 3, "%02x", digest[i]);
		ck_assert_str_eq(hex, known[k].hex);
	}
}
END_TEST

int
main(void)
{
	return UNIT_RUN("image", what_was_written_comes_back,
	    the_guests_features_are_kept_with_it,
	    what_was_not_finished_is_no_image,
	    a_byte_that_is_another_is_found,
	    pieces_have_their_place_and_their_image,
	    another_hosts_image_is_none, a_reader_that_stops_ends_the_thread,
	    the_digest_is_that_of_its_standard);
}
