#include "net/mutual.h"

#include <assert.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/mem.h"
#include "net/certificate.h"
#include "net/tls_conn_impl.h"

struct mutual {
	SSL_CTX *ctx;
	uint8_t own[MUTUAL_PIN];
	struct mutual_pin pins[MUTUAL_PINS_MAX];
	size_t n;
};

static int
make_identity(const char *path)
{
	const struct atomic_file how = { .mode = 0600 };
	const struct tls_names names = { .host = "member" };
	EVP_PKEY *key = EVP_EC_gen("P-256");
	char *text = NULL;
	size_t len;
	int rc = -ENOMEM;

	if (key)
		text = certificate_make(key, &names, &len);
	if (text) {
		rc = atomic_file_write(path, text, len, &how);
		OPENSSL_cleanse(text, len);
	}
	free(text);
	EVP_PKEY_free(key);
	return rc;
}

static bool
pin_of(const X509 *cert, uint8_t out[static MUTUAL_PIN])
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	if (!cert || X509_digest(cert, EVP_sha256(), md, &n) != 1 ||
	    n != MUTUAL_PIN)
		return false;
	memcpy(out, md, MUTUAL_PIN);
	return true;
}

static uint64_t
owner_of(const struct mutual *m, const X509 *cert)
{
	uint8_t pin[MUTUAL_PIN];
	size_t i;

	if (!pin_of(cert, pin))
		return 0;
	for (i = 0; i < m->n; i++) {
		if (memcmp(m->pins[i].sha256, pin, MUTUAL_PIN) == 0)
			return m->pins[i].id;
	}
	return 0;
}

/* In place of OpenSSL's own: no chain is built, so none can be made costly. */
static int
verify(X509_STORE_CTX *store, void *arg)
{
	if (owner_of(arg, X509_STORE_CTX_get0_cert(store)))
		return 1;
	X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_UNTRUSTED);
	return 0;
}

static SSL_CTX *
make_context(struct mutual *m)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());

	if (!ctx)
		return NULL;
	SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER |
	    SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, verify, m);
	return ctx;
}

static int
load_identity(struct mutual *m, const char *path)
{
	int rc = -EBADMSG;

	if (access(path, R_OK) == -1)
		return -errno;
	if (SSL_CTX_use_certificate_file(m->ctx, path, SSL_FILETYPE_PEM) == 1 &&
	    SSL_CTX_use_PrivateKey_file(m->ctx, path, SSL_FILETYPE_PEM) == 1 &&
	    SSL_CTX_check_private_key(m->ctx) == 1 &&
	    pin_of(SSL_CTX_get0_certificate(m->ctx), m->own))
		rc = 0;
	ERR_clear_error();
	return rc;
}

int
mutual_new(const char *path, struct mutual **out)
{
	struct mutual *m = mem_zalloc(sizeof(*m));
	int rc = -ENOMEM;

	*out = NULL;
	m->ctx = make_context(m);
	if (m->ctx)
		rc = load_identity(m, path);
	if (rc == -ENOENT) {
		rc = make_identity(path);
		if (!rc)
			rc = load_identity(m, path);
	}
	if (rc) {
		mutual_free(m);
		return rc;
	}
	*out = m;
	return 0;
}

void
mutual_free(struct mutual *m)
{
	if (!m)
		return;
	SSL_CTX_free(m->ctx);
	free(m);
}

void
mutual_own(const struct mutual *m, uint8_t out[static MUTUAL_PIN])
{
	memcpy(out, m->own, MUTUAL_PIN);
}

void
mutual_trust(struct mutual *m, const struct mutual_pin *pins, size_t n)
{
	assert(n <= MUTUAL_PINS_MAX);
	if (n)
		memcpy(m->pins, pins, n * sizeof(*pins));
	m->n = n;
}

struct tls_conn *
mutual_accept(struct mutual *m, int fd)
{
	SSL *ssl = SSL_new(m->ctx);

	if (ssl)
		SSL_set_accept_state(ssl);
	return tls_conn_new(ssl, fd);
}

struct tls_conn *
mutual_connect(struct mutual *m, int fd)
{
	SSL *ssl = SSL_new(m->ctx);

	if (ssl)
		SSL_set_connect_state(ssl);
	return tls_conn_new(ssl, fd);
}

uint64_t
mutual_peer(const struct mutual *m, const struct tls_conn *c)
{
	const SSL *ssl = tls_conn_ssl(c);

	if (!SSL_is_init_finished(ssl))
		return 0;
	return owner_of(m, SSL_get0_peer_certificate(ssl));
}
