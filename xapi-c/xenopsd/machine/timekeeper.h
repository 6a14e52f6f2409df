/*
 * Whom the host's clock follows and in which time zone it is told, as kept
 * below the state folder and read by dom0's scripts:
 *     ntp.conf    mode=dhcp, custom or disabled; servers=those of custom,
 *                 separated by blanks.  Without it: the servers of
 *                 network.conf if it has any, else DHCP's
 *     timezone    a name of the file of zones, whose lines are NAME and what
 *                 libc takes as TZ
 * The setters run in a worker; the simulator has the same, in folders of its
 * own.
 */
#ifndef XENOPSD_MACHINE_TIMEKEEPER_H
#define XENOPSD_MACHINE_TIMEKEEPER_H

#include "gen/xenops.h"
#include "xenopsd/core/request.h"

#define NTP_SERVERS_MAX 16

struct timekeeper {
	const char *state_dir;
	const char *zones;		/* the file */
	const char *ntp_control;	/* of ntpd's supervisor; NULL: none */
	const char *ntp_news;		/* what ntpd said last */
	const char *rtc;		/* the machine's clock */
	const char *clock;		/* a file that is set in place of all
					 * clocks; NULL: they are */
};

/* dom0's. */
extern const struct timekeeper timekeeper_real;

/* Sets what struct xenops_host_info has of these settings. */
void timekeeper_fill(struct arena *a, const struct timekeeper *tk,
    struct xenops_host_info *h);
int timekeeper_set_mode(struct request *rq, const struct timekeeper *tk,
    const struct xenops_host_set_ntp_mode_args *a);
int timekeeper_set_servers(struct request *rq, const struct timekeeper *tk,
    const struct xenops_host_set_ntp_servers_args *a);
int timekeeper_set_timezone(struct request *rq, const struct timekeeper *tk,
    const struct xenops_host_set_timezone_args *a);
/* bad_state: the clock follows time servers. */
int timekeeper_set_time(struct request *rq, const struct timekeeper *tk,
    const struct xenops_host_set_time_args *a);
void timekeeper_get(struct arena *a, const struct timekeeper *tk,
    struct xenops_host_time_get_result *r);

/* The handlers of the real host. */
request_handler host_set_ntp_mode, host_set_ntp_servers, host_set_timezone;
request_handler host_set_time, host_time_get;

#endif
