#include "xenopsd/domains/console.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/mem.h"
#include "xenopsd/domains/console_replay.h"

#define CHUNK 4096
#define REST_MS 100			/* a guest over its rate waits so long */
#define BURST (CONSOLE_RATE / 1000 * REST_MS)
#define SOCKET_BUFFER 16384		/* of a viewer, in the kernel */

struct viewer {
	struct viewer *next;
	struct viewer **prevp;
	struct console *console;
	int fd;
	struct watch *watch;
	uint64_t at;			/* the byte it gets next */
	char *replay;			/* scroll-back, comes before that */
	size_t replay_len, replay_done;
};

struct console {
	struct console *next;
	struct console **prevp;
	struct consoles *cs;
	int64_t domid;
	int fd;				/* the terminal; -1: none at present */
	struct watch *watch;
	char *ring;			/* byte i of all is at i % CONSOLE_RING */
	uint64_t written;		/* so many came */
	char input[CONSOLE_INPUT];
	size_t typed;
	struct viewer *viewers;
	int n;
	int64_t allowance;		/* bytes it may print now */
	int64_t allowed_at;		/* when that was true */
	struct timer *rest;		/* until it may print again */
	struct timer *linger;		/* it ended; until all is dropped */
};

struct consoles {
	struct loop *loop;
	struct console *list;
	int viewers;
};

struct consoles *
consoles_new(struct loop *l)
{
	struct consoles *cs = mem_zalloc(sizeof(*cs));

	cs->loop = l;
	return cs;
}

static void
viewer_free(struct viewer *v)
{
	*v->prevp = v->next;
	if (v->next)
		v->next->prevp = v->prevp;
	v->console->n--;
	v->console->cs->viewers--;
	watch_free(v->watch);
	close(v->fd);
	free(v->replay);
	free(v);
}

static void
terminal_close(struct console *c)
{
	watch_free(c->watch);
	c->watch = NULL;
	timer_cancel(c->rest);
	c->rest = NULL;
	c->typed = 0;
	c->domid = -1;
	fdio_close(&c->fd);
}

static void
console_free(struct console *c)
{
	while (c->viewers)
		viewer_free(c->viewers);
	terminal_close(c);
	timer_cancel(c->linger);
	*c->prevp = c->next;
	if (c->next)
		c->next->prevp = c->prevp;
	free(c->ring);
	free(c);
}

void
consoles_free(struct consoles *cs)
{
	if (!cs)
		return;
	while (cs->list)
		console_free(cs->list);
	free(cs);
}

struct console *
console_new(struct consoles *cs)
{
	struct console *c = mem_zalloc(sizeof(*c));

	c->cs = cs;
	c->fd = -1;
	c->domid = -1;
	c->next = cs->list;
	c->prevp = &cs->list;
	if (c->next)
		c->next->prevp = &c->next;
	cs->list = c;
	return c;
}

static uint64_t
oldest(const struct console *c)
{
	return c->written > CONSOLE_RING ? c->written - CONSOLE_RING : 0;
}

/* The pieces of the ring from byte `at` on, as far as they lie together. */
static size_t
piece(const struct console *c, uint64_t at, const char **p_out)
{
	size_t start = at % CONSOLE_RING;
	size_t left = (size_t)(c->written - at);

	*p_out = c->ring + start;
	return left < CONSOLE_RING - start ? left : CONSOLE_RING - start;
}

static bool
owed(const struct viewer *v)
{
	return v->replay_done < v->replay_len || v->at < v->console->written;
}

static void
viewer_watch(struct viewer *v)
{
	bool room = v->console->typed < CONSOLE_INPUT;

	watch_set(v->watch, (room ? EPOLLIN : 0) | (owed(v) ? EPOLLOUT : 0));
}

/* What a viewer that is owed something gets next. */
static size_t
viewer_next(struct viewer *v, const char **p_out)
{
	if (v->replay_done < v->replay_len) {
		*p_out = v->replay + v->replay_done;
		return v->replay_len - v->replay_done;
	}
	if (v->at < oldest(v->console))
		v->at = oldest(v->console);	/* too slow: these are lost */
	return piece(v->console, v->at, p_out);
}

/* Sends what goes without waiting; false: it is gone. */
static bool
viewer_feed(struct viewer *v)
{
	const char *p;
	size_t n;
	ssize_t r;

	while (owed(v)) {
		n = viewer_next(v, &p);
		r = send(v->fd, p, n, MSG_NOSIGNAL);
		if (r == -1 && errno == EINTR)
			continue;
		if (r == -1 && errno == EAGAIN)
			break;
		if (r == -1) {
			viewer_free(v);
			return false;
		}
		if (v->replay_done < v->replay_len)
			v->replay_done += (size_t)r;
		else
			v->at += (uint64_t)r;
	}
	if (v->console->linger && !owed(v)) {
		viewer_free(v);
		return false;
	}
	viewer_watch(v);
	return true;
}

static void
feed_all(struct console *c)
{
	struct viewer *v, *next;

	for (v = c->viewers; v; v = next) {
		next = v->next;
		(void)viewer_feed(v);
	}
}

static void
terminal_watch(struct console *c)
{
	watch_set(c->watch, (c->rest ? 0 : EPOLLIN) |
	    (c->typed ? EPOLLOUT : 0));
}

static void
keep(struct console *c, const char *data, size_t n)
{
	if (!c->ring)
		c->ring = mem_alloc(CONSOLE_RING);
	for (size_t i = 0; i < n; i++)
		c->ring[c->written++ % CONSOLE_RING] = data[i];
}

/* Reads once: bytes, 0: nothing at present, -1: the terminal is gone. */
static ssize_t
terminal_read(struct console *c)
{
	char chunk[CHUNK];
	ssize_t r = read(c->fd, chunk, sizeof(chunk));

	if (r > 0)
		keep(c, chunk, (size_t)r);
	else if (r == -1 && (errno == EAGAIN || errno == EINTR))
		r = 0;
	else
		r = -1;
	return r;
}

static void
rested(void *arg)
{
	struct console *c = arg;

	c->rest = NULL;
	terminal_watch(c);
}

/* Whether the guest may print; else it is left alone for a while. */
static bool
may_print(struct console *c)
{
	int64_t now = loop_now(c->cs->loop);

	c->allowance += (now - c->allowed_at) * (CONSOLE_RATE / 1000);
	if (c->allowance > BURST)
		c->allowance = BURST;
	c->allowed_at = now;
	if (c->allowance > 0)
		return true;
	c->rest = loop_timer(c->cs->loop, now + REST_MS, rested, c);
	return false;
}

static void
type_on(struct console *c)
{
	ssize_t r = write(c->fd, c->input, c->typed);

	if (r <= 0)
		return;
	c->typed -= (size_t)r;
	memmove(c->input, c->input + r, c->typed);
	for (struct viewer *v = c->viewers; v; v = v->next)
		viewer_watch(v);
}

/* To the end of what it printed, but not for ever. */
static void
drain(struct console *c)
{
	if (c->fd == -1)
		return;		/* what was typed is for the next terminal */
	for (int i = 0; i < CONSOLE_RING / CHUNK; i++) {
		if (terminal_read(c) <= 0)
			break;
	}
	terminal_close(c);
}

static void
terminal_ready(void *arg, uint32_t events)
{
	struct console *c = arg;
	ssize_t r;

	if (events & (EPOLLHUP | EPOLLERR)) {
		drain(c);
		feed_all(c);
		return;
	}
	if ((events & EPOLLIN) && may_print(c)) {
		r = terminal_read(c);
		if (r > 0)
			c->allowance -= r;
		else if (r == -1)
			terminal_close(c);
		feed_all(c);
	}
	if (c->fd == -1)
		return;
	if (c->typed)
		type_on(c);
	terminal_watch(c);
}

static void
viewer_ready(void *arg, uint32_t events)
{
	struct viewer *v = arg;
	struct console *c = v->console;
	ssize_t r;

	if ((events & EPOLLIN) && c->typed < CONSOLE_INPUT) {
		r = recv(v->fd, c->input + c->typed,
		    CONSOLE_INPUT - c->typed, 0);
		if (r == 0 || (r == -1 && errno != EAGAIN && errno != EINTR)) {
			viewer_free(v);
			return;
		}
		/* a guest that is not there yet is told later */
		if (r > 0)
			c->typed += (size_t)r;
	} else if (events & (EPOLLHUP | EPOLLERR)) {
		viewer_free(v);
		return;
	}
	if (!viewer_feed(v) || c->fd == -1)
		return;
	if (c->typed)
		type_on(c);
	terminal_watch(c);
}

bool
console_reads(const struct console *c, int64_t domid)
{
	return c->domid == domid;
}

void
console_attach(struct console *c, int64_t domid, int fd)
{
	struct loop *l = c->cs->loop;

	drain(c);
	fdio_nonblock(fd, true);
	c->domid = domid;
	c->fd = fd;
	c->allowed_at = loop_now(l);
	c->allowance = BURST;
	c->watch = loop_watch(l, fd, 0, terminal_ready, c);
	terminal_watch(c);
	feed_all(c);
}

static void
lingered(void *arg)
{
	struct console *c = arg;

	c->linger = NULL;
	console_free(c);
}

void
console_end(struct console *c)
{
	struct loop *l = c->cs->loop;

	drain(c);
	c->linger = loop_timer(l, loop_now(l) + CONSOLE_LINGER_MS, lingered,
	    c);
	feed_all(c);
	if (!c->viewers)
		console_free(c);
}

/* What the ring has, from the beginning of a line on. */
static void
viewer_replay(struct viewer *v)
{
	struct console *c = v->console;
	uint64_t from = oldest(c);
	char *all = mem_alloc(CONSOLE_RING), *line;
	size_t n = 0, len;
	const char *p;

	for (uint64_t at = from; at < c->written; at += len, n += len) {
		len = piece(c, at, &p);
		memcpy(all + n, p, len);
	}
	line = from > 0 ? memchr(all, '\n', n) : NULL;
	line = line ? line + 1 : all;
	n -= (size_t)(line - all);
	v->replay = mem_alloc(n + 1);
	v->replay_len = console_replay(v->replay, line, n);
	v->at = c->written;
	free(all);
}

/* Takes over fd. */
static void
viewer_new(struct console *c, int fd)
{
	struct viewer *v = mem_zalloc(sizeof(*v));

	v->console = c;
	v->fd = fd;
	v->next = c->viewers;
	v->prevp = &c->viewers;
	if (v->next)
		v->next->prevp = &v->next;
	c->viewers = v;
	c->n++;
	c->cs->viewers++;
	viewer_replay(v);
	v->watch = loop_watch(c->cs->loop, fd, EPOLLIN, viewer_ready, v);
	(void)viewer_feed(v);
}

int
console_view(struct console *c)
{
	int fds[2];

	if (c->n >= CONSOLE_VIEWERS ||
	    c->cs->viewers >= CONSOLE_VIEWERS_ALL)
		return -EMFILE;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1)
		return -errno;
	fdio_nonblock(fds[0], true);
	for (int i = 0; i < 2; i++)
		(void)setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF,
		    &(int){ SOCKET_BUFFER }, sizeof(int));
	viewer_new(c, fds[0]);
	return fds[1];
}

int
console_open_terminal(const char *path)
{
	struct termios t;
	int fd;

	/* dom0 wrote it; still, nothing but a terminal is opened */
	if (strncmp(path, "/dev/pts/", 9) != 0 || strstr(path, ".."))
		return -EINVAL;
	fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return -errno;
	if (tcgetattr(fd, &t) == 0) {
		cfmakeraw(&t);
		(void)tcsetattr(fd, TCSANOW, &t);
	}
	return fd;
}
