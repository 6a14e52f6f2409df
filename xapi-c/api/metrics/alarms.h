/*
 * Messages about values beyond the levels that other_config:perfmon of VMs, the
 * host and SRs names (wire/perfmon_xml.h): ALARM, as clients read it.  How long
 * one is beyond is forgotten when xapi ends.  The sampler's thread.
 */
#ifndef API_METRICS_ALARMS_H
#define API_METRICS_ALARMS_H

#include "api/xapi.h"
#include "db/db.h"

#define ALARMS_OWNERS_MAX 4096		/* others are not watched */
#define ALARMS_ROUND 16			/* messages of one round */

struct alarms;

struct alarms *alarms_new(struct xapi *x);
void alarms_free(struct alarms *al);	/* NULL is allowed */
/* After the samples of that slot. */
void alarms_round(struct alarms *al, struct db_root *root, int64_t slot);

#endif
