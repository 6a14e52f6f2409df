#include "wire/thin.h"

#include <string.h>

static const char magic[] = "XenSource thin CLI protocol";

static void
put_int(char p[static 4], uint32_t n)
{
	for (int i = 0; i < 4; i++)
		p[i] = (char)(n >> 8 * i);
}

static void
add_int(struct buf *b, uint32_t n)
{
	char bytes[4];

	put_int(bytes, n);
	buf_add(b, bytes, sizeof(bytes));
}

static void
add_text(struct buf *b, const char *s)
{
	size_t len = strlen(s);

	add_int(b, (uint32_t)len);
	buf_add(b, s, len);
}

static uint32_t
int_at(const char *p)
{
	const unsigned char *u = (const void *)p;

	return u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 |
	    (uint32_t)u[3] << 24;
}

void
thin_magic(struct buf *b)
{
	buf_adds(b, magic);
	add_int(b, THIN_MAJOR);
	add_int(b, THIN_MINOR);
}

int
thin_check_magic(const char p[static THIN_MAGIC_LEN])
{
	size_t len = strlen(magic);

	return memcmp(p, magic, len) == 0 && int_at(p + len) == THIN_MAJOR ?
	    0 : -1;
}

static enum thin_tag
family(enum thin_tag tag)
{
	switch (tag) {
	case THIN_OK:
	case THIN_FAILED:
	case THIN_WAIT:
		return THIN_RESPONSE;
	case THIN_CHUNK:
	case THIN_END:
		return THIN_BLOB;
	default:
		return THIN_COMMAND;
	}
}

/* How many texts, or a number, come after the tag. */
static int
n_texts(enum thin_tag tag)
{
	switch (tag) {
	case THIN_PRINT:
	case THIN_LOAD:
	case THIN_ERROR:
	case THIN_DEBUG:
	case THIN_STDERR:
	case THIN_HTTP_CONNECT:
		return 1;
	case THIN_HTTP_GET:
	case THIN_HTTP_PUT:
		return 2;
	default:
		return 0;
	}
}

static bool
has_number(enum thin_tag tag)
{
	return tag == THIN_EXIT || tag == THIN_CHUNK;
}

/* Where the length is to be written by end(). */
static size_t
begin(struct buf *b, enum thin_tag tag)
{
	size_t at = b->len;

	add_int(b, 0);
	add_int(b, family(tag));
	add_int(b, tag);
	return at;
}

static void
end(struct buf *b, size_t at)
{
	put_int(b->data + at, (uint32_t)(b->len - at - THIN_HEAD));
}

void
thin_add(struct buf *b, enum thin_tag tag, const char *text, const char *path)
{
	size_t at = begin(b, tag);
	int n = n_texts(tag);

	if (n >= 1)
		add_text(b, text);
	if (n == 2)
		add_text(b, path);
	end(b, at);
}

void
thin_add_number(struct buf *b, enum thin_tag tag, uint32_t number)
{
	size_t at = begin(b, tag);

	add_int(b, number);
	end(b, at);
}

void
thin_add_error(struct buf *b, const char *code, const char *const *params,
    int n)
{
	size_t at = begin(b, THIN_ERROR);

	add_text(b, code);
	add_int(b, (uint32_t)n);
	for (int i = 0; i < n; i++)
		add_text(b, params[i]);
	end(b, at);
}

size_t
thin_length(const char head[static THIN_HEAD])
{
	uint32_t len = int_at(head);

	return len <= THIN_MAX_MESSAGE ? len : 0;
}

struct reader {
	struct arena *a;
	const char *p, *end;
};

static bool
get_int(struct reader *r, uint32_t *out)
{
	if (r->end - r->p < 4)
		return false;
	*out = int_at(r->p);
	r->p += 4;
	return true;
}

static bool
get_text(struct reader *r, const char **out)
{
	uint32_t len;

	if (!get_int(r, &len) || len > (size_t)(r->end - r->p))
		return false;
	*out = arena_strndup(r->a, r->p, len);
	r->p += len;
	return true;
}

static bool
get_params(struct reader *r, struct thin_message *m)
{
	uint32_t n;

	if (!get_int(r, &n) || n > THIN_MAX_PARAMS)
		return false;
	for (m->n_params = 0; m->n_params < (int)n; m->n_params++)
		if (!get_text(r, &m->params[m->n_params]))
			return false;
	return true;
}

int
thin_decode(struct arena *a, const char *data, size_t len,
    struct thin_message *out)
{
	struct reader r = { a, data, data + len };
	uint32_t kind, tag;
	int n;

	*out = (struct thin_message){ 0 };
	if (!get_int(&r, &kind) || !get_int(&r, &tag) || tag > THIN_WAIT ||
	    tag == 2 || (tag >= THIN_COMMAND && tag <= THIN_BLOB) ||
	    kind != (uint32_t)family((enum thin_tag)tag))
		return -1;
	out->tag = (enum thin_tag)tag;
	n = n_texts(out->tag);
	if ((n >= 1 && !get_text(&r, &out->text)) ||
	    (n == 2 && !get_text(&r, &out->path)) ||
	    (has_number(out->tag) && !get_int(&r, &out->number)) ||
	    (out->tag == THIN_ERROR && !get_params(&r, out)))
		return -1;
	return r.p == r.end ? 0 : -1;
}
