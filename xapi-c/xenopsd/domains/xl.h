/*
 * libxl and xenstore, and the few things everybody here needs of them.  Only
 * files that include this one know Xen; what is done with domains goes through
 * hv.h.  One struct xl per process.
 */
#ifndef XENOPSD_DOMAINS_XL_H
#define XENOPSD_DOMAINS_XL_H

#include <libxl.h>
#include <libxl_utils.h>
#include <xenstore.h>

#include "xenopsd/domains/hv.h"

struct xl {
	struct hv hv;			/* first; see hv_xl.h */
	libxl_ctx *ctx;
	struct xs_handle *xs;
	struct xentoollog_logger *logger;
	struct models *models;		/* main process; model.h */
};

/* ops: what hv does with it.  NULL, logged. */
struct xl *xl_new(const struct hv_ops *ops);
void xl_free(struct xl *xl);

/* The first error that libxl logged since xl_forget_errors; "" if none. */
const char *xl_error(const struct xl *xl);
void xl_forget_errors(struct xl *xl);

/* A xenstore value in the arena, or NULL. */
const char *xl_read(struct xl *xl, struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool xl_exists(struct xl *xl, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
bool xl_write(struct xl *xl, const char *value, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
