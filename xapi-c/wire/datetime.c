/* Dates on the wire: 20261121T11:09:20Z. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "wire/emit.h"

char *
datetime_text(int64_t t, char buf[static DATETIME_TEXT_LEN])
{
	time_t tt = (time_t)t;
	struct tm tm;

	/* Years beyond four digits would not be the format any more. */
	if (tt < 0 || tt > 253402300799LL)
		tt = 0;
	gmtime_r(&tt, &tm);
	strftime(buf, DATETIME_TEXT_LEN, "%Y%m%dT%H:%M:%SZ", &tm);
	return buf;
}

static bool
digits(const char **p, int n, int *out)
{
	int v = 0;

	for (; n > 0; n--, (*p)++) {
		if (**p < '0' || **p > '9')
			return false;
		v = v * 10 + (**p - '0');
	}
	*out = v;
	return true;
}

static void
skip(const char **p, char c)
{
	if (**p == c)
		(*p)++;
}

/* Nothing, Z, +hh, +hhmm or +hh:mm; seconds east of Greenwich. */
static bool
parse_zone(const char *p, int *east)
{
	int sign, h, m = 0;

	*east = 0;
	if (*p == 'Z' || *p == 'z')
		p++;
	else if (*p == '+' || *p == '-') {
		sign = *p++ == '-' ? -1 : 1;
		if (!digits(&p, 2, &h))
			return false;
		skip(&p, ':');
		if (*p && !digits(&p, 2, &m))
			return false;
		*east = sign * (h * 3600 + m * 60);
	}
	return *p == '\0';
}

bool
datetime_parse(const char *s, int64_t *t_out)
{
	struct tm tm = { 0 };
	int y, mon, east;

	if (!digits(&s, 4, &y))
		return false;
	skip(&s, '-');
	if (!digits(&s, 2, &mon))
		return false;
	skip(&s, '-');
	if (!digits(&s, 2, &tm.tm_mday))
		return false;
	if (*s != 'T' && *s != ' ' && *s != 't')
		return false;
	s++;
	if (!digits(&s, 2, &tm.tm_hour))
		return false;
	skip(&s, ':');
	if (!digits(&s, 2, &tm.tm_min))
		return false;
	skip(&s, ':');
	if (!digits(&s, 2, &tm.tm_sec))
		return false;
	if (*s == '.') {
		s++;
		s += strspn(s, "0123456789");
	}
	if (!parse_zone(s, &east) || mon < 1 || mon > 12 ||
	    tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour > 24 ||
	    tm.tm_min > 59 || tm.tm_sec > 60)
		return false;
	tm.tm_year = y - 1900;
	tm.tm_mon = mon - 1;
	*t_out = (int64_t)timegm(&tm) - east;
	return true;
}
