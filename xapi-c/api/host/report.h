/*
 * What a status report of the host consists of: what clients are told by
 * host.get_system_status_capabilities, and ask for of /system-status.
 */
#ifndef API_HOST_REPORT_H
#define API_HOST_REPORT_H

enum report_part {
	REPORT_LOGS,		/* xapi's and the audit log's newest lines */
	REPORT_XEN,		/* the hypervisor's console */
	REPORT_OBJECTS,		/* records, less secrets */
	REPORT_N
};
#define REPORT_ALL ((1u << REPORT_N) - 1)

/* The parts, as bits, that a list with commas names; others are not known.
 * NULL or "": all. */
unsigned report_parts(const char *list);

#endif
