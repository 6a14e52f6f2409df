#include "http/audit.h"

#include <string.h>

#include "api/access/audit.h"
#include "api/xapi.h"
#include "wire/emit.h"

/* Lines go out in pieces of that size. */
#define PIECE (32u << 10)

struct telling {
	struct stream *s;
	char since[DATETIME_TEXT_LEN];	/* "": all */
	struct buf piece;
};

static int
flush(struct telling *t)
{
	int rc = stream_write(t->s, t->piece.data, t->piece.len);

	buf_reset(&t->piece);
	return rc;
}

/* Lines begin with their time, in a form that sorts as text. */
static int
tell(void *arg, const char *line, size_t len)
{
	struct telling *t = arg;
	size_t n = strlen(t->since);

	if (len < n || memcmp(line, t->since, n) < 0)
		return 0;
	buf_add(&t->piece, line, len);
	return t->piece.len < PIECE ? 0 : flush(t);
}

/* Without the Z, where lines have fractions of a second. */
static bool
parse_since(const struct http_head *head, struct telling *t)
{
	const char *text = http_query(head, "since");
	int64_t when;

	if (!text || !*text)
		return true;
	if (!datetime_parse(text, &when))
		return false;
	datetime_text(when, t->since);
	t->since[strlen(t->since) - 1] = '\0';
	return true;
}

void
audit_log(struct stream *s)
{
	struct telling t = { .s = s };

	if (!parse_since(s->head, &t)) {
		stream_refuse(s, 400, "since is no time.");
		return;
	}
	if (!stream_reply(s, 200, "Content-Type: text/plain\r\n"
	    "Connection: close\r\n") &&
	    !audit_each(s->call.x->audit, tell, &t) && t.piece.len)
		flush(&t);
	buf_release(&t.piece);
}
