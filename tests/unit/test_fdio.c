/* Reading at a place, and blocks of zeros. */
#include "base/fdio.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "unit.h"

START_TEST(a_read_at_a_place_is_whole_or_fails)
{
	char path[] = "/tmp/test_fdio.XXXXXX", got[8] = "";
	int fd = mkstemp(path);

	ck_assert_int_ne(fd, -1);
	unlink(path);
	ck_assert_int_eq(write(fd, "0123456789", 10), 10);
	ck_assert_int_eq(fdio_read_at(fd, got, 4, 6), 0);
	ck_assert_str_eq(got, "6789");
	ck_assert_int_eq(fdio_read_at(fd, got, 4, 7), -EPIPE);
	ck_assert_int_eq(fdio_read_at(fd, got, 1, 10), -EPIPE);
	ck_assert_int_eq(fdio_read_at(fd, got, 0, 10), 0);
	close(fd);
	ck_assert_int_eq(fdio_read_at(fd, got, 1, 0), -EBADF);
}
END_TEST

START_TEST(a_write_goes_to_its_place_whole_or_fails)
{
	char path[] = "/tmp/test_fdio.XXXXXX", got[8] = "";
	int fd = mkstemp(path);

	ck_assert_int_ne(fd, -1);
	unlink(path);
	ck_assert_int_eq(write(fd, "0123456789", 10), 10);
	ck_assert_int_eq(fdio_write_at(fd, "abc", 3, 4), 0);
	ck_assert_int_eq(fdio_read_at(fd, got, 5, 3), 0);
	ck_assert_str_eq(got, "3abc7");
	close(fd);
	ck_assert_int_eq(fdio_write_at(fd, "a", 1, 0), -EBADF);
}
END_TEST

START_TEST(one_byte_is_not_zero)
{
	char bytes[70] = "";

	ck_assert(mem_is_zero(bytes, 0));
	ck_assert(mem_is_zero(bytes, sizeof(bytes)));
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] = 1;
		ck_assert(!mem_is_zero(bytes, sizeof(bytes)));
		bytes[i] = 0;
	}
}
END_TEST

int
main(void)
{
	return UNIT_RUN("fdio", a_read_at_a_place_is_whole_or_fails,
	    a_write_goes_to_its_place_whole_or_fails,
	    one_byte_is_not_zero);
}
