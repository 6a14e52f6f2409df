#include "net/tls.h"

#include <errno.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/mem.h"

#define PEM_NAME "server.pem"

struct tls {
	SSL_CTX *ctx;
	char fingerprint[TLS_FINGERPRINT_LEN + 1];
	char *pem;			/* the certificate alone */
};

struct tls_conn {
	SSL *ssl;
	bool wants_write;
	bool dry;			/* only part of a record is left to read */
};

static bool
add_extension(X509 *cert, int nid, const char *text)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;
	bool ok;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, text);
	if (!ext)
		return false;
	ok = X509_add_ext(cert, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return ok;
}

static bool
set_serial(X509 *cert)
{
	unsigned char bytes[8];
	uint64_t serial = 0;
	size_t i;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	for (i = 0; i < sizeof(bytes); i++)
		serial = serial << 8 | bytes[i];
	return ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert),
	    serial >> 1) == 1;
}

/* Fixed dates: the clock of a machine at its first start may be anything. */
static X509 *
certificate_make(EVP_PKEY *key, const char *name)
{
	X509 *cert = X509_new();
	char san[300];
	bool ok;

	if (!cert)
		return NULL;
	snprintf(san, sizeof(san), "DNS:%.250s", name);
	ok = X509_set_version(cert, X509_VERSION_3) == 1 &&
	    set_serial(cert) &&
	    ASN1_TIME_set_string(X509_getm_notBefore(cert),
		"20200101000000Z") == 1 &&
	    ASN1_TIME_set_string(X509_getm_notAfter(cert),
		"20491231235959Z") == 1 &&
	    X509_set_pubkey(cert, key) == 1 &&
	    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN",
		MBSTRING_UTF8, (const unsigned char *)name,
		(int)strnlen(name, 64), -1, 0) == 1 &&
	    X509_set_issuer_name(cert, X509_get_subject_name(cert)) == 1 &&
	    add_extension(cert, NID_basic_constraints, "CA:FALSE") &&
	    add_extension(cert, NID_key_usage,
		"digitalSignature,keyEncipherment") &&
	    add_extension(cert, NID_ext_key_usage, "serverAuth") &&
	    add_extension(cert, NID_subject_alt_name, san) &&
	    X509_sign(cert, key, EVP_sha256()) > 0;
	if (ok)
		return cert;
	X509_free(cert);
	return NULL;
}

static char *
bio_text(BIO *bio, size_t *len_out)
{
	char *data, *copy;
	long n = BIO_get_mem_data(bio, &data);

	copy = mem_alloc((size_t)n + 1);
	memcpy(copy, data, (size_t)n);
	copy[n] = '\0';
	if (len_out)
		*len_out = (size_t)n;
	return copy;
}

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
pem_make(const char *dir, const char *name)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	BIO *bio = BIO_new(BIO_s_mem());
	X509 *cert = NULL;
	char *text = NULL;
	size_t len;
	int rc = -ENOMEM;

	if (!key || !bio)
		goto out;
	cert = certificate_make(key, name);
	if (!cert || PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL,
		NULL) != 1 || PEM_write_bio_X509(bio, cert) != 1)
		goto out;
	text = bio_text(bio, &len);
	rc = pem_store(dir, text, len);
	OPENSSL_cleanse(text, len);
out:
	free(text);
	BIO_free(bio);
	X509_free(cert);
	EVP_PKEY_free(key);
	return rc;
}

static int
describe(struct tls *tls)
{
	X509 *cert = SSL_CTX_get0_certificate(tls->ctx);
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned int i, n;
	BIO *bio;

	if (!cert || X509_digest(cert, EVP_sha256(), md, &n) != 1)
		return -EBADMSG;
	for (i = 0; i < n && i < 32; i++)
		snprintf(tls->fingerprint + i * 3, 4, "%02X%s", md[i],
		    i + 1 < n ? ":" : "");
	bio = BIO_new(BIO_s_mem());
	if (!bio)
		return -ENOMEM;
	if (PEM_write_bio_X509(bio, cert) == 1)
		tls->pem = bio_text(bio, NULL);
	BIO_free(bio);
	return tls->pem ? 0 : -ENOMEM;
}

static int
load(struct tls *tls, const char *dir)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/" PEM_NAME, dir);
	if (access(path, R_OK) == -1)
		return -errno;
	if (SSL_CTX_use_certificate_chain_file(tls->ctx, path) != 1 ||
	    SSL_CTX_use_PrivateKey_file(tls->ctx, path,
		SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(tls->ctx) != 1)
		return -EBADMSG;
	return describe(tls);
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

int
tls_new(const char *dir, const char *name, struct tls **tls_out,
    const char **why)
{
	struct tls *tls = mem_zalloc(sizeof(*tls));
	int rc = -ENOMEM;

	*why = "cannot set up OpenSSL";
	tls->ctx = context_new();
	if (!tls->ctx)
		goto out;
	rc = load(tls, dir);
	if (rc == -ENOENT) {
		*why = "cannot make the certificate";
		rc = pem_make(dir, name);
		if (!rc)
			rc = load(tls, dir);
	} else if (rc) {
		*why = "cannot use the certificate in " PEM_NAME;
	}
out:
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
	SSL_CTX_free(tls->ctx);
	free(tls->pem);
	free(tls);
}

const char *
tls_fingerprint(const struct tls *tls)
{
	return tls->fingerprint;
}

const char *
tls_certificate(const struct tls *tls)
{
	return tls->pem;
}

struct tls_conn *
tls_accept(struct tls *tls, int fd)
{
	SSL *ssl = SSL_new(tls->ctx);
	struct tls_conn *c;

	if (!ssl)
		return NULL;
	if (SSL_set_fd(ssl, fd) != 1) {
		SSL_free(ssl);
		return NULL;
	}
	SSL_set_accept_state(ssl);
	c = mem_zalloc(sizeof(*c));
	c->ssl = ssl;
	return c;
}

void
tls_conn_free(struct tls_conn *c)
{
	if (!c)
		return;
	SSL_free(c->ssl);
	free(c);
}

/* The -errno for a result that was not positive; 0 at the end. */
static int
result(struct tls_conn *c, int r)
{
	int saved = errno, rc;

	c->wants_write = false;
	switch (SSL_get_error(c->ssl, r)) {
	case SSL_ERROR_WANT_WRITE:
		c->wants_write = true;
		rc = -EAGAIN;
		break;
	case SSL_ERROR_WANT_READ:
		rc = -EAGAIN;
		break;
	case SSL_ERROR_ZERO_RETURN:
		rc = 0;
		break;
	case SSL_ERROR_SYSCALL:
		rc = saved ? -saved : -ECONNRESET;
		break;
	default:
		rc = -EPROTO;
		break;
	}
	ERR_clear_error();
	return rc;
}

int
tls_handshake(struct tls_conn *c)
{
	int r, rc;

	errno = 0;
	r = SSL_do_handshake(c->ssl);
	if (r == 1)
		return 0;
	rc = result(c, r);
	return rc ? rc : -ECONNRESET;
}

ssize_t
tls_read(struct tls_conn *c, void *buf, size_t len)
{
	int r;

	errno = 0;
	r = SSL_read(c->ssl, buf, len > INT_MAX ? INT_MAX : (int)len);
	c->dry = r <= 0;
	return r > 0 ? r : result(c, r);
}

ssize_t
tls_write(struct tls_conn *c, const void *buf, size_t len)
{
	int r, rc;

	errno = 0;
	r = SSL_write(c->ssl, buf, len > INT_MAX ? INT_MAX : (int)len);
	if (r > 0)
		return r;
	rc = result(c, r);
	return rc ? rc : -EPIPE;
}

bool
tls_wants_write(const struct tls_conn *c)
{
	return c->wants_write;
}

bool
tls_pending(const struct tls_conn *c)
{
	return !c->dry && SSL_has_pending(c->ssl);
}

void
tls_close(struct tls_conn *c)
{
	if (SSL_is_init_finished(c->ssl))
		SSL_shutdown(c->ssl);
	ERR_clear_error();
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
