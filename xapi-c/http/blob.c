#include "http/blob.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/blob.h"
#include "api/stream.h"
#include "base/fdio.h"
#include "gen/errors.h"

#define PIECE (64u << 10)

static const char *
which_of(const struct stream *s)
{
	const char *ref = http_query(s->head, "ref");
	const char *uuid = http_query(s->head, "uuid");

	return ref ? ref : uuid ? uuid : "";
}

static int
status_of(const struct call *c)
{
	const char *code = c->err.code;

	if (strcmp(code, "HANDLE_INVALID") == 0 ||
	    strcmp(code, "UUID_INVALID") == 0)
		return 404;
	return strcmp(code, "INTERNAL_ERROR") == 0 ? 500 : 400;
}

/* -- out -- */

static void
send_file(struct stream *s, int fd)
{
	char piece[PIECE];
	ssize_t n;

	while (fd != -1 && (n = read(fd, piece, sizeof(piece))) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 || stream_write(s, piece, (size_t)n))
			return;
	}
}

void
blob_get(struct stream *s)
{
	struct call *c = &s->call;
	struct stat st = { 0 };
	const char *type;
	int fd = -1;

	if (blob_open(c, which_of(s), &fd, &type)) {
		stream_refuse(s, status_of(c), stream_error_text(s));
		return;
	}
	if (fd != -1 && fstat(fd, &st) == -1)
		stream_refuse(s, 500, strerror(errno));
	/* What a user of this host keeps is no page of this host. */
	else if (!stream_reply(s, 200, arena_printf(c->arena,
	    "Content-Type: %s\r\nContent-Length: %lld\r\n"
	    "X-Content-Type-Options: nosniff\r\n"
	    "Content-Disposition: attachment\r\nConnection: close\r\n", type,
	    (long long)st.st_size)))
		send_file(s, fd);
	fdio_close(&fd);
}

/* -- in -- */

static bool
receive(struct stream *s, const struct blob_put *p)
{
	char piece[PIECE];
	int64_t left = p->length;
	ssize_t n;

	while (left > 0) {
		n = stream_read(s, piece, left < PIECE ? (size_t)left : PIECE);
		if (n <= 0 || fdio_write_all(p->fd, piece, (size_t)n))
			return false;
		left -= n;
	}
	return true;
}

static int
take(struct stream *s)
{
	struct call *c = &s->call;
	struct blob_put p;
	bool whole;

	if (blob_put_begin(c, which_of(s), s->head->length, &p))
		return -1;
	whole = !stream_proceed(s) && receive(s, &p);
	if (blob_put_end(c, &p, whole) == 0)
		return 0;
	if (whole)
		return -1;
	return s->revoked ? err_session_invalid(c,
	    call_ref_text(c, &s->session)) : err_import_error_premature_eof(c);
}

void
blob_put(struct stream *s)
{
	struct call *c = &s->call;
	int rc;

	if (stream_task_begin(c, "Upload of a blob",
	    http_param(s->head, "task_id"),
	    http_param(s->head, "subtask_of"))) {
		stream_refuse(s, 400, "The task is not one to drive.");
		return;
	}
	rc = take(s);
	if (rc)
		stream_refuse(s, status_of(c), stream_error_text(s));
	else
		stream_reply(s, 200, "Content-Length: 0\r\n"
		    "Connection: close\r\n");
	stream_task_end(c, rc, NULL, NULL);
}
