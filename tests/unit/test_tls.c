/* The server's certificate file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "net/tls.h"
#include "unit.h"

static char dir[] = "/tmp/test_tls.XXXXXX";
static char path[64];

static bool folder_synced;

/* Stands in for libc's, to see what is made to last. */
int
fsync(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		folder_synced = access(path, F_OK) == 0;
	return (int)syscall(SYS_fsync, fd);
}

static void
begin(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/server.pem", dir);
}

static void
end(void)
{
	unlink(path);
	ck_assert_int_eq(rmdir(dir), 0);
}

START_TEST(the_certificate_is_made_once_and_kept)
{
	struct tls *tls;
	struct stat st;
	const char *why;
	char first[TLS_FINGERPRINT_LEN + 1];

	begin();
	ck_assert_int_eq(tls_new(dir, "a-host", &tls, &why), 0);
	ck_assert_uint_eq(strlen(tls_fingerprint(tls)), TLS_FINGERPRINT_LEN);
	memcpy(first, tls_fingerprint(tls), sizeof(first));
	ck_assert_ptr_nonnull(strstr(tls_certificate(tls),
	    "BEGIN CERTIFICATE"));
	ck_assert_ptr_null(strstr(tls_certificate(tls), "PRIVATE"));
	tls_free(tls);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	ck_assert(folder_synced);
	ck_assert_int_eq(tls_new(dir, "other", &tls, &why), 0);
	ck_assert_str_eq(tls_fingerprint(tls), first);
	tls_free(tls);
	end();
}
END_TEST

START_TEST(a_damaged_file_is_not_replaced)
{
	struct tls *tls;
	const char *why = NULL;
	int fd;

	begin();
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_eq(write(fd, "junk\n", 5), 5);
	close(fd);
	ck_assert_int_eq(tls_new(dir, "a-host", &tls, &why), -EBADMSG);
	ck_assert_ptr_null(tls);
	ck_assert_ptr_nonnull(why);
	end();
}
END_TEST

START_TEST(a_missing_folder_is_an_error)
{
	struct tls *tls;
	const char *why;

	ck_assert_int_eq(tls_new("/nowhere", "a-host", &tls, &why), -ENOENT);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("tls", the_certificate_is_made_once_and_kept,
	    a_damaged_file_is_not_replaced, a_missing_folder_is_an_error);
}
