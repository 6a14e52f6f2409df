#include "xenopsd/sim/console.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "xenopsd/domains/console.h"

#define HELD 4096

struct sim_console {
	struct watch *watch;
	int fd;				/* the terminal's other end */
	int terminal;			/* held open, as it must be raw */
	char path[64];
	size_t held;			/* not yet printed */
	char data[HELD];
};

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

	if (events & EPOLLIN) {
		r = read(c->fd, in, sizeof(in));
		if (r > 0)
			hold(c, in, (size_t)r, "\r\n# ");
	}
	if (c->held) {
		r = write(c->fd, c->data, c->held);
		if (r > 0) {
			c->held -= (size_t)r;
			memmove(c->data, c->data + r, c->held);
		}
	}
	watch_set(c->watch, (c->held < HELD / 2 ? EPOLLIN : 0) |
	    (c->held ? EPOLLOUT : 0));
}

/* 0 or -errno. */
static int
make_terminal(struct sim_console *c)
{
	c->fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (c->fd == -1 || grantpt(c->fd) || unlockpt(c->fd) ||
	    ptsname_r(c->fd, c->path, sizeof(c->path)))
		return -errno;
	c->terminal = console_open_terminal(c->path);
	return c->terminal < 0 ? c->terminal : 0;
}

struct sim_console *
sim_console_new(struct loop *l)
{
	struct sim_console *c = mem_zalloc(sizeof(*c));
	int rc;

	c->terminal = -1;
	rc = make_terminal(c);
	if (rc) {
		log_error("cannot make a console: %s", strerror(-rc));
		sim_console_free(c);
		return NULL;
	}
	c->watch = loop_watch(l, c->fd, EPOLLIN, console_ready, c);
	return c;
}

const char *
sim_console_path(const struct sim_console *c)
{
	return c ? c->path : NULL;
}

void
sim_console_deafen(struct sim_console *c)
{
	if (!c)
		return;
	watch_free(c->watch);
	c->watch = NULL;
}

void
sim_console_print(struct sim_console *c, const char *text)
{
	if (!c || !c->watch)
		return;
	hold(c, text, strlen(text), "\r\n");
	watch_set(c->watch, EPOLLIN | EPOLLOUT);
}

void
sim_console_free(struct sim_console *c)
{
	if (!c)
		return;
	watch_free(c->watch);
	if (c->terminal >= 0)
		close(c->terminal);
	if (c->fd != -1)
		close(c->fd);
	free(c);
}
