#include "xenopsd/domains/console_replay.h"

#include <stdbool.h>
#include <string.h>

#define ENQ 0x05
#define BEL 0x07
#define ESC 0x1b

/* ESC [ parameters final: status and cursor (n), attributes (c), window (t),
 * modes ($p). */
static size_t
csi(const char *p, size_t n, bool *asks)
{
	size_t i = 2;

	while (i < n && p[i] >= 0x20 && p[i] <= 0x3f)
		i++;
	if (i == n)
		return n;
	*asks = strchr("nct", p[i]) != NULL ||
	    (p[i] == 'p' && p[i - 1] == '$');
	return i + 1;
}

/* ESC ] or ESC P text, ended by BEL or ESC \; colours and capabilities are
 * asked for with a '?' or by ESC P. */
static size_t
text(const char *p, size_t n, bool *asks)
{
	bool ask = p[1] == 'P';

	for (size_t i = 2; i < n; i++) {
		ask |= p[i] == '?';
		if (p[i] != BEL && (p[i] != '\\' || p[i - 1] != ESC))
			continue;
		*asks = ask;
		return i + 1;
	}
	return n;
}

/* Length of what begins with ESC; one that is cut short is kept, since its end
 * is to come. */
static size_t
sequence(const char *p, size_t n, bool *asks)
{
	if (n < 2)
		return n;
	if (p[1] == '[')
		return csi(p, n, asks);
	if (p[1] == ']' || p[1] == 'P')
		return text(p, n, asks);
	*asks = p[1] == 'Z';
	return 2;
}

size_t
console_replay(char *dst, const char *src, size_t n)
{
	size_t out = 0, len;
	bool asks;

	for (size_t i = 0; i < n; i += len) {
		asks = src[i] == ENQ;
		len = src[i] == ESC ? sequence(src + i, n - i, &asks) : 1;
		if (asks)
			continue;
		memcpy(dst + out, src + i, len);
		out += len;
	}
	return out;
}
