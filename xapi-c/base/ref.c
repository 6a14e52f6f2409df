#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "base/hex.h"
#include "base/type.h"

static const char ref_prefix[] = "OpaqueRef:";
const struct ref REF_NULL;

bool
ref_is_null(const struct ref *r)
{
	return !memcmp(r, &REF_NULL, sizeof(*r));
}

bool
ref_equal(const struct ref *a, const struct ref *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static bool
uuid_dash_at(size_t pos)
{
	return pos == 8 || pos == 13 || pos == 18 || pos == 23;
}

bool
uuid_from_text(const char *text, uint8_t out[static 16])
{
	uint8_t b[16];
	size_t pos = 0, i;

	for (i = 0; i < 16; i++) {
		int byte;

		if (uuid_dash_at(pos) && text[pos++] != '-')
			return false;
		byte = hex_byte(text + pos);
		if (byte < 0)
			return false;
		b[i] = (uint8_t)byte;
		pos += 2;
	}
	if (text[pos])
		return false;
	memcpy(out, b, sizeof(b));
	return true;
}

char *
uuid_text(const uint8_t b[static 16], char buf[static UUID_TEXT_LEN + 1])
{
	static const char digits[] = "0123456789abcdef";
	char *p = buf;
	size_t i;

	for (i = 0; i < 16; i++) {
		if (uuid_dash_at((size_t)(p - buf)))
			*p++ = '-';
		*p++ = digits[b[i] >> 4];
		*p++ = digits[b[i] & 15];
	}
	*p = '\0';
	return buf;
}

bool
ref_parse(const char *text, struct ref *r)
{
	size_t n = sizeof(ref_prefix) - 1;

	*r = REF_NULL;
	if (strncmp(text, ref_prefix, n))
		return false;
	return !strcmp(text + n, "NULL") || uuid_from_text(text + n, r->b);
}

char *
ref_text(const struct ref *r, char buf[static REF_TEXT_LEN + 1])
{
	size_t n = sizeof(ref_prefix) - 1;

	memcpy(buf, ref_prefix, n);
	if (ref_is_null(r))
		memcpy(buf + n, "NULL", 5);
	else
		uuid_text(r->b, buf + n);
	return buf;
}

void
ref_random(struct ref *r)
{
	ssize_t n;

	do {
		n = getrandom(r->b, sizeof(r->b), 0);
	} while (n == -1 && errno == EINTR);
	if (n != (ssize_t)sizeof(r->b))
		abort();
	r->b[6] = (uint8_t)((r->b[6] & 0x0f) | 0x40);
	r->b[8] = (uint8_t)((r->b[8] & 0x3f) | 0x80);
}

char *
uuid_random(char buf[static UUID_TEXT_LEN + 1])
{
	struct ref r;

	ref_random(&r);
	return uuid_text(r.b, buf);
}
