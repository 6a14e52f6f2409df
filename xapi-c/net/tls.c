#include "net/tls.h"

#include <errno.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/atomic_file.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/certificate.h"
#include "net/tls_conn_impl.h"

#ifndef OPENSSL_THREADS
#error "OpenSSL is built without threads: connections would share their errors"
#endif

#define PEM_NAME "server.pem"

/* What the file holds, ready to be shown. */
struct face {
	SSL_CTX *ctx;
	char fingerprint[TLS_FINGERPRINT_LEN + 1];
	char *pem;			/* the certificate alone */
};

struct tls {
	pthread_mutex_t lock;		/* for face: it may be replaced */
	struct face face;
	pthread_mutex_t file;		/* who changes dir/server.pem */
	char *dir;
};

/* For good: clients that were told to trust it must not meet another one. */
static int
pem_store(const char *dir, const char *text, size_t len)
{
	const struct atomic_file how = { .mode = 0600 };
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/" PEM_NAME, dir);
	return atomic_file_write(path, text, len, &how);
}

static int
pem_make(const char *dir, EVP_PKEY *key, const struct tls_names *names)
{
	size_t len;
	char *text = certificate_make(key, names, &len);
	int rc;

	if (!text)
		return -ENOMEM;
	rc = pem_store(dir, text, len);
	OPENSSL_cleanse(text, len);
	free(text);
	return rc;
}

static int
pem_make_first(const char *dir, const struct tls_names *names)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	int rc = key ? pem_make(dir, key, names) : -ENOMEM;

	EVP_PKEY_free(key);
	return rc;
}

static int
describe(struct face *f)
{
	X509 *cert = SSL_CTX_get0_certificate(f->ctx);
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned int i, n;
	BIO *bio;

	if (!cert || X509_digest(cert, EVP_sha256(), md, &n) != 1)
		return -EBADMSG;
	for (i = 0; i < n && i < 32; i++)
		snprintf(f->fingerprint + i * 3, 4, "%02X%s", md[i],
		    i + 1 < n ? ":" : "");
	bio = BIO_new(BIO_s_mem());
	if (!bio)
		return -ENOMEM;
	if (PEM_write_bio_X509(bio, cert) == 1)
		f->pem = certificate_text(bio, NULL);
	BIO_free(bio);
	return f->pem ? 0 : -ENOMEM;
}

static SSL_CTX *
context_new(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (!ctx)
		return NULL;
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_ENABLE_KTLS | SSL_OP_NO_RENEGOTIATION |
	    SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	/* A record by one read of the socket instead of two. */
	SSL_CTX_set_read_ahead(ctx, 1);
	/* Clients resume by tickets, which they keep. */
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"xapi", 4);
	return ctx;
}

static void
face_release(struct face *f)
{
	SSL_CTX_free(f->ctx);
	free(f->pem);
	*f = (struct face){ .ctx = NULL };
}

static void
log_reasons(const char *path)
{
	char text[256];
	unsigned long e;

	while ((e = ERR_get_error())) {
		ERR_error_string_n(e, text, sizeof(text));
		log_error("'%s' is no certificate with its key: %s", path,
		    text);
	}
}

/* The caller releases what it left, also on failure. */
static int
face_load(struct face *f, const char *dir)
{
	char path[PATH_MAX];
	int rc = -EBADMSG;

	*f = (struct face){ .ctx = context_new() };
	if (!f->ctx)
		return -ENOMEM;
	snprintf(path, sizeof(path), "%s/" PEM_NAME, dir);
	if (access(path, R_OK) == -1)
		return -errno;
	ERR_clear_error();
	if (SSL_CTX_use_certificate_chain_file(f->ctx, path) == 1 &&
	    SSL_CTX_use_PrivateKey_file(f->ctx, path, SSL_FILETYPE_PEM) == 1 &&
	    SSL_CTX_check_private_key(f->ctx) == 1)
		rc = describe(f);
	if (rc)
		log_reasons(path);
	return rc;
}

int
tls_new(const char *dir, const char *name, struct tls **tls_out,
    const char **why)
{
	const struct tls_names names = { .host = name };
	struct tls *tls = mem_zalloc(sizeof(*tls));
	int rc;

	pthread_mutex_init(&tls->lock, NULL);
	pthread_mutex_init(&tls->file, NULL);
	tls->dir = mem_strdup(dir);
	*why = "cannot use the certificate in " PEM_NAME;
	rc = face_load(&tls->face, dir);
	if (rc == -ENOENT) {
		face_release(&tls->face);
		*why = "cannot make the certificate";
		rc = pem_make_first(dir, &names);
		if (!rc)
			rc = face_load(&tls->face, dir);
	}
	ERR_clear_error();
	if (rc) {
		tls_free(tls);
		tls = NULL;
	}
	*tls_out = tls;
	return rc;
}

void
tls_free(struct tls *tls)
{
	if (!tls)
		return;
	face_release(&tls->face);
	pthread_mutex_destroy(&tls->lock);
	pthread_mutex_destroy(&tls->file);
	free(tls->dir);
	free(tls);
}

/* What is being shown goes on: each connection holds its context. */
static void
face_replace(struct tls *tls, struct face *f)
{
	struct face old;

	pthread_mutex_lock(&tls->lock);
	old = tls->face;
	tls->face = *f;
	pthread_mutex_unlock(&tls->lock);
	face_release(&old);
	*f = (struct face){ .ctx = NULL };
}

/* Of what was just stored. */
static int
show(struct tls *tls)
{
	struct face f;
	int rc = face_load(&f, tls->dir);

	if (rc == 0)
		face_replace(tls, &f);
	face_release(&f);
	return rc;
}

/* The file counts, not what was loaded: an operator may have replaced it. */
int
tls_rename(struct tls *tls, const struct tls_names *names, bool *renewed_out)
{
	struct face f;
	X509 *cert;
	int rc;

	pthread_mutex_lock(&tls->file);
	rc = face_load(&f, tls->dir);
	*renewed_out = false;
	cert = rc ? NULL : SSL_CTX_get0_certificate(f.ctx);
	if (rc || !certificate_is_own(cert) || certificate_is_for(cert, names))
		goto out;
	rc = pem_make(tls->dir, SSL_CTX_get0_privatekey(f.ctx), names);
	if (!rc)
		rc = show(tls);
	*renewed_out = rc == 0;
out:
	face_release(&f);
	pthread_mutex_unlock(&tls->file);
	ERR_clear_error();
	return rc;
}

int
tls_install(struct tls *tls, const struct tls_pem *pem, int64_t now,
    struct tls_verdict *v)
{
	size_t len;
	char *text = certificate_check(pem, now, v, &len);
	int rc = -EBADMSG;

	if (text) {
		pthread_mutex_lock(&tls->file);
		rc = pem_store(tls->dir, text, len);
		if (rc == 0)
			rc = show(tls);
		pthread_mutex_unlock(&tls->file);
		OPENSSL_cleanse(text, len);
		free(text);
	}
	ERR_clear_error();
	return rc;
}

int
tls_reset(struct tls *tls, const struct tls_names *names)
{
	int rc;

	pthread_mutex_lock(&tls->file);
	rc = pem_make_first(tls->dir, names);
	if (rc == 0)
		rc = show(tls);
	pthread_mutex_unlock(&tls->file);
	ERR_clear_error();
	return rc;
}

void
tls_about(struct tls *tls, struct tls_facts *out)
{
	pthread_mutex_lock(&tls->lock);
	certificate_about(SSL_CTX_get0_certificate(tls->face.ctx), out);
	pthread_mutex_unlock(&tls->lock);
}

void
tls_fingerprint(struct tls *tls, char out[static TLS_FINGERPRINT_LEN + 1])
{
	pthread_mutex_lock(&tls->lock);
	memcpy(out, tls->face.fingerprint, TLS_FINGERPRINT_LEN + 1);
	pthread_mutex_unlock(&tls->lock);
}

const char *
tls_certificate(struct tls *tls, struct arena *a)
{
	const char *pem;

	pthread_mutex_lock(&tls->lock);
	pem = arena_strdup(a, tls->face.pem);
	pthread_mutex_unlock(&tls->lock);
	return pem;
}

struct tls_conn *
tls_accept(struct tls *tls, int fd)
{
	SSL *ssl;

	pthread_mutex_lock(&tls->lock);
	ssl = SSL_new(tls->face.ctx);
	pthread_mutex_unlock(&tls->lock);
	if (ssl)
		SSL_set_accept_state(ssl);
	return tls_conn_new(ssl, fd);
}

void
tls_sha1(const void *data, size_t len, uint8_t out[static 20])
{
	unsigned int n = 0;

	EVP_Digest(data, len, out, &n, EVP_sha1(), NULL);
}

bool
tls_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}
