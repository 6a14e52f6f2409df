/*
 * Brand and versions that clients see in host.software_version: the image's own,
 * or what pool.other_config has under the same keys (base/product.h).
 */
#ifndef API_HOST_PRODUCT_H
#define API_HOST_PRODUCT_H

#include "api/call.h"

/* What this software says of itself, whoever else has said something. */
struct vec product_own(struct arena *a, const struct xapi *x);
/* A software_version with the settings of the pool put into it. */
struct vec product_with_settings(struct arena *a, const struct xapi *x,
    struct vec software_version, struct vec other_config);
/* The pool's other_config has changed, in this write: the host's record
 * follows, once there are both.  -1 with INVALID_VALUE set. */
int product_follow(struct call *c, struct db_txn *t);
/* To a new pool's other_config, what was said at the installation; of that
 * what cannot be is passed over. */
struct vec product_answered(struct arena *a, const struct xapi *x,
    struct vec other_config);

#endif
