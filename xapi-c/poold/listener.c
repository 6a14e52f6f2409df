#include "poold/listener.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "poold/address.h"

#define BACKLOG 64
#define TURN_MAX 16			/* connections taken in one turn */
#define REST_MS 200

struct listener {
	uv_poll_t poll;
	uv_timer_t rest;
	int handles;
	int fd;
	void (*accepted)(void *arg, int fd);
	void *arg;
};

static void ready(uv_poll_t *h, int status, int events);

static void
rested(uv_timer_t *t)
{
	struct listener *s = t->data;

	uv_poll_start(&s->poll, UV_READABLE, ready);
}

static void
ready(uv_poll_t *h, int status, int events)
{
	struct listener *s = h->data;
	int i, fd;

	(void)status, (void)events;
	for (i = 0; i < TURN_MAX; i++) {
		fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd == -1)
			break;
		s->accepted(s->arg, fd);
	}
	if (i == TURN_MAX || errno == EAGAIN || errno == ECONNABORTED ||
	    errno == EINTR)
		return;
	uv_poll_stop(&s->poll);
	uv_timer_start(&s->rest, rested, REST_MS, 0);
}

static int
open_socket(const char *address, int *fd_out)
{
	struct sockaddr_storage at;
	const int on = 1;
	socklen_t len;
	int fd, rc = 0;

	if (!address_parse(address, &at, &len))
		return -EINVAL;
	fd = socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	if (fd == -1)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&at, len) == -1 ||
	    listen(fd, BACKLOG) == -1) {
		rc = -errno;
		close(fd);
		log_error("cannot listen at %s: error %d", address, -rc);
		return rc;
	}
	*fd_out = fd;
	return 0;
}

int
listener_new(uv_loop_t *uv, const char *address,
    void (*accepted)(void *arg, int fd), void *arg, struct listener **out)
{
	struct listener *s;
	int fd = -1, rc = open_socket(address, &fd);

	if (rc)
		return rc;
	s = mem_zalloc(sizeof(*s));
	s->fd = fd;
	s->accepted = accepted;
	s->arg = arg;
	s->poll.data = s->rest.data = s;
	uv_timer_init(uv, &s->rest);
	if (uv_poll_init_socket(uv, &s->poll, fd))
		abort();
	s->handles = 2;
	uv_poll_start(&s->poll, UV_READABLE, ready);
	*out = s;
	return 0;
}

static void
closed(uv_handle_t *h)
{
	struct listener *s = h->data;

	if (--s->handles == 0)
		free(s);
}

void
listener_free(struct listener *s)
{
	if (!s)
		return;
	uv_close((uv_handle_t *)&s->poll, closed);
	uv_close((uv_handle_t *)&s->rest, closed);
	close(s->fd);
}
