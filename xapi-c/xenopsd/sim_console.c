#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/mem.h"
#include "xenopsd/sim.h"

#define HELD 4096

struct sim_console {
	struct sim_console *next;
	struct sim_console **prevp;
	struct watch *watch;
	int fd;
	bool deaf;
	size_t held;			/* read, not yet echoed */
	char data[HELD];
};

static void
console_free(struct sim_console *c)
{
	*c->prevp = c->next;
	if (c->next)
		c->next->prevp = c->prevp;
	watch_free(c->watch);
	close(c->fd);
	free(c);
}

/* Adds to what is to be printed; line is printed for each end of a line. */
static void
hold(struct sim_console *c, const char *data, size_t n, const char *line)
{
	for (size_t i = 0; i < n && c->held + 4 <= HELD; i++) {
		if (data[i] == '\r' || data[i] == '\n') {
			memcpy(c->data + c->held, line, strlen(line));
			c->held += strlen(line);
		} else {
			c->data[c->held++] = data[i];
		}
	}
}

static void
console_ready(void *arg, uint32_t events)
{
	struct sim_console *c = arg;
	char in[512];
	ssize_t r;

	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		r = read(c->fd, in, sizeof(in));
		if (r == 0 || (r == -1 && errno != EAGAIN && errno != EINTR)) {
			console_free(c);
			return;
		}
		if (r > 0)
			hold(c, in, (size_t)r, "\r\n# ");
	}
	if (c->held) {
		r = send(c->fd, c->data, c->held, MSG_NOSIGNAL);
		if (r > 0) {
			c->held -= (size_t)r;
			memmove(c->data, c->data + r, c->held);
		}
	}
	watch_set(c->watch, c->deaf ? 0 : (c->held < HELD / 2 ? EPOLLIN : 0) |
	    (c->held ? EPOLLOUT : 0));
}

int
sim_console_new(struct loop *l, struct sim_console **list, const char *banner,
    bool deaf)
{
	struct sim_console *c;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1)
		return -errno;
	c = mem_zalloc(sizeof(*c));
	c->fd = fds[0];
	c->deaf = deaf;
	fdio_nonblock(c->fd, true);
	/* the kernel takes little on its behalf */
	if (deaf)
		setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &(int){ 1 },
		    sizeof(int));
	hold(c, banner, strlen(banner), "\r\n");
	c->watch = loop_watch(l, c->fd, deaf ? 0 : EPOLLIN | EPOLLOUT,
	    console_ready, c);
	c->next = *list;
	c->prevp = list;
	if (c->next)
		c->next->prevp = &c->next;
	*list = c;
	return fds[1];
}

void
sim_consoles_print(struct sim_console *list, const char *text)
{
	for (struct sim_console *c = list; c; c = c->next) {
		hold(c, text, strlen(text), "\r\n");
		if (!c->deaf)
			watch_set(c->watch, EPOLLIN | EPOLLOUT);
	}
}

void
sim_consoles_free(struct sim_console **list)
{
	while (*list)
		console_free(*list);
}
