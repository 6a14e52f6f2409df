#include "http/backup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/stream.h"
#include "base/fdio.h"
#include "gen/errors.h"

#define PIECE (64u << 10)
#define LINE_SIZE 256
#define SILENCE_S 120

/* What the program says before the file: its length, or why there is none. */
static int
read_length(struct stream *s, int fd, long long *length_out)
{
	struct call *c = &s->call;
	char line[LINE_SIZE], *end;
	size_t n = 0;

	while (n < sizeof(line) - 1 && read(fd, line + n, 1) == 1 &&
	    line[n] != '\n')
		n++;
	line[n] = '\0';
	*length_out = strtoll(line, &end, 10);
	if (n && !*end && *length_out > 0)
		return 0;
	return err_backup_script_failed(c, n ? arena_strdup(c->arena, line) :
	    "it ended silently");
}

static int
send_file(struct stream *s, int fd, long long left)
{
	struct call *c = &s->call;
	char piece[PIECE];

	while (left > 0) {
		size_t n = left < PIECE ? (size_t)left : PIECE;

		if (fdio_read_all(fd, piece, n))
			return err_backup_script_failed(c, "it was cut short");
		if (stream_write(s, piece, n))
			return err_backup_script_failed(c,
			    "the client hung up");
		left -= (long long)n;
	}
	return 0;
}

static int
run(struct stream *s, int *fd)
{
	const struct timeval patience = { .tv_sec = SILENCE_S };
	struct call *c = &s->call;
	long long length = 0;

	if (stream_backup_open(c, fd))
		return -1;
	setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (stream_dump(c, *fd))
		return -1;
	shutdown(*fd, SHUT_WR);
	if (read_length(s, *fd, &length))
		return -1;
	if (stream_reply(s, 200, arena_printf(c->arena,
	    "Content-Type: application/octet-stream\r\n"
	    "Content-Length: %lld\r\nCache-Control: no-store\r\n"
	    "Content-Disposition: attachment; filename=\"host.backup\"\r\n"
	    "Connection: close\r\n", length)))
		return err_backup_script_failed(c, "the client hung up");
	return send_file(s, *fd, length);
}

void
backup_download(struct stream *s)
{
	struct call *c = &s->call;
	int fd = -1, rc;

	if (stream_task_begin(c, "Backup of the host",
	    http_param(s->head, "task_id"),
	    http_param(s->head, "subtask_of"))) {
		stream_refuse(s, 400, "The task is not one to drive.");
		return;
	}
	rc = run(s, &fd);
	fdio_close(&fd);
	if (rc)
		stream_refuse(s, 500, stream_error_text(s));
	stream_task_end(c, rc, NULL, NULL);
}
