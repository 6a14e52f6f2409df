/*
 * The control groups of device models, one for each domain, named by its number.
 * What a QEMU takes of dom0 counts there: one that takes more memory than it may
 * is killed by the kernel, and its guest has crashed.  folder: GROUP_DIR.  Any
 * process, as root.
 */
#ifndef XENOPSD_DOMAINS_GROUP_H
#define XENOPSD_DOMAINS_GROUP_H

#include <stdint.h>

#include "xenopsd/core/cgroup.h"

#define GROUP_DIR CGROUP_DIR
/* A guest's memory is not counted.  Twice what one is expected to take, and the
 * picture of a large screen. */
#define GROUP_MEMORY "134217728"
#define GROUP_CPU "100000 100000"	/* us in each period of us: one CPU */
#define GROUP_WAIT_MS 5000		/* for a process that is ending */

/* Puts this process into the domain's group, which is made if it is not there.
 * domid: decimal digits.  0, or -1 with errno. */
int group_join(const char *folder, const char *domid);
/* Of a domain whose device model was told to end; none is no error.  What cannot
 * be removed is logged. */
void group_remove(const char *folder, uint32_t domid);

#endif
