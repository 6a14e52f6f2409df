#include "http/database.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/access/session.h"
#include "api/stream.h"
#include "api/xapi.h"
#include "base/log.h"
#include "base/mem.h"
#include "db/backup.h"
#include "gen/errors.h"

/* Bytes go out and come in in pieces of that size. */
#define PIECE (32u << 10)

static const struct backup_tables tables = {
	.classes = classes, .n_classes = CLASS_N,
};

/* -- a file that is a stream -- */

struct pipe {
	struct stream *s;
	int64_t bytes;			/* out so far; in: that are left */
	bool counts;			/* and goes nowhere */
	char buffer[PIECE];
};

static ssize_t
pipe_write(void *arg, const char *data, size_t len)
{
	struct pipe *p = arg;

	if (!p->counts && stream_write(p->s, data, len))
		return 0;
	p->bytes += (int64_t)len;
	return (ssize_t)len;
}

static ssize_t
pipe_read(void *arg, char *data, size_t len)
{
	struct pipe *p = arg;
	ssize_t n;

	if (p->bytes == 0)
		return 0;
	n = stream_read(p->s, data, p->bytes < (int64_t)len ?
	    (size_t)p->bytes : len);
	if (n <= 0)			/* an end that comes too early, too */
		return -1;
	p->bytes -= n;
	return n;
}

static FILE *
pipe_open(struct pipe *p, const char *mode)
{
	const cookie_io_functions_t io = {
		.read = pipe_read, .write = pipe_write,
	};
	FILE *f = fopencookie(p, mode, io);

	if (f)
		setvbuf(f, p->buffer, _IOFBF, sizeof p->buffer);
	return f;
}

/* -- a backup goes out -- */

static int
write_all(struct pipe *p, const struct db_root *root)
{
	FILE *f = pipe_open(p, "w");
	int rc = f ? backup_write(f, root, &tables) : -ENOMEM;

	if (f && fclose(f) && !rc)
		rc = -EIO;
	return rc;
}

/* Counted first, so that a client knows a part from the whole. */
static int
dump_root(struct pipe *p, const struct db_root *root)
{
	struct stream *s = p->s;
	int rc;

	p->counts = true;
	rc = write_all(p, root);
	if (rc == 0)
		rc = stream_reply(s, 200, arena_printf(s->call.arena,
		    "Content-Type: application/octet-stream\r\n"
		    "Content-Length: %lld\r\nConnection: close\r\n",
		    (long long)p->bytes));
	p->counts = false;
	return rc ? rc : write_all(p, root);
}

void
database_dump(struct stream *s)
{
	struct call *c = &s->call;
	struct db_root *root;
	struct pipe *p;
	int rc = 0;

	if (stream_task_begin(c, "Backup of the database",
	    http_param(s->head, "task_id"),
	    http_param(s->head, "subtask_of"))) {
		stream_refuse(s, 400, "The task is not one to drive.");
		return;
	}
	p = mem_zalloc(sizeof *p);
	p->s = s;
	root = db_root_get(c->x->db);
	if (dump_root(p, root))
		rc = err_backup_script_failed(c, "the client hung up");
	db_root_put(root);
	free(p);
	stream_task_end(c, rc, NULL, NULL);
}

/* -- one comes in -- */

static int
read_backup(struct stream *s, struct backup *b)
{
	struct call *c = &s->call;
	struct pipe *p = mem_zalloc(sizeof *p);
	char why[BACKUP_WHY] = "the client hung up";
	FILE *f;
	int rc = -EPIPE;

	p->s = s;
	p->bytes = s->head->length;
	f = pipe_open(p, "r");
	if (f)
		rc = backup_read(f, &tables, b, why);
	if (f && ferror(f))
		snprintf(why, sizeof why, "the client hung up");
	/* Of what is refused the rest is read, too: a client that still sends
	 * when the connection closes may not see the reply. */
	while (p->bytes > 0 && pipe_read(p, p->buffer, sizeof p->buffer) > 0)
		;
	if (f)
		fclose(f);
	if (rc == 0 && p->bytes > 0) {
		db_root_put(b->root);
		b->root = NULL;
		rc = -EPIPE;
	}
	free(p);
	return rc ? err_restore_script_failed(c, arena_strdup(c->arena, why)) :
	    0;
}

/* What every start would make anew, as if the host were new. */
static int
check_whole(struct call *c, const struct backup *b)
{
	if (db_count(b->root, CLASS_POOL) == 1 &&
	    db_count(b->root, CLASS_HOST) >= 1)
		return 0;
	return err_restore_script_failed(c, "it has no pool or no host");
}

static int
place(struct call *c, const struct backup *b)
{
	const char *path = arena_printf(c->arena, "%s/state.db",
	    c->x->cfg.state_dir);
	const char *why = "";
	int rc = backup_place(b, &tables, c->x->db, path, &why);

	return rc ? err_restore_script_failed(c, arena_printf(c->arena,
	    "'%s': %s (%s)", path, why, strerror(-rc))) : 0;
}

static int
restore(struct stream *s, bool dry_run)
{
	struct call *c = &s->call;
	struct backup b = { 0 };
	int rc;

	if (s->head->length <= 0 || s->head->length > BACKUP_MAX_BYTES)
		return err_restore_script_failed(c,
		    "its length is none that a backup has");
	if (stream_proceed(s))
		return err_restore_script_failed(c, "the client hung up");
	rc = read_backup(s, &b);
	if (rc == 0)
		rc = check_whole(c, &b);
	if (rc == 0 && !dry_run)
		rc = place(c, &b);
	db_root_put(b.root);
	return rc;
}

static void
reply(struct stream *s, int rc, bool dry_run)
{
	const char *text = rc ? stream_error_text(s) : dry_run ?
	    "The backup can be restored." :
	    "The backup is restored; the toolstack starts again.";

	log_info("restore of the database by %s%s: %s",
	    session_who(&s->call, &s->session), dry_run ? ", dry run" : "",
	    text);
	if (stream_reply(s, rc ? 400 : 200, "Content-Type: text/plain\r\n"
	    "Connection: close\r\n") == 0)
		stream_write(s, arena_printf(s->call.arena, "%s\n", text),
		    strlen(text) + 1);
}

/* One at a time, as all its objects are in memory twice. */
void
database_restore(struct stream *s)
{
	struct call *c = &s->call;
	const char *word = http_query(s->head, "dry_run");
	bool dry_run = word && strcmp(word, "false") != 0;
	int rc;

	if (stream_task_begin(c, "Restore of the database",
	    http_param(s->head, "task_id"),
	    http_param(s->head, "subtask_of"))) {
		stream_refuse(s, 400, "The task is not one to drive.");
		return;
	}
	if (atomic_exchange(&c->x->restoring, true)) {
		rc = err_restore_script_failed(c, "another restore is going on");
		reply(s, rc, dry_run);
		stream_task_end(c, rc, NULL, NULL);
		return;
	}
	rc = restore(s, dry_run);
	reply(s, rc, dry_run);
	stream_task_end(c, rc, NULL, NULL);
	if (rc || dry_run)
		atomic_store(&c->x->restoring, false);
	else
		c->x->restart(c->x->restart_arg);
}
