#include "net/dial.h"

#include <errno.h>
#include <netdb.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"

struct dial {
	int fd;
	SSL_CTX *ctx;
	SSL *ssl;			/* NULL: plain */
};

static struct dial *
of_fd(int fd)
{
	struct dial *d = mem_zalloc(sizeof(*d));

	d->fd = fd;
	return d;
}

static int
connect_to(const struct addrinfo *ai)
{
	int fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC,
	    ai->ai_protocol);
	int e;

	if (fd == -1 || connect(fd, ai->ai_addr, ai->ai_addrlen) == 0)
		return fd;
	e = errno;
	close(fd);
	errno = e;
	return -1;
}

static int
open_tcp(const char *host, int port, char why[static DIAL_WHY])
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *all, *ai;
	char service[16];
	int fd = -1, r;

	snprintf(service, sizeof(service), "%d", port);
	r = getaddrinfo(host, service, &hints, &all);
	if (r) {
		snprintf(why, DIAL_WHY, "cannot find '%.100s': %s", host,
		    gai_strerror(r));
		return -1;
	}
	for (ai = all; ai && fd == -1; ai = ai->ai_next)
		fd = connect_to(ai);
	if (fd == -1)
		snprintf(why, DIAL_WHY, "cannot connect to '%.100s' port %d: "
		    "%s", host, port, strerror(errno));
	freeaddrinfo(all);
	return fd;
}

static int
shake_hands(struct dial *d, const char *host)
{
	d->ctx = SSL_CTX_new(TLS_client_method());
	if (!d->ctx)
		return -1;
	SSL_CTX_set_min_proto_version(d->ctx, TLS1_2_VERSION);
	d->ssl = SSL_new(d->ctx);
	if (!d->ssl || SSL_set_fd(d->ssl, d->fd) != 1)
		return -1;
	SSL_set_tlsext_host_name(d->ssl, host);
	return SSL_connect(d->ssl) == 1 ? 0 : -1;
}

struct dial *
dial_tcp(const char *host, int port, bool secure, char why[static DIAL_WHY])
{
	int fd = open_tcp(host, port, why);
	struct dial *d;

	if (fd == -1)
		return NULL;
	d = of_fd(fd);
	if (!secure || shake_hands(d, host) == 0)
		return d;
	snprintf(why, DIAL_WHY, "no TLS with '%.100s' port %d", host, port);
	dial_free(d);
	return NULL;
}

struct dial *
dial_unix(const char *path, char why[static DIAL_WHY])
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = -1;

	if (strlen(path) < sizeof(sa.sun_path)) {
		memcpy(sa.sun_path, path, strlen(path));
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	} else {
		errno = ENAMETOOLONG;
	}
	if (fd != -1 && connect(fd, (void *)&sa, sizeof(sa)) == 0)
		return of_fd(fd);
	snprintf(why, DIAL_WHY, "cannot connect to '%.100s': %s", path,
	    strerror(errno));
	if (fd != -1)
		close(fd);
	return NULL;
}

void
dial_free(struct dial *d)
{
	if (!d)
		return;
	if (d->ssl)
		SSL_shutdown(d->ssl);
	SSL_free(d->ssl);
	SSL_CTX_free(d->ctx);
	close(d->fd);
	free(d);
}

ssize_t
dial_read(struct dial *d, void *data, size_t len)
{
	ssize_t r;
	int n;

	if (d->ssl) {
		n = len > INT32_MAX ? INT32_MAX : (int)len;
		n = SSL_read(d->ssl, data, n);
		return n > 0 ? n : SSL_get_error(d->ssl, n) ==
		    SSL_ERROR_ZERO_RETURN ? 0 : -1;
	}
	do {
		r = read(d->fd, data, len);
	} while (r == -1 && errno == EINTR);
	return r;
}

int
dial_write(struct dial *d, const void *data, size_t len)
{
	const char *p = data;
	ssize_t r;

	while (len > 0) {
		if (d->ssl)
			r = SSL_write(d->ssl, p, len > INT32_MAX ? INT32_MAX :
			    (int)len);
		else
			r = send(d->fd, p, len, MSG_NOSIGNAL);
		if (r == -1 && !d->ssl && errno == EINTR)
			continue;
		if (r <= 0)
			return -1;
		p += r;
		len -= (size_t)r;
	}
	return 0;
}

void
dial_end(struct dial *d)
{
	if (d->ssl)
		SSL_shutdown(d->ssl);
	else
		shutdown(d->fd, SHUT_WR);
}

int
dial_fd(const struct dial *d)
{
	return d->fd;
}

bool
dial_pending(const struct dial *d)
{
	return d->ssl && SSL_pending(d->ssl) > 0;
}
