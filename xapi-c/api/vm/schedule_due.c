#include "api/vm/schedule_due.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define HOUR 3600
#define DAY 86400

static int64_t
number(const struct vmss *s, const char *key)
{
	const char *text = map_get(s->schedule, key);

	return text ? strtoll(text, NULL, 10) : 0;
}

/* Is that the name of the day's weekday, or one of them? */
static bool
is_day(const struct vmss *s, int64_t day)
{
	static const char *const names[] = { "Thursday", "Friday", "Saturday",
		"Sunday", "Monday", "Tuesday", "Wednesday" };
	const char *days = map_get(s->schedule, "days");

	/* the first of 1970 was a Thursday; no name is part of another */
	return !days || strstr(days, names[day % 7]);
}

int64_t
schedule_due(const struct vmss *s, int64_t now)
{
	int64_t step = s->frequency == VMSS_FREQUENCY_HOURLY ? HOUR : DAY;
	int64_t at = now - now % step + number(s, "min") * 60;

	if (step == DAY)
		at += number(s, "hour") * HOUR;
	if (at > now)
		at -= step;
	if (s->frequency != VMSS_FREQUENCY_WEEKLY)
		return at;
	for (int i = 0; i < 7 && !is_day(s, at / DAY); i++)
		at -= DAY;
	return at;
}
