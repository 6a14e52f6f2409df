#include "http/report.h"

#include <string.h>

#include "api/access/audit.h"
#include "api/host/report.h"
#include "api/stream.h"
#include "api/xapi.h"
#include "base/clock.h"
#include "db/encoded.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/types.h"
#include "http/tar.h"

#define FOLDER "host-status/"
#define PIECE (64u << 10)

struct report {
	struct stream *s;
	int64_t now_s;
	struct buf out;			/* goes out in pieces */
	int rc;				/* -1: the client hung up */
};

static void
send_all(struct report *r, const char *data, size_t len)
{
	if (!r->rc && len && stream_write(r->s, data, len))
		r->rc = err_system_status_retrieval_failed(&r->s->call,
		    "the client hung up");
}

static void
flush(struct report *r, size_t most)
{
	if (r->out.len <= most)
		return;
	send_all(r, r->out.data, r->out.len);
	buf_reset(&r->out);
}

static void
begin_file(struct report *r, const char *name, uint64_t bytes)
{
	char head[TAR_BLOCK];

	tar_head(head, name, bytes, r->now_s);
	buf_add(&r->out, head, sizeof(head));
}

static void
end_file(struct report *r, uint64_t bytes)
{
	static const char zeros[TAR_BLOCK];

	buf_add(&r->out, zeros, (TAR_BLOCK - bytes % TAR_BLOCK) % TAR_BLOCK);
	flush(r, PIECE);
}

static void
add_text(struct report *r, const char *name, const char *text, size_t len)
{
	begin_file(r, name, len);
	flush(r, 0);
	send_all(r, text, len);
	end_file(r, len);
}

/* What cannot be had is no reason to send nothing. */
static void
add_answer(struct report *r, const char *name, int rc, const char *text)
{
	struct call *c = &r->s->call;

	if (rc)
		text = arena_printf(c->arena, "not to be had: %s\n",
		    stream_error_text(r->s));
	c->err = (struct error){ .code = NULL };
	add_text(r, name, text, text ? strlen(text) : 0);
}

static int
keep_line(void *arg, const char *line, size_t len)
{
	struct buf *b = arg;

	if (b->len + len > 2 * REPORT_MAX_AUDIT) {
		memmove(b->data, b->data + b->len - REPORT_MAX_AUDIT,
		    REPORT_MAX_AUDIT);
		b->len = REPORT_MAX_AUDIT;
	}
	buf_add(b, line, len);
	return 0;
}

static void
add_audit(struct report *r)
{
	struct buf b = { 0 };
	size_t skip;

	audit_each(r->s->call.x->audit, keep_line, &b);
	skip = b.len > REPORT_MAX_AUDIT ? b.len - REPORT_MAX_AUDIT : 0;
	add_text(r, FOLDER "audit.log", b.data + skip, b.len - skip);
	buf_release(&b);
}

static void
add_logs(struct report *r)
{
	struct call *c = &r->s->call;
	const struct host_get_log_args a = { .host = c->x->host };
	const char *text = NULL;
	int rc = api_host_get_log(c, &a, &text);

	add_answer(r, FOLDER "xapi.log", rc, text);
	add_audit(r);
}

static void
add_xen(struct report *r)
{
	struct call *c = &r->s->call;
	const struct host_dmesg_args a = { .host = c->x->host };
	const char *text = NULL;
	int rc = api_host_dmesg(c, &a, &text);

	add_answer(r, FOLDER "xen.log", rc, text);
}

static bool
is_for_others(int class_id)
{
	return class_id != CLASS_SESSION && class_id != CLASS_SECRET &&
	    class_id != CLASS_TASK && class_id != CLASS_PBD;
}

struct listing {
	struct report *r;
	uint64_t bytes;
	const char *before;		/* what separates it from the last one */
};

/* As {"OpaqueRef:...":{...},...}: first its length, then itself. */
static int
count_object(const void *obj, void *arg)
{
	struct listing *l = arg;

	l->bytes += strlen("{\"\":") + REF_TEXT_LEN +
	    object_encoded(obj, FORM_JSON)->len;
	return 0;
}

static int
add_object(const void *obj, void *arg)
{
	const struct encoded *e = object_encoded(obj, FORM_JSON);
	const struct object *o = obj;
	struct listing *l = arg;
	char text[REF_TEXT_LEN + 1];

	buf_addf(&l->r->out, "%s\"%s\":", l->before, ref_text(&o->ref, text));
	buf_add(&l->r->out, e->data, e->len);
	l->before = ",";
	flush(l->r, PIECE);
	return l->r->rc;
}

static void
send_class(struct report *r, const struct db_root *root, int class_id)
{
	struct listing l = { .r = r, .bytes = strlen("}"), .before = "{" };

	db_each(root, class_id, count_object, &l);
	begin_file(r, arena_printf(r->s->call.arena, FOLDER "objects/%s.json",
	    classes[class_id]->rec.name), l.bytes);
	db_each(root, class_id, add_object, &l);
	buf_addc(&r->out, '}');
	end_file(r, l.bytes);
}

/* Each class as it is when its turn comes: what a slow reader keeps of the past
 * is one class's. */
static void
add_class(struct report *r, int class_id)
{
	struct db_root *root = db_root_get(r->s->call.x->db);

	if (db_count(root, class_id) > 0)
		send_class(r, root, class_id);
	db_root_put(root);
}

static void
add_objects(struct report *r)
{
	for (int i = 0; i < CLASS_N && !r->rc; i++) {
		if (is_for_others(i))
			add_class(r, i);
		if (!r->rc && stream_task_progress(&r->s->call,
		    (double)i / CLASS_N))
			r->rc = -1;
	}
}

static int
send_parts(struct stream *s, unsigned parts)
{
	static void (*const add[REPORT_N])(struct report *r) = {
		[REPORT_LOGS] = add_logs, [REPORT_XEN] = add_xen,
		[REPORT_OBJECTS] = add_objects,
	};
	static const char end[2 * TAR_BLOCK];
	struct report r = { .s = s, .now_s = clock_wall_s() };

	if (stream_reply(s, 200, "Content-Type: application/x-tar\r\n"
	    "Content-Disposition: attachment; filename=\"host-status.tar\"\r\n"
	    "Connection: close\r\n"))
		r.rc = err_system_status_retrieval_failed(&s->call,
		    "the client hung up");
	for (int i = 0; i < REPORT_N && !r.rc; i++)
		if (parts & 1u << i)
			add[i](&r);
	buf_add(&r.out, end, sizeof(end));
	flush(&r, 0);
	buf_release(&r.out);
	return r.rc;
}

static void
report(struct stream *s, const char *label, unsigned parts)
{
	struct call *c = &s->call;

	if (stream_task_begin(c, label, http_param(s->head, "task_id"),
	    http_param(s->head, "subtask_of"))) {
		stream_refuse(s, 400, "The task is not one to drive.");
		return;
	}
	stream_task_end(c, send_parts(s, parts), NULL, NULL);
}

void
report_status(struct stream *s)
{
	const char *output = http_query(s->head, "output");
	unsigned parts = report_parts(http_query(s->head, "entries"));

	if (output && *output && strcmp(output, "tar") != 0)
		stream_refuse(s, 400, "SYSTEM_STATUS_MUST_USE_TAR_ON_OEM: the "
		    "output is a tar file.");
	else if (!parts)
		stream_refuse(s, 400, "There are no such entries.");
	else
		report(s, "Status report of the host", parts);
}

void
report_logs(struct stream *s)
{
	report(s, "Logs of the host", 1u << REPORT_LOGS | 1u << REPORT_XEN);
}
