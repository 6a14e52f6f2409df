#include "http/rrd_query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool
parse_int(const char *text, int64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoll(text, &end, 10);
	return end != text && *end == '\0' && !errno &&
	    *out > INT64_MIN / 2 && *out < INT64_MAX / 2;
}

/* All values of that name, or NULL. */
static const char *const *
all_of(struct arena *a, const struct http_head *h, const char *name, int *n_out)
{
	const char **v = NULL;

	*n_out = 0;
	for (int i = 0; i < h->query.n; i++) {
		if (strcmp(h->query.v[i].name, name) != 0)
			continue;
		if (!v)
			v = arena_alloc(a, (size_t)h->query.n * sizeof(*v));
		v[(*n_out)++] = h->query.v[i].value;
	}
	return v;
}

/* Averages are what is kept. */
static const char *
parse_cf(const struct http_head *h, struct metrics_query *out)
{
	const char *cf = http_query(h, "cf");

	if (!cf || strcmp(cf, "AVERAGE") == 0)
		return NULL;
	out->none = true;
	return strcmp(cf, "MIN") == 0 || strcmp(cf, "MAX") == 0 ||
	    strcmp(cf, "LAST") == 0 ? NULL :
	    "cf is none of AVERAGE, MIN, MAX, LAST.";
}

const char *
rrd_query_parse(struct arena *a, const struct http_head *h,
    struct metrics_query *out)
{
	const char *start = http_query(h, "start");
	const char *interval = http_query(h, "interval");
	const char *host = http_query(h, "host");

	*out = (struct metrics_query){ .interval = 1 };
	if (!start || !parse_int(start, &out->start))
		return "start, a number of seconds, is missing.";
	if (interval && !parse_int(interval, &out->interval))
		return "interval is not a number of seconds.";
	out->host = host && strcmp(host, "true") == 0;
	out->vms = all_of(a, h, "vm_uuid", &out->n_vms);
	out->srs = all_of(a, h, "sr_uuid", &out->n_srs);
	return parse_cf(h, out);
}

/* -- Accept -- */

struct range {
	const char *type;
	bool json;
};

/* In the order in which they are preferred when a client has no preference. */
static const struct range ranges[] = {
	{ "application/json", true }, { "*/*", true },
	{ "application/*", true }, { "text/xml", false },
	{ "application/xml", false }, { "text/*", false },
};

/* 1 unless it says otherwise. */
static double
quality(const char *from, const char *end)
{
	double q;
	char *last;

	while ((from = memchr(from, ';', (size_t)(end - from)))) {
		from += 1 + strspn(from + 1, " \t");
		if (end - from < 2 || (from[0] | 32) != 'q' || from[1] != '=')
			continue;
		q = strtod(from + 2, &last);
		return last == from + 2 || !(q >= 0 && q <= 1) ? 0 : q;
	}
	return 1;
}

bool
rrd_query_json(const struct http_head *h)
{
	const char *p = http_header(h, "Accept"), *end;
	bool json = http_query(h, "json") != NULL;
	double best = 0, q;

	for (; p && *p; p = *end ? end + 1 : end) {
		size_t len;

		p += strspn(p, " \t");
		end = p + strcspn(p, ",");
		len = strcspn(p, ",; \t");
		q = quality(p, end);
		for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]);
		    i++) {
			if (len == strlen(ranges[i].type) && q > best &&
			    strncasecmp(p, ranges[i].type, len) == 0) {
				json = ranges[i].json;
				best = q;
			}
		}
	}
	return json;
}
