#include "http/update.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "api/access/session.h"
#include "api/host/packs.h"
#include "api/stream.h"
#include "base/clock.h"
#include "base/fdio.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/pack.h"
#include "db/backup.h"
#include "gen/errors.h"

#define CHUNK ((size_t)1 << 18)
#define LINE_SIZE 256
#define TICK_MS 1000
#define SILENCE_MS 600000		/* it reads back without a word */
#define REFUSED "refused: "

/* What an upload is of. */
struct upload_kind {
	const char *label;		/* of its task */
	const char *program;		/* what its last line may begin with */
	const char *taken;
	int64_t length_max;
	bool task_tells;		/* of a task that the client named, how
					 * it went: its reply comes first */
	int (*open)(struct stream *s, int *fd_out);
	int (*refuse)(struct call *c, const char *why);
	int (*fail)(struct call *c, const char *why);
	int (*done)(struct call *c);	/* once it is taken; or NULL */
};

struct upload {
	const struct upload_kind *kind;
	struct stream *s;
	bool refused;
	int fd;				/* the program */
	bool ended;			/* it has said all */
	char line[LINE_SIZE];		/* not whole yet, cut to this */
	size_t len;
	char last[LINE_SIZE];		/* that is no progress */
	int percent;
	int64_t heard_mono;
};

/* -- what the program says -- */

static void
take_line(struct upload *u)
{
	const char *text = u->line;
	char rest;
	int n;

	u->line[u->len] = '\0';
	u->len = 0;
	if (sscanf(text, "%d %c", &n, &rest) == 2 && rest == '%') {
		u->percent = n;
		return;
	}
	if (strncmp(text, u->kind->program, strlen(u->kind->program)) == 0)
		text += strlen(u->kind->program);
	memmove(u->last, text, strlen(text) + 1);
}

/* What has come, within wait_ms. */
static void
hear(struct upload *u, int wait_ms)
{
	struct pollfd p = { .fd = u->fd, .events = POLLIN };
	char text[LINE_SIZE];
	ssize_t n;

	if (poll(&p, 1, wait_ms) != 1)
		return;
	n = recv(u->fd, text, sizeof text, MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	u->ended = n <= 0;
	u->heard_mono = clock_mono_ms();
	for (ssize_t i = 0; i < n; i++) {
		if (text[i] == '\n')
			take_line(u);
		else if (u->len < sizeof u->line - 1)
			u->line[u->len++] = text[i];
	}
}

static int
progress(struct upload *u)
{
	return stream_task_progress(&u->s->call, u->percent / 100.0);
}

/* -- the image -- */

/* To its end, even if the program wants no more and will say why: a client that
 * still sends when the connection closes may not see the reply. */
static int
send_image(struct upload *u, char *chunk)
{
	int64_t left = u->s->head->length;
	bool wanted = true;

	while (left > 0) {
		ssize_t n = stream_read(u->s, chunk,
		    left < (int64_t)CHUNK ? (size_t)left : CHUNK);

		if (n <= 0)
			return u->kind->fail(&u->s->call,
			    "the client hung up");
		wanted = wanted && !fdio_write_all(u->fd, chunk, (size_t)n);
		left -= n;
		hear(u, 0);
		if (progress(u))
			return -1;
	}
	shutdown(u->fd, SHUT_WR);
	return 0;
}

static int
await_end(struct upload *u)
{
	u->heard_mono = clock_mono_ms();
	while (!u->ended) {
		if (clock_mono_ms() - u->heard_mono > SILENCE_MS)
			return u->kind->fail(&u->s->call,
			    "the host's disk does not answer");
		stream_keep(u->s);
		hear(u, TICK_MS);
		if (progress(u))
			return -1;
	}
	return 0;
}

/* The program's last line is "done", or why not. */
static int
judge(struct upload *u)
{
	struct call *c = &u->s->call;
	const char *why = arena_strdup(c->arena, u->last);

	if (strcmp(why, "done") == 0)
		return 0;
	u->refused = strncmp(why, REFUSED, strlen(REFUSED)) == 0;
	if (u->refused)
		return u->kind->refuse(c, why + strlen(REFUSED));
	return u->kind->fail(c, *why ? why : "it ended silently");
}

/* xe and others send nothing before they have it. */
static int
reply_first(struct upload *u)
{
	const char *task = http_param(u->s->head, "task_id");

	return u->kind->task_tells && task && *task ?
	    stream_reply(u->s, 200, "Connection: close\r\n") : 0;
}

static int
take(struct upload *u)
{
	const struct timeval patience = { .tv_sec = SILENCE_MS / 1000 };
	struct stream *s = u->s;
	char *chunk;
	int rc;

	u->refused = s->head->length <= 0 ||
	    s->head->length > u->kind->length_max;
	if (u->refused)
		return u->kind->refuse(&s->call, "its length is none that it "
		    "can have");
	if (u->kind->open(s, &u->fd))
		return -1;
	/* A disk that hangs must not keep this thread for good. */
	setsockopt(u->fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
	    sizeof(patience));
	if (stream_proceed(s) || reply_first(u))
		return u->kind->fail(&s->call, "the client hung up");
	chunk = mem_alloc(CHUNK);
	rc = send_image(u, chunk);
	free(chunk);
	if (rc || await_end(u) || judge(u))
		return -1;
	return u->kind->done ? u->kind->done(&s->call) : 0;
}

/* -- the reply -- */

static void
reply(struct upload *u, int rc)
{
	struct call *c = &u->s->call;
	const char *text = rc ? stream_error_text(u->s) :
	    u->kind->taken;

	log_info("%s by %s: %s", u->kind->label,
	    session_who(c, &u->s->session), rc ? text : "taken");
	if (!u->s->replied && stream_reply(u->s, !rc ? 200 : u->refused ? 400 : 500,
	    "Content-Type: text/plain\r\nConnection: close\r\n") == 0)
		stream_write(u->s, arena_printf(c->arena, "%s\n", text),
		    strlen(text) + 1);
}

static void
run(struct stream *s, const struct upload_kind *kind)
{
	struct upload u = { .kind = kind, .s = s, .fd = -1 };
	struct call *c = &s->call;
	int rc;

	if (stream_task_begin(c, kind->label,
	    http_param(s->head, "task_id"),
	    http_param(s->head, "subtask_of"))) {
		stream_refuse(s, 400, "The task is not one to drive.");
		return;
	}
	rc = take(&u);
	if (rc && s->revoked) {
		c->err = (struct error){ 0 };
		err_session_invalid(c, call_ref_text(c, &s->session));
	}
	fdio_close(&u.fd);
	reply(&u, rc);
	stream_task_end(c, rc, NULL, NULL);
}

/* -- the kinds -- */

static int
open_update(struct stream *s, int *fd_out)
{
	return stream_update_open(&s->call, fd_out);
}

static int
open_pack(struct stream *s, int *fd_out)
{
	return stream_pack_open(&s->call, false, fd_out);
}

static int
open_restore(struct stream *s, int *fd_out)
{
	const char *word = http_query(s->head, "take_identity");

	return stream_restore_open(&s->call, word && strcmp(word, "true") == 0,
	    fd_out);
}

void
update_upload(struct stream *s)
{
	static const struct upload_kind kind = {
		.label = "Update of the host",
		.program = "bedplate-update: ",
		.taken = "The next start of this host tries the update.",
		/* more than any image: a slot and its header (update/head.h) */
		.length_max = (int64_t)260 << 20,
		.open = open_update,
		.refuse = err_invalid_update, .fail = err_update_apply_failed,
	};

	run(s, &kind);
}

void
pack_upload(struct stream *s)
{
	static const struct upload_kind kind = {
		.label = "Installation of an extension pack",
		.program = "bedplate-pack: ",
		.taken = "The pack is installed.",
		/* the largest, and its header (update/head.h) */
		.length_max = PACK_BYTES_MAX + (1 << 20),
		.open = open_pack,
		.refuse = err_invalid_update, .fail = err_update_apply_failed,
		.done = packs_refresh,
	};

	run(s, &kind);
}

void
restore_upload(struct stream *s)
{
	static const struct upload_kind kind = {
		.label = "Restore of the host",
		.program = "bedplate-restore: ",
		.taken = "From its next start this host is what the backup "
		    "says.",
		/* the database's dump, and what is small beside it */
		.length_max = BACKUP_MAX_BYTES + (1 << 20),
		.task_tells = true, .open = open_restore,
		.refuse = err_restore_script_failed,
		.fail = err_restore_script_failed,
	};

	run(s, &kind);
}
