#include "wire/charset.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define DECLARATION_MAX 256
#define NAME_MAX_LEN 20
#define WHITE " \t\r\n"
#define BAD UINT32_MAX

static const struct {
	const char *name;
	uint32_t above;			/* the first number it does not have */
} sets[] = {
	{ "iso-8859-1", 0x100 }, { "iso_8859-1", 0x100 }, { "latin1", 0x100 },
	{ "us-ascii", 0x80 }, { "ascii", 0x80 },
};

static size_t
put(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	if (c == BAD) {
		out[0] = '\xff';
		return 1;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static const char *
from_bytes(struct arena *a, const char *data, size_t *len, uint32_t above)
{
	char *out = arena_alloc(a, 2 * *len + 1);
	size_t i, o = 0;

	for (i = 0; i < *len; i++) {
		uint32_t c = (unsigned char)data[i];

		o += put(out + o, c < above ? c : BAD);
	}
	*len = o;
	return out;
}

static uint32_t
unit(const unsigned char *p, bool big)
{
	return big ? (uint32_t)(p[0] << 8 | p[1]) : (uint32_t)(p[1] << 8 | p[0]);
}

/* The character at p and, in *used, its bytes; at least two are left. */
static uint32_t
utf16_char(const unsigned char *p, size_t left, bool big, size_t *used)
{
	uint32_t c = unit(p, big), low;

	*used = 2;
	if (c < 0xd800 || c >= 0xe000)
		return c;
	low = left >= 4 ? unit(p + 2, big) : 0;
	if (c >= 0xdc00 || low < 0xdc00 || low >= 0xe000)
		return BAD;
	*used = 4;
	return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

static const char *
from_utf16(struct arena *a, const char *data, size_t *len, bool big)
{
	const unsigned char *p = (const unsigned char *)data;
	char *out = arena_alloc(a, *len * 3 / 2 + 4);
	size_t i, o = 0, used;

	for (i = 0; i + 2 <= *len; i += used)
		o += put(out + o, utf16_char(p + i, *len - i, big, &used));
	if (i < *len)
		o += put(out + o, BAD);
	*len = o;
	return out;
}

/* The value of encoding= in the XML declaration; "" if there is none. */
static void
declared(const char *data, size_t len, char name[static NAME_MAX_LEN + 1])
{
	char text[DECLARATION_MAX + 1];
	const char *s, *end;
	size_t n = len < DECLARATION_MAX ? len : DECLARATION_MAX;

	name[0] = '\0';
	memcpy(text, data, n);
	text[n] = '\0';
	if (strncmp(text, "<?xml", 5) != 0 || !(end = strstr(text, "?>")))
		return;
	s = strstr(text, "encoding");
	if (!s || s > end || !strchr(WHITE, s[-1]))
		return;
	s += strlen("encoding");
	s += strspn(s, WHITE);
	if (*s++ != '=')
		return;
	s += strspn(s, WHITE);
	if (*s != '"' && *s != '\'')
		return;
	n = strcspn(s + 1, "\"'");
	if (n <= NAME_MAX_LEN) {
		memcpy(name, s + 1, n);
		name[n] = '\0';
	}
}

const char *
charset_to_utf8(struct arena *a, const char *data, size_t *len)
{
	char name[NAME_MAX_LEN + 1];
	size_t i;

	if (*len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) {
		*len -= 3;
		return data + 3;
	}
	if (*len >= 2 && (memcmp(data, "\xff\xfe", 2) == 0 ||
	    memcmp(data, "\xfe\xff", 2) == 0)) {
		*len -= 2;
		return from_utf16(a, data + 2, len, data[0] == '\xfe');
	}
	if (*len >= 2 && (memcmp(data, "<\0", 2) == 0 ||
	    memcmp(data, "\0<", 2) == 0))
		return from_utf16(a, data, len, data[0] == '\0');
	declared(data, *len, name);
	for (i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		if (strcasecmp(name, sets[i].name) == 0)
			return from_bytes(a, data, len, sets[i].above);
	}
	return data;
}
