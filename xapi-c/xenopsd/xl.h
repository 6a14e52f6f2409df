/*
 * libxl and xenstore, and the few things everybody here needs of them.  Only
 * files that include this one know Xen.  One struct xl per process.
 */
#ifndef XENOPSD_XL_H
#define XENOPSD_XL_H

#include <libxl.h>
#include <libxl_utils.h>
#include <xenstore.h>

#include "base/arena.h"

struct xl {
	libxl_ctx *ctx;
	struct xs_handle *xs;
	struct xentoollog_logger *logger;
};

struct xl *xl_new(void);		/* NULL, logged */
void xl_free(struct xl *xl);

/* The first error that libxl logged since xl_forget_errors; "" if none. */
const char *xl_error(const struct xl *xl);
void xl_forget_errors(struct xl *xl);

/* The domain of a VM; also one that is being torn down if dying is set. */
bool xl_find(struct xl *xl, const char *uuid, bool dying, uint32_t *domid_out,
    libxl_dominfo *info);	/* info may be NULL, else dispose of it */
/* Text form of a domain's uuid. */
const char *xl_uuid(const libxl_dominfo *info, char buf[static 37]);

/* A xenstore value in the arena, or NULL. */
const char *xl_read(struct xl *xl, struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool xl_exists(struct xl *xl, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
bool xl_write(struct xl *xl, const char *value, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
