/*
 * Is this host one that can be managed?  Its daemons take connections, the API's
 * server answers, and the management address is there.  Each question takes
 * two seconds at most.
 */
#ifndef INSTALLER_SLOT_HEALTH_H
#define INSTALLER_SLOT_HEALTH_H

/* What is missing, for a person; NULL: nothing is. */
const char *health_problem(void);

#endif
