/*
 * When is a value so long beyond its level that somebody is to be told?  Pure
 * arithmetic on what was sampled: no clock, no lock.
 */
#ifndef API_METRICS_ALARM_H
#define API_METRICS_ALARM_H

#include "metrics/image.h"
#include "metrics/store.h"
#include "wire/perfmon_xml.h"

struct alarm {
	int64_t beyond_s;		/* since when */
	int64_t silent_s;		/* for so long yet */
};

/*
 * The variable's value: what is sampled by that name, or of the names of old,
 *   cpu_usage      the average of all CPUs of a host or VM, 0 to 1
 *   network_usage  bytes a second of all its NICs
 *   disk_usage     bytes a second of all disks of a VM
 *   sr_io_throughput_total_per_host  MiB a second of an SR
 * NaN: there is none now.
 */
double alarm_value(enum metrics_class class, const char *name,
    const struct image *now);
/* elapsed_s more of this value.  True: tell. */
bool alarm_step(struct alarm *al, const struct perfmon_variable *v,
    double value, int64_t elapsed_s);

#endif
