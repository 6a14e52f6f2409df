/*
 * The HTTP and HTTPS server.
 *
 * One epoll thread owns idle connections, TLS handshakes, half-read requests,
 * parked event.from calls and slow readers of replies, and answers small
 * getters itself.  Connections on which one small getter follows the other are
 * lent to readers, a thread for each processor, as long as they go on.  Any
 * other complete request goes to a blocking thread of a
 * pool that grows while its threads wait for slow calls; the thread also sends
 * what the socket takes at once.  A stream goes to a thread of its own.  All
 * limits are in http/limits.h.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <sys/types.h>

#include "api/xapi.h"
#include "net/tls.h"

struct http;
struct site;

struct http_config {
	struct xapi *x;
	struct tls *tls;
	const struct site *site;	/* NULL: no files are served */
	int http_fd;		/* from http_listen, or -1; taken over */
	int https_fd;
	int local_fd;		/* from http_listen_local, or -1; taken over */
	uid_t local_uid;	/* who may use it, besides root */
	int https_port;		/* as clients see it, for redirects */
};

/* The socket of this host's root: mode 0600.  Makes its folder.  *fd_out, or -errno. */
int http_listen_local(const char *path, int *fd_out);
/* A listening socket on all addresses, IPv4 and IPv6, which the server is
 * started with.  *fd_out, or -errno. */
int http_listen(int port, int *fd_out);
/* Any thread: listen on these addresses (beside what http_listen made) and on
 * no others from now on, on the ports of struct xapi_config.  Connections that
 * are there stay. */
void http_serve_at(struct http *h, const char *const *addresses, int n);
/* Ignores SIGPIPE for the process.  0 or -errno. */
int http_start(const struct http_config *cfg, struct http **http_out);
/* Ends all connections and threads.  NULL is allowed.  False: some call still
 * runs, so that neither it nor what calls use may be freed. */
bool http_stop(struct http *h);
/* For db_config.published, with the struct http as its argument: any thread,
 * never blocks.  NULL is allowed (the server is not there yet). */
void http_published(void *http);

#endif
