#include "wire/json_text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/utf8.h"

struct text {
	struct arena *arena;
	const char *p, *end;
	uint32_t count;			/* of the values so far */
	bool bad;
};

static bool read_value(struct text *t, int depth, struct value *out);

static void
skip_blanks(struct text *t)
{
	while (t->p < t->end && (*t->p == ' ' || *t->p == '\n' ||
	    *t->p == '\r' || *t->p == '\t'))
		t->p++;
}

/* The next byte that is not blank is c: takes it. */
static bool
take(struct text *t, char c)
{
	skip_blanks(t);
	if (t->p == t->end || *t->p != c)
		return false;
	t->p++;
	return true;
}

static bool
take_word(struct text *t, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(t->end - t->p) < n || memcmp(t->p, word, n) != 0)
		return false;
	t->p += n;
	return true;
}

/* Room for one more of n items of that size; it grows by doubling. */
static void *
room(struct text *t, void *items, uint32_t n, size_t size)
{
	void *more;

	if (n & (n - 1))
		return items;
	more = arena_alloc(t->arena, (n ? 2 * (size_t)n : 1) * size);
	if (n)
		memcpy(more, items, n * size);
	return more;
}

/* Four hexadecimal digits; -1: they are not. */
static int
read_unit(struct text *t)
{
	int high, low;

	if (t->end - t->p < 4)
		return -1;
	high = hex_byte(t->p);
	low = hex_byte(t->p + 2);
	t->p += 4;
	return high < 0 || low < 0 ? -1 : high << 8 | low;
}

/* The character of \uXXXX, or of two that are a pair; 0: none. */
static uint32_t
read_code(struct text *t)
{
	int c = read_unit(t), low;

	if (c <= 0 || (c >= 0xdc00 && c < 0xe000))
		return 0;
	if (c < 0xd800 || c >= 0xe000)
		return (uint32_t)c;
	if (!take_word(t, "\\u"))
		return 0;
	low = read_unit(t);
	if (low < 0xdc00 || low >= 0xe000)
		return 0;
	return 0x10000 + (((uint32_t)c - 0xd800) << 10) +
	    ((uint32_t)low - 0xdc00);
}

static size_t
put_utf8(char *out, uint32_t c)
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4, i;

	if (n == 1) {
		out[0] = (char)c;
		return 1;
	}
	for (i = n - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (c & 0x3f));
		c >>= 6;
	}
	out[0] = (char)(0xf00 >> n | c);
	return n;
}

/* What stands behind a backslash; 0: nothing that may. */
static uint32_t
read_escape(struct text *t)
{
	static const char names[] = "\"\\/bfnrt", codes[] = "\"\\/\b\f\n\r\t";
	const char *at;
	char c;

	if (t->p == t->end)
		return 0;
	c = *t->p++;
	if (c == 'u')
		return read_code(t);
	at = c ? strchr(names, c) : NULL;
	return at ? (unsigned char)codes[at - names] : 0;
}

/* At a backslash: its character, or what stands for it; bytes, 0: wrong. */
static size_t
unescape(struct text *t, char *out)
{
	uint32_t c;
	size_t n;

	t->p++;
	c = read_escape(t);
	if (!c)
		return 0;
	n = put_utf8(out, c);
	if (utf8_len(out, n) == n)
		return n;
	t->bad = true;
	memcpy(out, UTF8_REPLACEMENT, 3);
	return 3;
}

/* Bytes up to the end of the string, an escape or what may not be in it. */
static size_t
plain_bytes(const struct text *t)
{
	const char *p = t->p;

	while (p < t->end && (unsigned char)*p >= ' ' && *p != '"' &&
	    *p != '\\')
		p++;
	return (size_t)(p - t->p);
}

/* Behind the last quote of a string that was begun, with its escapes; n: its
 * first bytes have none. */
static const char *
read_escaped(struct text *t, size_t n)
{
	const char *quote = t->p + n, *first;
	size_t o = 0, got;
	char *out;

	while (quote < t->end && *quote != '"')
		quote += *quote == '\\' && t->end - quote > 1 ? 2 : 1;
	if (quote == t->end)
		return NULL;
	/* At worst two bytes of an escape are three of a replacement. */
	out = arena_alloc(t->arena, (size_t)(quote - t->p) * 3 / 2 + 1);
	while (t->p < quote) {
		first = t->p;
		n = plain_bytes(t);
		memcpy(out + o, first, n);
		o += n;
		t->p += n;
		if (t->p == quote)
			break;
		got = *t->p == '\\' ? unescape(t, out + o) : 0;
		if (!got)
			return NULL;
		o += got;
	}
	t->p++;
	return out;
}

/* NULL: it is none. */
static const char *
read_string(struct text *t)
{
	const char *s;
	size_t n;

	if (!take(t, '"'))
		return NULL;
	n = plain_bytes(t);
	if (n == (size_t)(t->end - t->p))
		return NULL;
	if (t->p[n] != '"')
		return read_escaped(t, n);
	s = arena_strndup(t->arena, t->p, n);
	t->p += n + 1;
	return s;
}

static bool
is_digit(const struct text *t)
{
	return t->p < t->end && *t->p >= '0' && *t->p <= '9';
}

static bool
skip_digits(struct text *t)
{
	bool any = is_digit(t);

	while (is_digit(t))
		t->p++;
	return any;
}

/* Past a number; *real: it has a fraction or an exponent. */
static bool
skip_number(struct text *t, bool *real)
{
	*real = false;
	if (*t->p == '-')
		t->p++;
	if (t->p < t->end && *t->p == '0')
		t->p++;
	else if (!skip_digits(t))
		return false;
	if (t->p < t->end && *t->p == '.') {
		t->p++;
		*real = true;
		if (!skip_digits(t))
			return false;
	}
	if (t->p == t->end || (*t->p != 'e' && *t->p != 'E'))
		return true;
	t->p++;
	*real = true;
	if (t->p < t->end && (*t->p == '+' || *t->p == '-'))
		t->p++;
	return skip_digits(t);
}

static bool
read_number(struct text *t, struct value *out)
{
	const char *s = t->p;
	bool real;

	if (!skip_number(t, &real))
		return false;
	s = arena_strndup(t->arena, s, (size_t)(t->p - s));
	if (real) {
		out->kind = VALUE_FLOAT;
		out->d = strtod(s, NULL);
		return isfinite(out->d);
	}
	errno = 0;
	out->kind = VALUE_INT;
	out->i = strtoll(s, NULL, 10);
	return errno == 0;
}

static bool
read_array(struct text *t, int depth, struct value *out)
{
	struct value *items = NULL;
	uint32_t n = 0;

	if (!take(t, ']')) {
		do {
			items = room(t, items, n, sizeof(*items));
			if (!read_value(t, depth + 1, &items[n++]))
				return false;
		} while (take(t, ','));
		if (!take(t, ']'))
			return false;
	}
	out->kind = VALUE_ARRAY;
	out->n = n;
	out->items = items;
	return true;
}

static bool
read_member(struct text *t, int depth, struct member *out)
{
	out->name = read_string(t);
	return out->name && take(t, ':') && read_value(t, depth + 1, &out->v);
}

static bool
read_object(struct text *t, int depth, struct value *out)
{
	struct member *members = NULL;
	uint32_t n = 0;

	if (!take(t, '}')) {
		do {
			members = room(t, members, n, sizeof(*members));
			if (!read_member(t, depth, &members[n++]))
				return false;
		} while (take(t, ','));
		if (!take(t, '}'))
			return false;
	}
	out->kind = VALUE_STRUCT;
	out->n = n;
	out->members = members;
	return true;
}

static bool
read_word(struct text *t, struct value *out)
{
	out->kind = VALUE_BOOL;
	out->b = take_word(t, "true");
	if (out->b || take_word(t, "false"))
		return true;
	out->kind = VALUE_NIL;
	return take_word(t, "null");
}

static bool
read_value(struct text *t, int depth, struct value *out)
{
	if (depth > VALUE_MAX_DEPTH + 1 || ++t->count > VALUE_MAX_ELEMENTS)
		return false;
	skip_blanks(t);
	if (t->p == t->end)
		return false;
	switch (*t->p) {
	case '{':
		t->p++;
		return read_object(t, depth, out);
	case '[':
		t->p++;
		return read_array(t, depth, out);
	case '"':
		out->kind = VALUE_STRING;
		out->s = read_string(t);
		return out->s != NULL;
	case 't':
	case 'f':
	case 'n':
		return read_word(t, out);
	default:
		return read_number(t, out);
	}
}

int
json_text(struct arena *a, const char *data, size_t len, struct value *out,
    bool *bad_out)
{
	struct text t = { .arena = a };
	bool ok;

	t.p = utf8_repair(a, data, &len, &t.bad);
	t.end = t.p + len;
	ok = read_value(&t, 0, out);
	skip_blanks(&t);
	*bad_out = t.bad;
	return ok && t.p == t.end ? 0 : -EBADMSG;
}
