#include "http/head.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hex.h"

size_t
http_head_size(const char *data, size_t len)
{
	const char *p = data, *end = data + len;

	while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
		p++;
		if (p < end && *p == '\n')
			return (size_t)(p + 1 - data);
		if (p + 1 < end && p[0] == '\r' && p[1] == '\n')
			return (size_t)(p + 2 - data);
	}
	return 0;
}

/* A bare % stays as it is; %00 would cut the text and is refused (NULL). */
static char *
percent_decode(struct arena *a, const char *s, size_t n, bool plus)
{
	char *out = arena_alloc(a, n + 1);
	size_t i, o = 0;
	int c;

	for (i = 0; i < n; i++) {
		c = (unsigned char)s[i];
		if (c == '+' && plus) {
			c = ' ';
		} else if (c == '%' && i + 2 < n && hex_byte(s + i + 1) >= 0) {
			c = hex_byte(s + i + 1);
			i += 2;
			if (c == 0)
				return NULL;
		}
		out[o++] = (char)c;
	}
	return out;
}

static bool
add_pair(struct arena *a, struct http_pairs *p, int max, const char *name,
    const char *value)
{
	if (!name || !value || p->n >= max)
		return false;
	if (!p->v)
		p->v = arena_alloc(a, sizeof(*p->v) * (size_t)max);
	p->v[p->n].name = name;
	p->v[p->n].value = value;
	p->n++;
	return true;
}

/* name=value pairs between any of the separators. */
static bool
parse_pairs(struct arena *a, struct http_pairs *out, const char *s,
    const char *separators, bool plus)
{
	const char *eq;
	size_t n, name_len;

	while (*s) {
		s += strspn(s, separators);
		n = strcspn(s, separators);
		if (n == 0)
			break;
		eq = memchr(s, '=', n);
		name_len = eq ? (size_t)(eq - s) : n;
		if (!add_pair(a, out, HTTP_MAX_PAIRS,
			percent_decode(a, s, name_len, plus),
			eq ? percent_decode(a, eq + 1, n - name_len - 1,
			    plus) : ""))
			return false;
		s += n;
	}
	return true;
}

static const char *
find(const struct http_pairs *p, const char *name)
{
	int i;

	for (i = 0; i < p->n; i++) {
		if (strcmp(p->v[i].name, name) == 0)
			return p->v[i].value;
	}
	return NULL;
}

const char *
http_header(const struct http_head *h, const char *name)
{
	int i;

	for (i = 0; i < h->headers.n; i++) {
		if (strcasecmp(h->headers.v[i].name, name) == 0)
			return h->headers.v[i].value;
	}
	return NULL;
}

const char *
http_query(const struct http_head *h, const char *name)
{
	return find(&h->query, name);
}

const char *
http_param(const struct http_head *h, const char *name)
{
	const char *v = find(&h->cookies, name);

	return v ? v : find(&h->query, name);
}

/* http://host/path, as sent to proxies, means /path. */
static const char *
strip_origin(const char *target)
{
	const char *p;

	if (strncasecmp(target, "http://", 7) == 0)
		p = target + 7;
	else if (strncasecmp(target, "https://", 8) == 0)
		p = target + 8;
	else
		return target;
	p = strchr(p, '/');
	return p ? p : "/";
}

static int
parse_method(const char *s, enum http_method *out)
{
	static const char *const names[] = {
		[HTTP_GET] = "GET", [HTTP_PUT] = "PUT", [HTTP_POST] = "POST",
		[HTTP_CONNECT] = "CONNECT", [HTTP_OPTIONS] = "OPTIONS",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(s, names[i]) == 0) {
			*out = (enum http_method)i;
			return 0;
		}
	}
	return 501;
}

static int
parse_request_line(struct arena *a, char *line, struct http_head *h)
{
	char *target, *version;
	const char *query;
	size_t n;

	version = strrchr(line, ' ');
	target = strchr(line, ' ');
	if (!target || target == version)
		return 400;
	*version++ = '\0';
	*target++ = '\0';
	if (target[strcspn(target, " \t")])
		return 400;
	if (strcmp(version, "HTTP/1.1") == 0)
		h->minor = 1;
	else if (strcmp(version, "HTTP/1.0") != 0)
		return strncmp(version, "HTTP/", 5) == 0 ? 505 : 400;
	h->target = strip_origin(target);
	n = strcspn(h->target, "?");
	query = h->target[n] ? h->target + n + 1 : "";
	h->path = percent_decode(a, h->target, n, false);
	if (!h->path || h->path[0] != '/' ||
	    !parse_pairs(a, &h->query, query, "&", true))
		return 400;
	return parse_method(line, &h->method);
}

/* Letters and digits at once: strspn makes a table of its set each time. */
static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

/* All of it are letters, digits and those of others. */
static bool
consists_of(const char *s, size_t n, const char *others)
{
	size_t i = 0;

	while (i < n && (is_alnum(s[i]) || (s[i] && strchr(others, s[i]))))
		i++;
	return i == n;
}

/* A name as the standard has it: no blank, so neither before the colon nor, as
 * a folded line would have it, at the start. */
static bool
is_name(const char *s, size_t n)
{
	return n > 0 && consists_of(s, n, "!#$%&'*+-.^_`|~");
}

/* Bare CR among them: some would take it for the end of the line. */
static bool
has_control(const char *s)
{
	for (; *s; s++) {
		if (((unsigned char)*s < ' ' && *s != '\t') || *s == 0x7f)
			return true;
	}
	return false;
}

static int
parse_header(struct arena *a, char *line, struct http_head *h)
{
	char *value = strchr(line, ':'), *end;

	if (!value || !is_name(line, (size_t)(value - line)))
		return 400;
	*value++ = '\0';
	value += strspn(value, " \t");
	end = value + strlen(value);
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	return add_pair(a, &h->headers, HTTP_MAX_HEADERS, line, value) ? 0 :
	    431;
}

static bool
parse_length(const char *s, int64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoll(s, &end, 10);
	return *s >= '0' && *s <= '9' && !*end && !errno;
}

/* Is the word one of the comma-separated ones? */
static bool
has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	while (list && *list) {
		list += strspn(list, ", \t");
		if (strncasecmp(list, word, n) == 0 &&
		    strchr(", \t", list[n]))
			return true;
		list += strcspn(list, ",");
	}
	return false;
}

static int
count(const struct http_head *h, const char *name)
{
	int i, n = 0;

	for (i = 0; i < h->headers.n; i++)
		n += strcasecmp(h->headers.v[i].name, name) == 0;
	return n;
}

static bool
host_is_valid(const struct http_head *h)
{
	const char *host = http_header(h, "Host");

	if (!host)
		return h->minor == 0;
	return count(h, "Host") == 1 &&
	    consists_of(host, strlen(host), "-._~%!$&'()*+,;=:[]");
}

/*
 * Whether everybody on the way takes the same bytes for the body of the same
 * request; if not, what one takes for a body another takes for a request.
 */
static bool
is_unambiguous(struct http_head *h)
{
	const char *length = http_header(h, "Content-Length");

	h->length = -1;
	return !http_header(h, "Transfer-Encoding") &&
	    count(h, "Content-Length") <= 1 &&
	    (!length || parse_length(length, &h->length)) &&
	    host_is_valid(h);
}

static bool
connection_has(const struct http_head *h, const char *word)
{
	int i;

	for (i = 0; i < h->headers.n; i++) {
		if (strcasecmp(h->headers.v[i].name, "Connection") == 0 &&
		    has_word(h->headers.v[i].value, word))
			return true;
	}
	return false;
}

static int
interpret(struct arena *a, struct http_head *h)
{
	const char *expect = http_header(h, "Expect");
	int i;

	if (!is_unambiguous(h))
		return 400;
	h->keep_alive = h->minor ? !connection_has(h, "close") :
	    connection_has(h, "keep-alive");
	h->expects_continue = expect && h->minor &&
	    strcasecmp(expect, "100-continue") == 0;
	for (i = 0; i < h->headers.n; i++) {
		/* & between cookies is an old habit of XenAPI clients. */
		if (strcasecmp(h->headers.v[i].name, "Cookie") == 0 &&
		    !parse_pairs(a, &h->cookies, h->headers.v[i].value,
			";& \t", false))
			return 400;
	}
	return 0;
}

/*
 * Ends the line at its LF or CRLF; the next one, or NULL.  All must end alike
 * (*crlf, -1 at first): where they are mixed, some proxy saw another line.
 */
static char *
end_line(char *line, int *crlf)
{
	char *end = strchr(line, '\n');
	bool cr = end && end > line && end[-1] == '\r';

	if (!end || (*crlf != -1 && *crlf != cr))
		return NULL;
	*crlf = cr;
	end[cr ? -1 : 0] = '\0';
	return has_control(line) ? NULL : end + 1;
}

int
http_head_parse(struct arena *a, const char *data, size_t len,
    struct http_head *out)
{
	bool first = true;
	char *line, *next;
	int status = 0, crlf = -1;

	memset(out, 0, sizeof(*out));
	out->length = -1;
	if (memchr(data, '\0', len))
		return 400;
	for (line = arena_strndup(a, data, len); !status && *line;
	    line = next) {
		next = end_line(line, &crlf);
		if (!next)
			return 400;
		if (*line == '\0') {
			/* An empty line before the request is tolerated. */
			if (first)
				continue;
			break;
		}
		status = first ? parse_request_line(a, line, out) :
		    parse_header(a, line, out);
		first = false;
	}
	if (!status && first)
		status = 400;
	return status ? status : interpret(a, out);
}

char *
http_base64_decode(struct arena *a, const char *text, size_t *len_out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t n = strlen(text), o = 0;
	char *out = arena_alloc(a, n + 1);
	unsigned int bits = 0, held = 0;
	const char *d;

	for (; n > 0 && *text != '='; n--, text++) {
		d = strchr(digits, *text);
		if (!d)
			return NULL;
		bits = bits << 6 | (unsigned int)(d - digits);
		held += 6;
		if (held >= 8) {
			held -= 8;
			out[o++] = (char)(bits >> held);
		}
	}
	*len_out = o;
	return out;
}

char *
http_base64_encode(struct arena *a, const void *data, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = data;
	char *out = arena_alloc(a, len * 4 / 3 + 5), *o = out;
	unsigned int v;

	for (; len >= 3; len -= 3, p += 3) {
		v = (unsigned int)(p[0] << 16 | p[1] << 8 | p[2]);
		*o++ = digits[v >> 18];
		*o++ = digits[v >> 12 & 63];
		*o++ = digits[v >> 6 & 63];
		*o++ = digits[v & 63];
	}
	if (len > 0) {
		v = (unsigned int)(p[0] << 16 | (len > 1 ? p[1] << 8 : 0));
		*o++ = digits[v >> 18];
		*o++ = digits[v >> 12 & 63];
		*o++ = len > 1 ? digits[v >> 6 & 63] : '=';
		*o++ = '=';
	}
	return out;
}
