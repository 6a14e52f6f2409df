/* The listening sockets: which addresses the server is to be met at. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/server_private.h"

static int
listen_on(const struct sockaddr *sa, socklen_t len, bool only_six, int *fd_out)
{
	int fd, one = 1, only = only_six, rc;

	fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	if (fd == -1)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	/* An address may be announced a moment before it can be used. */
	setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &one, sizeof(one));
	if (sa->sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
	if (bind(fd, sa, len) == -1 || listen(fd, 512) == -1) {
		rc = -errno;
		close(fd);
		return rc;
	}
	*fd_out = fd;
	return 0;
}

int
http_listen(int port, int *fd_out)
{
	const struct sockaddr_in6 six = { .sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)port) };
	const struct sockaddr_in four = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port) };
	int rc = listen_on((const void *)&six, sizeof(six), false, fd_out);

	/* A kernel may be without IPv6, or have it switched off. */
	if (rc == -EAFNOSUPPORT || rc == -EADDRNOTAVAIL)
		rc = listen_on((const void *)&four, sizeof(four), false,
		    fd_out);
	return rc;
}

int
http_listen_local(const char *path, int *fd_out)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	const char *slash = strrchr(path, '/');
	mode_t mask;
	int rc;

	if (strlen(path) >= sizeof(sa.sun_path) || !slash)
		return -ENAMETOOLONG;
	memcpy(sa.sun_path, path, (size_t)(slash - path));
	if (*sa.sun_path && mkdir(sa.sun_path, 0755) == -1 && errno != EEXIST)
		return -errno;
	memcpy(sa.sun_path, path, strlen(path));
	if (unlink(path) == -1 && errno != ENOENT)
		return -errno;
	mask = umask(0177);
	rc = listen_on((const void *)&sa, sizeof(sa), false, fd_out);
	umask(mask);
	return rc;
}

static int
listen_at(const char *address, int port, int *fd_out)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)port) };
	struct sockaddr_in four = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port) };

	if (inet_pton(AF_INET, address, &four.sin_addr) == 1)
		return listen_on((const void *)&four, sizeof(four), false,
		    fd_out);
	if (inet_pton(AF_INET6, address, &six.sin6_addr) == 1)
		return listen_on((const void *)&six, sizeof(six), true, fd_out);
	return -EINVAL;
}

static void
watch(struct http *h, struct listener *l, bool on)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = l };

	if (l->fd != -1)
		epoll_ctl(h->epoll, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, l->fd,
		    &ev);
}

static struct listener *
free_slot(struct http *h)
{
	for (int i = 0; i < HTTP_MAX_LISTENERS; i++)
		if (h->listeners[i].fd == -1)
			return &h->listeners[i];
	return NULL;
}

static struct listener *
add(struct http *h, int fd, bool secure, const char *address)
{
	struct listener *l = free_slot(h);

	*l = (struct listener){ .fd = fd, .secure = secure };
	if (address)
		l->address = mem_strdup(address);
	if (!h->deaf)
		watch(h, l, true);
	return l;
}

void
listeners_init(struct http *h)
{
	for (int i = 0; i < HTTP_MAX_LISTENERS; i++)
		h->listeners[i].fd = -1;
	if (h->cfg.http_fd != -1)
		add(h, h->cfg.http_fd, false, NULL);
	if (h->cfg.https_fd != -1)
		add(h, h->cfg.https_fd, true, NULL);
	if (h->cfg.local_fd != -1)
		add(h, h->cfg.local_fd, false, NULL)->local = true;
}

static void
drop(struct listener *l)
{
	fdio_close(&l->fd);		/* and epoll forgets it */
	free(l->address);
	l->address = NULL;
}

static void
forget(struct http *h)
{
	for (int i = 0; i < h->n_wanted; i++)
		free(h->wanted[i]);
	h->n_wanted = 0;
}

void
listeners_release(struct http *h)
{
	for (int i = 0; i < HTTP_MAX_LISTENERS; i++)
		drop(&h->listeners[i]);
	forget(h);
}

void
listeners_hear(struct http *h, bool on)
{
	for (int i = 0; i < HTTP_MAX_LISTENERS; i++)
		watch(h, &h->listeners[i], on);
}

bool
listeners_has(const struct http *h, const void *p)
{
	const struct listener *l = p;

	return l >= h->listeners && l < h->listeners + HTTP_MAX_LISTENERS;
}

void
http_serve_at(struct http *h, const char *const *addresses, int n)
{
	if (n > HTTP_MAX_ADDRESSES) {
		log_warn("only %d of %d addresses are listened on",
		    HTTP_MAX_ADDRESSES, n);
		n = HTTP_MAX_ADDRESSES;
	}
	pthread_mutex_lock(&h->lock);
	forget(h);
	for (; h->n_wanted < n; h->n_wanted++)
		h->wanted[h->n_wanted] = mem_strdup(addresses[h->n_wanted]);
	h->moved = true;
	pthread_mutex_unlock(&h->lock);
	http_wake(h);
}

static bool
is_wanted(const struct http *h, const char *address)
{
	for (int i = 0; i < h->n_wanted; i++)
		if (strcmp(h->wanted[i], address) == 0)
			return true;
	return false;
}

static bool
has(const struct http *h, const char *address, bool secure)
{
	for (int i = 0; i < HTTP_MAX_LISTENERS; i++) {
		const struct listener *l = &h->listeners[i];

		if (l->address && l->secure == secure &&
		    strcmp(l->address, address) == 0)
			return true;
	}
	return false;
}

/* A port that cannot be had is tried again with the next news. */
static void
open_at(struct http *h, const char *address, int port, bool secure)
{
	int fd, rc;

	if (!port || has(h, address, secure))
		return;
	rc = listen_at(address, port, &fd);
	if (rc) {
		log_error("cannot listen on '%s' port %d: %s", address, port,
		    strerror(-rc));
		return;
	}
	add(h, fd, secure, address);
	log_info("listening on '%s' port %d", address, port);
}

static void
close_at(struct http *h, struct listener *l)
{
	if (!l->address || is_wanted(h, l->address))
		return;
	log_info("'%s' is not listened on any more", l->address);
	drop(l);
}

void
listeners_move(struct http *h)
{
	const struct xapi_config *cfg = &h->cfg.x->cfg;

	pthread_mutex_lock(&h->lock);
	for (int i = 0; i < HTTP_MAX_LISTENERS && h->moved; i++)
		close_at(h, &h->listeners[i]);
	for (int i = 0; i < h->n_wanted && h->moved; i++) {
		open_at(h, h->wanted[i], cfg->http_port, false);
		open_at(h, h->wanted[i], cfg->https_port, true);
	}
	h->moved = false;
	pthread_mutex_unlock(&h->lock);
}
