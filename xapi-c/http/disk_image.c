#include "http/disk_image.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "gen/errors.h"
#include "http/limits.h"

#define CHUNK ((size_t)256 << 10)
#define LINE_SIZE 256
#define TICK_MS 1000
#define LEAVE_MS 5000			/* for the program to let go of the disk */
#define SURPLUS_MAX (64LL << 20)	/* of a client, behind the image */

struct pump {
	struct stream *s;
	struct stream_vdi *vdi;
	char *chunk;
	double done;			/* 0..1 */
	bool ended;			/* the program has said all */
	char line[LINE_SIZE];		/* of it, not whole yet, cut to this */
	size_t len;
	char last[LINE_SIZE];		/* that is no progress */
};

static int
failed(struct pump *p, const char *why)
{
	struct call *c = &p->s->call;

	return err_vdi_io_error(c, arena_strdup(c->arena, why));
}

/* Whether all of it may go on. */
static int
tick(struct pump *p)
{
	struct call *c = &p->s->call;

	stream_keep(p->s);
	return stream_task_progress(c, p->done) ||
	    stream_vdi_check(c, p->vdi) ? -1 : 0;
}

/* For the program to be ready, or a while. */
static int
pause_for(struct pump *p, short events)
{
	struct pollfd f = { .fd = p->vdi->fd, .events = events };

	poll(&f, 1, TICK_MS);
	return tick(p);
}

/* It ends when it hears of it, and its end is heard of here. */
static void
leave(struct pump *p, int how)
{
	struct pollfd f = { .fd = p->vdi->fd };

	shutdown(f.fd, how);
	poll(&f, 1, LEAVE_MS);
}

/* -- into the disk -- */

static void
take_line(struct pump *p)
{
	char rest;
	int n;

	p->line[p->len] = '\0';
	p->len = 0;
	if (sscanf(p->line, "%d %c", &n, &rest) == 2 && rest == '%')
		p->done = n < 0 || n > 100 ? 0 : n / 100.0;
	else
		memcpy(p->last, p->line, sizeof(p->last));
}

/* What the program has said so far. */
static void
hear(struct pump *p)
{
	char text[LINE_SIZE];
	ssize_t n = recv(p->vdi->fd, text, sizeof(text), MSG_DONTWAIT);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	p->ended = n <= 0;
	for (ssize_t i = 0; i < n; i++) {
		if (text[i] == '\n')
			take_line(p);
		else if (p->len < sizeof(p->line) - 1)
			p->line[p->len++] = text[i] < ' ' || text[i] > '~' ?
			    '?' : text[i];
	}
}

/* Until all is taken, or the program wants no more. */
static int
give(struct pump *p, const char *data, size_t len)
{
	while (len > 0 && !p->ended) {
		ssize_t n = send(p->vdi->fd, data, len, MSG_DONTWAIT |
		    MSG_NOSIGNAL);

		if (n > 0) {
			data += n;
			len -= (size_t)n;
		} else if (pause_for(p, POLLOUT | POLLIN)) {
			return -1;
		}
		hear(p);
	}
	return 0;
}

/* To the client's end or the program's; *left_out: what the client announced and
 * has not sent. */
static int
take_image(struct pump *p, int64_t *left_out)
{
	while (*left_out > 0 && !p->ended) {
		size_t len = *left_out < (int64_t)CHUNK ? (size_t)*left_out :
		    CHUNK;
		ssize_t r = stream_read_beside(p->s, p->chunk, len,
		    p->vdi->fd);

		/* A client that is done may reset instead of closing. */
		if (r == 0 || r == -ECONNRESET || r == -EPROTO)
			break;
		if (r < 0 && r != -EAGAIN)
			return failed(p, strerror((int)-r));
		hear(p);
		if (tick(p) || (r > 0 && give(p, p->chunk, (size_t)r)))
			return -1;
		*left_out -= r > 0 ? r : 0;
	}
	return 0;
}

static int
await_end(struct pump *p)
{
	shutdown(p->vdi->fd, SHUT_WR);
	for (hear(p); !p->ended; hear(p))
		if (pause_for(p, POLLIN))
			return -1;
	if (strcmp(p->last, "done") == 0)
		return 0;
	return failed(p, *p->last ? p->last : "its program ended silently");
}

/* A client that still sends when the connection closes may not see that all is
 * well; one that announced no length may wait for us to end it. */
static void
part(struct pump *p, int64_t left, bool known)
{
	ssize_t r = 1;

	if (!known) {
		stream_has_more(p->s, HTTP_SURPLUS_MS);
		return;
	}
	for (left = left < SURPLUS_MAX ? left : 0; left > 0 && r > 0; left -= r)
		r = stream_read(p->s, p->chunk, left < (int64_t)CHUNK ?
		    (size_t)left : CHUNK);
}

int
disk_image_import(struct stream *s, struct stream_vdi *vdi)
{
	bool known = stream_knows_length(s);
	struct pump p = { .s = s, .vdi = vdi, .chunk = mem_alloc(CHUNK) };
	int64_t left = known ? s->head->length : INT64_MAX;
	int rc;

	rc = take_image(&p, &left);
	if (!rc)
		rc = await_end(&p);
	leave(&p, SHUT_WR);
	if (!rc)
		part(&p, left, known);
	free(p.chunk);
	return rc;
}

/* -- out of the disk -- */

static int
receive(struct pump *p, char *data, size_t len, size_t *got_out)
{
	ssize_t n;

	while ((n = recv(p->vdi->fd, data, len, MSG_DONTWAIT)) == -1 &&
	    (errno == EAGAIN || errno == EINTR))
		if (pause_for(p, POLLIN))
			return -1;
	if (n <= 0)
		return failed(p, "the image was cut short");
	*got_out = (size_t)n;
	return 0;
}

/* What the program says before the image: its length, or why there is none. */
static int
read_length(struct pump *p, int64_t *length_out)
{
	char *end;
	size_t n;

	do {
		if (p->len == sizeof(p->line) - 1)
			return failed(p, "its program says too much");
		if (receive(p, p->line + p->len, 1, &n))
			return -1;
	} while (p->line[p->len++] != '\n');
	p->len--;
	take_line(p);
	*length_out = strtoll(p->last, &end, 10);
	return *p->last && !*end && *length_out > 0 ? 0 : failed(p, p->last);
}

static int
send_image(struct pump *p, int64_t length)
{
	int64_t done = 0;
	size_t n;

	while (done < length) {
		n = length - done < (int64_t)CHUNK ? (size_t)(length - done) :
		    CHUNK;
		if (receive(p, p->chunk, n, &n))
			return -1;
		if (stream_write(p->s, p->chunk, n))
			return failed(p, "the client hung up");
		done += (int64_t)n;
		p->done = (double)done / (double)length;
		if (tick(p))
			return -1;
	}
	return 0;
}

int
disk_image_export(struct stream *s, struct stream_vdi *vdi)
{
	struct pump p = { .s = s, .vdi = vdi, .chunk = mem_alloc(CHUNK) };
	int64_t length = 0;
	int rc;

	rc = read_length(&p, &length);
	if (!rc)
		rc = send_image(&p, length);
	/* one that has not begun to write listens for its end */
	leave(&p, length > 0 ? SHUT_RD : SHUT_WR);
	free(p.chunk);
	return rc;
}
