#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

size_t
utf8_len(const char *text, size_t left)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t n, i;
	uint32_t c;

	if (p[0] < 0x80)
		return p[0] >= ' ' || p[0] == '\t' || p[0] == '\n' ||
		    p[0] == '\r';
	if (p[0] >= 0xc2 && p[0] < 0xe0)
		n = 2;
	else if (p[0] >= 0xe0 && p[0] < 0xf0)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] < 0xf5)
		n = 4;
	else
		return 0;
	if (n > left)
		return 0;
	c = p[0] & (0xffu >> (n + 1));
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if ((n == 3 && c < 0x800) || (n == 4 && c < 0x10000))
		return 0;
	if ((c >= 0xd800 && c < 0xe000) || c == 0xfffe || c == 0xffff ||
	    c > 0x10ffff)
		return 0;
	return n;
}

/* As utf8_len, with the usual at once. */
static inline size_t
step(const char *text, size_t left)
{
	return *text >= ' ' && *text <= '~' ? 1 : utf8_len(text, left);
}

const char *
utf8_repair(struct arena *a, const char *data, size_t *len, bool *bad_out)
{
	size_t i, n, bad = 0, o = 0;
	char *out;

	for (i = 0; i < *len; i += n ? n : 1) {
		n = step(data + i, *len - i);
		if (!n)
			bad++;
	}
	*bad_out = bad > 0;
	if (!bad)
		return data;
	out = arena_alloc(a, *len + 2 * bad + 1);
	for (i = 0; i < *len; i += n ? n : 1) {
		n = utf8_len(data + i, *len - i);
		memcpy(out + o, n ? data + i : UTF8_REPLACEMENT, n ? n : 3);
		o += n ? n : 3;
	}
	*len = o;
	return out;
}
