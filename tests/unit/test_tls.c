/* The server's certificate file. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
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
	char first[TLS_FINGERPRINT_LEN + 1], again[TLS_FINGERPRINT_LEN + 1];
	struct arena *a = arena_new();

	begin();
	ck_assert_int_eq(tls_new(dir, "a-host", &tls, &why), 0);
	tls_fingerprint(tls, first);
	ck_assert_uint_eq(strlen(first), TLS_FINGERPRINT_LEN);
	ck_assert_ptr_nonnull(strstr(tls_certificate(tls, a),
	    "BEGIN CERTIFICATE"));
	ck_assert_ptr_null(strstr(tls_certificate(tls, a), "PRIVATE"));
	tls_free(tls);
	arena_free(a);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	ck_assert(folder_synced);
	ck_assert_int_eq(tls_new(dir, "other", &tls, &why), 0);
	tls_fingerprint(tls, again);
	ck_assert_str_eq(again, first);
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

static struct tls *
started(void)
{
	struct tls *tls;
	const char *why;

	begin();
	ck_assert_int_eq(tls_new(dir, "host1.example", &tls, &why), 0);
	return tls;
}

/* Is it renewed for the host and these addresses, NULL at the end? */
static bool
renamed(struct tls *tls, const char *host, const char *const *addresses)
{
	struct tls_names names = { .host = host, .addresses = addresses };
	bool renewed;

	while (addresses[names.n])
		names.n++;
	ck_assert_int_eq(tls_rename(tls, &names, &renewed), 0);
	return renewed;
}

#define AT(...) ((const char *const[]){ __VA_ARGS__, NULL })

static X509 *
parsed(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	BIO_free(bio);
	ck_assert_ptr_nonnull(cert);
	return cert;
}

static X509 *
shown(struct tls *tls)
{
	struct arena *a = arena_new();
	X509 *cert = parsed(tls_certificate(tls, a));

	arena_free(a);
	return cert;
}

static bool
is_for(struct tls *tls, const char *name)
{
	X509 *cert = shown(tls);
	bool ok = X509_check_ip_asc(cert, name, 0) == 1 ||
	    X509_check_host(cert, name, 0, 0, NULL) == 1;

	X509_free(cert);
	return ok;
}

/* C09 */
START_TEST(it_is_for_the_host_and_its_addresses)
{
	struct tls *tls = started();

	ck_assert(is_for(tls, "host1.example"));
	ck_assert(!is_for(tls, "192.0.2.10"));
	ck_assert(renamed(tls, "host1.example", AT("192.0.2.10",
	    "2001:db8::10")));
	ck_assert(is_for(tls, "host1.example") && is_for(tls, "host1"));
	ck_assert(is_for(tls, "192.0.2.10") && is_for(tls, "2001:db8::10"));
	ck_assert(!renamed(tls, "host1.example", AT("2001:db8::10",
	    "192.0.2.10")));
	ck_assert(renamed(tls, "host1.example", AT("192.0.2.20")));
	ck_assert(is_for(tls, "192.0.2.20") && !is_for(tls, "192.0.2.10"));
	ck_assert(renamed(tls, "host2", AT("192.0.2.20")));
	ck_assert(is_for(tls, "host2") && !is_for(tls, "host1.example"));
	tls_free(tls);
	end();
}
END_TEST

START_TEST(a_renewed_one_keeps_its_key_and_lasts)
{
	char print[TLS_FINGERPRINT_LEN + 1], again[TLS_FINGERPRINT_LEN + 1];
	struct tls *tls = started();
	X509 *before = shown(tls), *after;
	const char *why;

	ck_assert(renamed(tls, "host1", AT("192.0.2.10")));
	after = shown(tls);
	ck_assert_int_eq(EVP_PKEY_eq(X509_get0_pubkey(before),
	    X509_get0_pubkey(after)), 1);
	ck_assert_int_ne(X509_cmp(before, after), 0);
	tls_fingerprint(tls, print);
	tls_free(tls);
	ck_assert_int_eq(tls_new(dir, "other", &tls, &why), 0);
	tls_fingerprint(tls, again);
	ck_assert_str_eq(again, print);
	X509_free(before);
	X509_free(after);
	tls_free(tls);
	end();
}
END_TEST

/* An operator's: signed by itself too, for other names. */
static void
install(const char *name)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	X509 *cert = X509_new();
	FILE *f = fopen(path, "we");

	X509_set_version(cert, X509_VERSION_3);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN",
	    MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(cert));
	ck_assert_int_gt(X509_sign(cert, key, EVP_sha256()), 0);
	ck_assert_int_eq(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL,
	    NULL), 1);
	ck_assert_int_eq(PEM_write_X509(f, cert), 1);
	fclose(f);
	X509_free(cert);
	EVP_PKEY_free(key);
}

START_TEST(one_that_an_operator_installed_is_left_alone)
{
	struct tls *tls = started();
	const char *why;
	X509 *cert;

	/* while we run, and before */
	for (int i = 0; i < 2; i++) {
		install("operator");
		ck_assert(!renamed(tls, "host1", AT("192.0.2.10")));
		tls_free(tls);
		ck_assert_int_eq(tls_new(dir, "host1", &tls, &why), 0);
		ck_assert(!renamed(tls, "host1", AT("192.0.2.10")));
		cert = shown(tls);
		ck_assert_int_eq(X509_check_host(cert, "operator", 0, 0, NULL),
		    1);
		X509_free(cert);
	}
	tls_free(tls);
	end();
}
END_TEST

/* What install() wrote, as one text: readers find their part of it. */
static const char *
file_text(struct arena *a)
{
	char *text = arena_alloc(a, 16384);
	FILE *f = fopen(path, "re");

	ck_assert_uint_gt(fread(text, 1, 16383, f), 0);
	fclose(f);
	return text;
}

/* How tls_install ends at that time. */
static int
installed(struct tls *tls, const char *text, int64_t now,
    struct tls_verdict *v)
{
	const struct tls_pem pem = { .certificate = text, .key = text,
		.chain = "" };

	return tls_install(tls, &pem, now, v);
}

START_TEST(one_that_is_not_of_today_is_refused)
{
	struct arena *a = arena_new();
	struct tls *tls = started();
	struct tls_facts first, now;
	int64_t today = time(NULL);
	struct tls_verdict v;
	const char *text;

	tls_about(tls, &first);
	ck_assert_int_eq(first.not_before, 1577836800);	/* 2020 */
	ck_assert_int_eq(first.not_after, 2524607999);	/* 2049 */
	ck_assert_uint_eq(strlen(first.sha1), 59);
	install("operator");
	text = file_text(a);
	ck_assert_int_eq(installed(tls, text, today - 60, &v), -EBADMSG);
	ck_assert_int_eq(v.flaw, TLS_NOT_YET_VALID);
	ck_assert_int_eq(llabs(v.number - today) < 60, 1);
	ck_assert_int_eq(installed(tls, text, today + 3700, &v), -EBADMSG);
	ck_assert_int_eq(v.flaw, TLS_EXPIRED);
	tls_about(tls, &now);
	ck_assert_str_eq(now.sha256, first.sha256);
	ck_assert_int_eq(installed(tls, text, today + 60, &v), 0);
	tls_about(tls, &now);
	ck_assert_str_ne(now.sha256, first.sha256);
	tls_free(tls);
	arena_free(a);
	end();
}
END_TEST

struct changer {
	struct tls *tls;
	const char *text;
};

static void *
change(void *arg)
{
	struct changer *c = arg;
	struct tls_names names = { .host = "host1" };
	struct tls_verdict v;
	bool renewed;

	for (int i = 0; i < 5; i++) {
		ck_assert_int_eq(installed(c->tls, c->text, time(NULL) + 60,
		    &v), 0);
		ck_assert_int_eq(tls_rename(c->tls, &names, &renewed), 0);
		if (i == 2)
			ck_assert_int_eq(tls_reset(c->tls, &names), 0);
	}
	return NULL;
}

/* Whoever is last: what is shown is what a restart will show. */
START_TEST(many_changes_at_once_leave_one_certificate)
{
	struct arena *a = arena_new();
	struct tls *tls = started();
	char said[TLS_FINGERPRINT_LEN + 1], kept[TLS_FINGERPRINT_LEN + 1];
	struct changer c = { .tls = tls };
	pthread_t t[8];
	const char *why;

	install("operator");
	c.text = file_text(a);
	for (int i = 0; i < 8; i++)
		pthread_create(&t[i], NULL, change, &c);
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
	tls_fingerprint(tls, said);
	tls_free(tls);
	ck_assert_int_eq(tls_new(dir, "host1", &tls, &why), 0);
	tls_fingerprint(tls, kept);
	ck_assert_str_eq(kept, said);
	tls_free(tls);
	arena_free(a);
	end();
}
END_TEST

static bool
shake(SSL *client, struct tls_conn *server)
{
	bool here = false, there = false;

	for (int i = 0; i < 100 && !(here && there); i++) {
		here = here || SSL_connect(client) == 1;
		there = there || tls_handshake(server) == 0;
	}
	return here && there;
}

START_TEST(connections_survive_a_renewal)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	struct tls *tls = started();
	struct tls_conn *conn;
	SSL *client = SSL_new(ctx);
	char got[6] = "";
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    fds), 0);
	SSL_set_fd(client, fds[0]);
	conn = tls_accept(tls, fds[1]);
	ck_assert_int_eq(SSL_connect(client), -1);	/* half way */
	ck_assert(renamed(tls, "host1", AT("192.0.2.10")));
	ck_assert(shake(client, conn));
	ck_assert(renamed(tls, "host1", AT("192.0.2.20")));
	ck_assert_int_eq(tls_write(conn, "hello", 5), 5);
	ck_assert_int_eq(SSL_read(client, got, 5), 5);
	ck_assert_str_eq(got, "hello");
	tls_conn_free(conn);
	SSL_free(client);
	SSL_CTX_free(ctx);
	close(fds[0]);
	close(fds[1]);
	tls_free(tls);
	end();
}
END_TEST

static void *
errors_here(void *arg)
{
	*(unsigned long *)arg = ERR_peek_error();
	ERR_raise(ERR_LIB_USER, 2);
	return NULL;
}

/* Else what fails in one connection ends those that others look at. */
START_TEST(each_thread_has_its_own_errors)
{
	unsigned long there = 1;
	pthread_t t;

	ERR_clear_error();
	ERR_raise(ERR_LIB_USER, 1);
	ck_assert_int_eq(pthread_create(&t, NULL, errors_here, &there), 0);
	pthread_join(t, NULL);
	ck_assert_uint_eq(there, 0);
	ck_assert_int_eq(ERR_GET_REASON(ERR_get_error()), 1);
	ck_assert_uint_eq(ERR_get_error(), 0);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("tls", the_certificate_is_made_once_and_kept,
	    a_damaged_file_is_not_replaced, a_missing_folder_is_an_error,
	    it_is_for_the_host_and_its_addresses,
	    a_renewed_one_keeps_its_key_and_lasts,
	    one_that_an_operator_installed_is_left_alone,
	    one_that_is_not_of_today_is_refused,
	    many_changes_at_once_leave_one_certificate,
	    connections_survive_a_renewal, each_thread_has_its_own_errors);
}
