/*
 * SRs as plain folders: whatever type an SR claims, its disks are sparse files
 * in sr/<uuid>, which stays when the SR is detached; the file "device" in it
 * tells which disk it plays.  A driver as those of storage/.
 */
#ifndef XENOPSD_SIM_PLAIN_H
#define XENOPSD_SIM_PLAIN_H

#include "xenopsd/storage/driver.h"

extern const struct sr_driver sr_driver_plain;
/* The same of an ISO library: its disks are the image files in the folder. */
extern const struct sr_driver sr_driver_plain_iso;
/* And of one on a server, whose place it takes. */
extern const struct sr_driver sr_driver_plain_share;

#endif
