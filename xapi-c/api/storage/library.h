/*
 * ISO libraries: SRs whose disks are image files, named as these and read-only
 * for guests.  Any thread.
 */
#ifndef API_STORAGE_LIBRARY_H
#define API_STORAGE_LIBRARY_H

#include "gen/types.h"

bool sr_is_library(const struct sr *sr);

#endif
