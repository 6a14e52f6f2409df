/*
 * The time zone of this process: TZ of its environment, which is changed in
 * place so that those who read other variables meanwhile are not disturbed.
 * Any thread, once zone_init has run before there are others.
 */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include <stdint.h>

#define ZONE_RULE_MAX 127	/* bytes */

/* Takes over what TZ is now; a longer rule than the limit becomes UTC. */
void zone_init(void);
/* Like "CET-1CEST,M3.5.0,M10.5.0/3"; an empty one, or one
 * longer than the limit, changes nothing. */
void zone_set(const char *rule);
/* Seconds that local time is ahead of UTC at that time. */
int64_t zone_offset(int64_t when);

#endif
