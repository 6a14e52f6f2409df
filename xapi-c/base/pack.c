#include "base/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/object.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz0123456789"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static const struct key {
	const char *name;
	size_t at, size;		/* size 0: a number */
	bool installed;
	bool must;
} keys[] = {
#define TEXT(k, when, must) { #k, offsetof(struct pack_about, k), \
	sizeof(((struct pack_about *)0)->k), when, must }
	TEXT(name, false, true), TEXT(vendor, false, true),
	TEXT(uuid, false, true), TEXT(description, false, false),
	{ "limit", offsetof(struct pack_about, limit_s), 0, false, false },
	TEXT(version, true, true), TEXT(signer, true, true),
	{ "built", offsetof(struct pack_about, built), 0, true, true },
	{ "size", offsetof(struct pack_about, size), 0, true, true },
};

#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

static bool
made_of(const char *name, const char *first, const char *rest)
{
	return strspn(name, first) > 0 && !name[strspn(name, rest)];
}

bool
pack_name_ok(const char *name)
{
	return made_of(name, LOWER, LOWER "._-") &&
	    strlen(name) < sizeof(((struct pack_about *)0)->name);
}

bool
pack_file_name_ok(const char *name)
{
	return made_of(name, LOWER UPPER, LOWER UPPER "._-") &&
	    strlen(name) < PACK_FILE_NAME;
}

static const struct key *
find_key(const char *name, size_t len)
{
	for (size_t i = 0; i < N_KEYS; i++)
		if (strlen(keys[i].name) == len &&
		    !memcmp(keys[i].name, name, len))
			return &keys[i];
	return NULL;
}

static bool
is_printable(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return len > 0;
}

static bool
take_number(const char *text, size_t len, int64_t *out)
{
	char digits[20];

	if (len >= sizeof(digits) || strspn(text, "0123456789") < len)
		return false;
	memcpy(digits, text, len);
	digits[len] = '\0';
	errno = 0;
	*out = strtoll(digits, NULL, 10);
	return errno == 0;
}

/* One line without its end; seen: a bit for each key. */
static bool
take_line(const char *line, size_t len, bool installed, unsigned *seen,
    struct pack_about *out)
{
	const char *equals = memchr(line, '=', len);
	const struct key *k = equals ?
	    find_key(line, (size_t)(equals - line)) : NULL;
	size_t n = equals ? len - (size_t)(equals + 1 - line) : 0;
	char *to = (char *)out + (k ? k->at : 0);

	if (!k || (k->installed && !installed) ||
	    (*seen & 1u << (k - keys)) || !is_printable(equals + 1, n))
		return false;
	*seen |= 1u << (k - keys);
	if (!k->size)
		return take_number(equals + 1, n, (int64_t *)(void *)to);
	if (n >= k->size)
		return false;
	memcpy(to, equals + 1, n);
	return true;
}

static bool
is_whole(unsigned seen, bool installed)
{
	for (size_t i = 0; i < N_KEYS; i++)
		if (keys[i].must && (installed || !keys[i].installed) &&
		    !(seen & 1u << i))
			return false;
	return true;
}

static bool
check(const struct pack_about *p, const char **why)
{
	uint8_t uuid[16];

	if (!pack_name_ok(p->name) || !pack_file_name_ok(p->vendor))
		*why = "its name, or its vendor's, is none";
	else if (!uuid_from_text(p->uuid, uuid))
		*why = "its uuid is none";
	else if (p->limit_s < 1 || p->limit_s > PACK_LIMIT_MAX_S)
		*why = "its limit is not from 1 to 3600 seconds";
	else
		return true;
	return false;
}

bool
pack_about_parse(const char *text, size_t len, bool installed,
    struct pack_about *out, const char **why)
{
	unsigned seen = 0;

	*out = (struct pack_about){ .limit_s = PACK_LIMIT_S };
	*why = "what it says of itself makes no sense";
	if (len > PACK_ABOUT_MAX)
		return false;
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : 0;

		if (!end || !take_line(text, n, installed, &seen, out))
			return false;
		text += n + 1;
		len -= n + 1;
	}
	return is_whole(seen, installed) && check(out, why);
}
