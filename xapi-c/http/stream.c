#include "http/stream.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "api/access/session.h"
#include "api/access/ticket.h"
#include "api/task.h"
#include "api/xapi.h"
#include "base/clock.h"
#include "base/mem.h"

/* Was its task cancelled?  That is looked up now and then. */
static bool
is_cancelled(struct stream *s)
{
	int64_t now = clock_mono_ms();

	if (now - s->looked_ms < HTTP_CANCEL_MS)
		return false;
	s->looked_ms = now;
	return task_is_cancelled(&s->call);
}

/* Who cancels the task does not wait for its client, who may do nothing.
 * -EAGAIN: other (-1: none) has something to read. */
static int
await_for(struct stream *s, bool writing, int timeout_ms, int other)
{
	struct pollfd p[2] = { { .fd = s->conn->fd },
		{ .fd = other, .events = POLLIN } };
	int64_t end = clock_mono_ms() + timeout_ms, left;
	int r;

	p[0].events = conn_poll_events(s->conn, writing);
	do {
		if (is_cancelled(s))
			return -ECANCELED;
		left = end - clock_mono_ms();
		r = poll(p, 2, left < 0 ? 0 : left < HTTP_CANCEL_MS ?
		    (int)left : HTTP_CANCEL_MS);
	} while ((r == -1 && errno == EINTR) || (r == 0 && left > 0));
	if (r > 0)
		return p[1].revents ? -EAGAIN : 0;
	return r == 0 ? -ETIMEDOUT : -errno;
}

void
stream_revoke(struct stream *s)
{
	if (!atomic_exchange(&s->revoked, true))
		shutdown(s->conn->fd, SHUT_RDWR);
}

/* A failure is that of a session which is gone: the server ends the stream. */
void
stream_keep(struct stream *s)
{
	int64_t now = clock_mono_ms();
	struct error saved = s->call.err;

	if (now - s->kept_ms < SESSION_TOUCH_S * 1000)
		return;
	s->kept_ms = now;
	session_check(&s->call, &s->session);
	s->call.err = saved;
}

ssize_t
stream_read(struct stream *s, void *buf, size_t len)
{
	return stream_read_beside(s, buf, len, -1);
}

ssize_t
stream_read_beside(struct stream *s, void *buf, size_t len, int other)
{
	struct conn *c = s->conn;
	size_t early = c->in.len - c->head_size;
	ssize_t r;

	if (early > 0) {
		if (len > early)
			len = early;
		memcpy(buf, c->in.data + c->head_size, len);
		c->head_size += len;
		return (ssize_t)len;
	}
	stream_keep(s);
	if (is_cancelled(s))
		return -ECANCELED;
	while ((r = conn_recv(c, buf, len)) == -EAGAIN) {
		r = await_for(s, false, s->read_ms, other);
		if (r)
			break;
	}
	/* this end is nobody's who is done */
	return r <= 0 && s->revoked ? -EACCES : r;
}

bool
stream_knows_length(const struct stream *s)
{
	return s->head->length >= 0 && s->head->length < HTTP_UNKNOWN_LENGTH;
}

bool
stream_has_more(struct stream *s, int timeout_ms)
{
	struct conn *c = s->conn;
	ssize_t r;
	char byte;

	if (c->in.len > c->head_size)
		return true;
	while ((r = conn_recv(c, &byte, 1)) == -EAGAIN) {
		if (await_for(s, false, timeout_ms, -1))
			return false;
	}
	return r > 0;
}

int
stream_write(struct stream *s, const void *buf, size_t len)
{
	const char *p = buf;
	ssize_t r;

	stream_keep(s);
	while (len > 0) {
		r = conn_send(s->conn, p, len);
		if (r == -EAGAIN)
			r = await_for(s, true, HTTP_STREAM_MS, -1);
		if (r < 0)
			return (int)r;
		p += r;
		len -= (size_t)r;
	}
	return 0;
}

int
stream_reply(struct stream *s, int status, const char *headers)
{
	struct buf *out = &s->conn->out;

	s->replied = true;
	/* As XenAPI hosts do, whatever version was asked for. */
	s->conn->head.minor = 1;
	conn_reply_begin(s->conn, status, NULL);
	buf_addf(out, "%s\r\n", headers);
	return stream_write(s, out->data, out->len);
}

int
stream_proceed(struct stream *s)
{
	static const char proceed[] = "HTTP/1.1 100 Continue\r\n\r\n";

	return s->head->expects_continue ?
	    stream_write(s, proceed, sizeof(proceed) - 1) : 0;
}

const char *
stream_error_text(struct stream *s)
{
	const struct error *e = &s->call.err;

	return arena_printf(s->call.arena, "%s%s%s", e->code, e->n ? ": " : "",
	    e->n ? e->params[e->n - 1] : "");
}

int
stream_failure_status(const struct stream *s)
{
	const char *code = s->call.err.code ? s->call.err.code : "";

	return strcmp(code, "HANDLE_INVALID") == 0 ||
	    strcmp(code, "UUID_INVALID") == 0 ||
	    strcmp(code, "VM_BAD_POWER_STATE") == 0 ? 404 : 500;
}

void
stream_refuse(struct stream *s, int status, const char *detail)
{
	struct conn *c = s->conn;

	if (s->replied)
		return;
	s->replied = true;
	c->head.keep_alive = false;
	c->refused = true;
	conn_reply_page(c, status, detail);
}

/* Basic credentials make a session for this request alone. */
static int
login_basic(struct stream *s, const char *header)
{
	struct arena *a = s->call.arena;
	char *user, *password;
	size_t len;

	if (strncasecmp(header, "Basic ", 6) != 0)
		return -1;
	user = http_base64_decode(a, header + 6 + strspn(header + 6, " "),
	    &len);
	password = user ? strchr(user, ':') : NULL;
	if (!password)
		return -1;
	*password++ = '\0';
	if (session_login(&s->call, user, password, &s->made))
		return -1;
	call_refresh(&s->call);
	return session_check(&s->call, &s->made);
}

/* Does a browser send it for a page that is not this host's? */
static bool
is_foreign(const struct stream *s)
{
	const char *origin = http_header(s->head, "Origin");
	const char *host = http_header(s->head, "Host");
	const char *scheme = s->conn->tls ? "https://" : "http://";
	size_t n = strlen(scheme);

	return origin && (!host || strncasecmp(origin, scheme, n) != 0 ||
	    strcasecmp(origin + n, host) != 0);
}

/* As the handlers that take tickets choose it. */
static const char *
named_object(const struct http_head *head, enum http_action action)
{
	const char *ref = http_query(head, "ref");

	if (action == HTTP_ACTION_GET_EXPORT_RAW_VDI ||
	    action == HTTP_ACTION_PUT_IMPORT_RAW_VDI)
		return http_query(head, "vdi");
	return ref ? ref : http_query(head, "uuid");
}

/* A browser adds cookies and Basic credentials by itself, and no rule of its own
 * keeps a page from WebSockets to elsewhere. */
static bool
is_forged(const struct stream *s, enum http_action action)
{
	const char *id = http_param(s->head, "session_id");
	bool named = http_query(s->head, "ticket") ||
	    (id && id == http_query(s->head, "session_id"));

	return is_foreign(s) &&
	    (!named || action == HTTP_ACTION_CONNECT_CONSOLE_WS);
}

/* A ticket counts alone, whatever else a browser adds. */
static int
authenticate(struct stream *s, enum http_action action)
{
	const char *ticket = http_query(s->head, "ticket");
	const char *id = http_param(s->head, "session_id");
	const char *basic = http_header(s->head, "Authorization");
	struct ref ref;

	if (ticket)
		return ticket_use(&s->call, ticket, action,
		    named_object(s->head, action), &ref) ? -1 :
		    session_check(&s->call, &ref);
	if (id)
		return ref_parse(id, &ref) && !ref_is_null(&ref) ?
		    session_check(&s->call, &ref) : -1;
	return basic ? login_basic(s, basic) : -1;
}

struct stream *
stream_new_plain(struct xapi *x, struct conn *c)
{
	struct stream *s = mem_zalloc(sizeof(*s));

	s->conn = c;
	s->head = &c->head;
	s->read_ms = HTTP_STREAM_MS;
	s->call.x = x;
	s->call.from = c->from;
	s->call.local_root = c->local_root;
	s->call.arena = arena_new();
	s->call.root = db_root_get(s->call.x->db);
	return s;
}

void
stream_is_of(struct stream *s)
{
	s->session = s->call.session;
	s->kept_ms = clock_mono_ms();
}

struct stream *
stream_new(struct xapi *x, struct conn *c, enum http_action action)
{
	struct stream *s = stream_new_plain(x, c);

	/* A stranger changes nothing, not even the task that is named. */
	if (is_forged(s, action)) {
		stream_refuse(s, 403, "Another site's page may not do this.");
	} else if (authenticate(s, action)) {
		stream_refuse(s, 401, role_http_name(action));
	} else if (session_allow(&s->call, role_http_permission(s->call.arena,
		    action))) {
		stream_refuse(s, 403, "The role does not allow this.");
	} else {
		stream_is_of(s);
		return s;
	}
	stream_free(s);
	return NULL;
}

bool
stream_same_owner(const struct stream *a, const struct stream *b)
{
	bool basic = !ref_is_null(&a->made);

	if (a->conn->local_root != b->conn->local_root)
		return false;
	if (basic != !ref_is_null(&b->made))
		return false;
	return basic || ref_equal(&a->session, &b->session);
}

void
stream_free(struct stream *s)
{
	if (!ref_is_null(&s->made))
		session_end(&s->call, &s->made);
	call_close(&s->call);
	arena_free(s->call.arena);
	free(s);
}
