#include "xenopsd/machine/timekeeper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/hostname.h"
#include "base/log.h"
#include "base/zone.h"

#define LINE_SIZE 4096
#define TIME_MIN 946684800LL		/* 2000 */
#define TIME_MAX 4102444800LL		/* 2100: beyond what an RTC tells */
#define STRATUM_UNSYNCHRONIZED 16	/* RFC 5905 */

const struct timekeeper timekeeper_real = {
	.state_dir = "/state",
	.zones = "/usr/share/bedplate/timezones",
	.ntp_control = "/run/service/ntpd/control",
	.ntp_news = "/run/network/ntp.news",
	.rtc = "/dev/rtc0",
};

static const char *const mode_names[] = {
	[XENOPS_NTP_MODE_DHCP] = "dhcp",
	[XENOPS_NTP_MODE_CUSTOM] = "custom",
	[XENOPS_NTP_MODE_DISABLED] = "disabled",
};

/* A file's first line; "" if there is none. */
static const char *
first_line(struct arena *a, const char *path)
{
	FILE *f = fopen(path, "re");
	char line[LINE_SIZE] = "";

	if (f && !fgets(line, sizeof(line), f))
		*line = '\0';
	if (f)
		fclose(f);
	return arena_strndup(a, line, strcspn(line, "\n"));
}

/* The value of the line KEY=VALUE of a file; NULL if there is none. */
static const char *
value_of(struct arena *a, const struct timekeeper *tk, const char *file,
    const char *key)
{
	FILE *f = fopen(arena_printf(a, "%s/%s", tk->state_dir, file), "re");
	size_t n = strlen(key);
	char line[LINE_SIZE];
	const char *value = NULL;

	while (f && !value && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, n) && line[n] == '=')
			value = arena_strndup(a, line + n + 1,
			    strcspn(line + n + 1, "\n"));
	if (f)
		fclose(f);
	return value;
}

static struct vec
words(struct arena *a, const char *text)
{
	struct vec v = { 0 };

	while (*(text += strspn(text, " "))) {
		size_t n = strcspn(text, " ");

		v = vec_add_string(a, v, arena_strndup(a, text, n));
		text += n;
	}
	return v;
}

/* The line of a zone, without its end, from the file of zones. */
static bool
next_zone(FILE *f, char *line, size_t size, char **rule)
{
	while (fgets(line, (int)size, f)) {
		line[strcspn(line, "\n")] = '\0';
		*rule = strchr(line, ' ');
		if (!*rule)
			continue;
		*(*rule)++ = '\0';
		return true;
	}
	return false;
}

/* What libc takes as TZ for the zone; NULL if there is no such zone. */
static const char *
zone_rule(struct arena *a, const struct timekeeper *tk, const char *name)
{
	FILE *f = fopen(tk->zones, "re");
	const char *found = NULL;
	char line[LINE_SIZE], *rule;

	while (f && !found && next_zone(f, line, sizeof(line), &rule))
		if (!strcmp(line, name) && strlen(rule) <= ZONE_RULE_MAX)
			found = arena_strdup(a, rule);
	if (f)
		fclose(f);
	return found;
}

void
timekeeper_fill(struct arena *a, const struct timekeeper *tk,
    struct xenops_host_info *h)
{
	const char *mode = value_of(a, tk, "ntp.conf", "mode");
	const char *servers = value_of(a, tk, mode ? "ntp.conf" :
	    "network.conf", mode ? "servers" : "ntp");

	h->ntp_servers = words(a, servers ? servers : "");
	h->ntp_mode = h->ntp_servers.n ? XENOPS_NTP_MODE_CUSTOM :
	    XENOPS_NTP_MODE_DHCP;
	for (int i = 0; mode && i < XENOPS_NTP_MODE_N; i++)
		if (!strcmp(mode, mode_names[i]))
			h->ntp_mode = i;
	h->timezone = first_line(a, arena_printf(a, "%s/timezone",
	    tk->state_dir));
	h->timezone_rule = zone_rule(a, tk, h->timezone);
	if (!h->timezone_rule) {
		h->timezone = "UTC";
		h->timezone_rule = "UTC0";
	}
}

static int
keep(struct request *rq, const struct timekeeper *tk, const char *name,
    const char *text)
{
	const struct atomic_file how = { .mode = 0644 };
	int rc = atomic_file_write(arena_printf(rq->arena, "%s/%s",
	    tk->state_dir, name), text, strlen(text), &how);

	return rc ? request_fail(rq, XENOPS_CODE_IO, "cannot keep '%s': %s",
	    name, strerror(-rc)) : 0;
}

/* It is up again with what is kept now.  A supervisor that is not there yet
 * starts it so as well. */
static void
restart_ntpd(const struct timekeeper *tk)
{
	int fd = tk->ntp_control ? open(tk->ntp_control,
	    O_WRONLY | O_NONBLOCK | O_CLOEXEC) : -1;

	if (tk->ntp_control && (fd == -1 || write(fd, "t", 1) != 1))
		log_error("cannot restart ntpd: %s", strerror(errno));
	if (fd != -1)
		close(fd);
}

/* Keeps both, and has ntpd follow. */
static int
keep_ntp(struct request *rq, const struct timekeeper *tk, int mode,
    struct vec servers)
{
	const char *const *names = servers.v;
	struct buf b = { 0 };
	int rc;

	if (mode == XENOPS_NTP_MODE_CUSTOM && servers.n == 0)
		return request_fail(rq, XENOPS_CODE_BAD_STATE,
		    "there are no custom servers");
	buf_addf(&b, "mode=%s\nservers=", mode_names[mode]);
	for (uint32_t i = 0; i < servers.n; i++)
		buf_addf(&b, "%s%s", i ? " " : "", names[i]);
	buf_addc(&b, '\n');
	rc = keep(rq, tk, "ntp.conf", b.data);
	buf_release(&b);
	if (rc == 0)
		restart_ntpd(tk);
	return rc;
}

int
timekeeper_set_mode(struct request *rq, const struct timekeeper *tk,
    const struct xenops_host_set_ntp_mode_args *a)
{
	struct xenops_host_info now = { 0 };

	timekeeper_fill(rq->arena, tk, &now);
	return keep_ntp(rq, tk, a->mode, now.ntp_servers);
}

int
timekeeper_set_servers(struct request *rq, const struct timekeeper *tk,
    const struct xenops_host_set_ntp_servers_args *a)
{
	const char *const *names = a->servers.v;
	struct xenops_host_info now = { 0 };

	if (a->servers.n > NTP_SERVERS_MAX)
		return request_fail(rq, XENOPS_CODE_BAD_REQUEST,
		    "more than %d time servers", NTP_SERVERS_MAX);
	for (uint32_t i = 0; i < a->servers.n; i++) {
		const char *name = names[i] ? names[i] : "";
		const char *problem = server_name_problem(name);

		if (problem)
			return request_fail(rq, XENOPS_CODE_BAD_REQUEST,
			    "bad time server '%.80s': %s", name, problem);
	}
	timekeeper_fill(rq->arena, tk, &now);
	return keep_ntp(rq, tk, now.ntp_mode, a->servers);
}

int
timekeeper_set_timezone(struct request *rq, const struct timekeeper *tk,
    const struct xenops_host_set_timezone_args *a)
{
	const char *name = a->timezone ? a->timezone : "";

	if (!zone_rule(rq->arena, tk, name))
		return request_fail(rq, XENOPS_CODE_BAD_REQUEST,
		    "there is no time zone '%.80s'", name);
	return keep(rq, tk, "timezone", arena_printf(rq->arena, "%s\n", name));
}

/* What the next boot begins with; a machine may have none. */
static void
set_rtc(const char *path, time_t now)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct rtc_time t = { 0 };
	struct tm tm;

	gmtime_r(&now, &tm);
	t.tm_sec = tm.tm_sec;
	t.tm_min = tm.tm_min;
	t.tm_hour = tm.tm_hour;
	t.tm_mday = tm.tm_mday;
	t.tm_mon = tm.tm_mon;
	t.tm_year = tm.tm_year;
	if (fd == -1 || ioctl(fd, RTC_SET_TIME, &t) == -1)
		log_warn("cannot set the machine's clock '%s': %s", path,
		    strerror(errno));
	if (fd != -1)
		close(fd);
}

/* 0 or -errno. */
static int
set_clocks(struct request *rq, const struct timekeeper *tk, time_t now)
{
	const struct timespec ts = { .tv_sec = now };
	const char *text = arena_printf(rq->arena, "%lld\n", (long long)now);

	if (tk->clock)
		return atomic_file_write(tk->clock, text, strlen(text),
		    &(struct atomic_file){ .mode = 0644 });
	if (clock_settime(CLOCK_REALTIME, &ts) == -1)
		return -errno;
	set_rtc(tk->rtc, now);
	return 0;
}

int
timekeeper_set_time(struct request *rq, const struct timekeeper *tk,
    const struct xenops_host_set_time_args *a)
{
	struct xenops_host_info now = { 0 };
	int rc;

	if (a->time < TIME_MIN || a->time >= TIME_MAX)
		return request_fail(rq, XENOPS_CODE_BAD_REQUEST,
		    "not a time from 2000 to 2099");
	timekeeper_fill(rq->arena, tk, &now);
	if (now.ntp_mode != XENOPS_NTP_MODE_DISABLED)
		return request_fail(rq, XENOPS_CODE_BAD_STATE,
		    "the clock follows time servers");
	rc = set_clocks(rq, tk, (time_t)a->time);
	return rc ? request_fail(rq, XENOPS_CODE_IO, "cannot set the clock: %s",
	    strerror(-rc)) : 0;
}

void
timekeeper_get(struct arena *a, const struct timekeeper *tk,
    struct xenops_host_time_get_result *r)
{
	const char *stratum = first_line(a, tk->ntp_news);
	FILE *f = fopen(tk->zones, "re");
	char line[LINE_SIZE], *rule;

	while (f && next_zone(f, line, sizeof(line), &rule))
		r->timezones = vec_add_string(a, r->timezones,
		    arena_strdup(a, line));
	if (f)
		fclose(f);
	r->synchronized = *stratum &&
	    strtol(stratum, NULL, 10) < STRATUM_UNSYNCHRONIZED;
}

int
host_set_ntp_mode(struct request *rq, const void *args, void *result)
{
	(void)result;
	return timekeeper_set_mode(rq, &timekeeper_real, args);
}

int
host_set_ntp_servers(struct request *rq, const void *args, void *result)
{
	(void)result;
	return timekeeper_set_servers(rq, &timekeeper_real, args);
}

int
host_set_timezone(struct request *rq, const void *args, void *result)
{
	(void)result;
	return timekeeper_set_timezone(rq, &timekeeper_real, args);
}

int
host_set_time(struct request *rq, const void *args, void *result)
{
	(void)result;
	return timekeeper_set_time(rq, &timekeeper_real, args);
}

int
host_time_get(struct request *rq, const void *args, void *result)
{
	(void)args;
	timekeeper_get(rq->arena, &timekeeper_real, result);
	return 0;
}
