#include "api/metrics/alarm.h"

#include <math.h>
#include <string.h>

/* Names of old, and the data sources that they stand for: '#' is a number, '*'
 * is anything. */
static const struct {
	const char *name;
	enum metrics_class class;
	const char *sources[2];
	bool average;			/* not the sum */
} olds[] = {
	{ "cpu_usage", METRICS_VM, { "cpu#" }, true },
	{ "cpu_usage", METRICS_HOST, { "cpu#" }, true },
	{ "network_usage", METRICS_VM, { "vif_#_rx", "vif_#_tx" }, false },
	{ "network_usage", METRICS_HOST, { "pif_eth#_rx", "pif_eth#_tx" },
	    false },
	{ "disk_usage", METRICS_VM, { "vbd_*_read", "vbd_*_write" }, false },
	{ "sr_io_throughput_total_per_host", METRICS_SR,
	    { "io_throughput_total" }, false },
};
#define N_OLDS (sizeof(olds) / sizeof(olds[0]))

static bool
matches(const char *form, const char *name)
{
	size_t before = strcspn(form, "#*"), len = strlen(name), after;
	const char *end;

	if (!form[before])
		return strcmp(form, name) == 0;
	end = form + before + 1;
	after = strlen(end);
	if (strncmp(form, name, before) != 0 || len <= before + after ||
	    strcmp(name + len - after, end) != 0)
		return false;
	len -= before + after;
	return form[before] == '#' ?
	    strspn(name + before, "0123456789") == len :
	    memchr(name + before, '_', len) == NULL;
}

static bool
is_of(size_t old, const char *name)
{
	for (size_t i = 0; i < 2 && olds[old].sources[i]; i++)
		if (matches(olds[old].sources[i], name))
			return true;
	return false;
}

double
alarm_value(enum metrics_class class, const char *name,
    const struct image *now)
{
	double sum = 0;
	size_t old = 0;
	int n = 0;

	while (old < N_OLDS && (olds[old].class != class ||
	    strcmp(olds[old].name, name) != 0))
		old++;
	for (int i = 0; i < now->n; i++) {
		const struct image_source *s = &now->v[i];

		if (isnan(s->value) || (old < N_OLDS ? !is_of(old, s->name) :
		    strcmp(s->name, name) != 0))
			continue;
		sum += (double)s->value;
		n++;
	}
	if (!n)
		return NAN;
	return old < N_OLDS && olds[old].average ? sum / n : sum;
}

bool
alarm_step(struct alarm *al, const struct perfmon_variable *v, double value,
    int64_t elapsed_s)
{
	bool beyond = v->low ? value < v->level : value > v->level;

	al->silent_s = al->silent_s > elapsed_s ? al->silent_s - elapsed_s : 0;
	al->beyond_s = beyond ? al->beyond_s + elapsed_s : 0;
	if (!beyond || al->beyond_s < v->period_s || al->silent_s)
		return false;
	al->silent_s = v->inhibit_s;
	return true;
}
