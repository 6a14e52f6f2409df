#include "net/fetch.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HOST_LEN 300
#define HEAD_MAX 16384
#define HEX_LEN 64
#define SAID_LEN 80		/* of a server that refuses */

struct target {
	bool secure;
	char host[HOST_LEN];		/* as in Host: */
	char connect[HOST_LEN + 8];	/* with a port in any case */
	const char *path;
};

static int
bad(char why[static FETCH_WHY], const char *what, const char *about)
{
	snprintf(why, FETCH_WHY, "%s: '%.150s'", what, about);
	return -1;
}

static int
parse_url(const char *url, struct target *t, char why[static FETCH_WHY])
{
	static const char plain[] = "http://", secure[] = "https://";
	const char *host, *port;
	size_t len;

	for (const char *p = url; *p; p++)
		if (*p <= ' ' || *p > '~')
			return bad(why, "not a URL", url);
	t->secure = strncmp(url, secure, strlen(secure)) == 0;
	if (!t->secure && strncmp(url, plain, strlen(plain)) != 0)
		return bad(why, "not http://... or https://...", url);
	host = url + strlen(t->secure ? secure : plain);
	len = strcspn(host, "/");
	t->path = host[len] ? host + len : "/";
	if (len == 0 || len >= HOST_LEN || memchr(host, '@', len))
		return bad(why, "no host in the URL, or a user", url);
	snprintf(t->host, sizeof(t->host), "%.*s", (int)len, host);
	port = strrchr(t->host, ':');
	if (port && strchr(port, ']'))
		port = NULL;		/* [2001:db8::1] */
	snprintf(t->connect, sizeof(t->connect), "%s%s", t->host,
	    port ? "" : t->secure ? ":443" : ":80");
	return 0;
}

/* Is it the SHA-256 that hex says? */
static bool
is_digest(const unsigned char md[static 32], const char *hex)
{
	char text[HEX_LEN + 1];

	for (int i = 0; i < 32; i++)
		snprintf(text + 2 * i, 3, "%02x", md[i]);
	return strcasecmp(text, hex) == 0;
}

static bool
has_digest(const void *data, size_t len, const char *hex)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned int n;

	return EVP_Digest(data, len, md, &n, EVP_sha256(), NULL) == 1 &&
	    n == 32 && is_digest(md, hex);
}

static bool
is_pinned(BIO *bio, const char *hex)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	X509 *cert = NULL;
	SSL *ssl = NULL;
	unsigned int n;
	bool ok;

	if (BIO_get_ssl(bio, &ssl) > 0 && ssl)
		cert = SSL_get1_peer_certificate(ssl);
	ok = cert && X509_digest(cert, EVP_sha256(), md, &n) == 1 &&
	    n == 32 && is_digest(md, hex);
	X509_free(cert);
	return ok;
}

/* The first line, without what a terminal or a log would obey. */
static int
refused(const char *head, char why[static FETCH_WHY])
{
	size_t n = strcspn(head, "\r\n");
	char said[SAID_LEN + 1];

	n = n < SAID_LEN ? n : SAID_LEN;
	for (size_t i = 0; i < n; i++)
		said[i] = head[i] >= ' ' && head[i] <= '~' ? head[i] : '?';
	said[n] = '\0';
	return bad(why, "the server answers", said);
}

/* The head says that all is well, and how long the body is, or -1. */
static int
check_head(const struct fetch *f, const char *head, size_t len,
    long *length_out, char why[static FETCH_WHY])
{
	static const char name[] = "\r\ncontent-length:";
	const char *p = head, *well = f->post ? " 2" : " 200";

	*length_out = -1;
	if (strncmp(head, "HTTP/1.", 7) != 0 ||
	    strncmp(head + 8, well, strlen(well)) != 0)
		return refused(head, why);
	for (; (p = memchr(p, '\r', len - (size_t)(p - head))); p++) {
		if (strncasecmp(p, "\r\ntransfer-encoding:", 20) == 0)
			return bad(why, "the server sends pieces", "");
		if (strncasecmp(p, name, strlen(name)) == 0)
			*length_out = strtol(p + strlen(name), NULL, 10);
	}
	return 0;
}

static int
take_body(const struct fetch *f, const struct buf *all, struct buf *out,
    char why[static FETCH_WHY])
{
	const char *end = all->data ? strstr(all->data, "\r\n\r\n") : NULL;
	size_t head, len;
	long length;

	if (!end)
		return bad(why, "no answer that is understood", f->url);
	head = (size_t)(end - all->data) + 4;
	len = all->len - head;
	if (check_head(f, all->data, head, &length, why))
		return -1;
	if (length >= 0 && (size_t)length != len)
		return bad(why, "cut short, or longer than allowed", f->url);
	if (len > f->max)
		return bad(why, "longer than allowed", f->url);
	if (f->digest && !has_digest(all->data + head, len, f->digest))
		return bad(why, "not the file of that digest", f->url);
	buf_add(out, all->data + head, len);
	return 0;
}

/* All at once: a server that answers its first part may close on the rest. */
static int
ask(const struct fetch *f, const struct target *t, BIO *bio)
{
	struct buf b = { 0 };
	size_t written;
	int rc;

	buf_addf(&b, "%s %s HTTP/1.0\r\nHost: %s\r\nConnection: close\r\n",
	    f->post ? "POST" : "GET", t->path, t->host);
	if (f->post)
		buf_addf(&b, "Content-Type: text/plain\r\n"
		    "Content-Length: %zu\r\n", f->post_len);
	buf_adds(&b, "\r\n");
	if (f->post_len)
		buf_add(&b, f->post, f->post_len);
	rc = BIO_write_ex(bio, b.data, b.len, &written) == 1 &&
	    written == b.len ? 0 : -1;
	buf_release(&b);
	return rc;
}

static int
talk(const struct fetch *f, const struct target *t, BIO *bio, struct buf *out,
    char why[static FETCH_WHY])
{
	struct buf all = { 0 };
	char piece[4096];
	int n, rc;

	if (BIO_do_connect(bio) <= 0 ||
	    (t->secure && BIO_do_handshake(bio) <= 0))
		return bad(why, "cannot connect to", t->connect);
	if (t->secure && !is_pinned(bio, f->cert))
		return bad(why, "another certificate than the one named",
		    t->connect);
	if (ask(f, t, bio))
		return bad(why, "cannot ask", t->connect);
	while (all.len <= f->max + HEAD_MAX &&
	    (n = BIO_read(bio, piece, sizeof(piece))) > 0)
		buf_add(&all, piece, (size_t)n);
	rc = take_body(f, &all, out, why);
	if (all.data)
		OPENSSL_cleanse(all.data, all.cap);
	buf_release(&all);
	return rc;
}

int
fetch(const struct fetch *f, struct buf *out, char why[static FETCH_WHY])
{
	struct target t;
	SSL_CTX *ctx = NULL;
	BIO *bio = NULL;
	int rc = -1;

	if (parse_url(f->url, &t, why))
		return -1;
	if (t.secure && !f->cert)
		return bad(why, "https without the certificate's digest",
		    f->url);
	if (t.secure) {
		ctx = SSL_CTX_new(TLS_client_method());
		if (ctx)
			SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
		bio = ctx ? BIO_new_ssl_connect(ctx) : NULL;
		if (bio)
			BIO_set_conn_hostname(bio, t.connect);
	} else {
		bio = BIO_new_connect(t.connect);
	}
	if (bio)
		rc = talk(f, &t, bio, out, why);
	else
		bad(why, "no memory for", f->url);
	BIO_free_all(bio);
	SSL_CTX_free(ctx);
	return rc;
}
