/*
 * The back end of hv.h for Xen: domains by libxl and xenstore.  Its struct hv
 * is the first part of a struct xl.
 */
#ifndef XENOPSD_DOMAINS_HV_XL_H
#define XENOPSD_DOMAINS_HV_XL_H

#include "xenopsd/domains/hv.h"

extern const struct hv_ops hv_xl;

#endif
