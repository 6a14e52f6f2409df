/*
 * /import_raw_vdi and /export_raw_vdi.  The task of the transfer
 * tells how it ended: the status line leaves when the request looks sane,
 * before the first byte of the disk.
 *
 * Some clients do not know the length: they announce 1 PiB, or (HTTP/1.0) none,
 * and hang up when they are done.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "api/stream.h"
#include "base/log.h"
#include "base/mem.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/store.h"
#include "gen/xenops.h"
#include "http/disk_image.h"
#include "http/raw_vdi.h"

#define CHUNK (1u << 20)
#define CHUNK_HEAD 12			/* u64 offset, u32 length */

/* What format= names. */
struct format {
	const char *name;		/* of files, too */
	int form;			/* enum xenops_disk_form */
	const char *content_type;
	int64_t size_max;		/* of a disk; 0: any */
};

static const struct format formats[] = {
	{ "raw", XENOPS_DISK_FORM_RAW, "application/octet-stream", 0 },
	{ "vhd", XENOPS_DISK_FORM_VHD, "application/vhd",
	    (int64_t)2040 << 30 },
	/* image/qcow2.h: clusters of 64 KiB */
	{ "qcow2", XENOPS_DISK_FORM_QCOW2, "application/x-qemu-disk",
	    (int64_t)4 << 40 },
};

struct transfer {
	struct stream *s;
	const struct format *format;
	struct stream_vdi vdi;
	char *chunk;
	int64_t done;			/* bytes */
	bool made;			/* the VDI is ours */
};

static const char *
query(const struct stream *s, const char *name, const char *dflt)
{
	const char *v = http_query(s->head, name);

	return v ? v : dflt;
}

static bool
has_task(const struct stream *s)
{
	const char *task = http_param(s->head, "task_id");

	return task && *task;
}

static int
io_error(struct transfer *t, const char *what)
{
	struct call *c = &t->s->call;

	return err_vdi_io_error(c, arena_printf(c->arena, "%s at byte %lld",
	    what, (long long)t->done));
}

static int
write_at(struct transfer *t, const char *data, size_t len, int64_t at)
{
	ssize_t r;

	if (at < 0 || at > t->vdi.size_bytes ||
	    (int64_t)len > t->vdi.size_bytes - at)
		return io_error(t, "data beyond the end of the disk");
	if (stream_vdi_check(&t->s->call, &t->vdi))
		return -1;
	while (len > 0) {
		r = pwrite(t->vdi.fd, data, len, at);
		if (r == -1 && errno == EINTR)
			continue;
		if (r <= 0)
			return io_error(t, r ? strerror(errno) : "no space");
		data += r;
		at += r;
		len -= (size_t)r;
	}
	return 0;
}

/* Reads exactly len bytes, or fewer at the end of the stream; -1: failed. */
static ssize_t
read_full(struct transfer *t, char *buf, size_t len)
{
	size_t got = 0;
	ssize_t r;

	while (got < len) {
		r = stream_read(t->s, buf + got, len - got);
		/* A client that is done may reset instead of closing. */
		if (r == 0 || r == -ECONNRESET || r == -EPROTO)
			break;
		if (r < 0)
			return io_error(t, strerror((int)-r));
		got += (size_t)r;
	}
	return (ssize_t)got;
}

static int
progress(struct transfer *t)
{
	double whole = (double)t->vdi.size_bytes;

	return stream_task_progress(&t->s->call,
	    whole > 0 ? (double)t->done / whole : 0);
}

/*
 * The whole body is the disk, from its start.  Without a length, or with one
 * that can only mean "unknown", it ends where the client stops.
 */
static int
import_plain(struct transfer *t)
{
	int64_t length = t->s->head->length, want = t->vdi.size_bytes;
	bool known = stream_knows_length(t->s);
	size_t len;
	ssize_t r;

	if (known)
		want = length;
	while (t->done < want) {
		len = want - t->done > CHUNK ? CHUNK :
		    (size_t)(want - t->done);
		r = read_full(t, t->chunk, len);
		if (r < 0 || write_at(t, t->chunk, (size_t)r, t->done))
			return -1;
		t->done += r;
		if (progress(t))
			return -1;
		if ((size_t)r == len)
			continue;
		return length < 0 ? 0 : io_error(t, "the data ended early");
	}
	/* A client may wait for us to end it, so the wait is short. */
	if (!known && stream_has_more(t->s, HTTP_SURPLUS_MS))
		return io_error(t, "data beyond the end of the disk");
	return 0;
}

static uint64_t
little(const unsigned char *p, int bytes)
{
	uint64_t v = 0;

	while (bytes-- > 0)
		v = v << 8 | p[bytes];
	return v;
}

/* One chunk of the chunked form; 1 after the last one. */
static int
import_chunk(struct transfer *t)
{
	unsigned char head[CHUNK_HEAD];
	uint64_t at, left;
	size_t len;
	ssize_t r;

	r = read_full(t, (char *)head, sizeof(head));
	if (r < 0)
		return -1;
	if (r < (ssize_t)sizeof(head))
		return io_error(t, "the data ended early");
	at = little(head, 8);
	left = little(head + 8, 4);
	if (at == 0 && left == 0)
		return 1;
	if (at > INT64_MAX)
		return io_error(t, "bad chunk");
	for (; left > 0; left -= len, at += len) {
		len = left > CHUNK ? CHUNK : (size_t)left;
		r = read_full(t, t->chunk, len);
		if (r < 0)
			return -1;
		if ((size_t)r < len)
			return io_error(t, "the data ended early");
		if (write_at(t, t->chunk, len, (int64_t)at))
			return -1;
		t->done = (int64_t)(at + len);
		if (progress(t))
			return -1;
	}
	return 0;
}

static int
import_body(struct transfer *t)
{
	const char *chunked = http_query(t->s->head, "chunked");
	int rc;

	if (!chunked || strcmp(chunked, "false") == 0)
		rc = import_plain(t);
	else
		while ((rc = import_chunk(t)) == 0)
			;
	if (rc >= 0 && fdatasync(t->vdi.fd) == -1 && errno != EINVAL &&
	    errno != ENOSYS)
		rc = io_error(t, strerror(errno));
	if (rc >= 0)
		rc = stream_vdi_check(&t->s->call, &t->vdi);
	return rc < 0 ? -1 : 0;
}

static int
import_target(struct transfer *t, struct ref *vdi)
{
	struct stream *s = t->s;
	const char *which = http_query(s->head, "vdi");
	const char *sr = query(s, "sr_id", query(s, "sr_uuid", ""));

	if (which)
		return stream_vdi_find(&s->call, which, vdi);
	/* only raw bytes tell by their number how large the disk is */
	if (s->head->length <= 0 || t->format->form != XENOPS_DISK_FORM_RAW)
		return err_vdi_missing(&s->call, sr, "");
	if (stream_vdi_create(&s->call, sr, s->head->length, vdi))
		return -1;
	t->made = true;
	call_refresh(&s->call);
	return 0;
}

/* A disk that was made for an import that failed; keeps the first error. */
static void
unmake(struct call *c, const struct ref *vdi)
{
	const struct vdi_destroy_args a = { .self = *vdi };
	struct call_undo undo;

	call_undo_begin(c, &undo);
	call_refresh(c);
	if (api_vdi_destroy(c, &a))
		log_warn("cannot remove the disk of a failed import");
	call_undo_end(c, &undo);
}

static int
import_run(struct transfer *t, struct ref *vdi)
{
	struct stream *s = t->s;
	int form = t->format->form;
	bool raw = form == XENOPS_DISK_FORM_RAW;

	if (import_target(t, vdi) ||
	    stream_vdi_open(&s->call, vdi, true, form, &t->vdi))
		return -1;
	if (raw && stream_knows_length(s) &&
	    s->head->length > t->vdi.size_bytes)
		return io_error(t, "the image is larger than the disk");
	if (stream_proceed(s))
		return io_error(t, "the client hung up");
	/* Some clients wait for this before they send anything. */
	if (stream_reply(s, 200, "Connection: close\r\n"))
		return io_error(t, "the client hung up");
	return raw ? import_body(t) : disk_image_import(s, &t->vdi);
}

static const struct format *
find_format(struct stream *s)
{
	const char *name = query(s, "format", "raw");

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}

static int
status_of(const struct call *c)
{
	const char *code = c->err.code ? c->err.code : "";

	if (strcmp(code, "HANDLE_INVALID") == 0 ||
	    strcmp(code, "UUID_INVALID") == 0 ||
	    strcmp(code, "VDI_MISSING") == 0)
		return 400;
	if (strcmp(code, "RBAC_PERMISSION_DENIED") == 0)
		return 403;
	return strcmp(code, "NOT_IMPLEMENTED") == 0 ? 404 : 500;
}

/* It did not fail by itself. */
static void
blame_session(struct transfer *t)
{
	struct call *c = &t->s->call;

	c->err = (struct error){ 0 };
	err_session_invalid(c, call_ref_text(c, &t->s->session));
}

/* Runs a transfer under its task, and ends both. */
static void
run_task(struct transfer *t, const char *label,
    int (*fn)(struct transfer *t, struct ref *vdi), bool result)
{
	static const struct type ref_type = { .kind = KIND_REF,
		.size = sizeof(struct ref), .cls = "VDI" };
	struct call *c = &t->s->call;
	struct ref vdi = REF_NULL;
	int rc, status;

	if (stream_task_begin(c, label, http_param(t->s->head, "task_id"),
		http_param(t->s->head, "subtask_of"))) {
		stream_refuse(t->s, status_of(c),
		    "The task is not one to drive.");
		return;
	}
	t->chunk = mem_alloc(CHUNK);
	rc = fn(t, &vdi);
	if (rc && t->s->revoked)
		blame_session(t);
	status = status_of(c);
	stream_vdi_close(c, &t->vdi);
	if (rc && t->made)
		unmake(c, &vdi);
	stream_task_end(c, rc, result ? &ref_type : NULL, &vdi);
	if (rc)
		stream_refuse(t->s, status, "The transfer failed; see the task.");
	free(t->chunk);
}

static int
unsupported(struct transfer *t, struct ref *vdi)
{
	struct call *c = &t->s->call;

	(void)vdi;
	return err_not_implemented(c, arena_printf(c->arena, "format=%s",
	    query(t->s, "format", "raw")));
}

void
raw_vdi_import(struct stream *s)
{
	struct transfer t = { .s = s, .vdi.fd = -1 };

	/* A probe for redirects must not touch the disk. */
	if (s->head->length == 0 && !has_task(s)) {
		stream_refuse(s, 200, "");
		return;
	}
	t.format = find_format(s);
	run_task(&t, "VDI import", t.format ? import_run : unsupported,
	    t.format);
}

static int
export_body(struct transfer *t)
{
	size_t len;
	ssize_t r;

	while (t->done < t->vdi.size_bytes) {
		len = t->vdi.size_bytes - t->done > CHUNK ? CHUNK :
		    (size_t)(t->vdi.size_bytes - t->done);
		r = pread(t->vdi.fd, t->chunk, len, t->done);
		if (r == -1 && errno == EINTR)
			continue;
		if (r <= 0)
			return io_error(t, r ? strerror(errno) :
			    "the disk ended early");
		if (stream_vdi_check(&t->s->call, &t->vdi))
			return -1;
		if (stream_write(t->s, t->chunk, (size_t)r))
			return io_error(t, "the client hung up");
		t->done += r;
		if (progress(t))
			return -1;
	}
	return 0;
}

static int
check_export(struct transfer *t, const struct ref *vdi)
{
	struct call *c = &t->s->call;
	const struct vdi *v = vdi_find(c->root, vdi);
	int64_t most = t->format->size_max;

	if (t->format->form != XENOPS_DISK_FORM_RAW &&
	    http_query(t->s->head, "base"))
		return err_not_implemented(c, "base=");
	return v && most && v->virtual_size > most ? err_vdi_too_large(c,
	    call_ref_text(c, vdi), arena_printf(c->arena, "%lld",
	    (long long)most)) : 0;
}

static int
export_run(struct transfer *t, struct ref *vdi)
{
	struct stream *s = t->s;
	struct call *c = &s->call;
	const struct format *f = t->format;
	const char *headers;

	if (stream_vdi_find(c, query(s, "vdi", ""), vdi) ||
	    check_export(t, vdi) ||
	    stream_vdi_open(c, vdi, false, f->form, &t->vdi))
		return -1;
	headers = arena_printf(c->arena, "Connection: close\r\n"
	    "task-id: %s\r\nContent-Type: %s\r\n"
	    "Content-Disposition: attachment; filename=\"%s.%s\"\r\n",
	    call_ref_text(c, &c->task), f->content_type,
	    stream_vdi_uuid(c, vdi), f->name);
	if (stream_reply(s, 200, headers))
		return io_error(t, "the client hung up");
	return f->form == XENOPS_DISK_FORM_RAW ? export_body(t) :
	    disk_image_export(s, &t->vdi);
}

void
raw_vdi_export(struct stream *s)
{
	struct transfer t = { .s = s, .vdi.fd = -1 };

	t.format = find_format(s);
	run_task(&t, "VDI export", t.format ? export_run : unsupported,
	    false);
}
