#include "xenopsd/sim/calls.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

/* A worker. */
struct caller {
	struct caller *next;
	struct sim_calls *s;
	struct watch *watch;
	int fd;
	bool waits;			/* for notices */
	bool noticed;			/* since its last call */
};

struct sim_calls {
	struct loop *loop;
	struct sim_machine *m;
	struct caller *callers;
	struct watch *watch;
	struct sockaddr_un address;
	int fd;
};

static int
address_of(const char *state_dir, struct sockaddr_un *un_out)
{
	*un_out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	return snprintf(un_out->sun_path, sizeof(un_out->sun_path),
	    "%s/calls.sock", state_dir) < (int)sizeof(un_out->sun_path) ? 0 :
	    -ENAMETOOLONG;
}

static void
caller_free(struct caller *c)
{
	struct caller **at = &c->s->callers;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	watch_free(c->watch);
	close(c->fd);
	free(c);
}

static void
tell(struct caller *c, const struct sim_answer *what)
{
	/* it waits for each answer, so there is room; one that is gone is
	 * noticed by its end of the socket */
	(void)send(c->fd, what, sizeof(*what), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void
caller_ready(void *arg, uint32_t events)
{
	struct caller *c = arg;
	struct sim_call call;
	struct sim_answer answer = { 0 };
	ssize_t r = recv(c->fd, &call, sizeof(call), 0);

	(void)events;
	if (r == -1 && errno == EAGAIN)
		return;
	if (r != sizeof(call)) {
		caller_free(c);
		return;
	}
	c->noticed = false;
	if (call.kind == SIM_WAIT)
		c->waits = call.on;
	else
		sim_machine_call(c->s->m, &call, &answer);
	tell(c, &answer);
}

static void
caller_comes(void *arg, uint32_t events)
{
	struct sim_calls *s = arg;
	struct caller *c;
	int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd == -1)
		return;
	c = mem_zalloc(sizeof(*c));
	c->s = s;
	c->fd = fd;
	c->watch = loop_watch(s->loop, fd, EPOLLIN, caller_ready, c);
	c->next = s->callers;
	s->callers = c;
}

/* One notice is as good as many, and leaves room for an answer. */
static void
domain_ended(void *arg)
{
	const struct sim_answer notice = { .notice = true };
	struct sim_calls *s = arg;

	for (struct caller *c = s->callers; c; c = c->next) {
		if (c->waits && !c->noticed)
			tell(c, &notice);
		c->noticed = true;
	}
}

int
sim_calls_new(struct loop *l, struct sim_machine *m, const char *state_dir,
    struct sim_calls **s_out)
{
	struct sim_calls *s = mem_zalloc(sizeof(*s));
	int rc = address_of(state_dir, &s->address);

	s->fd = -1;
	if (rc)
		goto out;
	unlink(s->address.sun_path);
	s->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	if (s->fd == -1 || bind(s->fd, (struct sockaddr *)&s->address,
	    sizeof(s->address)) == -1 || listen(s->fd, SOMAXCONN) == -1) {
		rc = -errno;
		goto out;
	}
	s->loop = l;
	s->m = m;
	s->watch = loop_watch(l, s->fd, EPOLLIN, caller_comes, s);
	sim_machine_on_end(m, domain_ended, s);
	*s_out = s;
	s = NULL;
out:
	sim_calls_free(s);
	return rc;
}

void
sim_calls_free(struct sim_calls *s)
{
	if (!s)
		return;
	if (s->m)
		sim_machine_on_end(s->m, NULL, NULL);
	while (s->callers)
		caller_free(s->callers);
	watch_free(s->watch);
	if (s->fd != -1) {
		close(s->fd);
		unlink(s->address.sun_path);
	}
	free(s);
}

int
sim_calls_connect(const char *state_dir)
{
	struct sockaddr_un un;
	int rc = address_of(state_dir, &un);
	int fd;

	if (rc)
		return rc;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -errno;
	if (connect(fd, (struct sockaddr *)&un, sizeof(un)) == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

static int
receive(int fd, struct sim_answer *out)
{
	return recv(fd, out, sizeof(*out), 0) == sizeof(*out) ? 0 : -EPIPE;
}

void
sim_calls_do(int fd, const struct sim_call *c, struct sim_answer *out,
    bool *noticed_out)
{
	int rc = send(fd, c, sizeof(*c), MSG_NOSIGNAL) == sizeof(*c) ? 0 :
	    -EPIPE;

	do {
		if (rc == 0)
			rc = receive(fd, out);
		if (rc == 0 && out->notice)
			*noticed_out = true;
	} while (rc == 0 && out->notice);
	if (rc)
		*out = (struct sim_answer){ .rc = rc };
}

bool
sim_calls_wait(int fd, int64_t deadline_mono)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t left = deadline_mono - clock_mono_ms();
	struct sim_answer notice;

	if (left <= 0 || poll(&p, 1, left > INT_MAX ? INT_MAX : (int)left) != 1)
		return false;
	return receive(fd, &notice) == 0;
}
