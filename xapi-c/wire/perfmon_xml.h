/*
 * What other_config:perfmon of a VM, host or SR asks to be told of:
 *     <config><variable><name value="cpu_usage"/>
 *     <alarm_trigger_level value="0.9"/></variable></config>
 * and, if it likes, alarm_trigger_period, alarm_auto_inhibit_period (seconds),
 * alarm_trigger_sense (high, low) and alarm_priority.
 */
#ifndef WIRE_PERFMON_XML_H
#define WIRE_PERFMON_XML_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

#define PERFMON_XML_MAX_BYTES 16384
#define PERFMON_XML_MAX_VARIABLES 16
#define PERFMON_XML_MAX_S (30 * 86400)

struct perfmon_variable {
	const char *name;
	double level;
	int64_t period_s;		/* so long beyond it */
	int64_t inhibit_s;		/* silent after an alarm */
	int64_t priority;		/* of the message, 1 to 5 */
	bool low;			/* below it, not above */
	const char *text;		/* as it was written, a line each part */
};

/* Number of variables (their array and texts in the arena), or -EBADMSG. */
int perfmon_xml_parse(struct arena *a, const char *xml,
    struct perfmon_variable **out);

#endif
