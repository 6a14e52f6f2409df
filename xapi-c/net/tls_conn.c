#include "net/tls_conn.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>

#include "base/mem.h"
#include "net/tls_conn_impl.h"

struct tls_conn {
	SSL *ssl;
	bool wants_write;
	bool dry;			/* only part of a record is left to read */
};

struct tls_conn *
tls_conn_new(SSL *ssl, int fd)
{
	struct tls_conn *c;

	if (!ssl || SSL_set_fd(ssl, fd) != 1) {
		SSL_free(ssl);
		return NULL;
	}
	c = mem_zalloc(sizeof(*c));
	c->ssl = ssl;
	return c;
}

SSL *
tls_conn_ssl(const struct tls_conn *c)
{
	return c->ssl;
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
