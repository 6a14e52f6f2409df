/*
 * The server's side of the socket between xapi and xenopsd (xenops.xml):
 * accepts on a unix socket, checks the peer's uid, decodes requests by the
 * generated table, calls their handlers, sends answers and events.  One
 * thread; knows nothing of Xen.  The simulator uses it too.
 */
#ifndef XENOPSD_CORE_SERVER_H
#define XENOPSD_CORE_SERVER_H

#include <sys/types.h>

#include "xenopsd/core/loop.h"
#include "xenopsd/core/request.h"

#define SERVER_MAX_CONNECTIONS 16
#define SERVER_MAX_REQUESTS 512		/* unanswered, per connection */

struct server;

struct server_config {
	const char *socket_path;
	gid_t socket_gid;	/* group of the socket, mode 0660 */
	uid_t peer_uid;		/* allowed besides root */
	/* By message; NULL answers not_supported.  hello is the server's. */
	request_handler *const *handlers;
	/* A connection is gone (its leases end); may be NULL.  What it asked
	 * for goes on, unanswered. */
	void (*disconnected)(void *daemon, uint32_t connection);
	void *daemon;
};

/* 0 or -errno, logged. */
int server_new(struct loop *l, const struct server_config *cfg,
    struct server **s_out);
void server_free(struct server *s);
/* Tells every connection. */
void server_event(struct server *s, enum xenops_message event,
    const void *record);
/* A request of xenopsd's own, answered to nobody; args are copied.  done (may
 * be NULL) is told how it ended. */
void server_submit(struct server *s, enum xenops_message message,
    const void *args, void (*done)(void *arg, bool ok), void *arg);

#endif
