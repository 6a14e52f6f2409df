#include "api/host/pack_disk.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "api/stream.h"
#include "api/task.h"
#include "base/clock.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "gen/errors.h"
#include "gen/xenops.h"

#define CHUNK ((size_t)1 << 18)
#define HEAD_ROOM (1 << 20)		/* of the header (update/head.h) */
#define SAID_MAX (PACK_ABOUT_MAX + 512)
#define TICK_MS 500
#define SILENCE_MS 600000		/* it reads back without a word */
#define NAME "bedplate-pack: "
#define REFUSED NAME "refused: "
#define DONE "done\n"

struct passing {
	struct call *c;
	struct stream_vdi disk;
	int fd;				/* the program */
	char said[SAID_MAX + 1];
	size_t len;
};

static int
fail(struct passing *p, const char *why)
{
	return err_update_apply_failed(p->c, why);
}

/* -- what the disk has -- */

/* Until it wants no more, or there is no more that a pack can have. */
static int
pass_bytes(struct passing *p, char *chunk)
{
	int64_t end = PACK_BYTES_MAX + HEAD_ROOM;

	if (end > p->disk.size_bytes)
		end = p->disk.size_bytes;
	for (int64_t at = 0; at < end;) {
		int64_t left = end - at;
		ssize_t n = pread(p->disk.fd, chunk, left < (int64_t)CHUNK ?
		    (size_t)left : CHUNK, at);

		if (n <= 0 || stream_vdi_check(p->c, &p->disk))
			return p->c->err.code ? -1 : err_vdi_io_error(p->c,
			    "the disk cannot be read");
		if (task_check(p->c))
			return -1;
		if (fdio_write_all(p->fd, chunk, (size_t)n))
			break;
		at += n;
	}
	shutdown(p->fd, SHUT_WR);
	return 0;
}

/* -- what the program says -- */

/* False: that was all. */
static bool
hear(struct passing *p)
{
	struct pollfd poll_fd = { .fd = p->fd, .events = POLLIN };
	ssize_t n;

	if (poll(&poll_fd, 1, TICK_MS) != 1)
		return true;
	n = recv(p->fd, p->said + p->len, SAID_MAX - p->len, MSG_DONTWAIT);
	if (n > 0)
		p->len += (size_t)n;
	return n > 0 || (n == -1 && (errno == EAGAIN || errno == EINTR));
}

static int
hear_all(struct passing *p)
{
	int64_t end_mono = clock_mono_ms() + SILENCE_MS;

	while (p->len < SAID_MAX && hear(p)) {
		if (task_check(p->c))
			return -1;
		if (clock_mono_ms() > end_mono)
			return fail(p, "the host's disk does not answer");
	}
	return 0;
}

/* The last line is "done", or why not. */
static int
judge(struct passing *p)
{
	char *text = p->said, *last;

	if (p->len >= strlen(DONE) && !memcmp(text + p->len - strlen(DONE),
	    DONE, strlen(DONE))) {
		p->len -= strlen(DONE);
		return 0;
	}
	while (p->len > 0 && text[p->len - 1] == '\n')
		p->len--;
	text[p->len] = '\0';
	last = strrchr(text, '\n') ? strrchr(text, '\n') + 1 : text;
	if (!strncmp(last, REFUSED, strlen(REFUSED)))
		return err_invalid_update(p->c, last + strlen(REFUSED));
	return fail(p, !strncmp(last, NAME, strlen(NAME)) ?
	    last + strlen(NAME) : "it ended silently");
}

/* -- both -- */

static int
talk(struct passing *p, bool look)
{
	const struct timeval patience = { .tv_sec = SILENCE_MS / 1000 };
	char *chunk;
	int rc;

	if (stream_pack_open(p->c, look, &p->fd))
		return -1;
	/* A disk that hangs must not keep this thread for good. */
	setsockopt(p->fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
	    sizeof(patience));
	chunk = mem_alloc(CHUNK);
	rc = pass_bytes(p, chunk) || hear_all(p) || judge(p) ? -1 : 0;
	free(chunk);
	fdio_close(&p->fd);
	return rc;
}

static int
pass(struct passing *p, const struct ref *vdi, bool look)
{
	int rc;

	p->fd = -1;
	p->len = 0;
	if (stream_vdi_open(p->c, vdi, false, XENOPS_DISK_FORM_RAW, &p->disk))
		return -1;
	rc = talk(p, look);
	stream_vdi_close(p->c, &p->disk);
	return rc;
}

int
pack_disk_look(struct call *c, const struct ref *vdi, struct pack_about *out)
{
	struct passing *p = arena_alloc(c->arena, sizeof(*p));
	const char *why;

	p->c = c;
	if (pass(p, vdi, true))
		return -1;
	return pack_about_parse(p->said, p->len, true, out, &why) ? 0 :
	    fail(p, why);
}

int
pack_disk_install(struct call *c, const struct ref *vdi)
{
	struct passing *p = arena_alloc(c->arena, sizeof(*p));

	p->c = c;
	return pass(p, vdi, false);
}
