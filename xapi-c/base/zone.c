#include "base/zone.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Like the environment, of the whole process. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char variable[sizeof("TZ=") + ZONE_RULE_MAX] = "TZ=UTC0";

static void
write_rule(const char *rule)
{
	if (*rule && strlen(rule) <= ZONE_RULE_MAX)
		snprintf(variable, sizeof(variable), "TZ=%s", rule);
}

void
zone_init(void)
{
	const char *now = getenv("TZ");

	pthread_mutex_lock(&lock);
	if (now)
		write_rule(now);
	putenv(variable);
	tzset();
	pthread_mutex_unlock(&lock);
}

void
zone_set(const char *rule)
{
	pthread_mutex_lock(&lock);
	write_rule(rule);
	tzset();
	pthread_mutex_unlock(&lock);
}

int64_t
zone_offset(int64_t when)
{
	time_t t = when;
	struct tm tm = { 0 };

	pthread_mutex_lock(&lock);
	localtime_r(&t, &tm);
	pthread_mutex_unlock(&lock);
	return tm.tm_gmtoff;
}
